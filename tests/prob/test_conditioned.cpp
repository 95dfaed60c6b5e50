#include "prob/field/conditioned.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "field_helpers.hpp"
#include "prob/field/circulant.hpp"
#include "prob/field/karhunen_loeve.hpp"
#include "prob/field/matern_mesh.hpp"
#include "prob/field/matern_spde.hpp"
#include "prob/prior/normal.hpp"

namespace aleator::prob {
namespace {

enum class Field { matern_spde, circulant, karhunen_loeve, matern_mesh };

std::shared_ptr<const GaussianField> field(Field kind, Transform transform) {
  const std::vector<double> mean = {0.4};
  if (kind == Field::matern_spde) {
    MaternSpde::Params p;
    p.cells = {6, 5}, p.range = {0.6}, p.mean = mean, p.transform = transform;
    return std::make_shared<MaternSpde>(p);
  }
  if (kind == Field::circulant) {
    Circulant::Params p;
    p.cells = {6, 5}, p.correlation_lengths = {0.3}, p.mean = mean, p.transform = transform;
    return std::make_shared<Circulant>(p);
  }
  if (kind == Field::matern_mesh) {
    MaternMesh::Params p;
    p.cells = {5, 3}, p.range = {0.7}, p.mean = mean, p.transform = transform;
    return std::make_shared<MaternMesh>(p);
  }
  KarhunenLoeve::Params p;
  p.cells = {6, 5}, p.modes = 12, p.mean = mean, p.transform = transform;
  return std::make_shared<KarhunenLoeve>(p);
}

// Cells 8, 28 and 11 of 6 x 5 on the unit square, or elements of 2 x 5 x 3.
Conditioned::Params three_wells(double sd) { return {"x", {{0.4, 0.25}, {0.7, 0.9}, {1.0, 0.3}}, {2.0, 0.7, 1.3}, sd}; }
std::vector<int> wells_of(const GaussianField& field) {
  std::vector<int> wells;
  for (const std::vector<double>& point : three_wells(0.0).points) wells.push_back(field.value_at(point, 1));
  return wells;
}

TEST(Conditioned, WellsLieInTheirCells) {
  EXPECT_EQ(wells_of(*field(Field::circulant, Transform::none)), (std::vector<int>{2 + 6 * 1, 4 + 6 * 4, 5 + 6 * 1}));
}

class ConditionedFields : public testing::TestWithParam<Field> {};

// Mean and covariance by the closed form m + C P^t K^-1 (d - m), C - C P^t K^-1 P C, with the field's own dense C; the map is
// affine, so that its moments are its value at 0 and T T^t.
TEST_P(ConditionedFields, HaveTheMomentsOfKriging) {
  for (const double sd : {0.0, 0.3}) {
    const auto unconditioned = field(GetParam(), Transform::none);
    const std::vector<int> wells = wells_of(*unconditioned);
    const Conditioned prior(three_wells(sd), unconditioned);
    math::Matrix c(30, 30), k(3, 3), cross(3, 30);
    for (int i = 0; i < 30; ++i) {
      const Row row = covariance_row(*unconditioned, i);
      for (int j = 0; j < 30; ++j) c(i, j) = row[j];
    }
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) k(a, b) = c(wells[a], wells[b]) + (a == b ? sd * sd : 0.0);
      for (int j = 0; j < 30; ++j) cross(a, j) = c(wells[a], j);
    }
    const math::Matrix lower = math::cholesky(k), weights = math::solve_cholesky(lower, cross);
    const Row mean = to_parameters(prior, Row(static_cast<std::size_t>(prior.latent_dimension()), 0.0));
    for (int i = 0; i < 30; ++i) {
      double expected = 0.4;
      for (int a = 0; a < 3; ++a) expected += weights(a, i) * (three_wells(sd).values[a] - 0.4);
      EXPECT_NEAR(mean[i], expected, 1e-9);
      const Row row = covariance_row(prior, i);
      for (int j = 0; j < 30; ++j) {
        double covariance = c(i, j);
        for (int a = 0; a < 3; ++a) covariance -= cross(a, i) * weights(a, j);
        EXPECT_NEAR(row[j], covariance, 1e-9);
      }
    }
  }
}

