#include "inverse/likelihood/gaussian.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "math/dense.hpp"

namespace aleator::inverse {
namespace {

using Row = std::vector<double>;

const deck::File data = {"data.txt", "1.5\n-0.5\n2\n"};
const deck::File covariance = {"noise.txt", "0.5 0.1 -0.05\n0.1 0.3 0.08\n-0.05 0.08 0.2\n"};

double log_density(const GaussianLikelihood& likelihood, const Row& y) {
  model::Batch batch("y", 1, y.size());
  for (std::size_t i = 0; i < y.size(); ++i) batch(0, i) = y[i];
  model::Vector out("out", 1);
  likelihood.log_density(batch, out);
  return out(0);
}

Row gradient(const GaussianLikelihood& likelihood, const Row& y) {
  model::Batch batch("y", 1, y.size()), dy("dy", 1, y.size());
  for (std::size_t i = 0; i < y.size(); ++i) batch(0, i) = y[i];
  likelihood.gradient(batch, dy);
  return {dy.data(), dy.data() + y.size()};
}

// -(d - y)^T R^-1 (d - y) / 2 - log det(2 pi R) / 2
double closed_form(const Row& d, const Row& y, const math::Matrix& r) {
  Row rest(d);
  for (std::size_t i = 0; i < d.size(); ++i) rest[i] -= y[i];
  const math::Matrix factor = math::cholesky(r);
  return -0.5 * math::dot(rest, math::solve_cholesky(factor, rest)) - 0.5 * math::log_det_cholesky(factor) -
         0.5 * static_cast<double>(d.size()) * std::log(2.0 * M_PI);
}

TEST(GaussianLikelihood, IndependentNoiseIsTheProductOfNormalDensities) {
  const GaussianLikelihood likelihood({data, {0.5, 2.0, 0.1}, {}, true});
  const Row y = {1.0, 0.25, 2.2}, sd = {0.5, 2.0, 0.1}, d = {1.5, -0.5, 2.0};
  double expected = 0.0;
  for (int i = 0; i < 3; ++i)
    expected += -0.5 * std::pow((d[i] - y[i]) / sd[i], 2) - std::log(sd[i]) - 0.5 * std::log(2.0 * M_PI);
  EXPECT_NEAR(log_density(likelihood, y), expected, 1e-13);
  EXPECT_EQ(likelihood.outputs(), 3);
  EXPECT_EQ(likelihood.data(), d);
}

TEST(GaussianLikelihood, CovarianceIsTheClosedForm) {
  const GaussianLikelihood likelihood({data, {1.0}, covariance, true});
  const Row y = {1.0, 0.25, 2.2};
  math::Matrix r(3, 3);
  r.a = {0.5, 0.1, -0.05, 0.1, 0.3, 0.08, -0.05, 0.08, 0.2};
  EXPECT_NEAR(log_density(likelihood, y), closed_form({1.5, -0.5, 2.0}, y, r), 1e-13);
}

TEST(GaussianLikelihood, ADiagonalCovarianceIsTheSameAsStandardDeviations) {
  const GaussianLikelihood by_sd({data, {0.5, 2.0, 0.1}, {}, true});
  const GaussianLikelihood by_covariance({data, {1.0}, {"r.txt", "0.25 0 0\n0 4 0\n0 0 0.01\n"}, true});
  const Row y = {1.0, 0.25, 2.2};
  EXPECT_NEAR(log_density(by_sd, y), log_density(by_covariance, y), 1e-12);
  Row r(3), r_by_covariance(3);
  by_sd.gaussian()->whiten(y.data(), r.data());
  by_covariance.gaussian()->whiten(y.data(), r_by_covariance.data());
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(gradient(by_sd, y)[i], gradient(by_covariance, y)[i], 1e-11);
    EXPECT_NEAR(r[i], r_by_covariance[i], 1e-13);
  }
}

TEST(GaussianLikelihood, UnnormalisedIsZeroWhereOutputsMeetTheData) {
  for (const deck::File& file : {deck::File{}, covariance}) {
    const GaussianLikelihood relative({data, {0.3}, file, false}), normalised({data, {0.3}, file, true});
    EXPECT_EQ(log_density(relative, {1.5, -0.5, 2.0}), 0.0);
    EXPECT_NEAR(log_density(normalised, {1, 1, 1}) - log_density(relative, {1, 1, 1}),
                log_density(normalised, {1.5, -0.5, 2.0}), 1e-13);
  }
}

TEST(GaussianLikelihood, GradientAgreesWithCentralDifferences) {
  // A quadratic: central differences are exact but for rounding, 1e-16 x 100 / 1e-3.
  for (const deck::File& file : {deck::File{}, covariance}) {
    const GaussianLikelihood likelihood({data, {0.5, 2.0, 0.4}, file, true});
    const Row y = {1.0, 0.25, 2.2}, g = gradient(likelihood, y);
    for (int i = 0; i < 3; ++i) {
      Row above = y, below = y;
      above[i] += 1e-3, below[i] -= 1e-3;
      EXPECT_NEAR(g[i], (log_density(likelihood, above) - log_density(likelihood, below)) / 2e-3, 1e-10);
    }
  }
}

TEST(GaussianLikelihood, RefusesDataAndNoiseThatDoNotFit) {
  const auto make = [](const deck::File& d, Row sd, const deck::File& r) {
    return GaussianLikelihood({d, std::move(sd), r, true});
  };
  EXPECT_THROW(make({"data.txt", "# none\n"}, {1.0}, {}), core::UserError);
  EXPECT_THROW(make(data, {1.0, 2.0}, {}), deck::KeyError);
  EXPECT_THROW(make(data, {1.0}, {"r.txt", "1 0\n0 1\n"}), deck::KeyError);
  EXPECT_THROW(make(data, {1.0}, {"r.txt", "1 0 0\n0.1 1 0\n0 0 1\n"}), deck::KeyError);
  EXPECT_THROW(make(data, {1.0}, {"r.txt", "1 2 0\n2 1 0\n0 0 1\n"}), deck::KeyError);
}

}  // namespace
}  // namespace aleator::inverse
