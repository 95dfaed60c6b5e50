// Filters against Kalman's formulas, where model and observations are linear and all errors Gaussian.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assimilation/kalman/enkf.hpp"
#include "assimilation/kalman/etkf.hpp"
#include "assimilation/kalman/ies.hpp"
#include "assimilation/kalman/letkf.hpp"
#include "assimilation/support.hpp"
#include "assimilation/variational/three_d_var.hpp"
#include "core/error.hpp"

namespace aleator::assimilation {
namespace {

constexpr double rounding = 1e-10;

void expect_same(const Members& x, const Kalman& k, int cycle) {
  const std::vector<double> mean = mean_of(x);
  const math::Matrix c = sample_covariance(x, mean);
  for (int i = 0; i < x.states; ++i) {
    EXPECT_NEAR(mean[i], k.mean[i], rounding) << "cycle " << cycle;
    for (int j = 0; j < x.states; ++j) EXPECT_NEAR(c(i, j), k.covariance(i, j), rounding) << "cycle " << cycle;
  }
}

// Kalman's filter of the members' mean and covariance.
Kalman begun_with(const Members& x) {
  const std::vector<double> mean = mean_of(x);
  return {mean, sample_covariance(x, mean)};
}

// A square root filter of more members than states is Kalman's filter of its first sample, rotated or not.
TEST(Etkf, IsKalmansFilterOfItsFirstSample) {
  const LinearModel model = three_states();
  const Statistics statistics = statistics_of(model, 2, 0.0);
  const Experiment experiment(model, statistics, parallel::Comm::self());
  double end[2] = {0.0, 0.0};  // of one member
  for (const bool rotate : {false, true}) {
    Etkf filter;
    filter.params.members = 8, filter.params.inflation = 1.0, filter.params.rotate = rotate;
    Etkf::State s = filter.init(experiment);
    Kalman kalman = begun_with(s.of(experiment, 1));
    double log_likelihood = 0.0;
    for (const auto& y : some_data()) {
      one_step(filter, experiment, y, s);
      kalman.step(model, statistics, y);
      log_likelihood += s.log_likelihood[1];
      expect_same(s.of(experiment, 1), kalman, s.cycle);
    }
    EXPECT_NEAR(log_likelihood, kalman.log_likelihood, rounding);
    end[rotate ? 1 : 0] = s.of(experiment, 1)[0][0];
  }
  EXPECT_GT(std::abs(end[1] - end[0]), 0.01);
}

// Innovations of 10^9 standard deviations: the difference of their squares and of what the members explain has no digit left.
TEST(Etkf, LosesNothingOfTheLikelihoodWhereTheNoiseIsTiny) {
  const LinearModel model = three_states();
  Statistics statistics = statistics_of(model, 2, 0.0);
  statistics.noise_sd = {1e-9, 1e-9};
  const Experiment experiment(model, statistics, parallel::Comm::self());
  Etkf filter;
  filter.params.members = 8, filter.params.inflation = 1.0;
  Etkf::State s = filter.init(experiment);
  Kalman kalman = begun_with(s.of(experiment, 1));
  one_step(filter, experiment, some_data()[0], s);
  kalman.step(model, statistics, some_data()[0]);
  EXPECT_NEAR(s.log_likelihood[1], kalman.log_likelihood, 1e-6);
}

// For a linear model one Gauss-Newton step is the solution.
TEST(Ies, IsKalmansFilterOfItsFirstSample) {
  const LinearModel model = three_states();
  const Statistics statistics = statistics_of(model, 2, 0.0);
  const Experiment experiment(model, statistics, parallel::Comm::self());
  Ies filter;
  filter.params.members = 8, filter.params.inflation = 1.0;
  Ies::State s = filter.init(experiment);
  Kalman kalman = begun_with(s.of(experiment, 1));
  for (const auto& y : some_data()) {
    one_step(filter, experiment, y, s);
    kalman.step(model, statistics, y);
    expect_same(s.of(experiment, 1), kalman, s.cycle);
  }
}

// Root mean square over the replicates of the distance between the filter's mean and Kalman's after five cycles.
template <class Algorithm>
double distance_to_kalman(int members) {
  const LinearModel model = three_states();
  const Statistics statistics = statistics_of(model, 40, 0.3);
  const Experiment experiment(model, statistics, parallel::Comm::self());
  Algorithm filter;
  filter.params.members = members, filter.params.inflation = 1.0;
  typename Algorithm::State s = filter.init(experiment);
  Kalman kalman = prior_of(statistics);
  for (const auto& y : some_data()) one_step(filter, experiment, y, s), kalman.step(model, statistics, y);
  double squares = 0.0;
  for (int r = 0; r < 40; ++r) {
    const std::vector<double> mean = mean_of(s.of(experiment, r));
    for (int i = 0; i < 3; ++i) squares += std::pow(mean[i] - kalman.mean[i], 2) / 40.0;
  }
  return std::sqrt(squares);
}

// Errors of sampling fall as N^-1/2: by 8 from 32 to 2048 members. 40 replicates of 3 states give the ratio to 13 %.
TEST(Enkf, ConvergesToKalmansFilterAsTheRootOfTheMembers) {
  const double ratio = distance_to_kalman<Enkf>(32) / distance_to_kalman<Enkf>(2048);
  EXPECT_NEAR(std::log(ratio) / std::log(64.0), 0.5, 0.1);
}

TEST(Etkf, ConvergesToKalmansFilterAsTheRootOfTheMembers) {
  const double ratio = distance_to_kalman<Etkf>(10) / distance_to_kalman<Etkf>(80);
  EXPECT_NEAR(std::log(ratio) / std::log(8.0), 0.5, 0.15);
}

// The local analysis, state by state, with LAPACK's eigenpairs and the tapers written out.
struct SlowLocal {
  const Experiment& experiment;
  double radius;

