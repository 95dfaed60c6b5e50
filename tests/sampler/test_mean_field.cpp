// Mean-field Langevin dynamics: forces of functionals against differences, the step's own stationary law, minimisers that are
// known, and what inertia saves.
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "sampler/elliptic.hpp"
#include "sampler/functional/kernel_stein.hpp"
#include "sampler/functional/mmd.hpp"
#include "sampler/functional/network.hpp"
#include "sampler/langevin/mean_field_langevin.hpp"

namespace aleator::sampler {
namespace {

using test::Row;
using Dynamics = MeanFieldLangevin::Dynamics;
using Reference = MeanFieldLangevin::Reference;

/// Unknowns measured one by one: u_k = data_k with noise sd_k; the posterior N(data_k / (1 + sd_k^2), (1 + 1 / sd_k^2)^-1).
test::LinearGaussian separate(const Row& data, const Row& sd) {
  test::LinearGaussian p;
  const int d = static_cast<int>(data.size());
  p.a = p.prior_covariance = math::identity(d);
  p.prior_mean.assign(data.size(), 0.0), p.noise_sd = sd, p.data = data;
  return p;
}

/// Draws of a normal law, as a table.
std::string draws_of(const Row& mean, const Row& sd, int count) {
  const int d = static_cast<int>(mean.size());
  const Batch z("z", count, d);
  kernels::Rng(99).normals({kernels::Purpose::test}, 0, z);
  Row values;
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < d; ++k)
      values.push_back(mean[static_cast<std::size_t>(k)] + sd[static_cast<std::size_t>(k)] * z(i, k));
  return test::table(values, mean.size());
}

std::shared_ptr<MeasureFunctional> mmd(const std::string& samples, double length_scale) {
  return std::make_shared<Mmd>(Mmd::Params{{"samples.txt", samples}, length_scale});
}

std::shared_ptr<MeasureFunctional> kernel_stein(double length_scale) {
  return std::make_shared<KernelStein>(KernelStein::Params{length_scale});
}

/// y = sin(2 x) at 20 places.
std::shared_ptr<Network> network() {
  std::string data;
  for (int i = 0; i < 20; ++i) {
    const double x = -2.0 + 4.0 * i / 19.0;
    data += fmt::format("{} {}\n", x, std::sin(2.0 * x));
  }
  return std::make_shared<Network>(Network::Params{{"data.txt", data}, 0.3, 5.0});
}

std::shared_ptr<Problem> standard_normal(int d) {  // data that say next to nothing
  return separate(Row(static_cast<std::size_t>(d), 0.0), Row(static_cast<std::size_t>(d), 1e6)).problem();
}

void expect_force(const MeasureFunctional& functional, const Problem& problem, double tolerance) {
  const Context context = test::serial(3);
  constexpr int members = 5;
  Ensemble e = Ensemble::from_prior(members, true, problem, context);
  const int d = problem.dimension();
  const Batch force("force", members, d), unused("unused", members, d);
  RunCount count;
  const auto value_with = [&](int row, int k, double move) {
    e.position(row, k) += move;
    model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
    evaluate(problem, e.position, evaluation, context);
    const double value = functional.evaluate(problem, context, e, unused, count);
    e.position(row, k) -= move;
    return value;
  };
  value_with(0, 0, 0.0);
  functional.evaluate(problem, context, e, force, count);
  const Batch kept("kept", members, d);
  Kokkos::deep_copy(kept, force);
  constexpr double step = 1e-4;
  for (int row = 0; row < members; ++row)
    for (int k = 0; k < d; ++k) {
      const double slope = members * (value_with(row, k, step) - value_with(row, k, -step)) / (2.0 * step);
      EXPECT_NEAR(kept(row, k), slope, tolerance * (1.0 + std::abs(slope))) << row << " " << k;
    }
}

TEST(MeasureFunctionals, ForcesAreGradientsOfTheValue) {
  // dF/drho at a particle is J times the derivative of F by its place.
  expect_force(*mmd(draws_of({0.5, -1.0}, {0.3, 1.0}, 7), 0.8), *standard_normal(2), 1e-6);
  expect_force(*kernel_stein(0.8), *test::linear_gaussian().problem(), 1e-5);
  expect_force(*kernel_stein(1.5), *test::elliptic_problem(1.0, 3.0), 1e-4);  // a Hessian that varies
  expect_force(*network(), *standard_normal(3), 1e-5);
}

TEST(MeasureFunctionals, ValuesAreThoseOfTheDefinition) {
  // One particle at 0 and two samples at -1 and 2 with l = 1: 1/2 (1 - (k(1) + k(2)) + (2 + 2 k(3)) / 4).
  // KSD of N(0, 1) of a particle at x: x^2 + 1 / l^2.
  const auto k = [](double r) { return std::exp(-0.5 * r * r); };
  const Context context = test::serial(1);
  const auto problem = standard_normal(1);
  Ensemble e = Ensemble::from_prior(1, true, *problem, context);
  const Batch force("force", 1, 1);
  RunCount count;
  e.position(0, 0) = 0.0;
  EXPECT_NEAR(mmd("-1\n2\n", 1.0)->evaluate(*problem, context, e, force, count),
              0.5 * (1.0 - k(1) - k(2) + 0.5 * (1.0 + k(3))), 1e-14);
  e.position(0, 0) = 1.5;
  EXPECT_NEAR(kernel_stein(2.0)->evaluate(*problem, context, e, force, count), 0.5 * (2.25 + 0.25), 1e-9);
  EXPECT_EQ(count.runs, 2);
}

TEST(MeasureFunctionalsMpi, HaveTheSameBitsOnAnyNumberOfRanks) {
  const auto expect = [](const MeasureFunctional& functional, const Problem& problem) {
    const auto result = [&](const parallel::Comm& comm) {
      const Context context{comm, kernels::Rng(5)};
      const Ensemble e = Ensemble::from_prior(37, true, problem, context);
      const Batch force("force", e.rows(), problem.dimension());
      RunCount count;
      Row all{functional.evaluate(problem, context, e, force, count), static_cast<double>(count.runs)};
      const Row forces = parallel::gather_rows(context.comm, Row(force.data(), force.data() + force.size()));
      all.insert(all.end(), forces.begin(), forces.end());
      return all;
    };
    EXPECT_EQ(result(parallel::Comm::world()), result(parallel::Comm::self()));
  };
  expect(*mmd(draws_of({0.5, -1.0}, {0.3, 1.0}, 7), 0.8), *standard_normal(2));
  expect(*kernel_stein(0.8), *test::linear_gaussian().problem());
  expect(*network(), *standard_normal(3));
}

/// Stationary variance of a step h on the potential lambda z^2 / 2: the fixed point of its linear recursion.
double stationary_variance(double lambda, double h, double gamma, Dynamics dynamics) {
  if (dynamics == Dynamics::overdamped) return 1.0 / (lambda * (1.0 - 0.5 * h * lambda));
  const double e = std::exp(-gamma * h), a = 1.0 - e, b = a / gamma, c = (h - b) / gamma,
               var_z = (2.0 * gamma * h - 3.0 + 4.0 * e - e * e) / (gamma * gamma), cov = a * a / gamma,
               var_v = 1.0 - e * e;
  double zz = 1.0 / lambda, zv = 0.0, vv = 1.0;
  for (int i = 0; i < 100000; ++i) {
    const double p = 1.0 - lambda * c, q = -lambda * b;
    const double next_zz = p * p * zz + 2.0 * p * b * zv + b * b * vv + var_z,
                 next_zv = p * q * zz + (p * e + b * q) * zv + b * e * vv + cov,
                 next_vv = q * q * zz + 2.0 * q * e * zv + e * e * vv + var_v;
    zz = next_zz, zv = next_zv, vv = next_vv;
  }
  return zz;
}

MeanFieldLangevin dynamics_of(Dynamics dynamics, double step, int members, int iterations) {
  MeanFieldLangevin::Params params;
  params.members = members, params.iterations = iterations, params.step = step, params.dynamics = dynamics;
  return {params, {}};
}

TEST(MeanFieldLangevin, HasTheStationaryLawOfItsStep) {
  // Without a functional particles are independent: 20 000 variances, each known to 1 %. The step's bias is 20 % and more.
  const auto problem = separate({1.0, 0.6}, {0.5, 1.0}).problem();
  constexpr int members = 20000;
  for (const auto dynamics : {Dynamics::underdamped, Dynamics::overdamped}) {
    const double h = dynamics == Dynamics::underdamped ? 0.3 : 0.1;
    const auto s = test::run_to_end(dynamics_of(dynamics, h, members, 150), *problem, test::serial(3));
    const double lambda[] = {5.0, 2.0}, mean[] = {0.8, 0.3};
    for (int k = 0; k < 2; ++k) {
      const double variance = stationary_variance(lambda[k], h, 2.0, dynamics);
      double first = 0.0, second = 0.0;
      for (int row = 0; row < members; ++row) {
        const double x = s.ensemble.position(row, k) - mean[k];
        first += x / members, second += x * x / members;
      }
      EXPECT_LT(std::abs(first), 4.0 * std::sqrt(variance / members)) << k;
      EXPECT_LT(std::abs(second / variance - 1.0), 4.0 * std::sqrt(2.0 / members)) << k;
      if (k == 0) {
        EXPECT_GT(second * lambda[k] - 1.0, 0.2);
      }
    }
  }
}

struct Descent {
  Row value;           ///< of F after each step, a mean over runs
  double floor = 0.0;  ///< mean over the last third
  int steps_to(double goal) const {
    int step = 0;
    while (step < static_cast<int>(value.size()) && value[static_cast<std::size_t>(step)] > goal) ++step;
    return step;
  }
};

Descent descend(MeanFieldLangevin algorithm, const Problem& problem, int runs) {
  Descent result;
  result.value.assign(static_cast<std::size_t>(algorithm.params.iterations), 0.0);
  for (int run = 0; run < runs; ++run) {
    const Context context = test::serial(20 + static_cast<std::uint64_t>(run));
    MeanFieldLangevin::State s = algorithm.init(problem, context);
    for (double& value : result.value) value += algorithm.step(problem, context, s).numbers[0].second / runs;
  }
  const std::size_t n = result.value.size();
  for (std::size_t i = 2 * n / 3; i < n; ++i) result.floor += result.value[i] / static_cast<double>(n - 2 * n / 3);
  return result;
}

// The posterior N((3, 0.8), diag(1/2, 1/5)); it is the minimiser of F + KL whatever the strength.
const Row known_mean = {3.0, 0.8}, known_sd = {std::sqrt(0.5), std::sqrt(0.2)};
std::shared_ptr<Problem> known() { return separate({6.0, 1.0}, {1.0, 0.5}).problem(); }

std::vector<std::shared_ptr<MeasureFunctional>> discrepancies_to_known() {
  return {kernel_stein(1.5), mmd(draws_of(known_mean, known_sd, 500), 1.5)};
}

TEST(MeanFieldLangevin, DecaysExponentiallyToAFloorThatShrinksWithTheParticles) {
  // A gap of F falls by the same factor in equal times; what is left is the noise of N particles, C / N.
  for (const auto& functional : discrepancies_to_known()) {
    MeanFieldLangevin algorithm = dynamics_of(Dynamics::underdamped, 0.05, 200, 120);
    algorithm.functional = functional;
    const Descent many = descend(algorithm, *known(), 2);
    algorithm.params.members = 50;
    const Descent few = descend(algorithm, *known(), 8);
    EXPECT_LT(many.floor, 0.05 * many.value[0]);
    EXPECT_GT(few.floor / many.floor, 2.0)
        << few.floor << " " << many.floor;  // 4, or 3.1 beside 500 samples; the step's bias is in both
    EXPECT_LT(few.floor / many.floor, 5.0);
    const int begin = many.steps_to(0.5 * many.value[0]), middle = many.steps_to(0.25 * many.value[0]),
              end = many.steps_to(0.125 * many.value[0]);
    EXPECT_LT(end, 120);
    EXPECT_LT(std::abs((end - middle) - (middle - begin)), 0.6 * (middle - begin))
        << begin << " " << middle << " " << end;
  }
}

TEST(MeanFieldLangevin, NeedsFewerStepsWithInertiaAtEqualAccuracy) {
  // Precisions 2 and 101. Steps with the same bias, 10 % of the variance of the stiff coordinate.
  const auto problem = separate({6.0, 1.0}, {1.0, 0.1}).problem();
  const double h_under = 0.0057, h_over = 0.0018, gamma = 2.8;
  EXPECT_NEAR(101.0 * stationary_variance(101.0, h_under, gamma, Dynamics::underdamped), 1.1, 0.02);
  EXPECT_NEAR(101.0 * stationary_variance(101.0, h_over, gamma, Dynamics::overdamped), 1.1, 0.02);
  MeanFieldLangevin under = dynamics_of(Dynamics::underdamped, h_under, 64, 1500),
                    over = dynamics_of(Dynamics::overdamped, h_over, 64, 1500);
  under.params.friction = gamma;
  under.functional = over.functional = mmd(draws_of({3.0, 1.0 / 1.01}, {std::sqrt(0.5), 0.0995}, 100), 1.0);
  const Descent with = descend(under, *problem, 2), without = descend(over, *problem, 2);
  const double goal = 1.5 * std::max(with.floor, without.floor);
  EXPECT_NEAR(with.floor / without.floor, 1.0, 0.3);
  EXPECT_LT(with.steps_to(goal), 0.75 * without.steps_to(goal)) << with.steps_to(goal) << " " << without.steps_to(goal);
}

TEST(MeanFieldLangevin, TrainsANetworkToTheLawOfTheory) {
  // At the minimum rho ~ exp(-psi), psi = |z|^2 / 2 + dF/drho, so that the integral of z_k d psi / d z_k is 1 for each k.
  const auto problem = standard_normal(3);
  const auto functional = network();
  MeanFieldLangevin algorithm = dynamics_of(Dynamics::underdamped, 0.002, 200, 12000);
  algorithm.params.reference = Reference::prior, algorithm.params.friction = 5.0;
  algorithm.functional = functional;
  const Context context = test::serial(2);
  MeanFieldLangevin::State s = algorithm.init(*problem, context);
  Row virial(3, 0.0);
  double value = 0.0, first = 0.0;
  for (int i = 0; i < 12000; ++i) {
    value = algorithm.step(*problem, context, s).numbers[0].second;
    if (i == 0) first = value;
    if (i < 4000 || i % 10 != 0) continue;
    RunCount count;
    functional->evaluate(*problem, context, s.ensemble, s.force, count);
    for (int row = 0; row < 200; ++row)
      for (int k = 0; k < 3; ++k) {
        const double z = s.ensemble.position(row, k);
        virial[static_cast<std::size_t>(k)] += z * (z + s.force(row, k)) / 200 / 800;
      }
  }
  EXPECT_LT(value, 0.1 * first) << value;
  EXPECT_EQ(s.model_evaluations, 200 * 12001);
  EXPECT_EQ(s.gradient_evaluations, 0);
  for (const double one : virial) EXPECT_NEAR(one, 1.0, 0.15);
  double squares = 0.0;
  const Row f = functional->predictions(context, s.ensemble);
  for (int i = 0; i < 20; ++i)
    squares += std::pow(f[static_cast<std::size_t>(i)] - std::sin(-4.0 + 8.0 * i / 19.0), 2) / 20;
  EXPECT_LT(std::sqrt(squares), 0.3);  // the noise's level
}

TEST(MeanFieldLangevin, ObjectsToFunctionalsThatDoNotFit) {
  MeanFieldLangevin algorithm = dynamics_of(Dynamics::underdamped, 0.1, 10, 10);
  EXPECT_EQ(algorithm.objection(*known()), "");
  algorithm.functional = network();
  EXPECT_NE(algorithm.objection(*known()).find("3 numbers"), std::string::npos);
  test::LinearGaussian wide = separate({0.0, 0.0, 0.0}, {1.0, 1.0, 1.0});
  wide.prior_covariance(1, 1) = 4.0;
  EXPECT_NE(algorithm.objection(*wide.problem()).find("standard normal"), std::string::npos);
  algorithm.functional = mmd("1 2 3\n", 1.0);
  EXPECT_NE(algorithm.objection(*known()).find("3 numbers a row, but the problem has 2 parameters"), std::string::npos);
  EXPECT_THROW(Network(Network::Params{{"data.txt", "1\n2\n"}, 0.1, 1.0}), deck::KeyError);
}

TEST(MeanFieldLangevin, ParticlesThatRunAwayEndTheRun) {
  MeanFieldLangevin::Params params;
  params.members = 10, params.iterations = 2000, params.step = 30.0, params.dynamics = Dynamics::overdamped;
  params.reference = Reference::prior;
  MeanFieldLangevin method;
  method.params = params;
  EXPECT_THROW(test::run_to_end(method, *standard_normal(2), test::serial(1)), core::NumericsError);
}

}  // namespace
}  // namespace aleator::sampler
