// The ODE models, 512 rows at once: SIR with 100 steps and 25 or 1 observations, Lorenz' ring of 40 variables with 100 steps.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 bench_ode
// Thirty short repetitions in random turns, since other work on the machine changes its speed; the least time counts.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/least_times.hpp"
#include "ode/lorenz96.hpp"
#include "ode/sir.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;

constexpr int rows = 512, steps = 100;

/// Flops of f, of its transposed product, and the number of states.
struct Counts {
  const char* name;
  double f, transposed, states;
  double step() const { return 4.0 * f + 14.0 * states; }
  double step_back() const { return 3.0 * f + 4.0 * transposed + 29.0 * states; }
};

struct Fixture {
  Counts counts;
  std::unique_ptr<model::ForwardModel> model;
  Batch u, y, gradient;

  Fixture(const Counts& c, std::unique_ptr<model::ForwardModel> m, const std::vector<double>& centre)
      : counts(c),
        model(std::move(m)),
        u("u", rows, centre.size()),
        y("y", rows, model->shape().outputs),
        gradient("gradient", rows, centre.size()) {
    for (int i = 0; i < rows; ++i)
      for (std::size_t k = 0; k < centre.size(); ++k) u(i, k) = centre[k] * (1.0 + 1e-4 * i);
  }
};

Fixture sir(const char* name, int observations) {
  ode::Sir::Params p;
  p.end = 100.0, p.observations = observations, p.dt = 1.0;
  return {{name, 6.0, 12.0, 3.0}, ode::Sir::make(p), {0.3, 0.1, 5.0}};
}

Fixture lorenz96() {
  ode::Lorenz96::Params p;
  p.end = 2.5, p.observations = 25, p.dt = 0.025;
  return {{"lorenz96", 160.0, 280.0, 40.0}, ode::Lorenz96::make(p), {8.0}};
}

void value(benchmark::State& state, Fixture& f) {
  for (auto _ : state) f.model->evaluate(f.u, f.y);
}

void value_and_gradient(benchmark::State& state, Fixture& f) {
  const auto cotangent = [](int, ConstBatch values, Batch dy) {
    for (std::size_t i = 0; i < values.extent(0); ++i)
      for (std::size_t o = 0; o < values.extent(1); ++o) dy(i, o) = values(i, o) - 0.1;
  };
  for (auto _ : state) f.model->adjoint()->evaluate_and_pullback(f.u, f.y, cotangent, f.gradient);
}

void run(int argc, char** argv) {
  Fixture fixtures[] = {sir("sir", 25), sir("sir_once", 1), lorenz96()};
  for (Fixture& fixture : fixtures)
    for (const auto& [name, work] : {std::pair{" value", &value}, {" gradient", &value_and_gradient}})
      benchmark::RegisterBenchmark((fixture.counts.name + std::string(name)).c_str(), [work = work, &fixture](
                                                                                          benchmark::State& state) {
        work(state, fixture);
      })->UseRealTime();
  std::vector<char*> arguments(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=30", length = "--benchmark_min_time=0.01",
              turns = "--benchmark_enable_random_interleaving=true";
  for (std::string* option : {&repetitions, &length, &turns}) arguments.insert(arguments.begin() + 1, option->data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  LeastTimes least(rows);
  benchmark::RunSpecifiedBenchmarks(&least);
  std::printf("least times, %d thread(s)\n", kernels::HostExec().concurrency());
  for (const Fixture& f : fixtures) {
    const double value = least[f.counts.name + std::string(" value")],
                 gradient = least[f.counts.name + std::string(" gradient")];
    const double flops = steps * f.counts.step(), both = flops + steps * f.counts.step_back();
    std::printf(
        "%-9s value %7.3f us (%9.0f a second), %6.0f flops, %5.1f GF/s; with gradient %7.3f us, %4.2f times, %5.1f "
        "GF/s\n",
        f.counts.name, value * 1e6, 1.0 / value, flops, flops / value * 1e-9, gradient * 1e6, gradient / value,
        both / gradient * 1e-9);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  run(argc, argv);
  Kokkos::finalize();
}
