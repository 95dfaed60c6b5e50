// Stochastic gradients: no bias of the estimates, and dynamics whose stationary variances theory gives for normal posteriors.
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "sampler/langevin/entropy_mcmc.hpp"
#include "sampler/langevin/sghmc.hpp"
#include "sampler/langevin/sgld.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Exact;
using test::largest_chain_z;
using test::linear_gaussian;
using test::Row;

constexpr double z_limit = 4.0;

class Quiet {  // the warning of much noise is expected
 public:
  Quiet() { core::set_log_level(core::LogLevel::error); }
  ~Quiet() { core::set_log_level(core::LogLevel::info); }
};

Exact scaled(Exact exact, double factor) {
  for (double& value : exact.covariance.a) value *= factor;
  return exact;
}

// N measurements of one mean.
test::LinearGaussian mean_of(int count) {
  test::LinearGaussian p;
  p.a = math::Matrix(count, 1, 1.0);
  p.prior_covariance = math::Matrix(1, 1, 4.0);
  p.prior_mean = {0.5};
  for (int i = 0; i < count; ++i) p.data.push_back(1.0 + 0.8 * std::sin(7.0 * i));
  p.noise_sd.assign(static_cast<std::size_t>(count), 0.7);
  return p;
}

struct Estimates {
  Row mean, variance;  // over all batches
};

Estimates over_batches(const Minibatches& batches, const Row& z) {
  const auto count = static_cast<std::size_t>(batches.count()), d = z.size();
  const Batch rows("z", count, d);
  std::vector<int> each;
  for (std::size_t b = 0; b < count; ++b) {
    std::copy(z.begin(), z.end(), &rows(b, 0));
    each.push_back(static_cast<int>(b));
  }
  model::Evaluation e{Vector("l", count), Batch("g", count, d), {}};
  batches.evaluate(rows, each, e, test::serial(3));
  Estimates s{Row(d, 0.0), Row(d, 0.0)};
  for (std::size_t b = 0; b < count; ++b)
    for (std::size_t k = 0; k < d; ++k) s.mean[k] += e.gradient(b, k) / static_cast<double>(count);
  for (std::size_t b = 0; b < count; ++b)
    for (std::size_t k = 0; k < d; ++k)
      s.variance[k] += std::pow(e.gradient(b, k) - s.mean[k], 2) / static_cast<double>(count);
  return s;
}

TEST(Minibatches, EstimateTheGradientWithoutBias) {
  const auto problem = linear_gaussian().problem();
  const Row z = {0.3, -1.2, 0.7, 0.1};
  model::Evaluation e{Vector("l", 1), Batch("g", 1, 4), {}};
  problem->evaluate(ConstBatch(z.data(), 1, 4), e);
  for (const int batch : {1, 2, 4, 6, 100})  // four: batches of three; 100: all six
    for (const bool is_controlled : {false, true}) {
      Minibatches batches(*problem, batch, test::serial(3));
      EXPECT_EQ(batches.count(), batch == 1 ? 6 : batch == 2 ? 3 : batch == 4 ? 2 : 1);
      batches.control_at({0.1, -0.9, 0.5, 0.4}, test::serial(3), is_controlled);
      const Estimates s = over_batches(batches, z);
      for (int k = 0; k < 4; ++k)
        EXPECT_NEAR(s.mean[static_cast<std::size_t>(k)], e.gradient(0, k), 1e-12 * (1.0 + std::abs(e.gradient(0, k))))
            << batch;
    }
}

TEST(Minibatches, AreDrawnWithEqualShares) {
  // 6 batches, 60 000 draws: chi squared with 5 degrees of freedom exceeds 25.7 once in 10 000.
  const Minibatches batches(*linear_gaussian().problem(), 1, test::serial(3));
  std::vector<double> drawn(6, 0.0);
  const parallel::RowLayout layout(600, parallel::Comm::self());
  for (int step = 0; step < 100; ++step)
    for (const int b : batches.draw(layout, step, test::serial(5))) drawn[static_cast<std::size_t>(b)] += 1.0;
  double chi = 0.0;
  for (const double n : drawn) chi += (n - 1e4) * (n - 1e4) / 1e4;
  EXPECT_LT(chi, 25.7);
}

