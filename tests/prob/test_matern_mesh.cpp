#include "prob/field/matern_mesh.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "deck/diagnostics.hpp"
#include "field_helpers.hpp"

namespace aleator::prob {
namespace {

MaternMesh::Params plane(int alpha) {
  MaternMesh::Params p;
  p.cells = {7, 5}, p.lengths = {1.4, 1.0}, p.range = {0.9, 0.6}, p.sd = 1.7, p.alpha = alpha, p.mean = {0.3};
  return p;
}

MaternMesh::Params solid(int alpha) {
  MaternMesh::Params p;
  p.cells = {3, 4, 3}, p.range = {1.1, 0.8, 1.0}, p.sd = 0.6, p.alpha = alpha;
  return p;
}

// Q = K (M^-1 K)^(alpha - 1) with dense matrices, K from integrals of products of linear functions by the midpoints of edges,
// which are exact for them: sum_e |e| sum_k l_k^2 d_k h_i d_k h_j.
math::Matrix dense_covariance(const MaternMesh::Params& p) {
  const auto mesh = field::make_mesh(p);
  const int n = mesh->node_count(), d = mesh->dimension;
  math::Matrix k(n, n), inverse_mass(n, n);
  std::vector<double> mass(static_cast<std::size_t>(n), 0.0);
  for (int e = 0; e < mesh->element_count(); ++e) {
    const int* const node = mesh->element(e);
    math::Matrix edges(d, d);  // rows x_c - x_0; gradients of the hats 1..d are the columns of its inverse
    for (int c = 0; c < d; ++c)
      for (int a = 0; a < d; ++a) edges(c, a) = mesh->point(node[c + 1])[a] - mesh->point(node[0])[a];
    const math::Matrix square = math::multiply_transposed(edges, edges);
    const math::Matrix lower = math::cholesky(square);
    const double volume = std::exp(0.5 * math::log_det_cholesky(lower)) / (d == 2 ? 2.0 : 6.0);
    const math::Matrix hats = math::solve_cholesky(lower, edges);  // (E E^T)^-1 E: the gradients by rows
    for (int i = 0; i <= d; ++i) {
      mass[node[i]] += volume / (d + 1);
      for (int j = 0; j <= d; ++j)
        for (int a = 0; a < d; ++a) {
          const auto slope = [&](int c) {
            if (c > 0) return hats(c - 1, a);
            double sum = 0.0;
            for (int other = 0; other < d; ++other) sum -= hats(other, a);
            return sum;
          };
          const double l = p.range[a] / std::sqrt(8.0 * (p.alpha - 0.5 * d));
          k(node[i], node[j]) += volume * l * l * slope(i) * slope(j);
        }
    }
  }
  for (int i = 0; i < n; ++i) k(i, i) += mass[i], inverse_mass(i, i) = 1.0 / mass[i];
  math::Matrix q = k;
  for (int power = 1; power < p.alpha; ++power) q = math::multiply(math::multiply(q, inverse_mass), k);
  const math::Matrix nodes = math::solve_cholesky(math::cholesky(q), math::identity(n));
  math::Matrix means(mesh->element_count(), n);
  for (int e = 0; e < mesh->element_count(); ++e)
    for (int c = 0; c <= d; ++c) means(e, mesh->element(e)[c]) = 1.0 / (d + 1);
  math::Matrix c = math::multiply_transposed(math::multiply(means, nodes), means);
  std::vector<double> sd;
  for (int e = 0; e < c.rows; ++e) sd.push_back(std::sqrt(c(e, e)));
  for (int i = 0; i < c.rows; ++i)
    for (int j = 0; j < c.cols; ++j) c(i, j) *= p.sd * p.sd / (sd[i] * sd[j]);
  return c;
}

// Rounding: Q has the condition (l / h)^(2 alpha), at most 1e5 here.
TEST(MaternMesh, CovarianceIsThatOfTheScaledDiscreteField) {
  for (const MaternMesh::Params& p : {plane(2), plane(3), plane(4), solid(2), solid(3)}) {
    const MaternMesh prior(p);
    const math::Matrix c = dense_covariance(p);
    ASSERT_EQ(prior.dimension(), c.rows);
    for (const int e : {0, 11, c.rows / 2, c.rows - 1}) {
      const Row row = covariance_row(prior, e);
      EXPECT_NEAR(row[e], p.sd * p.sd, 1e-9);
      for (int j = 0; j < c.cols; ++j) EXPECT_NEAR(row[j], c(e, j), 1e-9);
    }
  }
}

// Elements of a tenth of the range, a range away from the boundary: the error of linear elements is some (h / l)^2 / 12 = 1 %.
TEST(MaternMesh, CorrelationIsMaternsFarFromTheBoundary) {
  MaternMesh::Params p;
  p.cells = {60, 60}, p.lengths = {3.0}, p.range = {0.8};
  const MaternMesh prior(p);
  const auto mesh = field::make_mesh(p);
  const int middle = prior.value_at({1.5, 1.5}, 1);
  const Row row = covariance_row(prior, middle);
  const auto at = mesh->centre(middle);
  for (const double step : {0.1, 0.25, 0.4, 0.6}) {
    const int other = prior.value_at({1.5 + step, 1.5}, 2);
    const auto there = mesh->centre(other);
    const double r = std::sqrt(8.0) * std::hypot(there[0] - at[0], there[1] - at[1]) / 0.8;
    EXPECT_NEAR(row[other], matern_covariance(1.0, r), 0.015) << step;
  }
}

TEST(MaternMesh, PullbackIsTheTransposedDerivative) {
  MaternMesh::Params p = plane(2);
  p.transform = Transform::exp;
  const MaternMesh prior(p);
  const Row z = wave(prior.latent_dimension()), g_u = wave(prior.dimension(), 0.3), g_z = pullback(prior, z, g_u);
  const math::Matrix j = jacobian(prior, z);
  for (int k = 0; k < j.cols; ++k) {
    double expected = 0.0, size = 1.0;
    for (int i = 0; i < j.rows; ++i) expected += j(i, k) * g_u[i], size += std::abs(j(i, k) * g_u[i]);
    EXPECT_NEAR(g_z[k], expected, 1e-8 * size);
  }
}

// The box's nodes can be coloured with three colours, so that B has a null space: z comes back as another one of the same u.
TEST(MaternMesh, LatentCoordinatesGiveTheFieldBack) {
  for (const Transform transform : {Transform::none, Transform::exp}) {
    MaternMesh::Params p = plane(2);
    p.transform = transform;
    const MaternMesh prior(p);
    const Row z = wave(prior.latent_dimension()), u = to_parameters(prior, z), again = to_latent(prior, u);
    const Row u_again = to_parameters(prior, again);
    for (std::size_t i = 0; i < u.size(); ++i) EXPECT_NEAR(u_again[i], u[i], 1e-7 * std::abs(u[i]) + 1e-7);
    EXPECT_LE(math::dot(again, again), math::dot(z, z) * (1.0 + 1e-6));
  }
  Row u(static_cast<std::size_t>(MaternMesh(plane(2)).dimension()), std::nan(""));
  EXPECT_TRUE(std::isnan(to_latent(MaternMesh(plane(2)), u)[0]));
}

TEST(MaternMesh, PointsLieInTheirElements) {
  const MaternMesh prior(plane(2));
  const auto mesh = field::make_mesh(plane(2));
  for (const int e : {0, 3, 40, 69}) {
    const auto centre = mesh->centre(e);
    EXPECT_EQ(prior.value_at({centre[0], centre[1]}, 1), e);
  }
  EXPECT_THROW(prior.value_at({1.5, 0.5}, 1), deck::KeyError);
  EXPECT_THROW(prior.value_at({0.5}, 1), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
