// The no-U-turn sampler on a series x_1 ~ N(0, 1), x_k ~ N(0.9 x_(k-1), 0.19) of 250 coordinates, as shared with other programs:
// time of a leapfrog with and without the model, effective samples a gradient and a second.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 bench_nuts
#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "parallel/session.hpp"
#include "prob/diagnostics.hpp"
#include "sampler/mcmc/nuts.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Series : public model::Problem {
 public:
  static constexpr int d = 250;
  int dimension() const override { return d; }
  int outputs() const override { return 0; }
  bool has_gradient() const override { return true; }
  bool may_stop() const override { return false; }
  const model::GaussianNoise* noise() const override { return nullptr; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  void parameters(ConstBatch z, Batch u) const override { Kokkos::deep_copy(u, z); }
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    const auto start = Clock::now();
    for (std::size_t row = 0; row < z.extent(0); ++row) {
      const double* const x = &z(row, 0);
      double* const g = result.gradient.size() != 0 ? &result.gradient(row, 0) : scratch_;
      double rest[d + 1];  // (x_k - rho x_(k-1)) / (1 - rho^2)
      rest[0] = x[0], rest[d] = 0.0;
      for (int k = 1; k < d; ++k) rest[k] = (x[k] - 0.9 * x[k - 1]) * (1.0 / 0.19);
      for (int k = 0; k < d; ++k) g[k] = x[k] - rest[k] + 0.9 * rest[k + 1];
      double sums[8] = {};  // log pi = x . grad log pi / 2 for a Gaussian
      for (int k = 0; k + 8 <= d; k += 8)
        for (int l = 0; l < 8; ++l) sums[l] += x[k + l] * g[k + l];
      for (int k = d / 8 * 8; k < d; ++k) sums[0] += x[k] * g[k];
      double sum = 0.0;
      for (const double s : sums) sum += s;
      result.log_likelihood(row) = 0.5 * sum;
    }
    model_seconds += seconds_since(start);
    return {};
  }
  const model::ProblemFacts& facts() const override { return facts_; }
  model::RowStatus evaluate_parameters(ConstBatch u, model::Evaluation& result,
                                       model::Vector log_prior) const override {
    Kokkos::deep_copy(log_prior, 0.0);
    evaluate(u, result);
    return {};
  }
  mutable double model_seconds = 0.0;

 private:
  model::ProblemFacts facts_;
  mutable double scratch_[d];
  std::vector<prob::Variable> variables_{{"x", d}};
};

void measure(int chains, int warmup, std::uint64_t seed) {
  Series problem;
  sampler::Nuts::Params params;
  params.chains = chains, params.warmup = warmup, params.draws = 1000;
  const sampler::Nuts nuts{params};
  const model::Context context{parallel::Comm::self(), kernels::Rng(seed)};
  auto start = Clock::now();
  sampler::Nuts::State s = nuts.init(problem, context);
  for (int i = 0; i < warmup; ++i) nuts.step(problem, context, s);
  const double warmup_seconds = seconds_since(start);
  const std::int64_t runs_before = s.gradient_evaluations;
  std::vector<double> draws(static_cast<std::size_t>(chains) * 1000 * Series::d);  // chain, draw, coordinate
  problem.model_seconds = 0.0;
  double seconds = 0.0;
  for (std::size_t draw = 0; draw < 1000; ++draw) {
    start = Clock::now();
    nuts.step(problem, context, s);
    seconds += seconds_since(start);
    for (std::size_t c = 0; c < static_cast<std::size_t>(chains); ++c)
      std::copy_n(&s.ensemble.position(c, 0), Series::d, &draws[(c * 1000 + draw) * Series::d]);
  }
  double least = 1e300;
  for (int k = 0; k < Series::d; ++k) {
    const prob::ScalarSummary summary = prob::summarise({draws.data() + k, chains, 1000, 1000 * Series::d, Series::d});
    least = std::min(least, summary.ess_bulk);
  }
  const double runs = static_cast<double>(s.gradient_evaluations - runs_before);
  std::printf(
      "chains %d, warm-up %d (%.3f s), seed %d: %.3f us a leapfrog, %.3f us without the model; %.1f leapfrogs a draw; "
      "least bulk ESS %.0f, %.4f a gradient, %.0f a second\n",
      chains, warmup, warmup_seconds, static_cast<int>(seed), 1e6 * seconds / runs,
      1e6 * (seconds - problem.model_seconds) / runs, runs / chains / 1000, least, least / runs, least / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const parallel::Session session(argc, argv);
  for (const std::uint64_t seed : {1, 2, 3}) measure(1, 1000, seed);
  for (const std::uint64_t seed : {1, 2, 3}) measure(16, 400, seed);
  measure(64, 400, 1);
}
