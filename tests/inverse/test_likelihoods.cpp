#include <gtest/gtest.h>

#include <fmt/format.h>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <memory>

#include "inverse/likelihood/counts.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/negative_binomial.hpp"
#include "inverse/likelihood/student_t.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/model/pass_through.hpp"
#include "inverse/problem/bayes.hpp"
#include "prob/prior/log_normal.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using model::Vector;
const deck::File counts = {"counts.txt", "3 0 1\n"};

double density(const model::Likelihood& likelihood, const std::vector<double>& y) {
  const Vector out("out", 1);
  likelihood.log_density(model::ConstBatch(y.data(), 1, y.size()), out);
  return out(0);
}

void expect_gradient(const model::Likelihood& likelihood, const std::vector<double>& y) {
  const Batch dy("dy", 1, y.size());
  likelihood.gradient(model::ConstBatch(y.data(), 1, y.size()), dy);
  for (std::size_t k = 0; k < y.size(); ++k) {
    std::vector<double> above = y, below = y;
    above[k] += 1e-5, below[k] -= 1e-5;
    EXPECT_NEAR(dy(0, k), (density(likelihood, above) - density(likelihood, below)) / 2e-5, 1e-8) << k;
  }
}

// Moments of N rows of simulated data: means y, covariance c^2 R, to 5 standard errors.
void expect_moments(const GaussianLikelihood& likelihood, const std::vector<double>& y, double c,
                    const math::Matrix& r) {
  const int rows = 20000, p = 2;
  double mean[p] = {0, 0}, second[p][p] = {{0, 0}, {0, 0}};
  for (int row = 0; row < rows; ++row) {
    const std::vector<double> data =
        likelihood.simulate(y.data(), kernels::Rng(3), {kernels::Purpose::observation_noise}, row);
    ASSERT_EQ(data.size(), 2u);
    for (int i = 0; i < p; ++i) {
      mean[i] += (data[i] - y[i]) / rows;
      for (int j = 0; j < p; ++j) second[i][j] += (data[i] - y[i]) * (data[j] - y[j]) / rows;
    }
  }
  for (int i = 0; i < p; ++i) {
    EXPECT_NEAR(mean[i], 0.0, 5.0 * c * std::sqrt(r(i, i) / rows)) << i;
    for (int j = 0; j < p; ++j) {
      const double sd = c * c * std::sqrt((r(i, i) * r(j, j) + r(i, j) * r(i, j)) / rows);
      EXPECT_NEAR(second[i][j], c * c * r(i, j), 5.0 * sd) << i << j;
    }
  }
}

TEST(GaussianLikelihood, SimulatedDataHaveItsMomentsAndOtherDataItsDensity) {
  math::Matrix r(2, 2);
  r(0, 0) = 0.25, r(1, 1) = 4.0, r(0, 1) = r(1, 0) = 0.6;
  GaussianLikelihood::Params params;
  params.data = {"data.txt", "1 2\n"}, params.covariance = {"covariance.txt", "0.25 0.6\n0.6 4\n"};
  const GaussianLikelihood correlated(params);
  expect_moments(correlated, {1.0, -3.0}, 1.0, r);
  params.unknown_scale = true;
  expect_moments(GaussianLikelihood(params), {1.0, -3.0, 0.5}, 0.5, r);
  params.covariance = {}, params.sd = {0.5, 2.0}, params.unknown_scale = false;
  r(0, 1) = r(1, 0) = 0.0;
  expect_moments(GaussianLikelihood(params), {0.0, 7.0}, 1.0, r);
  params.data = {"data.txt", "3 4\n"};
  const auto other = GaussianLikelihood(params).with_data({1.0, 2.0});
  params.data = {"data.txt", "1 2\n"};
  EXPECT_EQ(density(*other, {0.3, 0.1}), density(GaussianLikelihood(params), {0.3, 0.1}));
  EXPECT_EQ(other->with_data({1.0}), nullptr);
}

