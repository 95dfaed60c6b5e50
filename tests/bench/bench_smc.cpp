// Tempered SMC, 65 536 particles, mixture of two Gaussians in 16 dimensions, 10 random-walk moves a level (peer:
// smc_numpy.py). Prints time, levels, time of a particle's move and log Z less its exact value, for each of several runs.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 mpirun -n 1 bench_smc [runs] [particles] [dimension]
#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "latent_problem.hpp"
#include "parallel/session.hpp"
#include "sampler/smc/smc.hpp"

namespace {

using namespace aleator;

// L(z) = (N(z; mu, s^2 I) + N(z; -mu, s^2 I)) / 2, mu = 1.5 in each coordinate, s = 0.5
class Mixture : public LatentProblem {
 public:
  using LatentProblem::LatentProblem;
  std::vector<int> evaluate(model::ConstBatch z, model::Evaluation& result) const override {
    constexpr double mu = 1.5, s = 0.5;
    const model::Vector out = result.log_likelihood;
    const double constant = -std::log(2.0) - 0.5 * d_ * std::log(2.0 * M_PI * s * s);
    constexpr int lanes = 8;
    kernels::for_each_row(static_cast<int>(z.extent(0)), [=](int row) {
      double squares[lanes] = {}, sums[lanes] = {};  // |z -+ mu|^2 = |z|^2 -+ 2 mu sum z + d mu^2
      const double* const at = &z(row, 0);
      int k = 0;
      for (; k + lanes <= d_; k += lanes)
        for (int l = 0; l < lanes; ++l) squares[l] += at[k + l] * at[k + l], sums[l] += at[k + l];
      for (; k < d_; ++k) squares[0] += at[k] * at[k], sums[0] += at[k];
      double square = 0.0, sum = 0.0;
      for (int l = 0; l < lanes; ++l) square += squares[l], sum += sums[l];
      const double even = square + d_ * mu * mu, odd = 2.0 * mu * std::abs(sum), apart = 2.0 * odd / (2 * s * s);
      constexpr double negligible = 37.0;  // exp(-37) vanishes beside 1
      out(row) = -(even - odd) / (2 * s * s) + (apart < negligible ? std::log1p(std::exp(-apart)) : 0.0) + constant;
    });
    return {};
  }
  double log_evidence() const { return -0.5 * d_ * std::log(2.0 * M_PI * 1.25) - d_ * 2.25 / 2.5; }
};

void run(int runs, int particles, int dimension) {
  const Mixture problem(dimension);
  sampler::Smc::Params params;
  params.particles = particles, params.min_moves = params.max_moves = 10;
  const sampler::Smc smc{params};
  for (int i = 0; i < runs; ++i) {
    const model::Context context{parallel::Comm::world(), kernels::Rng(static_cast<std::uint64_t>(i))};
    context.comm.barrier();
    const auto begin = std::chrono::steady_clock::now();
    sampler::Smc::State s = smc.init(problem, context);
    while (!smc.step(problem, context, s).is_finished) {
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    if (context.comm.is_root())
      fmt::print("{:.3f} s, {} levels, {:.1f} ns a move, log Z error {:+.4f} +- {:.4f}, {:.3f} s of processor so far\n",
                 seconds, s.iteration, seconds * 1e9 / (10.0 * particles * static_cast<double>(s.iteration)),
                 s.log_evidence - problem.log_evidence(), s.log_evidence_standard_error, cpu);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const parallel::Session session(argc, argv);
  const auto number = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  run(number(1, 5), number(2, 65536), number(3, 16));
  return 0;
}
