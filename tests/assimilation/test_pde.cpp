// Filters on models that are fields on a grid: Kalman's filter where transport makes everything linear and Gaussian, and the
// same bits on any number of ranks.
#include <gtest/gtest.h>

#include "assimilation/kalman/enkf.hpp"
#include "assimilation/kalman/etkf.hpp"
#include "assimilation/kalman/letkf.hpp"
#include "assimilation/support.hpp"
#include "assimilation/target/state_space.hpp"
#include "assimilation/twin.hpp"
#include "pde/advection_diffusion/component.hpp"
#include "pde/burgers/burgers.hpp"
#include "pde/navier_stokes/component.hpp"
#include "pde/reaction_diffusion/reaction_diffusion.hpp"
#include "prob/prior/normal.hpp"

namespace aleator::assimilation {
namespace {

// A concentration in wind and swirls on n x n points of the unit square, seen at every second one; and the same as a matrix.
struct Transport {
  std::unique_ptr<model::ForwardModel> model;
  LinearModel dense;
  Statistics statistics;
  std::vector<std::vector<double>> data;

  explicit Transport(int n, int replicates, double model_noise, int cycles = 3)
      : model(make(n)), dense(matrix(space())) {
    dense.info_ = space().info();
    const auto d = dense.info_.names.size(), p = dense.info_.observed.size();
    statistics.noise_sd.assign(p, 0.3), statistics.initial_sd.assign(d, 1.0);
    statistics.initial_mean = dense.info_.initial;
    if (model_noise > 0.0) statistics.model_noise_sd.assign(d, model_noise);
    statistics.replicates = replicates, statistics.seed = 7;
    for (int k = 0; k < cycles; ++k) {
      data.emplace_back();
      for (std::size_t i = 0; i < p; ++i) data.back().push_back(std::sin(1.0 + 2.0 * i + 0.3 * k));
    }
    data[1][1] = missing;
  }
  const model::StateSpace& space() const { return *model->state_space(); }
  static std::unique_ptr<model::ForwardModel> make(int n) {
    pde::advection_diffusion::Params p;
    p.mesh = n, p.wind = {0.3, -0.2}, p.swirl = 0.4, p.diffusivity = 0.003;
    p.dt = 0.1, p.times = {1.0}, p.observe_every = 2, p.initial_state = {"1 + cos(2 * pi * x)"};
    return pde::advection_diffusion::make(p);
  }
  // Times of a cycle are those of one_step: 1 each.
  static math::Matrix matrix(const model::StateSpace& space) {
    const int d = static_cast<int>(space.info().names.size());
    const Batch x("x", d, d);
    for (int i = 0; i < d; ++i) x(i, i) = 1.0;
    EXPECT_TRUE(space.advance({0.0, 1.0}, {}, x).ok());
    math::Matrix m(d, d);
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j) m(i, j) = x(j, i);
    return m;
  }
  Kalman exact(Kalman kalman) const {
    for (const std::vector<double>& y : data) kalman.step(dense, statistics, y);
    return kalman;
  }
};

// More members than states: mean, covariance and likelihood are those of Kalman's filter of the first sample.
TEST(PdeKalman, SquareRootFilterIsKalmansOfItsFirstSample) {
  const Transport transport(6, 1, 0.0);
  const Experiment experiment(transport.space(), transport.statistics, parallel::Comm::self());
  Etkf filter;
  filter.params.members = 50, filter.params.inflation = 1.0;
  Etkf::State s = filter.init(experiment);
  const std::vector<double> first = mean_of(s.of(experiment, 0));
  const Kalman kalman = transport.exact({first, sample_covariance(s.of(experiment, 0), first)});
  double log_likelihood = 0.0;
  for (const auto& y : transport.data) one_step(filter, experiment, y, s), log_likelihood += s.log_likelihood[0];
  const Members x = s.of(experiment, 0);
  const std::vector<double> mean = mean_of(x);
  const math::Matrix c = sample_covariance(x, mean);
  for (int i = 0; i < x.states; ++i) {
    EXPECT_NEAR(mean[i], kalman.mean[i], 1e-10);
    for (int j = 0; j < x.states; ++j) EXPECT_NEAR(c(i, j), kalman.covariance(i, j), 1e-10);
  }
  EXPECT_NEAR(log_likelihood, kalman.log_likelihood, 1e-9);
}

// Root mean square over replicates and states of the distance to Kalman's mean after all data.
template <class Algorithm>
double distance_to_kalman(const Transport& transport, const Kalman& kalman, const Algorithm& filter) {
  const Experiment experiment(transport.space(), transport.statistics, parallel::Comm::self());
  typename Algorithm::State s = filter.init(experiment);
  for (const auto& y : transport.data) one_step(filter, experiment, y, s);
  double squares = 0.0;
  for (int r = 0; r < experiment.replicates(); ++r)
    squares += std::pow(
        root_mean_square_error(mean_of(s.of(experiment, r)).data(), kalman.mean.data(), experiment.states()), 2);
  return std::sqrt(squares / experiment.replicates());
}

template <class Algorithm>
double slope(const Transport& transport, int few, int many) {
  const Kalman kalman = transport.exact(prior_of(transport.statistics));
  Algorithm filter;
  filter.params.inflation = 1.0;
  if constexpr (std::is_same_v<Algorithm, Letkf>) filter.params.radius = 1e6;
  filter.params.members = few;
  const double far = distance_to_kalman(transport, kalman, filter);
  filter.params.members = many;
  return std::log(far / distance_to_kalman(transport, kalman, filter)) / std::log(1.0 * many / few);
}

// Errors of sampling fall as N^-1/2 and nothing is left: a bias would show as a smaller slope. 20 replicates of 9 modes give
// it to 0.04.
TEST(PdeKalman, EnsemblesConvergeToItAsTheRootOfTheMembers) {
  const Transport transport(6, 20, 0.2);
  EXPECT_NEAR(slope<Enkf>(transport, 32, 1024), 0.5, 0.1);
  EXPECT_NEAR(slope<Letkf>(transport, 16, 64), 0.5, 0.15);
}

// 12 members know little of 121 modes; what is far away they know wrongly. Locally they are 0.28 from Kalman's mean, which all
// at once they are 0.64 from.
TEST(PdeKalman, LocalAnalysesOfFewMembersAreNearerToIt) {
  Transport transport(16, 4, 0.2);
  const Kalman kalman = transport.exact(prior_of(transport.statistics));
  Letkf filter;
  filter.params.members = 12, filter.params.inflation = 1.0, filter.params.radius = 1e6;
  const double global = distance_to_kalman(transport, kalman, filter);
  filter.params.radius = 0.1;
  const double local = distance_to_kalman(transport, kalman, filter);
  EXPECT_LT(local, 0.5 * global);
}

// The mean and a draw of the prior, for truth and members.
TEST(PdeKalman, BeginsWithDrawsOfAPriorAroundTheInitialState) {
  Transport transport(6, 1, 0.0);
  const Experiment plain(transport.space(), transport.statistics, parallel::Comm::self());
  transport.statistics.initial_perturbation =
      std::make_shared<prob::Normal>(prob::Normal::Params{36, {0.25}, {2.0}, {}});
  const Experiment with_prior(transport.space(), transport.statistics, parallel::Comm::self());
  std::vector<double> a(36), b(36);
  for (int row = 0; row < 3; ++row) {
    plain.draw_initial(0, row, a.data()), with_prior.draw_initial(0, row, b.data());
    for (int i = 0; i < 36; ++i) {
      const double mean = transport.space().info().initial[i];
      EXPECT_NEAR(mean, 1.0 + std::cos(2.0 * M_PI * (i % 6 + 0.5) / 6.0), 1e-14);
      EXPECT_NEAR(b[i] - mean, 0.25 + 2.0 * (a[i] - mean), 1e-14);
    }
  }
}

// Diffusion without reaction: linear, with inputs (diffusivity, rate = 0). 16 states, 4 observed, a missing datum. The bias of
// the Gaussian estimate is p / N = 0.005 for 11 data, below its standard error.
TEST(PdeTarget, EstimatesTheLikelihoodOfADiffusivity) {
  pde::reaction_diffusion::Params p;
  p.kind = pde::reaction_diffusion::Kind::allen_cahn, p.mesh = 4, p.observe_every = 2,
  p.initial_state = {"cos(pi * x)"};
  p.dt = 0.1, p.times = {1.0, 2.0, 3.0};
  const std::shared_ptr<const model::ForwardModel> model = pde::reaction_diffusion::make(p);
  const model::StateSpace& space = *model->state_space();
  StateSpaceTarget::Params params;
  params.observations = {"seen.txt", "1 0.9 -0.2 1.1 NA\n2 0.5 0.1 0.7 -0.3\n3 0.6 -0.1 0.2 0.3\n"};
  params.noise_sd = {0.3}, params.model_noise_sd = {0.1}, params.initial_sd = {0.4};
  const auto prior = std::make_shared<prob::Normal>(prob::Normal::Params{16, {0.2}, {0.5}, {}});
  for (const double diffusivity : {0.01, 0.05})
    for (const bool has_prior : {false, true}) {
      const std::vector<double> u{diffusivity, 0.0};
      const Batch one("u", 16, 2), x("x", 16, 16);
      for (int i = 0; i < 16; ++i) one(i, 0) = diffusivity, x(i, i) = 1.0;
      ASSERT_TRUE(space.advance({0.0, 1.0}, one, x).ok());
      LinearModel dense(math::Matrix(16, 16));
      for (int i = 0; i < 16; ++i)
        for (int j = 0; j < 16; ++j) dense.m_(i, j) = x(j, i);
      dense.info_ = space.info();
      Statistics statistics;
      statistics.noise_sd.assign(4, 0.3), statistics.model_noise_sd.assign(16, 0.1);
      statistics.initial_mean = space.info().initial, statistics.initial_sd.assign(16, has_prior ? 0.5 : 0.4);
      for (double& mean : statistics.initial_mean) mean += has_prior ? 0.2 : 0.0;
      Kalman kalman = prior_of(statistics);
      kalman.step(dense, statistics, {0.9, -0.2, 1.1, missing});
      kalman.step(dense, statistics, {0.5, 0.1, 0.7, -0.3}), kalman.step(dense, statistics, {0.6, -0.1, 0.2, 0.3});

      Enkf::Params filter;
      filter.members = 2000, filter.inflation = 1.0;
      StateSpaceTarget::Parts parts{model, std::make_shared<Erased<Enkf>>(filter), "filter/enkf"};
      if (has_prior) parts.initial_perturbation = prior;
      const StateSpaceTarget target(params, parts);
      constexpr int rows = 20;
      const Batch all("u", rows, 2);
      for (int row = 0; row < rows; ++row) all(row, 0) = diffusivity * (1.0 + 1e-15 * row);
      const model::Vector f("f", rows);
      ASSERT_TRUE(target.evaluate(all, f).ok());
      double mean = 0.0, squares = 0.0;
      for (int row = 0; row < rows; ++row) mean += f(row) / rows;
      for (int row = 0; row < rows; ++row) squares += std::pow(f(row) - mean, 2) / (rows - 1.0) / rows;
      EXPECT_LT(std::sqrt(squares), 0.03);
      EXPECT_NEAR(mean, kalman.log_likelihood, 4.0 * std::sqrt(squares)) << diffusivity << ' ' << has_prior;
    }
}

struct Field {
  std::unique_ptr<model::ForwardModel> model;
  Experiment experiment;
  Field(std::unique_ptr<model::ForwardModel> of, const parallel::Comm& comm, int replicates)
      : model(std::move(of)), experiment(*model->state_space(), statistics(*model->state_space(), replicates), comm) {}
  static Statistics statistics(const model::StateSpace& space, int replicates) {
    Statistics s;
    const auto d = space.info().names.size();
    s.noise_sd.assign(space.info().observed.size(), 0.1), s.initial_sd.assign(d, 0.3), s.model_noise_sd.assign(d, 0.01);
    s.initial_mean = space.info().initial;
    s.replicates = replicates;
    return s;
  }
};

std::unique_ptr<model::ForwardModel> flow() {
  pde::navier_stokes::Params p;
  p.mesh = 16, p.length = 6.0, p.viscosity = 0.02, p.forcing = 0.5, p.forcing_waves = 2, p.dt = 0.1, p.times = {0.5};
  p.observe_every = 4;
  return pde::navier_stokes::make(p);
}

std::unique_ptr<model::ForwardModel> circle() {
  pde::burgers::Params p;
  p.mesh = 40, p.viscosity = 0.02, p.dt = 0.005, p.times = {0.05}, p.observe_every = 4, p.point_grid = 3;
  p.initial_state = {"1 + sin(2 * pi * x)"};
  return pde::burgers::make(p);
}

// Replicates spread over the ranks, and a single one whose model runs are shared: the bits of one rank.
TEST(PdeAssimilationMpi, AnyNumberOfRanksGivesTheSameBits) {
  for (const int replicates : {1, 5})
    for (const auto& make : {flow, circle}) {
      const auto run = [&](const auto& filter, const parallel::Comm& comm) {
        const Field field(make(), comm, replicates);
        typename std::decay_t<decltype(filter)>::State s;
        time_mean_error(filter, field.experiment, 5, 0, &s);
        return field.experiment.gather(s.x);
      };
      Letkf local;
      local.params.radius = make == flow ? 0.8 : 0.1, local.params.rotate = true;
      Enkf plain;
      plain.params.members = 60, plain.params.radius = local.params.radius;
      EXPECT_EQ(run(local, parallel::Comm::world()), run(local, parallel::Comm::self()));
      EXPECT_EQ(run(plain, parallel::Comm::world()), run(plain, parallel::Comm::self()));
    }
}

}  // namespace
}  // namespace aleator::assimilation
