// The diffusion model of problem B1 (32 x 32 elements, 8 x 8 coefficients, 169 points), 512 rows at once:
//   OMP_PROC_BIND=false OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 bench_diffusion
// Thirty short repetitions of each in random turns, since other work on the machine changes its speed; the least time of
// each counts. "Kokkos / plain loop" is the rate of the model's own launch over that of a loop with raw pointers and no
// Kokkos.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pde/diffusion/diffusion.hpp"
#include "pde/diffusion/engine.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;
using pde::diffusion::Diffusion;
using pde::diffusion::Kernel;
using pde::diffusion::lanes;
using pde::diffusion::Memory;

/// The same kernel on one thread: raw arrays, a loop over the packs, no views and no launch.
class PlainLoop {
 public:
  explicit PlainLoop(const pde::diffusion::Job& job)
      : tables_(job.tables), layout_(job.layout), pages_(static_cast<std::size_t>(job.layout.total) * lanes) {
    std::fill_n(pages_.data(), static_cast<std::size_t>(layout_.total) * lanes, 0.0);
  }

  void evaluate(const double* u, double* y, int rows) const {
    const Kernel<Memory> kernel(tables_, layout_, Memory{reinterpret_cast<Memory::P*>(pages_.data()), 1});
    const int inputs = tables_.cells, outputs = tables_.outputs;
    for (int first = 0; first < rows; first += lanes) {
      for (int lane = 0; lane < lanes; ++lane)
        for (int k = 0; k < inputs; ++k)
          kernel.theta.lane(k, lane) = u[static_cast<std::size_t>(std::min(first + lane, rows - 1)) * inputs + k];
      kernel.evaluate();
      for (int lane = 0; lane < std::min(lanes, rows - first); ++lane)
        for (int o = 0; o < outputs; ++o)
          y[static_cast<std::size_t>(first + lane) * outputs + o] = kernel.z.lane(o, lane);
    }
  }

 private:
  pde::diffusion::KernelTables tables_;
  pde::diffusion::KernelLayout layout_;
  kernels::HugePages pages_;
};

/// The problem and its buffers, made once.
struct Fixture {
  static constexpr int rows = 512;
  static constexpr int n = 384;  // DGEMM: large enough for its full rate, short enough for an undisturbed moment
  Diffusion model{[] {
    pde::diffusion::Setup setup;
    setup.sensors = pde::diffusion::sensor_grid(13);
    return setup;
  }()};
  Batch u{"theta", rows, 64}, y{"u", rows, 169}, plain_y{"u", rows, 169}, gradient{"dJ", rows, 64};
  PlainLoop loop;
  std::vector<double> a = std::vector<double>(n * n, 1.0), b = a, c = a;

  Fixture() : loop((fill(), model.engine().job(u))) {}
  void fill() {
    for (int i = 0; i < rows; ++i)
      for (int k = 0; k < 64; ++k) u(i, k) = std::exp(std::sin(1.1 * i + 0.7 * k * k));
  }
};

void count(benchmark::State& state, double flops) {
  state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void dgemm(benchmark::State& state, Fixture& f) {
  for (auto _ : state)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, f.n, f.n, f.n, 1.0, f.a.data(), f.n, f.b.data(), f.n, 0.0,
                f.c.data(), f.n);
  count(state, 2.0 * f.n * f.n * f.n);
}

void value(benchmark::State& state, Fixture& f) {
  for (auto _ : state) f.model.evaluate(f.u, f.y);
  count(state, static_cast<double>(f.model.tables().value_flops) * f.rows);
}

void plain_value(benchmark::State& state, Fixture& f) {
  for (auto _ : state) f.loop.evaluate(f.u.data(), f.plain_y.data(), f.rows);
  count(state, static_cast<double>(f.model.tables().value_flops) * f.rows);
}

void value_and_gradient(benchmark::State& state, Fixture& f) {
  const auto cotangent = [](int, ConstBatch values, Batch dy) {
    for (std::size_t i = 0; i < values.extent(0); ++i)
      for (std::size_t o = 0; o < values.extent(1); ++o) dy(i, o) = values(i, o) - 0.1;
  };
  for (auto _ : state) f.model.adjoint()->evaluate_and_pullback(f.u, f.y, cotangent, f.gradient);
  count(state, static_cast<double>(f.model.tables().gradient_flops) * f.rows);
}

/// Keeps the least time of each benchmark over its repetitions, for the ratios at the end.
class LeastTimes : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> medians;
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") medians.push_back(run);
      if (run.run_type != Run::RT_Iteration) continue;
      const double seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
      const auto [known, is_new] = seconds_.try_emplace(run.run_name.function_name, seconds);
      if (!is_new) known->second = std::min(known->second, seconds);
    }
    ConsoleReporter::ReportRuns(medians);
  }
  double operator[](const std::string& name) const { return seconds_.at(name); }

 private:
  std::map<std::string, double> seconds_;
};

void print_ratios(const LeastTimes& least, const Fixture& f) {
  const int threads = pde::diffusion::Exec().concurrency();
  const double dgemm_rate = 2.0 * f.n * f.n * f.n / least["dgemm"];
  const auto line = [&](const char* name, std::int64_t flops, int cores) {
    const double rate = static_cast<double>(flops) * f.rows / least[name];
    std::printf("%-20s %6.2f us a sample, %6.0f flops, %5.1f GF/s, %4.1f %% of DGEMM\n", name,
                least[name] / f.rows * 1e6, static_cast<double>(flops), rate * 1e-9, 100 * rate / (cores * dgemm_rate));
  };
  std::printf("\nleast times, %d thread(s), %d lanes; DGEMM %.1f GF/s on one\n", threads, lanes, dgemm_rate * 1e-9);
  line("value", f.model.tables().value_flops, threads);
  line("plain_value", f.model.tables().value_flops, 1);
  line("value_and_gradient", f.model.tables().gradient_flops, threads);
  std::printf("gradient / value %.3f   Kokkos / plain loop, per thread %.3f\n",
              least["value_and_gradient"] / least["value"], least["plain_value"] / least["value"] / threads);
  for (std::size_t i = 0; i < f.y.span(); ++i)
    if (f.y.data()[i] != f.plain_y.data()[i]) std::printf("output %zu differs between the two versions\n", i);
}

void run(int argc, char** argv) {
  Fixture fixture;
  for (const auto& [name, work] : {std::pair{"dgemm", &dgemm},
                                   {"value", &value},
                                   {"plain_value", &plain_value},
                                   {"value_and_gradient", &value_and_gradient}})
    benchmark::RegisterBenchmark(name, [work = work, &fixture](benchmark::State& state) { work(state, fixture); })
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
  std::vector<char*> arguments(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=30", length = "--benchmark_min_time=0.02",
              turns = "--benchmark_enable_random_interleaving=true";
  for (std::string* option : {&repetitions, &length, &turns}) arguments.insert(arguments.begin() + 1, option->data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  LeastTimes least;
  benchmark::RunSpecifiedBenchmarks(&least);
  print_ratios(least, fixture);
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  run(argc, argv);
  Kokkos::finalize();
}
