// Data with a density of their own: against the Gaussian that a formula repeats, against likelihoods summed on a grid of the
// state, and what is refused.
#include "assimilation/observation_density.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "assimilation/kalman/enkf.hpp"
#include "assimilation/particle/particle.hpp"
#include "assimilation/target/state_space.hpp"
#include "ode/expression.hpp"

namespace aleator::assimilation {
namespace {

using testing::HasSubstr;

// z <- phi z + xi, and what is seen of it.
struct Walk {
  StateSpaceTarget::Params params;
  Particle::Params filter;
  std::string initial = "0";

  explicit Walk(const std::string& data) {
    params.observations = {"data.txt", data};
    params.model_noise_sd = {1.0}, params.initial_sd = {1.0};
    filter.members = 60;
  }
  Walk& density(const std::vector<std::string>& formulas, const std::vector<std::string>& observed = {"y"}) {
    params.observation_density = formulas, params.observed = observed;
    return *this;
  }
  std::unique_ptr<StateSpaceTarget> target(std::shared_ptr<Filter> with, const std::string& component) const {
    ode::Expression::Params p;
    p.states = {"z"}, p.rates = {"phi * z"}, p.initial = {initial};
    p.parameters = {{"phi", 0.9}, {"mu", -1.0}, {"sigma", 0.4}};
    p.unknown = {"phi", "sigma"};
    p.time = ode::Expression::Time::discrete, p.dt = 1.0, p.end = 12.0, p.observations = 12;
    return std::make_unique<StateSpaceTarget>(
        params, StateSpaceTarget::Parts{ode::Expression::make(p), std::move(with), component});
  }
  std::unique_ptr<StateSpaceTarget> target() const {
    return target(std::make_shared<Erased<Particle>>(filter), "filter/particle");
  }
  std::string refusal() const {
    return refusal([&] { target(); });
  }
  static std::string refusal(const std::function<void()>& make) {
    try {
      make();
    } catch (const deck::KeyError& error) {
      return error.key() + ": " + error.what() + error.hint();
    }
    return "nothing";
  }
};

constexpr double returns[] = {0.31, -0.55, 0.12, 1.4, -1.1, 0.8, 0.02, -0.3, -0.9, 0.45, 0.6, -0.2};

std::string table(bool is_missing_some) {
  std::string text;
  for (int k = 0; k < 12; ++k)
    text += is_missing_some && k % 4 == 2 ? fmt::format("{} NA\n", k + 1) : fmt::format("{} {}\n", k + 1, returns[k]);
  return text;
}

// Rows of the same parameters but for their last bits.
Batch rows_near(const std::vector<double>& u, int rows) {
  const Batch all("u", rows, u.size());
  for (int row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < u.size(); ++k) all(row, k) = u[k] * (1.0 + 1e-15 * row);
  return all;
}

TEST(ObservationDensity, RepeatsTheGaussian) {
  for (const bool is_missing_some : {false, true})
    for (const double regularisation : {0.0, 1.0}) {
      Walk plain(table(is_missing_some)), written(table(is_missing_some));
      plain.filter.regularisation = written.filter.regularisation = regularisation;
      plain.params.noise_sd = {0.5};
      written.params.definitions = {"sd = 0.5 + 0 * t"};
      written.density({"normal_lpdf(y, z, sd)"});
      const model::Vector f("f", 20), g("g", 20);
      ASSERT_TRUE(plain.target()->evaluate(rows_near({0.8, 0.4}, 20), f).ok());
      ASSERT_TRUE(written.target()->evaluate(rows_near({0.8, 0.4}, 20), g).ok());
      for (int row = 0; row < 20; ++row) EXPECT_NEAR(f(row), g(row), 1e-9);
    }
}

// log p(y_1 ... y_12 | phi, sigma) of y_k ~ N(0, exp(mu + sigma z_k)), by sums over a grid of z.
double stochastic_volatility(double phi, double mu, double sigma) {
  constexpr int n = 641;
  constexpr double top = 8.0, step = 2.0 * top / (n - 1);
  const auto normal = [](double r) { return std::exp(-0.5 * r * r) / std::sqrt(2.0 * M_PI); };
  std::vector<double> weight(n), next(n);
  double log_likelihood = 0.0;
  for (int i = 0; i < n; ++i) weight[i] = normal(-top + step * i) * step;
  for (const double y : returns) {
    double sum = 0.0;
    for (int i = 0; i < n; ++i) {
      const double z = -top + step * i, sd = std::exp(0.5 * (mu + sigma * z));
      next[i] = 0.0;
      for (int j = 0; j < n; ++j) next[i] += weight[j] * normal(z - phi * (-top + step * j)) * step;
      sum += next[i] *= normal(y / sd) / sd;
    }
    for (int i = 0; i < n; ++i) weight[i] = next[i] / sum;
    log_likelihood += std::log(sum);
  }
  return log_likelihood;
}

TEST(ObservationDensity, EstimatesTheLikelihoodWithoutBias) {
  for (const auto proposal : {Particle::Proposal::bootstrap, Particle::Proposal::auxiliary})
    for (const std::vector<double>& u : {std::vector<double>{0.9, 0.4}, std::vector<double>{0.6, 1.2}}) {
      Walk walk(table(false));
      walk.filter.proposal = proposal;
      walk.density({"normal_lpdf(y, 0, exp((mu + sigma * z) / 2))"});
      constexpr int rows = 4000;
      const model::Vector f("f", rows);
      ASSERT_TRUE(walk.target()->evaluate(rows_near(u, rows), f).ok());
      const double exact = stochastic_volatility(u[0], -1.0, u[1]);
      double mean = 0.0, squares = 0.0;
      for (int row = 0; row < rows; ++row) {
        const double ratio = std::exp(f(row) - exact);
        mean += ratio / rows, squares += ratio * ratio / rows;
      }
      const double standard_error = std::sqrt((squares - mean * mean) / rows);
      EXPECT_LT(standard_error, 0.03);
      EXPECT_NEAR(mean, 1.0, 4.0 * standard_error);
    }
}

// A density that is nowhere is a fault of its row alone, and tells where.
TEST(ObservationDensity, RowsWithoutADensityFail) {
  Walk walk(table(false));
  walk.initial = "5";
  walk.density({"normal_lpdf(y, 0, sqrt(sigma))"});
  const Batch u("u", 3, 2);
  for (int row = 0; row < 3; ++row) u(row, 0) = 0.5, u(row, 1) = row == 1 ? -1.0 : 1.0;
  const model::Vector f("f", 3);
  const model::RowStatus status = walk.target()->evaluate(u, f);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_THAT(status.failed[0].reason,
              HasSubstr("cycle 1 (t = 1): observation_density \"normal_lpdf(y, 0, sqrt(sigma))\" is "));
  EXPECT_THAT(status.failed[0].reason, HasSubstr("at y = 0.31, z = "));
  EXPECT_TRUE(std::isfinite(f(0)) && std::isfinite(f(2)));
}

TEST(ObservationDensity, KnowsArraysAndSeveralData) {
  model::StateInfo info;
  info.names = {"x[0]", "x[1]", "x[2]", "v"};
  DensityParams params;
  params.observed = {"a", "b"}, params.observation_density = {"a * sum(x)", "b * v + t"};
  const auto density = ObservationDensity::make(params, info, {});
  double states[] = {1.0, 2.0, 3.0, 10.0, 1.0, 1.0, 1.0, 5.0}, out[2];
  const double data[] = {2.0, 0.5}, one_missing[] = {std::nan(""), 0.5};
  density->evaluate("here", 7.0, nullptr, data, {states, 2, 4}, out);
  EXPECT_DOUBLE_EQ(out[0], 12.0 + 5.0 + 7.0);
  EXPECT_DOUBLE_EQ(out[1], 6.0 + 2.5 + 7.0);
  density->evaluate("here", 7.0, nullptr, one_missing, {states, 2, 4}, out);
  EXPECT_DOUBLE_EQ(out[0], 5.0 + 7.0);
}

// An array of parameters of which the problem finds some; arrays that it does not find.
TEST(ObservationDensity, KnowsArraysOfParameters) {
  model::StateInfo info;
  info.names = {"x"};
  info.constants = {{"a[0]", 0.1}, {"a[1]", 0.2}, {"b", 0.3}, {"r[0]", 3.0}, {"r[1]", 4.0}};
  DensityParams params;
  params.observed = {"y"}, params.observation_density = {"y * sum(a) + b + r[1] + x"};
  const auto density = ObservationDensity::make(params, info, {"b", "a[1]"});
  double state[] = {100.0}, out[1];
  const double data[] = {2.0}, inputs[] = {0.5, 7.0};
  density->evaluate("here", 0.0, inputs, data, {state, 1, 1}, out);
  EXPECT_DOUBLE_EQ(out[0], 2.0 * 7.1 + 0.5 + 4.0 + 100.0);
  density->evaluate("here", 0.0, nullptr, data, {state, 1, 1}, out);
  EXPECT_NEAR(out[0], 2.0 * 0.3 + 0.3 + 4.0 + 100.0, 1e-12);
  params.observed = {"a"};
  EXPECT_THROW(ObservationDensity::make(params, info, {}), deck::KeyError);
}

// A name under `observe` is that of an observable, not of its state.
TEST(ObservationDensity, StatesKeepTheirNames) {
  ode::Expression::Params p;
  p.states = {"x[2]"}, p.rates = {"[0.5 * x[0], 0.9 * x[1]]"}, p.initial = {"[0, 0]"};
  p.observe = {"level = x[0]"}, p.time = ode::Expression::Time::discrete, p.dt = 1.0, p.end = 2.0, p.observations = 2;
  const auto model = ode::Expression::make(p);
  const model::StateInfo& info = model->state_space()->info();
  EXPECT_EQ(info.names, (std::vector<std::string>{"x[0]", "x[1]"}));
  EXPECT_EQ(info.observed[0].name, "level");
}

TEST(ObservationDensity, NamesTheParametersInTheirOrder) {
  Walk walk(table(false));
  walk.params.unknown_model_noise_scale = true;
  EXPECT_EQ(walk.density({"normal_lpdf(y, z, sigma)"}).target()->parameter_names(),
            (std::vector<std::string>{"phi", "sigma", "model_noise_scale"}));
}

TEST(ObservationDensity, RefusesWhatIsNoDensity) {
  const std::string text = table(false), formula = "normal_lpdf(y, z, 1)";
  EXPECT_THAT(Walk(text).refusal(), HasSubstr("noise_sd: is not given, and no observation_density either"));
  Walk both(text);
  both.params.noise_sd = {1.0};
  EXPECT_THAT(both.density({formula}).refusal(), HasSubstr("noise_sd: stands beside observation_density"));
  Walk stray(text);
  stray.params.noise_sd = {1.0}, stray.params.observed = {"y"};
  EXPECT_THAT(stray.refusal(), HasSubstr("observed: is for observation_density"));
  EXPECT_THAT(Walk(text).density({formula}, {"z"}).refusal(), HasSubstr("'z' is the name of a state"));
  EXPECT_THAT(Walk(text).density({"normal_lpdf(sigma, z, 1)"}, {"sigma"}).refusal(),
              HasSubstr("'sigma' is the name of a state, a parameter or the time"));
  EXPECT_THAT(Walk(text).density({"normal_lpdf(t, z, 1)"}, {"t"}).refusal(), HasSubstr("'t' is the name of"));
  EXPECT_THAT(Walk(text).density({formula}, {}).refusal(), HasSubstr("1 formulas for 0 names"));
  EXPECT_THAT(Walk(text).density({"[y, z]"}).refusal(), HasSubstr("gives 2 numbers"));
  EXPECT_THAT(Walk(text).density({"y + w"}).refusal(), HasSubstr("observation_density: unknown name 'w'"));
  EXPECT_THAT(Walk(text).density({"y", "y"}, {"y", "w"}).refusal(), HasSubstr("has 2 columns, but"));
  Walk scaled(text);
  scaled.params.unknown_noise_scale = true;
  EXPECT_THAT(scaled.density({formula}).refusal(), HasSubstr("unknown_noise_scale: is a factor of noise_sd"));
  Walk optimal(text);
  optimal.filter.proposal = Particle::Proposal::optimal;
  EXPECT_THAT(optimal.density({formula}).refusal(), HasSubstr("take proposal = \"bootstrap\" or \"auxiliary\""));
  Enkf::Params enkf;
  enkf.inflation = 1.0;
  EXPECT_THAT(
      Walk::refusal([&] { Walk(text).density({formula}).target(std::make_shared<Erased<Enkf>>(enkf), "filter/enkf"); }),
      HasSubstr("needs data that are weighted sums"));
  Walk impossible(text);  // the density is 0 where a particle is before the noise
  impossible.filter.proposal = Particle::Proposal::auxiliary;
  impossible.density({"if(z > 0.5, 0, -infinity)"});
  const model::Vector f("f", 1);
  const model::RowStatus status = impossible.target()->evaluate(rows_near({0.5, 1.0}, 1), f);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_THAT(status.failed[0].reason, HasSubstr("take proposal = \"bootstrap\""));
}

}  // namespace
}  // namespace aleator::assimilation