TEST(PoissonLikelihood, IsTheClosedForm) {
  const std::vector<double> y = {0.7, 0.2, 1.4};
  const double means = 0.7 + 0.2 + 1.4, expected = 3 * std::log(0.7) + std::log(1.4) - means - std::log(6.0);
  const PoissonLikelihood identity({counts, PoissonLikelihood::Link::identity}),
      log({counts, PoissonLikelihood::Link::log});
  EXPECT_NEAR(density(identity, y), expected, 1e-14);
  EXPECT_NEAR(density(log, {std::log(0.7), std::log(0.2), std::log(1.4)}), expected, 1e-14);
  expect_gradient(identity, y), expect_gradient(log, y);
  EXPECT_NEAR(density(identity, {0.7, 0.0, 1.4}), 3 * std::log(0.7) + std::log(1.4) - 2.1 - std::lgamma(4.0), 1e-14);
  EXPECT_EQ(density(identity, {0.7, -0.1, 1.4}), -std::numeric_limits<double>::infinity());
  EXPECT_THROW(PoissonLikelihood({{"x.txt", "1.5\n"}, PoissonLikelihood::Link::log}), deck::KeyError);
}

// Shape 2, mean 0.7: P(3) = (2)_3 / 3! (2 / 2.7)^2 (0.7 / 2.7)^3 = 4 …
TEST(NegativeBinomialLikelihood, IsTheClosedForm) {
  using Link = NegativeBinomialLikelihood::Link;
  const std::vector<double> y = {0.7, 0.2, 1.4}, logs = {std::log(0.7), std::log(0.2), std::log(1.4)};
  const auto part = [](double mean) { return 2.0 * std::log(2.0 / (2.0 + mean)); };
  const double expected = std::log(4.0) + 3.0 * std::log(0.7 / 2.7) + std::log(2.0) + std::log(1.4 / 3.4) + part(0.7) +
                          part(0.2) + part(1.4);
  const NegativeBinomialLikelihood identity({counts, 2.0, false, Link::identity}), log({counts, 2.0, false, Link::log});
  EXPECT_NEAR(density(identity, y), expected, 1e-13);
  EXPECT_NEAR(density(log, logs), expected, 1e-13);
  expect_gradient(identity, y), expect_gradient(log, logs);
  const NegativeBinomialLikelihood unknown({counts, {}, true, Link::identity}), both({counts, {}, true, Link::log});
  EXPECT_NEAR(density(unknown, {0.7, 0.2, 1.4, 2.0}), expected, 1e-13);
  expect_gradient(unknown, {0.7, 0.2, 1.4, 2.3}), expect_gradient(both, {0.4, -0.2, 1.1, 0.6});
  EXPECT_EQ(unknown.information(), nullptr);
  const double none = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(density(unknown, {0.7, 0.2, 1.4, -1.0}), none);
  EXPECT_EQ(density(identity, {0.7, -0.1, 1.4}), none);
  EXPECT_EQ(density(identity, {0.0, 0.2, 1.4}), none);  // three of what cannot be
  EXPECT_NEAR(density(identity, {0.7, 0.0, 1.4}), expected - part(0.2), 1e-13);
  // Of a large shape it is Poisson's, but for k^2 / shape.
  EXPECT_NEAR(density(NegativeBinomialLikelihood({counts, 1e7, false, Link::log}), logs),
              density(PoissonLikelihood({counts, PoissonLikelihood::Link::log}), logs), 2e-6);
  EXPECT_THROW(NegativeBinomialLikelihood({{"x.txt", "1.5\n"}, 2.0, false, Link::log}), deck::KeyError);
}

TEST(NegativeBinomialLikelihood, IsPoissonsAtEveryLargeShapeAndThrowsAtNone) {
  using Link = NegativeBinomialLikelihood::Link;
  const double poisson = density(PoissonLikelihood({counts, PoissonLikelihood::Link::log}), {0.4, -0.2, 1.1});
  const NegativeBinomialLikelihood unknown({counts, {}, true, Link::log});
  const Batch dy("dy", 1, 4);
  for (const double shape : {1e12, 1e16, 1e18, 1e200, 1e308}) {
    const std::vector<double> y = {0.4, -0.2, 1.1, shape};
    EXPECT_NEAR(density(unknown, y), poisson, 1e-11) << shape;
    unknown.gradient(model::ConstBatch(y.data(), 1, y.size()), dy);
    EXPECT_NEAR(shape * dy(0, 3), 0.0, 1e-11) << shape;
    const std::vector<double> drawn = unknown.simulate(y.data(), kernels::Rng(3), {kernels::Purpose::test}, 1);
    EXPECT_EQ(drawn, PoissonLikelihood({counts, PoissonLikelihood::Link::log})
                         .simulate(y.data(), kernels::Rng(3), {kernels::Purpose::test}, 1));
  }
  const double most = std::numeric_limits<double>::infinity(), least = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(density(unknown, {0.4, -0.2, 1.1, most}), -most);
  for (const double shape : {least, most}) {
    const std::vector<double> y = {0.4, -0.2, 1.1, shape};
    EXPECT_NO_THROW(unknown.gradient(model::ConstBatch(y.data(), 1, y.size()), dy)) << shape;
  }
}