TEST(Minibatches, ControlledAtAPointHaveNoNoiseThere) {
  const auto problem = mean_of(100).problem();
  Minibatches batches(*problem, 10, test::serial(3));
  const Estimates plain = over_batches(batches, {0.2});
  const Batch noise = batches.control_at({0.2}, test::serial(3), true);
  double squares = 0.0;
  for (int b = 0; b < 10; ++b) squares += noise(b, 0) * noise(b, 0) / 10.0;
  EXPECT_NEAR(squares, plain.variance[0], 1e-10 * squares);
  EXPECT_NEAR(over_batches(batches, {0.2}).variance[0], 0.0, 1e-18);
  EXPECT_NEAR(over_batches(batches, {0.9}).variance[0], 0.0, 1e-18);  // gradients that are linear, all with one slope
}

template <typename Algorithm>
Algorithm chains_of(double step, bool is_controlled) {
  typename Algorithm::Params p;
  p.chains = 64, p.draws = 400, p.warmup = 300, p.thin = 4, p.batch = 10;
  p.step = step, p.control_variate = is_controlled;
  return {p};
}

// s: the variance of C^1/2 g for the mean's problem, from the batches that the sampler deals with this seed.
double noise_of(const Problem& problem, const Exact& exact, double prior_variance, std::uint64_t seed) {
  const Minibatches batches(problem, 10, test::serial(seed));
  return exact.covariance(0, 0) / prior_variance * over_batches(batches, {0.4}).variance[0];
}

TEST(Sgld, HasTheStationaryVarianceOfTheory) {
  const Quiet quiet;
  const test::LinearGaussian p = mean_of(100);
  const auto problem = p.problem();
  const Exact exact = p.exact();
  constexpr std::uint64_t seed = 11;
  const double h = 0.1, s = noise_of(*problem, exact, p.prior_covariance(0, 0), seed);
  EXPECT_GT(s, 5.0);  // about N / n (variance of the data) / sd^2
  const double noisy = (2.0 + h * s) / (2.0 - h), quiet_one = 2.0 / (2.0 - h);
  EXPECT_LT(largest_chain_z(chains_of<Sgld>(h, false), *problem, scaled(exact, noisy), seed), z_limit);
  EXPECT_LT(largest_chain_z(chains_of<Sgld>(h, true), *problem, scaled(exact, quiet_one), seed), z_limit);
  EXPECT_GT(largest_chain_z(chains_of<Sgld>(h, false), *problem, scaled(exact, quiet_one), seed), z_limit);
  EXPECT_GT(largest_chain_z(chains_of<Sgld>(0.4, true), *problem, exact, seed), z_limit);
}

// Variance of the position under BAOAB for N(0, 1), gradients with noise of variance s: the fixed point of its linear map.
double baoab_variance(double h, double friction, double s) {
  const double m = std::exp(-friction * h), n2 = 1.0 - m * m;
  double xx = 1.0, xw = 0.0, ww = 1.0;  // w: the velocity before the kick at x
  for (int i = 0; i < 100000; ++i) {
    const double vv = h * h * xx - 2.0 * h * xw + ww + h * h * s, xv = -h * xx + xw;  // v = w - h x + h eps
    const double a = 0.5 * h * (1.0 + m);
    xx = xx + 2.0 * a * xv + a * a * vv + 0.25 * h * h * n2;
    xw = m * (xv + a * vv) + 0.5 * h * n2;
    ww = m * m * vv + n2;
  }
  return xx;
}

