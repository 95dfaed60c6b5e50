// The models on the periodic square, 4 rows of 100 steps on 32 x 32, 64 x 64 and 256 x 256 points.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 bench_spectral
// Short repetitions in random turns, since other work on the machine changes its speed; the least time counts.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/least_times.hpp"
#include "pde/advection_diffusion/component.hpp"
#include "pde/navier_stokes/component.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;

constexpr int rows = 4;

struct Fixture {
  std::unique_ptr<model::ForwardModel> model;
  Batch u, y, gradient;

  explicit Fixture(std::unique_ptr<model::ForwardModel> m)
      : model(std::move(m)),
        u("u", rows, model->shape().inputs),
        y("y", rows, model->shape().outputs),
        gradient("gradient", rows, model->shape().inputs) {
    for (int i = 0; i < rows; ++i)
      for (int k = 0; k < model->shape().inputs; ++k) u(i, k) = std::sin(i + 0.7 * k * k);
  }
};

template <class Params>
Params sized(int mesh) {
  Params p;
  p.mesh = mesh, p.cells = 32, p.dt = 0.01, p.times = {0.25, 0.5, 0.75, 1.0}, p.sensor_grid = 5;
  p.length = 2.0 * std::acos(-1.0);
  return p;
}

Fixture transport(int mesh) {
  auto p = sized<pde::advection_diffusion::Params>(mesh);
  p.swirl = 1.0;
  return Fixture(pde::advection_diffusion::make(p));
}

Fixture flow(int mesh) { return Fixture(pde::navier_stokes::make(sized<pde::navier_stokes::Params>(mesh))); }

void value(benchmark::State& state, Fixture& f) {
  for (auto _ : state) f.model->evaluate(f.u, f.y);
}

void value_and_gradient(benchmark::State& state, Fixture& f) {
  const auto cotangent = [](int, ConstBatch values, Batch dy) {
    for (std::size_t o = 0; o < values.extent(1); ++o) dy(0, o) = values(0, o) - 0.1;
  };
  for (auto _ : state) f.model->adjoint()->evaluate_and_pullback(f.u, f.y, cotangent, f.gradient);
}

void run(int argc, char** argv) {
  std::vector<std::pair<std::string, Fixture>> fixtures;
  for (const int mesh : {32, 64, 256}) {
    fixtures.emplace_back("transport " + std::to_string(mesh), transport(mesh));
    fixtures.emplace_back("flow " + std::to_string(mesh), flow(mesh));
  }
  for (auto& [name, fixture] : fixtures)
    for (const auto& [kind, work] : {std::pair{" value", &value}, {" gradient", &value_and_gradient}})
      benchmark::RegisterBenchmark((name + kind).c_str(), [work = work, &f = fixture](benchmark::State& state) {
        work(state, f);
      })->UseRealTime();
  std::vector<char*> arguments(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=7", length = "--benchmark_min_time=0.02",
              turns = "--benchmark_enable_random_interleaving=true";
  for (std::string* option : {&repetitions, &length, &turns}) arguments.insert(arguments.begin() + 1, option->data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  LeastTimes least(rows);
  benchmark::RunSpecifiedBenchmarks(&least);
  std::printf("least times of a row, %d thread(s)\n", kernels::HostExec().concurrency());
  for (const auto& [name, fixture] : fixtures) {
    if (!least.has(name + " value") || !least.has(name + " gradient")) continue;  // by --benchmark_filter
    const double value = least[name + " value"], gradient = least[name + " gradient"];
    std::printf("%-14s value %8.3f ms, with gradient %8.3f ms, %4.2f times\n", name.c_str(), value * 1e3,
                gradient * 1e3, gradient / value);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  run(argc, argv);
  Kokkos::finalize();
}