  std::vector<double> operator()(const Members& forecast, const std::vector<double>& y, int state) const {
    const int n = forecast.count;
    const std::vector<double> mean = mean_of(forecast);
    math::Matrix c(n, n);
    std::vector<double> b(static_cast<std::size_t>(n));
    for (int k = 0; k < experiment.observables(); ++k) {
      if (std::isnan(y[k])) continue;
      const double rho = taper(distance(experiment.info(), state, k), radius), sd = experiment.statistics().noise_sd[k];
      std::vector<double> s(static_cast<std::size_t>(n));
      double middle = 0.0;
      for (int j = 0; j < n; ++j) {
        for (const auto& [i, weight] : experiment.info().observed[k].weights) s[j] += weight * forecast[j][i];
        middle += s[j] / n;
      }
      for (int j = 0; j < n; ++j) b[j] += rho * (s[j] - middle) * (y[k] - middle) / (sd * sd);
      for (int j = 0; j < n; ++j)
        for (int l = 0; l < n; ++l) c(j, l) += rho * (s[j] - middle) * (s[l] - middle) / (sd * sd);
    }
    math::add_to_diagonal(c, n - 1.0);
    const math::SymmetricEigen e = math::eigen_symmetric(c);
    std::vector<double> x(static_cast<std::size_t>(n), mean[state]);
    for (int j = 0; j < n; ++j)
      for (int l = 0; l < n; ++l)
        for (int k = 0; k < n; ++k)
          for (int m = 0; m < n; ++m)
            x[j] += (m == 0 ? (std::sqrt((n - 1.0) / e.values[k]) * e.vectors(j, k) * e.vectors(l, k)) : 0.0) *
                        (forecast[l][state] - mean[state]) +
                    e.vectors(l, k) * e.vectors(m, k) / e.values[k] * b[m] * (forecast[l][state] - mean[state]);
    return x;
  }
};

// 13 states on a ring (no whole number of packs), 7 observables of which some mix neighbours and one is missing.
LinearModel ring() {
  LinearModel model(math::identity(13));
  model.info_.coordinates = {{{}, 13.0}};
  for (int i = 0; i < 13; ++i) model.info_.coordinates[0].position.push_back(i);
  for (int k = 0; k < 7; ++k) model.info_.observed.push_back({"", {{2 * k, 1.0}, {(2 * k + 1) % 13, 0.1 * k}}});
  return model;
}

Statistics ring_statistics() {
  Statistics s;
  s.noise_sd = {0.5, 0.4, 0.3, 0.5, 0.6, 0.7, 0.2};
  s.initial_mean.assign(13, 0.5);
  s.initial_sd.assign(13, 1.0);
  return s;
}

TEST(Letkf, IsTheAnalysisOfEachStateWithTaperedErrors) {
  const LinearModel model = ring();
  const Experiment experiment(model, ring_statistics(), parallel::Comm::self());
  const std::vector<double> y{0.1, -0.4, missing, 1.1, 0.7, 0.2, -0.3};
  for (const auto& [members, radius] : {std::pair(5, 1.0), {5, 2.5}, {5, 1e6}, {20, 1.0}, {20, 2.5}, {20, 1e6}}) {
    Letkf filter;  // 20 members: from the matrices of the data
    filter.params.members = members, filter.params.inflation = 1.0, filter.params.radius = radius;
    Letkf::State s = filter.init(experiment);
    std::vector<double> forecast = s.x;
    one_step(filter, experiment, y, s);
    const SlowLocal slow{experiment, radius};
    for (int i = 0; i < 13; ++i) {
      const std::vector<double> x = slow({forecast.data(), members, 13}, y, i);
      for (int j = 0; j < members; ++j) EXPECT_NEAR(s.of(experiment, 0)[j][i], x[j], rounding) << radius << ' ' << i;
    }
  }
}

TEST(Letkf, WithoutLocalisationIsTheEnsembleTransformFilter) {
  const LinearModel model = ring();
  const Experiment experiment(model, ring_statistics(), parallel::Comm::self());
  const std::vector<double> y{0.1, -0.4, missing, 1.1, 0.7, 0.2, -0.3};
  Letkf local;
  Etkf global;
  local.params.members = global.params.members = 9;
  local.params.inflation = global.params.inflation = 1.1;
  local.params.radius = 1e6, global.params.rotate = false;
  Letkf::State a = local.init(experiment);
  Etkf::State b = global.init(experiment);
  one_step(local, experiment, y, a), one_step(global, experiment, y, b);
  for (std::size_t i = 0; i < a.x.size(); ++i) EXPECT_NEAR(a.x[i], b.x[i], rounding);
}

// With a taper of 1 everywhere the localised filter is the plain one; with a small radius far states do not move.
TEST(Enkf, LocalisesByDistance) {
  const LinearModel model = ring();
  const Experiment experiment(model, ring_statistics(), parallel::Comm::self());
  const std::vector<double> only_first{2.0, missing, missing, missing, missing, missing, missing};
  Enkf plain, wide, narrow;
  plain.params.inflation = wide.params.inflation = narrow.params.inflation = 1.0;
  wide.params.radius = 1e6, narrow.params.radius = 0.5;
  Enkf::State a = plain.init(experiment), b = wide.init(experiment), c = narrow.init(experiment);
  const std::vector<double> before = c.x;
  one_step(plain, experiment, only_first, a), one_step(wide, experiment, only_first, b);
  one_step(narrow, experiment, only_first, c);
  for (std::size_t i = 0; i < a.x.size(); ++i) EXPECT_NEAR(a.x[i], b.x[i], rounding);
  for (int j = 0; j < 40; ++j) {
    EXPECT_NE(c.x[j * 13 + 0], before[j * 13 + 0]);
    for (int i = 2; i <= 11; ++i) EXPECT_EQ(c.x[j * 13 + i], before[j * 13 + i]);  // beyond 3.65 x 0.5
  }
}

// Missing data change nothing but through what is missing: none at all leave the forecast alone.
TEST(EveryKalmanFilter, LeavesTheForecastAloneWithoutData) {
  const LinearModel model = three_states();
  const Experiment experiment(model, statistics_of(model, 1, 0.0), parallel::Comm::self());
  const auto check = [&](auto filter) {
    auto s = filter.init(experiment);
    std::vector<double> x = s.x;
    experiment.run({0.0, 1.0}, x.data(), s.members);
    one_step(filter, experiment, {missing, missing}, s);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(s.x[i], x[i], rounding);
  };
  check(Enkf{}), check(Etkf{}), check(Ies{});  // with the inflation and rotation of their defaults
}

// Of a diagonal climatology known in closed form: x <- a x + q xi has variance q^2 / (1 - a^2).
TEST(ThreeDVar, UsesTheClimatologyOfTheModel) {
  LinearModel model(math::Matrix(2, 2));
  model.m_.a = {0.8, 0.0, 0.0, 0.5};
  model.info_.observed = {{"x_0", {{0, 1.0}}}};
  model.info_.times = {1.0, 2.0};
  Statistics s;
  s.noise_sd = {1.0}, s.initial_mean = {0.0, 0.0}, s.initial_sd = {1.0, 1.0}, s.model_noise_sd = {0.6, 0.6};
  const Experiment experiment(model, s, parallel::Comm::self());
  ThreeDVar filter;
  filter.params.scale = 1.0, filter.params.climatology_samples = 64000;
  ThreeDVar::State state = filter.init(experiment);
  state.x = {0.0, 0.0};
  one_step(filter, experiment, {1.0}, state);
  EXPECT_NEAR((*state.background)(0, 0), 1.0, 0.05);  // 0.36 / 0.36; sd of the estimate 0.012
  EXPECT_NEAR((*state.background)(1, 1), 0.36 / 0.75, 0.02);
  EXPECT_NEAR(state.x[0], 0.5, 0.02);  // B / (B + R)
  EXPECT_NEAR(state.x[1], 0.0, 0.02);
}

TEST(ThreeDVar, RefusesAClimatologyWithoutVariance) {
  LinearModel model(math::Matrix(1, 1));  // x <- 0
  model.info_.observed = {{"x_0", {{0, 1.0}}}};
  model.info_.times = {1.0, 2.0};
  Statistics s;
  s.noise_sd = {1.0}, s.initial_mean = {0.0}, s.initial_sd = {1.0};
  const Experiment experiment(model, s, parallel::Comm::self());
  ThreeDVar filter;
  ThreeDVar::State state = filter.init(experiment);
  EXPECT_THROW(one_step(filter, experiment, {1.0}, state), core::UserError);
}

TEST(Divergence, ReplacesMembersByDrawsFromTheOthers) {
  LinearModel model = three_states();
  const Experiment experiment(model, statistics_of(model, 1, 0.0), parallel::Comm::self());
  Etkf filter;
  filter.params.members = 200;
  Etkf::State s = filter.init(experiment);
  model.fails = {3, 4, 5};
  one_step(filter, experiment, {missing, missing}, s);
  EXPECT_EQ(s.replaced[0], 3.0);
  const Members x = s.of(experiment, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::isfinite(x[3][i]));
    EXPECT_NE(x[3][i], x[4][i]);
    EXPECT_LT(std::abs(x[3][i] - mean_of(x)[i]), 5.0 * std::sqrt(sample_covariance(x, mean_of(x))(i, i)));
  }
}

TEST(Divergence, StopsTheRunWhereTheDeckSaysSoOrTooFewAreLeft) {
  LinearModel model = three_states();
  const Experiment experiment(model, statistics_of(model, 1, 0.0), parallel::Comm::self());
  Enkf filter;
  filter.params.members = 4;
  const auto message = [&] {
    Enkf::State s = filter.init(experiment);
    s.cycle = 6;
    try {
      one_step(filter, experiment, {0.0, 0.0}, s);
    } catch (const core::NumericsError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  model.fails = {1};
  filter.params.on_divergence = OnDivergence::stop;
  EXPECT_THAT(message(), testing::HasSubstr("cycle 7 (t = 7): 1 of 4 members diverged"));
  EXPECT_THAT(message(), testing::HasSubstr("the tank is empty"));
  filter.params.on_divergence = OnDivergence::replace;
  EXPECT_EQ(message(), "");
  model.fails = {0, 1, 3};
  EXPECT_THAT(message(), testing::HasSubstr("3 of 4 members diverged"));
  EXPECT_THAT(message(), testing::HasSubstr("try more members"));
}

}  // namespace
}  // namespace aleator::assimilation
