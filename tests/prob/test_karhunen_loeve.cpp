#include "prob/field/karhunen_loeve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "field_helpers.hpp"

namespace aleator::prob {
namespace {

KarhunenLoeve::Params params(std::vector<int> cells, Row lengths, Row correlation_lengths, int modes) {
  KarhunenLoeve::Params p;
  p.cells = std::move(cells), p.lengths = std::move(lengths), p.modes = modes;
  p.correlation_lengths = std::move(correlation_lengths);
  return p;
}

// Roots of the transcendental equations to eight printed digits.
const Row eigenvalues_1_1 = {1.14931043, .39094124, .15704921, .07955658, .04712668};
const Row eigenvalues_half_tenth = {.18708255, .15604556, .12115435, .09132424};

TEST(KarhunenLoeve, EigenvaluesOnAnIntervalAreTheKnownOnes) {
  const KarhunenLoeve one(params({64}, {2.0}, {1.0}, 5)), other(params({64}, {1.0}, {0.1}, 4));
  for (int n = 0; n < 5; ++n) EXPECT_NEAR(one.spectrum().eigenvalues[n] / eigenvalues_1_1[n], 1.0, 2e-7);
  for (int n = 0; n < 4; ++n) EXPECT_NEAR(other.spectrum().eigenvalues[n] / eigenvalues_half_tenth[n], 1.0, 2e-7);
}

TEST(KarhunenLoeve, EigenvaluesInABoxAreTheLargestProducts) {
  const KarhunenLoeve prior(params({30, 30, 30}, {2.0, 1.0, 2.0}, {1.0, 0.1, 1.0}, 100));
  std::vector<AxisMode> x = exponential_modes(1.0, 1.0, 30), y = exponential_modes(0.5, 0.1, 30);
  Row products;
  for (const AxisMode& p : x)
    for (const AxisMode& q : y)
      for (const AxisMode& r : x) products.push_back(p.eigenvalue * q.eigenvalue * r.eigenvalue);
  std::sort(products.rbegin(), products.rend());
  for (int n = 0; n < 100; ++n) EXPECT_NEAR(prior.spectrum().eigenvalues[n] / products[n], 1.0, 1e-14) << n;
}

TEST(KarhunenLoeve, ModesSolveTheIntegralEquation) {
  // int exp(-|x - y| / b) phi(y) dy = lambda phi(x) by the midpoint rule on 2000 cells: error some (h / b)^2 = 6e-6 of the
  // mode.
  const int n = 2000;
  const double h = 1.0 / n, b = 0.2;
  const KarhunenLoeve prior(params({n}, {1.0}, {b}, 6));
  for (int mode = 0; mode < 6; ++mode) {
    Row z(6, 0.0);
    z[mode] = 1.0;
    const Row u = to_parameters(prior, z);
    const double lambda = prior.spectrum().eigenvalues[mode];
    EXPECT_NEAR(h * math::dot(u, u) / lambda, 1.0, 1e-3);  // |phi| = 1, midpoint rule
    for (const int i : {0, 333, 1000, 1999}) {
      double sum = 0.0;
      for (int j = 0; j < n; ++j) sum += h * std::exp(-std::abs(i - j) * h / b) * u[j];
      EXPECT_NEAR(sum, lambda * u[i], 2e-5 * std::sqrt(lambda)) << "mode " << mode << " at " << i;
    }
  }
}

TEST(KarhunenLoeve, ManyModesGiveTheCovariance) {
  // Missing variance: the tail of the sum, some 2 L / (pi^2 b modes) = 0.7 % on this line.
  KarhunenLoeve::Params p = params({400}, {1.0}, {0.3}, 100);
  p.sd = 1.3;
  const Row c = covariance_row(KarhunenLoeve(p), 180);
  for (const int i : {100, 180, 181, 220, 399})
    EXPECT_NEAR(c[i] / 1.69, std::exp(-std::abs(i - 180) / 400.0 / 0.3), 0.01) << i;
  // In a plane truncation takes much more: 1 - sum lambda / area of the variance on the average.
  const KarhunenLoeve plane(params({200, 150}, {1.0, 2.0}, {1.0, 1.5}, 400));
  const ModeSpectrum modes = plane.spectrum();
  EXPECT_NEAR(modes.total, 2.0, 1e-12);
  const double missing = 1.0 - std::accumulate(modes.eigenvalues.begin(), modes.eigenvalues.end(), 0.0) / 2.0;
  EXPECT_LT(missing, 0.06);
  const Row d = covariance_row(plane, 75 * 200 + 100);
  for (const int i : {0, 50, 100})
    for (const int j : {10, 50, 75})
      EXPECT_NEAR(d[i + 200 * j], std::exp(-std::abs(i - 100) / 200.0 - std::abs(j - 75) * 2.0 / 150.0 / 1.5),
                  1.5 * missing);
}

TEST(KarhunenLoeve, ToLatentIsTheLeastSquaresFit) {
  // What is left of any u after the fit is orthogonal to every mode.
  const KarhunenLoeve prior(params({9, 8}, {1.0}, {0.4}, 14));
  const Row u = wave(72), z = to_latent(prior, u), fit = to_parameters(prior, z);
  Row rest(72);
  for (int i = 0; i < 72; ++i) rest[i] = u[i] - fit[i];
  EXPECT_GT(math::dot(rest, rest), 1.0);
  for (const double product : pullback(prior, z, rest)) EXPECT_NEAR(product, 0.0, 1e-12);
  EXPECT_NEAR(prior.log_density(u.data()), -0.5 * math::dot(z, z) - 7.0 * std::log(2.0 * M_PI), 1e-10);
}

TEST(KarhunenLoeve, ModesFoundOnTheGridAreThoseOfTheClosedForm) {
  // On a line both exponentials are the same; the midpoint rule errs by some (h / b)^2 = 6e-6 relative to the first eigenvalue.
  KarhunenLoeve::Params p = params({400}, {2.0}, {1.0}, 5);
  p.covariance = KarhunenLoeve::Form::exponential;
  const KarhunenLoeve found(p), exact(params({400}, {2.0}, {1.0}, 5));
  for (int n = 0; n < 5; ++n) EXPECT_NEAR(found.spectrum().eigenvalues[n], eigenvalues_1_1[n], 2e-5);
  const Row e = {0, 0, 1, 0, 0}, u = to_parameters(found, e), v = to_parameters(exact, e);
  const double sign = u[0] * v[0] < 0.0 ? -1.0 : 1.0;
  for (int i = 0; i < 400; ++i) EXPECT_NEAR(sign * u[i], v[i], 1e-3);
}

TEST(KarhunenLoeve, AllModesOnTheGridGiveTheCovarianceExactly) {
  for (const auto form : {KarhunenLoeve::Form::exponential, KarhunenLoeve::Form::matern}) {
    KarhunenLoeve::Params p = params({7, 6}, {1.0, 1.5}, {0.3, 0.2}, 42);
    p.covariance = form, p.nu = 0.9, p.sd = 1.3;
    const KarhunenLoeve prior(p);
    for (const int cell : {0, 17, 41}) {
      const Row c = covariance_row(prior, cell);
      for (int i = 0; i < 42; ++i) {
        const double r = std::hypot((i % 7 - cell % 7) / 7.0 / 0.3, (i / 7 - cell / 7) * 1.5 / 6.0 / 0.2);
        const double rho =
            form == KarhunenLoeve::Form::exponential ? std::exp(-r) : matern_covariance(0.9, std::sqrt(1.8) * r);
        EXPECT_NEAR(c[i], 1.69 * rho, 1e-12);
      }
    }
  }
}

TEST(KarhunenLoeve, ModesOnALargerGridAreEigenvectorsInFallingOrder) {
  // Against the dense eigenvalues: the search stops at residuals of 1e-8, eigenvalues are then right to its square.
  KarhunenLoeve::Params p = params({16, 12}, {1.0}, {0.3}, 12);
  p.covariance = KarhunenLoeve::Form::squared_exponential;
  const KarhunenLoeve prior(p);
  math::Matrix c(192, 192);
  for (int a = 0; a < 192; ++a)
    for (int b = 0; b < 192; ++b) {
      const double r = std::hypot((a % 16 - b % 16) / 16.0, (a / 16 - b / 16) / 12.0) / 0.3;
      c(a, b) = std::exp(-0.5 * r * r) / 192.0;
    }
  const math::SymmetricEigen dense = math::eigen_symmetric(c);
  for (int n = 0; n < 12; ++n) EXPECT_NEAR(prior.spectrum().eigenvalues[n], dense.values[191 - n], 1e-12);
  p.modes = 150;  // far below rounding for so smooth a covariance
  EXPECT_THROW(KarhunenLoeve{p}, deck::KeyError);
}

TEST(KarhunenLoeve, RefusesMoreModesThanCells) {
  EXPECT_NO_THROW(KarhunenLoeve(params({5}, {1.0}, {0.4}, 5)));
  EXPECT_THROW(KarhunenLoeve(params({5}, {1.0}, {0.4}, 6)), deck::KeyError);
  EXPECT_THROW(KarhunenLoeve(params({3, 40}, {1.0}, {0.4}, 20)), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