// Of 40 000 data sets drawn at outputs y: shares of data up to a number, against the distribution function; four standard errors
// at most (a false alarm in 16 000 for each of ten).
void expect_shares(const model::Likelihood& likelihood, const std::vector<double>& y, std::size_t datum, double up_to,
                   double expected) {
  constexpr int sets = 40000;
  double share = 0.0;
  for (int set = 0; set < sets; ++set)
    share += likelihood.simulate(y.data(), kernels::Rng(3), {kernels::Purpose::test}, set)[datum] <= up_to;
  EXPECT_NEAR(share / sets, expected, 4.0 * std::sqrt(expected * (1.0 - expected) / sets)) << up_to;
}

// Boost's series are slow for many counts, and throw further up: the normal law with its skewness takes over.
TEST(SimulatedData, OfManyCountsAreDrawnWithoutSeries) {
  const PoissonLikelihood log({counts, PoissonLikelihood::Link::log});
  const double mean = 2e6;
  expect_shares(log, {std::log(mean), 0.0, 0.0}, 0, mean, boost::math::gamma_q(mean + 1.0, mean));
  expect_shares(log, {std::log(mean), 0.0, 0.0}, 0, mean - 2000, boost::math::gamma_q(mean - 1999.0, mean));
  const BinomialLikelihood binomial({counts, {50000000}, BinomialLikelihood::Link::identity});
  expect_shares(binomial, {0.1, 0.5, 0.5}, 0, 5e6 - 1500, 0.5 * std::erfc(1499.5 / std::sqrt(2.0 * 4.5e6)));
  const NegativeBinomialLikelihood wide({counts, 2.0, false, NegativeBinomialLikelihood::Link::log});
  expect_shares(wide, {std::log(1e9), 0.0, 0.0}, 0, 1e9, 1.0 - 3.0 * std::exp(-2.0));  // a gamma law of shape 2
  const NegativeBinomialLikelihood long_tailed({counts, 0.01, false, NegativeBinomialLikelihood::Link::log});
  expect_shares(long_tailed, {std::log(1000.0), 0.0, 0.0}, 0, 0.0, std::pow(0.01 / 1000.01, 0.01));
  for (const double huge : {25.0, 100.0, 700.0})
    EXPECT_GT(log.simulate(std::vector<double>{huge, 0.0, 0.0}.data(), kernels::Rng(3), {kernels::Purpose::test}, 0)[0],
              std::exp(huge - 1.0));
}

