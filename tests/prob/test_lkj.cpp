// Correlation matrices: the map from latent coordinates with its inverse, slope and density, and the marginals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/random.hpp"
#include "math/dense.hpp"
#include "math/special.hpp"
#include "prob/prior/lkj.hpp"
#include "prob/prior/real_laws.hpp"

namespace aleator::prob {
namespace {

using Row = std::vector<double>;

// z = 0.4, -1.1, … -> parameters below the diagonal, inverse, pullback and density against a numerical Jacobian.
void expect_lkj_map(const Lkj& prior, int size, bool is_cholesky) {
  const int d = prior.latent_dimension(), p = prior.dimension();
  Row z, g_u;
  for (int k = 0; k < d; ++k) z.push_back(0.9 * std::sin(1.0 + 2.0 * k));
  for (int k = 0; k < p; ++k) g_u.push_back(std::cos(3.0 * k));
  Row u(static_cast<std::size_t>(p)), back(static_cast<std::size_t>(d)), g_z(static_cast<std::size_t>(d));
  prior.to_parameters(z.data(), u.data());
  prior.to_latent(u.data(), back.data());
  prior.pullback(z.data(), g_u.data(), g_z.data());
  std::vector<int> free;  // parameters below the diagonal
  for (int j = 0, k = 0; j < size; ++j)
    for (int i = 0; i < j + (is_cholesky ? 1 : 0); ++i, ++k)
      if (i < j) free.push_back(k);
  ASSERT_EQ(static_cast<int>(free.size()), d);
  math::Matrix j(d, d);
  for (int k = 0; k < d; ++k) {
    EXPECT_NEAR(back[k], z[k], 1e-11);
    Row above = z, below = z, u_above(u), u_below(u);
    above[k] += 1e-5, below[k] -= 1e-5;
    prior.to_parameters(above.data(), u_above.data()), prior.to_parameters(below.data(), u_below.data());
    double slope = 0.0;
    for (int i = 0; i < p; ++i) slope += g_u[i] * (u_above[i] - u_below[i]) / 2e-5;
    for (int i = 0; i < d; ++i) j(i, k) = (u_above[free[i]] - u_below[free[i]]) / 2e-5;
    EXPECT_NEAR(g_z[k], slope, 1e-8);
  }
  EXPECT_NEAR(
      prior.log_density(u.data()) + 0.5 * math::log_det_cholesky(math::cholesky(math::multiply_transposed(j, j))),
      -0.5 * math::dot(z, z) - 0.5 * d * std::log(2.0 * M_PI), 1e-7);
}

TEST(LkjPrior, MapInverseSlopeAndDensityBelongTogether) {
  for (const int size : {2, 3, 5})
    for (const double shape : {0.7, 1.0, 4.0}) {
      expect_lkj_map(Lkj({size, shape, Lkj::Parameters::correlations}), size, false);
      expect_lkj_map(Lkj({size, shape, Lkj::Parameters::cholesky}), size, true);
    }
}

TEST(LkjPrior, EveryCorrelationHasItsBetaLaw) {
  // All marginals are 2 Beta(b, b) - 1 with b = eta + K / 2 - 1 (Lewandowski, Kurowicka, Joe 2009). Kolmogorov's
  // distance of 20000 draws exceeds 2.3 / sqrt(20000) once in 20000; ten correlations.
  constexpr int size = 5, pairs = 10, draws = 20000;
  constexpr double shape = 1.5, b = shape + 0.5 * size - 1.0;
  const Lkj prior({size, shape, Lkj::Parameters::correlations});
  const kernels::Rng rng(4);
  std::vector<Row> columns(pairs);
  for (int draw = 0; draw < draws; ++draw) {
    Row z(pairs), u(pairs);
    rng.row_of_normals({kernels::Purpose::test}, draw, z.data(), pairs);
    prior.to_parameters(z.data(), u.data());
    for (int k = 0; k < pairs; ++k) columns[static_cast<std::size_t>(k)].push_back(u[static_cast<std::size_t>(k)]);
  }
  for (Row& column : columns) {
    std::sort(column.begin(), column.end());
    double distance = 0.0;
    for (int i = 0; i < draws; ++i) {
      const Tail tail = BetaLaw(b, b).tail(0.5 * (1.0 + column[static_cast<std::size_t>(i)]));
      const double p = tail.is_lower ? tail.probability : 1.0 - tail.probability;
      distance = std::max({distance, std::abs(p - (i + 1.0) / draws), std::abs(p - static_cast<double>(i) / draws)});
    }
    EXPECT_LT(distance, 2.3 / std::sqrt(static_cast<double>(draws)));
  }
}

TEST(LkjPrior, HasNoDensityWhereTheMatrixIsNoCorrelationMatrix) {
  const Lkj prior({3, 2.0, Lkj::Parameters::correlations});
  const Row impossible = {0.9, 0.9, -0.9};
  EXPECT_EQ(prior.log_density(impossible.data()), -std::numeric_limits<double>::infinity());
  Row z(3);
  prior.to_latent(impossible.data(), z.data());
  EXPECT_TRUE(std::isnan(z[0]));
  const Row uncorrelated(3, 0.0);  // det R = 1: the constant; 3 x 3 matrices have the volume pi^2 / 2
  EXPECT_NEAR(Lkj({3, 1.0, Lkj::Parameters::correlations}).log_density(uncorrelated.data()),
              -std::log(0.5 * M_PI * M_PI), 1e-12);
}

}  // namespace
}  // namespace aleator::prob
