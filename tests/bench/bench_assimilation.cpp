// A cycle of the filters on Lorenz' ring of 40 variables: forecast and analysis, the scores of job/assimilate left out.
//   OMP_PROC_BIND=false OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 bench_assimilation
// Thirty short repetitions in random turns, since other work on the machine changes its speed; the least time counts.
// The peers: tests/bench/letkf_numpy.py.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "assimilation/kalman/enkf.hpp"
#include "assimilation/kalman/etkf.hpp"
#include "assimilation/kalman/letkf.hpp"
#include "ode/lorenz96.hpp"
#include "parallel/session.hpp"

namespace {

using namespace aleator;
using namespace aleator::assimilation;

struct Weather {
  std::unique_ptr<model::ForwardModel> model;
  Experiment experiment;
  Batch data;

  explicit Weather(int replicates)
      : model(make()),
        experiment(*model->state_space(), statistics(*model->state_space(), replicates), parallel::Comm::self()),
        data("data", replicates, 40) {
    for (int r = 0; r < replicates; ++r)
      for (int k = 0; k < 40; ++k) data(r, k) = experiment.statistics().initial_mean[k];
  }
  static std::unique_ptr<model::ForwardModel> make() {
    ode::Lorenz96::Params params;
    params.dt = 0.05, params.times = {0.05};
    return ode::Lorenz96::make(params);
  }
  static Statistics statistics(const model::StateSpace& space, int replicates) {
    Statistics s;
    s.noise_sd.assign(40, 1.0), s.initial_sd.assign(40, 0.2);
    s.initial_mean = space.info().initial;
    s.replicates = replicates;
    space.advance({-20.0, 0.0}, {}, Batch(s.initial_mean.data(), 1, 40));
    return s;
  }
};

// The truth goes on with the members, so that these stay on the attractor.
template <class Algorithm>
void cycles(benchmark::State& run, int replicates) {
  Weather w(replicates);
  const Algorithm filter;
  typename Algorithm::State s = filter.init(w.experiment);
  std::vector<double> truth(w.data.data(), w.data.data() + w.data.size());
  for (auto _ : run) {
    w.experiment.run({0.0, 0.05}, truth.data(), replicates);
    std::copy(truth.begin(), truth.end(), w.data.data());
    filter.step(w.experiment, {s.cycle++, {0.0, 0.05}, w.data}, s);
  }
  run.counters["us_per_cycle"] = benchmark::Counter(
      1e-6 * replicates, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace

int main(int argc, char** argv) {
  const parallel::Session session(argc, argv);
  std::vector<std::string> words(argv, argv + argc);
  words.insert(words.begin() + 1, {"--benchmark_repetitions=30", "--benchmark_enable_random_interleaving=true",
                                   "--benchmark_min_time=0.02"});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  const auto least = [](const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); };
  for (const int replicates : {1, 16}) {
    const std::string suffix = "/replicates:" + std::to_string(replicates);
    const auto add = [&](const std::string& name, void (*work)(benchmark::State&, int)) {
      benchmark::RegisterBenchmark((name + suffix).c_str(), [=](benchmark::State& run) { work(run, replicates); })
          ->UseRealTime()
          ->ComputeStatistics("least", least)
          ->ReportAggregatesOnly();
    };
    add("letkf_7", cycles<Letkf>), add("etkf_24", cycles<Etkf>), add("enkf_40", cycles<Enkf>);
  }
  benchmark::RunSpecifiedBenchmarks();
}