TEST(SimulatedData, FollowTheLawOfCountsAndOfOutliers) {
  const PoissonLikelihood identity({counts, PoissonLikelihood::Link::identity}),
      log({counts, PoissonLikelihood::Link::log});
  expect_shares(identity, {0.7, 0.2, 0.0}, 0, 0.0, std::exp(-0.7));
  expect_shares(log, {0.0, 0.0, std::log(1.4)}, 2, 1.0, 2.4 * std::exp(-1.4));
  const auto drawn = [&](const model::Likelihood& l, const std::vector<double>& y) {
    return l.simulate(y.data(), kernels::Rng(3), {kernels::Purpose::test}, 0);
  };
  EXPECT_EQ(drawn(identity, {1.0, 1.0, 0.0})[2], 0.0);
  EXPECT_TRUE(std::isnan(drawn(identity, {1.0, 1.0, -0.1})[2]));
  const BinomialLikelihood share({counts, {5, 2, 1}, BinomialLikelihood::Link::identity}),
      logit({counts, {5, 2, 1}, BinomialLikelihood::Link::logit});
  expect_shares(share, {0.6, 0.3, 0.8}, 0, 1.0, std::pow(0.4, 5) + 5 * 0.6 * std::pow(0.4, 4));
  expect_shares(logit, {0.0, 0.0, std::log(4.0)}, 2, 0.0, 0.2);
  EXPECT_EQ(drawn(share, {1.0, 0.0, 1.0}), (std::vector<double>{5.0, 0.0, 1.0}));
  EXPECT_TRUE(std::isnan(drawn(share, {1.1, 0.0, 1.0})[0]));
  using Negative = NegativeBinomialLikelihood;
  const Negative scattered({counts, 2.0, false, Negative::Link::identity}),
      unknown({counts, {}, true, Negative::Link::log});
  expect_shares(scattered, {0.7, 0.2, 1.4}, 0, 0.0,
                std::pow(2.0 / 2.7, 2));  // P(0) = (s / (s + mu))^s, P(1) = s q P(0)
  expect_shares(unknown, {0.0, 0.0, std::log(1.4), 0.5}, 2, 1.0, std::sqrt(0.5 / 1.9) * (1.0 + 0.5 * 1.4 / 1.9));
  EXPECT_TRUE(std::isnan(drawn(unknown, {0.0, 0.0, 0.0, -1.0})[0]));
  EXPECT_EQ(drawn(scattered, {0.0, 0.2, 1.4})[0], 0.0);
  EXPECT_EQ(density(*scattered.with_data({2.0, 0.0, 1.0}), {0.5, 0.6, 0.7}),
            density(Negative({{"x", "2 0 1\n"}, 2.0, false, Negative::Link::identity}), {0.5, 0.6, 0.7}));
  StudentTLikelihood::Params cauchy;
  cauchy.data = {"data.txt", "1 2\n"}, cauchy.scale = {0.5, 2.0}, cauchy.degrees_of_freedom = 1.0;
  cauchy.unknown_scale = true;
  const StudentTLikelihood heavy(cauchy);  // quartiles one scale from the middle
  expect_shares(heavy, {1.0, -3.0, 0.5}, 0, 1.25, 0.75);
  expect_shares(heavy, {1.0, -3.0, 0.5}, 1, -4.0, 0.25);
  const std::vector<double> y = {0.5, 0.6, 0.7};
  EXPECT_EQ(density(*identity.with_data({2.0, 0.0, 1.0}), y),
            density(PoissonLikelihood({{"x", "2 0 1\n"}, PoissonLikelihood::Link::identity}), y));
  EXPECT_EQ(density(*share.with_data({2.0, 0.0, 1.0}), y),
            density(BinomialLikelihood({{"x", "2 0 1\n"}, {5, 2, 1}, BinomialLikelihood::Link::identity}), y));
  cauchy.data.text = "7 8\n";
  EXPECT_EQ(density(*heavy.with_data({7.0, 8.0}), y), density(StudentTLikelihood(cauchy), y));
}

TEST(BinomialLikelihood, IsTheClosedForm) {
  // 3 of 5, 0 of 2, 1 of 1 with p = .6, .3, .8: 10 .6^3 .4^2 x .7^2 x .8
  const BinomialLikelihood identity({counts, {5, 2, 1}, BinomialLikelihood::Link::identity});
  const BinomialLikelihood logit({counts, {5, 2, 1}, BinomialLikelihood::Link::logit});
  const double expected = std::log(10 * 0.216 * 0.16 * 0.49 * 0.8);
  EXPECT_NEAR(density(identity, {0.6, 0.3, 0.8}), expected, 1e-13);
  EXPECT_NEAR(density(logit, {std::log(0.6 / 0.4), std::log(0.3 / 0.7), std::log(4.0)}), expected, 1e-13);
  expect_gradient(identity, {0.6, 0.3, 0.8}), expect_gradient(logit, {0.4, -0.8, 1.4});
  EXPECT_NEAR(density(logit, {800.0, -800.0, 800.0}), std::log(10.0) - 1600.0, 1e-9);  // no overflow
  EXPECT_THROW(BinomialLikelihood({counts, {1}, BinomialLikelihood::Link::logit}), deck::KeyError);
}

TEST(StudentTLikelihood, IsCauchyAtOneDegreeAndGaussianAtMany) {
  const StudentTLikelihood cauchy({counts, {2.0}, 1.0, false});
  double expected = 0.0;
  for (const double r : {3.0 - 1.0, 0.0 - 1.0, 1.0 - 1.0}) expected -= std::log(M_PI * 2.0 * (1 + r * r / 4));
  EXPECT_NEAR(density(cauchy, {1.0, 1.0, 1.0}), expected, 1e-13);
  const GaussianLikelihood gaussian({counts, {2.0}, {}, true, false});
  EXPECT_NEAR(density(StudentTLikelihood({counts, {2.0}, 1e9, false}), {1.0, 1.0, 1.0}),
              density(gaussian, {1.0, 1.0, 1.0}),
              1e-5);  // the constants' lgamma of 5e8 loses nine digits
  expect_gradient(cauchy, {0.3, 1.1, -2.0});
  expect_gradient(StudentTLikelihood({counts, {2.0}, 3.0, true}), {0.3, 1.1, -2.0, 0.7});
}

