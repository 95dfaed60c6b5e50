// Fields as priors on one core: set-up, one field, and the largest memory of the process.
//   OMP_PROC_BIND=false OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 bench_fields
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "kernels/random.hpp"
#include "prob/field/circulant.hpp"
#include "prob/field/karhunen_loeve.hpp"
#include "prob/field/matern_spde.hpp"

namespace {

using namespace aleator;

void set_memory(benchmark::State& state, double cells) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["bytes_a_cell"] = static_cast<double>(usage.ru_maxrss) * 1024.0 / cells;
}

// Set-up, normals and one field.
void matern_spde_all(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  prob::MaternSpde::Params p;
  p.cells = {n, n}, p.range = {0.1, 0.2}, p.alpha = 2.5;
  for (auto _ : state) {
    const prob::MaternSpde prior(p);
    const kernels::Batch z("z", 1, prior.latent_dimension()), u("u", 1, prior.dimension());
    kernels::Rng(1).normals({kernels::Purpose::prior_sample}, 0, z);
    prior.to_parameters(&z(0, 0), &u(0, 0));
    benchmark::DoNotOptimize(u.data());
  }
  set_memory(state, static_cast<double>(n) * n);
}
BENCHMARK(matern_spde_all)->Arg(2048)->Unit(benchmark::kMillisecond)->Iterations(1);

// One field more.
void matern_spde_field(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  prob::MaternSpde::Params p;
  p.cells = {n, n}, p.range = {0.1, 0.2}, p.alpha = 2.5;
  const prob::MaternSpde prior(p);
  const kernels::Batch z("z", 1, prior.latent_dimension()), u("u", 1, prior.dimension());
  kernels::Rng(1).normals({kernels::Purpose::prior_sample}, 0, z);
  for (auto _ : state) prior.to_parameters(&z(0, 0), &u(0, 0));
}
BENCHMARK(matern_spde_field)->Arg(64)->Arg(256)->Arg(1024)->Arg(2048)->Unit(benchmark::kMicrosecond);

// n x n cells in a periodic box of 2 n x 2 n, with and without the normals: tests/bench/fields_scipy.py does the same.
prob::Circulant circulant(int n) {
  prob::Circulant::Params p;
  p.cells = {n, n}, p.nu = 1.5, p.correlation_lengths = {0.05};
  return prob::Circulant(p);
}

void circulant_field(benchmark::State& state) {
  const prob::Circulant prior = circulant(static_cast<int>(state.range(0)));
  const kernels::Batch z("z", 1, prior.latent_dimension()), u("u", 1, prior.dimension());
  kernels::Rng(1).normals({kernels::Purpose::prior_sample}, 0, z);
  for (auto _ : state) prior.to_parameters(&z(0, 0), &u(0, 0));
}
BENCHMARK(circulant_field)->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMicrosecond);

void circulant_normals_and_field(benchmark::State& state) {
  const prob::Circulant prior = circulant(static_cast<int>(state.range(0)));
  const kernels::Batch z("z", 1, prior.latent_dimension()), u("u", 1, prior.dimension());
  for (auto _ : state) {
    kernels::Rng(1).normals({kernels::Purpose::prior_sample}, 0, z);
    prior.to_parameters(&z(0, 0), &u(0, 0));
  }
}
BENCHMARK(circulant_normals_and_field)->Arg(1024)->Unit(benchmark::kMicrosecond);

// The search for 100 modes of a Matern covariance, matrix-free.
void karhunen_loeve_setup(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  prob::KarhunenLoeve::Params p;
  p.cells = {n, n}, p.modes = 100, p.covariance = prob::KarhunenLoeve::Form::matern, p.correlation_lengths = {0.2};
  for (auto _ : state) benchmark::DoNotOptimize(prob::KarhunenLoeve(p).spectrum().eigenvalues.data());
}
BENCHMARK(karhunen_loeve_setup)->Arg(64)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  Kokkos::finalize();
  return 0;
}
