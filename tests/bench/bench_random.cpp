// Normals and uniforms of the counter-based generator on one core, in cache and out of it.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 bench_random
#include <benchmark/benchmark.h>

#include "kernels/random.hpp"

namespace {

using namespace aleator::kernels;

void normals(benchmark::State& state) {
  const Batch x("x", state.range(0), state.range(1));
  std::int64_t step = 0;
  for (auto _ : state) {
    Rng(1).normals({Purpose::test, ++step}, 0, x);
    benchmark::DoNotOptimize(x.data());
  }
  state.counters["ns_each"] = benchmark::Counter(static_cast<double>(x.size()) * 1e-9 * state.iterations(),
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(normals)
    ->Args({1, 256})
    ->Args({4096, 16})
    ->Args({4096, 4})
    ->Args({4096, 5})
    ->Args({4096, 1})
    ->Args({1, 65536})
    ->Args({1, 1 << 20});

void uniforms(benchmark::State& state) {
  const Vector u("u", state.range(0));
  std::int64_t step = 0;
  for (auto _ : state) {
    Rng(1).uniforms({Purpose::acceptance, ++step}, 0, 0, u);
    benchmark::DoNotOptimize(u.data());
  }
  state.counters["ns_each"] = benchmark::Counter(static_cast<double>(u.size()) * 1e-9 * state.iterations(),
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(uniforms)->Arg(4096);

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  Kokkos::finalize();
  return 0;
}
