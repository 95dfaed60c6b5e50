// pCN with a potential that costs nothing beside it, |first 16 coordinates - 1|^2 / (2 0.1^2): time of a chain's step, with
// beta = 0.1 and warm-up over (peer: pcn_numpy.py).
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 mpirun -n 1 bench_pcn
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "latent_problem.hpp"
#include "parallel/session.hpp"
#include "sampler/mcmc/pcn.hpp"

namespace {

using namespace aleator;

class Corner : public LatentProblem {
 public:
  using LatentProblem::LatentProblem;
  std::vector<int> evaluate(model::ConstBatch z, model::Evaluation& result) const override {
    for (std::size_t row = 0; row < z.extent(0); ++row) {
      double square = 0.0;
      for (int k = 0; k < 16; ++k) square += (z(row, k) - 1.0) * (z(row, k) - 1.0);
      result.log_likelihood(row) = -50.0 * square;
    }
    return {};
  }
};

// Nanoseconds of one step of one chain: the least and the median of nine rounds.
void run(int dimension, int chains) {
  const Corner problem(dimension);
  sampler::Pcn::Params params;
  params.chains = chains, params.warmup = 1, params.draws = 1 << 30;
  params.thin = 1 << 20;  // the recording of draws is not part of it
  const sampler::Pcn pcn{params};
  const model::Context context{parallel::Comm::world(), kernels::Rng(1)};
  sampler::Pcn::State s = pcn.init(problem, context);
  pcn.step(problem, context, s);
  s.log_scale = std::log(std::atanh(0.1));
  const int steps = std::max(20, 4000000 / (dimension * chains));
  std::vector<double> times;
  for (int round = 0; round < 9; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) pcn.step(problem, context, s);
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / steps / chains);
  }
  std::sort(times.begin(), times.end());
  fmt::print("{} coordinates, {} chains: a step of a chain {:.2f} us, median {:.2f} us\n", dimension, chains,
             1e6 * times.front(), 1e6 * times[4]);
}

}  // namespace

int main(int argc, char** argv) {
  const parallel::Session session(argc, argv);
  for (const int chains : {1, 16}) run(256, chains);
  for (const int dimension : {65536, 1 << 20}) run(dimension, 1);
  return 0;
}