TEST(UnknownScale, IsTheGaussianOfTheScaledNoise) {
  const GaussianLikelihood unknown({counts, {0.5}, {}, true, true}), known({counts, {0.5 * 1.7}, {}, true, false});
  EXPECT_EQ(unknown.gaussian(), nullptr);
  EXPECT_NEAR(density(unknown, {1.0, 0.4, 0.2, 1.7}), density(known, {1.0, 0.4, 0.2}), 1e-13);
  expect_gradient(unknown, {1.0, 0.4, 0.2, 1.7});
  EXPECT_EQ(density(unknown, {1.0, 0.4, 0.2, -1.0}), -std::numeric_limits<double>::infinity());
}

TEST(UnknownScale, IsTheStandardDeviationWhereNoneIsGiven) {
  const GaussianLikelihood unknown({counts, {}, {}, true, true}), known({counts, {0.7}, {}, true, false});
  EXPECT_NEAR(density(unknown, {1.0, 0.4, 0.2, 0.7}), density(known, {1.0, 0.4, 0.2}), 1e-13);
  GaussianLikelihood::Params correlated{counts, {}, {}, true, true};
  correlated.correlation = GaussianLikelihood::Correlation::exponential, correlated.correlation_length = {2.0};
  GaussianLikelihood::Params of_sd = correlated;
  of_sd.sd = {0.7}, of_sd.unknown_scale = false;
  EXPECT_NEAR(density(GaussianLikelihood(correlated), {1.0, 0.4, 0.2, 0.7}),
              density(GaussianLikelihood(of_sd), {1.0, 0.4, 0.2}), 1e-13);
  EXPECT_THROW(GaussianLikelihood({counts, {}, {}, true, false}), deck::KeyError);
}

TEST(UnknownScale, GoesFromThePriorPastTheModelWithItsGradient) {
  const auto likelihood =
      std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{counts, {0.5}, {}, true, true});
  const auto line = std::make_shared<LinearModel>(std::vector<double>{1.0, 2.0, -1.0, 0.5, 3.0, 1.0}, 3, 2);
  const auto prior = std::make_shared<prob::LogNormal>(prob::LogNormal::Params{3, {0.2}, {0.6}, true});
  const BayesProblem problem({}, {std::make_shared<PassThrough>(line, 1), prior, likelihood});
  const auto at = [&](std::vector<double> z) {
    const model::Evaluation asked{Vector("l", 1), Batch("g", 1, 3), {}};
    model::Evaluation e = asked;
    problem.evaluate(model::ConstBatch(z.data(), 1, 3), e);
    return e;
  };
  const std::vector<double> z = {0.4, -0.3, 0.9};
  std::vector<double> u(3);
  prior->to_parameters(z.data(), u.data());
  const GaussianLikelihood known({counts, {0.5 * u[2]}, {}, true, false});
  const model::Evaluation e = at(z);
  EXPECT_NEAR(e.log_likelihood(0), density(known, {u[0] + 2 * u[1], -u[0] + 0.5 * u[1], 3 * u[0] + u[1]}), 1e-12);
  for (int k = 0; k < 3; ++k) {
    std::vector<double> above = z, below = z;
    above[k] += 1e-5, below[k] -= 1e-5;
    const double slope = (at(above).log_likelihood(0) - at(below).log_likelihood(0)) / 2e-5;
    EXPECT_NEAR(e.gradient(0, k), slope, 1e-7 * (1 + std::abs(slope)));
  }
}

// Fisher's information is the covariance of the scores: sum or integral over the datum, weight its step.
template <typename Make>
void expect_information(const Make& likelihood_of, const std::vector<double>& y, const std::vector<double>& data,
                        double weight) {
  const std::size_t p = y.size();
  std::vector<double> covariance(p * p, 0.0);
  for (const double datum : data) {
    const auto likelihood = likelihood_of({"data.txt", fmt::format("{:.17g}\n", datum)});
    const Batch score("score", 1, p);
    likelihood.gradient(model::ConstBatch(y.data(), 1, p), score);
    const double probability = weight * std::exp(density(likelihood, y));
    for (std::size_t i = 0; i < p * p; ++i) covariance[i] += probability * score(0, i / p) * score(0, i % p);
  }
  const auto likelihood = likelihood_of({"data.txt", "1\n"});
  for (std::size_t k = 0; k < p; ++k) {  // W e_k = S S^T e_k
    std::vector<double> unit(p, 0.0), w(p), column(p);
    unit[k] = 1.0;
    likelihood.information()->to_whitened(y.data(), unit.data(), w.data());
    likelihood.information()->from_whitened(y.data(), w.data(), column.data());
    for (std::size_t i = 0; i < p; ++i)
      EXPECT_NEAR(column[i], covariance[i * p + k], 1e-6 * (1.0 + std::abs(column[i]))) << i << k;
  }
}