TEST_P(ConditionedFields, MeetExactDataWhateverTheCoordinates) {
  for (const Transform transform : {Transform::none, Transform::exp}) {
    const Conditioned prior(three_wells(0.0), field(GetParam(), transform));
    const Row u = to_parameters(prior, wave(prior.latent_dimension()));
    const std::vector<int> wells = wells_of(*field(GetParam(), transform));
    for (int a = 0; a < 3; ++a) EXPECT_NEAR(u[wells[a]], three_wells(0.0).values[a], 1e-9);
    EXPECT_TRUE(std::isnan(prior.log_density(u.data())));
  }
}

TEST_P(ConditionedFields, PullbackIsTheTransposedJacobianAndLatentPointsComeBack) {
  for (const double sd : {0.0, 0.3}) {
    const Conditioned prior(three_wells(sd), field(GetParam(), Transform::exp));
    Row z = wave(prior.latent_dimension());
    for (double& value : z) value *= 0.2;
    const Row g_u = wave(30, 3.0), g_z = pullback(prior, z, g_u);
    const Row expected = math::transposed_multiply(jacobian(prior, z), g_u);
    for (std::size_t k = 0; k < z.size(); ++k) EXPECT_NEAR(g_z[k], expected[k], 1e-7);
    const Row u = to_parameters(prior, z), again = to_parameters(prior, to_latent(prior, u));
    for (int i = 0; i < 30; ++i) EXPECT_NEAR(again[i], u[i], 1e-6 * u[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ConditionedFields,
                         testing::Values(Field::matern_spde, Field::circulant, Field::karhunen_loeve,
                                         Field::matern_mesh));

// One cell: N(m, s^2) given d with noise is normal in closed form.
TEST(Conditioned, LogDensityIsThatOfTheConjugateNormal) {
  MaternSpde::Params p;
  p.cells = {1}, p.mean = {0.4};
  const auto one = std::make_shared<MaternSpde>(p);
  const double variance = covariance_row(*one, 0)[0], noise = 0.09, gain = variance / (variance + noise);
  const Conditioned prior({"x", {{0.5}}, {2.0}, 0.3}, one);
  const Normal exact({1, {0.4 + gain * 1.6}, {std::sqrt(variance * (1 - gain))}, {}});
  for (const double u : {-0.5, 1.0, 2.2}) EXPECT_NEAR(prior.log_density(&u), exact.log_density(&u), 1e-10);
}

TEST(Conditioned, RefusesWhatCannotBeConditioned) {
  const auto matern = field(Field::matern_spde, Transform::exp);
  EXPECT_THROW(Conditioned(three_wells(0.0), std::make_shared<Normal>(Normal::Params{30, {0.0}, {1.0}, {}})),
               deck::KeyError);
  EXPECT_THROW(Conditioned({"x", {{0.5, 1.1}}, {1.0}, 0.0}, matern), deck::KeyError);
  EXPECT_THROW(Conditioned({"x", {{0.5}}, {1.0}, 0.0}, matern), deck::KeyError);
  EXPECT_THROW(Conditioned({"x", {{0.5, 0.5}}, {-1.0}, 0.0}, matern), deck::KeyError);
  EXPECT_THROW(Conditioned({"x", {{0.5, 0.5}}, {1.0, 2.0}, 0.0}, matern), deck::KeyError);
  const Conditioned::Params twice{"x", {{0.51, 0.5}, {0.52, 0.5}}, {1.0, 2.0}, 0.0};
  EXPECT_THROW(Conditioned(twice, matern), deck::KeyError);
  Conditioned::Params noisy = twice;
  noisy.sd = 0.1;
  EXPECT_NO_THROW(Conditioned(noisy, matern));
}

}  // namespace
}  // namespace aleator::prob