TEST(Sghmc, HasTheStationaryVarianceOfTheory) {
  const Quiet quiet;
  const test::LinearGaussian p = mean_of(100);
  const auto problem = p.problem();
  const Exact exact = p.exact();
  constexpr std::uint64_t seed = 12;
  const double h = 0.3, s = noise_of(*problem, exact, p.prior_covariance(0, 0), seed);
  EXPECT_NEAR(baoab_variance(h, 1.0, 0.0), 1.0, 1e-10);
  EXPECT_LT(largest_chain_z(chains_of<Sghmc>(h, true), *problem, exact, seed), z_limit);
  EXPECT_LT(largest_chain_z(chains_of<Sghmc>(h, false), *problem, scaled(exact, baoab_variance(h, 1.0, s)), seed),
            z_limit);
  EXPECT_GT(largest_chain_z(chains_of<Sghmc>(h, false), *problem, exact, seed), z_limit);
}

// Mean and covariance over all draws in latent coordinates.
template <typename Algorithm>
Exact latent_moments(const Algorithm& algorithm, const Problem& problem, std::uint64_t seed) {
  const int d = problem.dimension();
  Exact m{Row(static_cast<std::size_t>(d), 0.0), math::Matrix(d, d), 0.0};
  const Context context = test::serial(seed);
  auto s = algorithm.init(problem, context);
  double count = 0.0;
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = algorithm.step(problem, context, s);
    is_finished = info.is_finished;
    if (!info.is_draw) continue;
    for (int row = 0; row < s.ensemble.rows(); ++row, count += 1.0)
      for (int i = 0; i < d; ++i) {
        m.mean[static_cast<std::size_t>(i)] += s.ensemble.position(row, i);
        for (int j = 0; j < d; ++j) m.covariance(i, j) += s.ensemble.position(row, i) * s.ensemble.position(row, j);
      }
  }
  for (double& value : m.mean) value /= count;
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j)
      m.covariance(i, j) =
          m.covariance(i, j) / count - m.mean[static_cast<std::size_t>(i)] * m.mean[static_cast<std::size_t>(j)];
  return m;
}

test::LinearGaussian standard_prior() {
  test::LinearGaussian p = linear_gaussian();
  p.prior_covariance = math::identity(4);
  p.prior_mean.assign(4, 0.0);
  return p;
}

template <typename Algorithm>
void expect_mean_field(double step) {
  // Of a normal posterior with precision P mean-field inference has the blocks P_ii^-1 about the posterior's mean, uncorrelated.
  // Steps of 0.03 leave a bias of few percent, 6400 draws an error of 2 %.
  const test::LinearGaussian p = standard_prior();
  const Exact exact = p.exact();
  math::Matrix precision = math::identity(4);
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 4; ++j)
      for (int k = 0; k < 4; ++k)
        precision(j, k) += p.a(i, j) * p.a(i, k) / std::pow(p.noise_sd[static_cast<std::size_t>(i)], 2);
  Algorithm blocks = chains_of<Algorithm>(step, true);
  blocks.params.batch = 3, blocks.params.blocks = {2, 2}, blocks.params.thin = 10, blocks.params.warmup = 1500;
  blocks.params.draws = 300;
  const Exact found = latent_moments(blocks, *p.problem(), 7);
  double largest_correlation = 0.0;
  for (int b : {0, 2}) {
    const double det = precision(b, b) * precision(b + 1, b + 1) - precision(b, b + 1) * precision(b, b + 1);
    const double v0 = precision(b + 1, b + 1) / det, v1 = precision(b, b) / det, c = -precision(b, b + 1) / det;
    EXPECT_NEAR(found.covariance(b, b) / v0, 1.0, 0.08);
    EXPECT_NEAR(found.covariance(b + 1, b + 1) / v1, 1.0, 0.08);
    EXPECT_NEAR(found.covariance(b, b + 1) / std::sqrt(v0 * v1), c / std::sqrt(v0 * v1), 0.05);
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(found.mean[static_cast<std::size_t>(i)], exact.mean[static_cast<std::size_t>(i)],
                0.08 * std::sqrt(exact.covariance(i, i)));
    for (int j = 0; j < 4; ++j) {
      if (i / 2 == j / 2) continue;
      EXPECT_NEAR(found.covariance(i, j) / std::sqrt(found.covariance(i, i) * found.covariance(j, j)), 0.0, 0.06);
      largest_correlation =
          std::max(largest_correlation,
                   std::abs(exact.covariance(i, j)) / std::sqrt(exact.covariance(i, i) * exact.covariance(j, j)));
    }
  }
  EXPECT_GT(largest_correlation, 0.2);  // what the blocks have lost
}