std::vector<double> grid(double low, double high, double step) {
  std::vector<double> values;
  for (double x = low; x <= high; x += step) values.push_back(x);
  return values;
}

TEST(Information, IsTheCovarianceOfTheScores) {
  const std::vector<double> counted = grid(0.0, 60.0, 1.0), few = grid(0.0, 9.0, 1.0);
  for (const auto link : {PoissonLikelihood::Link::log, PoissonLikelihood::Link::identity})
    expect_information([&](const deck::File& data) { return PoissonLikelihood({data, link}); }, {1.4}, counted, 1.0);
  for (const auto link : {NegativeBinomialLikelihood::Link::log, NegativeBinomialLikelihood::Link::identity})
    expect_information(
        [&](const deck::File& data) {
          return NegativeBinomialLikelihood({data, 3.0, false, link});
        },
        {0.9}, grid(0.0, 150.0, 1.0), 1.0);
  for (const auto link : {BinomialLikelihood::Link::logit, BinomialLikelihood::Link::identity})
    expect_information([&](const deck::File& data) { return BinomialLikelihood({data, {9}, link}); }, {0.3}, few, 1.0);
  expect_information(
      [](const deck::File& data) {
        return GaussianLikelihood({data, {0.7}, {}, true, true});
      },
      {0.4, 1.3}, grid(-10.0, 11.0, 0.01), 0.01);
  expect_information(
      [](const deck::File& data) {
        return StudentTLikelihood({data, {0.7}, 6.0, true});
      },
      {0.4, 1.3}, grid(-60.0, 60.0, 0.02), 0.02);
}

TEST(GaussNewton, TangentAndAdjointAreTransposesAndFollowTheOutputs) {
  // Log-normal parameters, three counts, a noise level that is a parameter too: A v by differences of the outputs.
  const auto model = std::make_shared<PassThrough>(
      std::make_shared<LinearModel>(std::vector<double>{0.3, 1.0, -0.4, 0.2, 0.1, 0.8}, 3, 2), 1);
  prob::LogNormal::Params prior;
  prior.dimension = 3;
  GaussianLikelihood::Params noise;
  noise.data = {"data.txt", "1 2 0\n"}, noise.sd = {0.5, 0.4, 0.9}, noise.unknown_scale = true;
  const BayesProblem problem(
      {}, {model, std::make_shared<prob::LogNormal>(prior), std::make_shared<GaussianLikelihood>(noise)});
  const model::GaussNewton& a = *problem.gauss_newton();
  ASSERT_EQ(a.rows(), 4);
  const Batch z("z", 1, 3), v("v", 1, 3), w("w", 1, 4), av("av", 1, 4), aw("aw", 1, 3), y("y", 3, 4),
      moved("moved", 3, 3);
  z(0, 0) = 0.4, z(0, 1) = -0.8, z(0, 2) = 0.1, v(0, 0) = 0.7, v(0, 1) = 1.1, v(0, 2) = -0.5;
  w(0, 0) = 0.2, w(0, 1) = -1.0, w(0, 2) = 0.6, w(0, 3) = 0.9;
  a.multiply(z, v, av);
  a.multiply_transposed(z, w, aw);
  double left = 0.0, right = 0.0;
  for (int i = 0; i < 4; ++i) left += av(0, i) * w(0, i);
  for (int k = 0; k < 3; ++k) right += aw(0, k) * v(0, k);
  EXPECT_NEAR(left, right, 1e-9 * std::abs(left));  // the prior's map is differenced
  for (int row = 0; row < 3; ++row)
    for (int k = 0; k < 3; ++k) moved(row, k) = z(0, k) + (row - 1) * 1e-5 * v(0, k);
  model::Evaluation e{Vector("log_likelihood", 3), {}, y};
  problem.evaluate(moved, e);
  const double c = y(1, 3), sd[3] = {0.5, 0.4, 0.9};
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(av(0, i), (y(2, i) - y(0, i)) / 2e-5 / (c * sd[i]), 1e-8);
  EXPECT_NEAR(av(0, 3), (y(2, 3) - y(0, 3)) / 2e-5 * std::sqrt(6.0) / c, 1e-8);
}

}  // namespace
}  // namespace aleator::inverse
