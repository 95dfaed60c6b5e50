#include "prob/field/circulant.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "field_helpers.hpp"

namespace aleator::prob {
namespace {

Circulant::Params params(std::vector<int> cells, Covariance covariance, double nu, Row correlation_lengths) {
  Circulant::Params p;
  p.cells = std::move(cells), p.covariance = covariance, p.nu = nu, p.sd = 1.3;
  p.correlation_lengths = std::move(correlation_lengths), p.lengths = {1.2};
  return p;
}

std::vector<Circulant::Params> settings() {
  return {params({40}, Covariance::exponential, 1.0, {0.3}),
          params({40}, Covariance::squared_exponential, 1.0, {0.15}),
          params({33}, Covariance::matern, 2.5, {0.1}),
          params({1}, Covariance::matern, 0.3, {0.1}),
          params({20, 15}, Covariance::exponential, 1.0, {0.2, 0.3}),
          params({20, 15}, Covariance::matern, 0.7, {0.3, 0.1}),
          params({16, 18}, Covariance::squared_exponential, 1.0, {0.1, 0.2}),
          params({7, 6, 5}, Covariance::matern, 1.5, {0.2, 0.1, 0.3}),
          params({5, 1, 6}, Covariance::exponential, 1.5, {0.2})};
}

// By the general formula, with the standard library's Bessel function: no short forms.
double rho(const Circulant::Params& p, double r) {
  if (p.covariance == Covariance::exponential) return std::exp(-r);
  if (p.covariance == Covariance::squared_exponential) return std::exp(-r * r / 2.0);
  return matern_covariance(p.nu, std::sqrt(2.0 * p.nu) * r);
}

double distance(const Circulant::Params& p, const Box& box, int a, int b) {
  double sum = 0.0;
  for (int axis = 0; axis < box.axes(); ++axis) {
    const int difference = a / box.inner(axis) % box.cells[axis] - b / box.inner(axis) % box.cells[axis];
    const double l = p.correlation_lengths[p.correlation_lengths.size() == 1 ? 0 : axis];
    sum += std::pow(difference * box.spacing(axis) / l, 2);
  }
  return std::sqrt(sum);
}

TEST(Circulant, CovarianceIsTheFormulaToRounding) {
  for (const Circulant::Params& p : settings()) {
    const Circulant prior(p);
    const Box box = make_box(p.cells, p.lengths);
    for (int a = 0; a < box.size(); ++a) {
      const Row c = covariance_row(prior, a);
      for (int b = 0; b < box.size(); ++b)
        ASSERT_NEAR(c[b], 1.69 * rho(p, distance(p, box, a, b)), 1e-12) << box.axes() << " axes, nu = " << p.nu;
    }
  }
}

TEST(Circulant, LatentDimensionIsThePeriodicBox) {
  EXPECT_EQ(Circulant(params({20, 15}, Covariance::exponential, 1.0, {0.1})).latent_dimension(), 40 * 28);
}

TEST(Circulant, DensityIsTheClosedFormButForItsConstant) {
  const Circulant::Params p = params({6, 5}, Covariance::matern, 0.7, {0.3, 0.2});
  const Circulant prior(p);
  const Box box = make_box(p.cells, p.lengths);
  math::Matrix c(30, 30);
  for (int a = 0; a < 30; ++a)
    for (int b = 0; b < 30; ++b) c(a, b) = 1.69 * rho(p, distance(p, box, a, b));
  const Row u = wave(30);
  EXPECT_NEAR(prior.log_density(u.data()), -0.5 * math::dot(u, math::solve_cholesky(math::cholesky(c), u)), 1e-9);
  const Row z = to_latent(prior, u);
  EXPECT_NEAR(prior.log_density(u.data()), -0.5 * math::dot(z, z), 1e-9);
}

TEST(Circulant, TheBoxGrowsForLongCorrelationsAndGivesUpWithAReason) {
  const Circulant rough(params({30, 30}, Covariance::matern, 1.5, {0.05}));
  EXPECT_EQ(rough.period()[0], 60);
  const Circulant smooth(params({30, 30}, Covariance::matern, 1.5, {0.4}));
  EXPECT_GT(smooth.period()[0], 60);
  EXPECT_THROW(Circulant(params({30, 30}, Covariance::matern, 2.5, {9.0})), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