TEST(Sgld, WithBlocksHasTheLawOfMeanFieldInference) { expect_mean_field<Sgld>(0.03); }
TEST(Sghmc, WithBlocksHasTheLawOfMeanFieldInference) { expect_mean_field<Sghmc>(0.1); }

// Variances of parameters and guide for N(0, 1), the fixed point of
// x' = (1 - h - p) x + p a + noise, a' = (1 - p) a + p x + noise,
// p = h / eta, both noises of variance 2 h.
std::pair<double, double> entropy_variances(double h, double eta) {
  const double p = h / eta, q = 1.0 - h - p, r = 1.0 - p;
  double xx = 1.0, xa = 0.0, aa = 1.0;
  for (int i = 0; i < 100000; ++i) {
    const double next_xx = q * q * xx + 2.0 * q * p * xa + p * p * aa + 2.0 * h;
    const double next_xa = q * p * xx + (q * r + p * p) * xa + p * r * aa;
    aa = p * p * xx + 2.0 * p * r * xa + r * r * aa + 2.0 * h;
    xx = next_xx, xa = next_xa;
  }
  return {xx, aa};
}

TEST(EntropyMcmc, HasTheStationaryVariancesOfTheoryForGuideAndParameters) {
  const test::LinearGaussian p = mean_of(100);
  const auto problem = p.problem();
  const Exact exact = p.exact();
  const double h = 0.1, eta = 0.7;
  const auto [parameters, guide] = entropy_variances(h, eta);
  EXPECT_NEAR(guide, 1.0 + eta, 0.12);  // h -> 0
  EXPECT_NEAR(parameters, 1.0, 0.12);
  EntropyMcmc entropy = chains_of<EntropyMcmc>(h, true);
  entropy.params.coupling = eta;
  EXPECT_LT(largest_chain_z(entropy, *problem, scaled(exact, guide), 4), z_limit);
  EXPECT_GT(largest_chain_z(entropy, *problem, scaled(exact, parameters), 4), z_limit);
  entropy.params.draws_of = EntropyMcmc::DrawsOf::parameters;
  EXPECT_LT(largest_chain_z(entropy, *problem, scaled(exact, parameters), 4), z_limit);
}

TEST(StochasticGradients, AreRefusedWithoutIndependentDataOrWithBlocksThatDoNotFit) {
  const auto problem = linear_gaussian().problem();
  Sgld sgld = chains_of<Sgld>(0.1, true);
  EXPECT_EQ(sgld.objection(*problem), "");
  sgld.params.blocks = {2, 1};
  EXPECT_NE(sgld.objection(*problem), "");
  sgld.params.blocks = {2, 2};
  EXPECT_EQ(sgld.objection(*problem), "");
}

TEST(StochasticGradients, CountBatchesAsPartsOfARun) {
  // 6 data in batches of 2: three batches are a run. After the start 20 steps of 9 chains, and 5 draws.
  Sgld sgld = chains_of<Sgld>(0.1, true);
  sgld.params.chains = 9, sgld.params.warmup = 10, sgld.params.draws = 5, sgld.params.thin = 2, sgld.params.batch = 2;
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(2);
  Sgld::State s = sgld.init(*problem, context);
  sgld.step(*problem, context, s);
  const std::int64_t start = s.model_evaluations;
  while (!sgld.step(*problem, context, s).is_finished) {
  }
  EXPECT_EQ(s.model_evaluations - start, 19 * 9 / 3 + 5 * 9);
}

}  // namespace
}  // namespace aleator::sampler
