// Finite element models: one row's value, and value with gradient. Arguments: cells along each axis, 1 for the gradient too.
#include <benchmark/benchmark.h>
#include <mpi.h>

#include <Kokkos_Core.hpp>

#include "pde/elasticity/elasticity.hpp"
#include "pde/helmholtz/helmholtz.hpp"
#include "pde/mesh_diffusion/mesh_diffusion.hpp"
#include "pde/steady_transport/steady_transport.hpp"

namespace {

using namespace aleator;
using model::Batch;
using model::ConstBatch;

void run(benchmark::State& state, const model::ForwardModel& model) {
  const Batch u("u", 1, model.shape().inputs), y("y", 1, model.shape().outputs), du("du", 1, model.shape().inputs);
  Kokkos::deep_copy(u, 1.0);
  for (int k = 0; k < model.shape().inputs; ++k) u(0, k) += 0.01 * k;
  const auto ones = [](int, ConstBatch, Batch dy) { Kokkos::deep_copy(dy, 1.0); };
  for (auto _ : state) {
    const bool ok =
        state.range(1) == 0 ? model.evaluate(u, y).ok() : model.adjoint()->evaluate_and_pullback(u, y, ones, du).ok();
    if (!ok) state.SkipWithError("the row failed");
    benchmark::DoNotOptimize(y(0, 0));
  }
}

template <class Params>
void lay_out(benchmark::State& state, Params& p, int dimension) {
  p.cells.assign(static_cast<std::size_t>(dimension), static_cast<int>(state.range(0)));
  p.unknown = pde::fem::Unknown::grid, p.grid.assign(static_cast<std::size_t>(dimension), 4);
  p.points = {std::vector<double>(static_cast<std::size_t>(dimension), 0.61)};
}

void diffusion(benchmark::State& state, int dimension, pde::fem::Solver solver) {
  pde::mesh_diffusion::Params p;
  lay_out(state, p, dimension);
  p.dirichlet = {{"left", 0.0}}, p.source = 1.0, p.solver = solver;
  run(state, *pde::mesh_diffusion::make(p));
}
void elasticity(benchmark::State& state, int dimension, pde::fem::Solver solver) {
  pde::elasticity::Params p;
  lay_out(state, p, dimension);
  p.fixed = {"left"}, p.solver = solver;
  p.traction = {{"right", std::vector<double>(static_cast<std::size_t>(dimension), 0.1)}};
  run(state, *pde::elasticity::make(p));
}
void helmholtz(benchmark::State& state, const char* package) {
  pde::helmholtz::Params p;
  lay_out(state, p, 2);
  p.frequency = 2.0, p.absorbing = {"left", "right", "bottom", "top"}, p.sources = {{0.3, 0.3}};
  if (package != nullptr) p.petsc = {{"pc_factor_mat_solver_type", {package}}};
  run(state, *pde::helmholtz::make(p));
}
void transport(benchmark::State& state, pde::fem::Solver solver) {
  pde::steady_transport::Params p;
  lay_out(state, p, 2);
  p.quantities = {"wind", "diffusivity"}, p.source = "1", p.solver = solver;
  run(state, *pde::steady_transport::make(p));
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  benchmark::Initialize(&argc, argv);
  Kokkos::initialize(argc, argv);
  using pde::fem::Solver;
  const auto add = [](const char* name, auto work, int cells) {
    for (const int gradient : {0, 1})
      benchmark::RegisterBenchmark(name, work)->Args({cells, gradient})->Unit(benchmark::kMillisecond);
  };
  for (const int cells : {16, 32, 128}) {
    add(
        "diffusion/direct", [](benchmark::State& s) { diffusion(s, 2, Solver::direct); }, cells);
    add(
        "elasticity/direct", [](benchmark::State& s) { elasticity(s, 2, Solver::direct); }, cells);
    add(
        "transport/direct", [](benchmark::State& s) { transport(s, Solver::direct); }, cells);
    for (const char* const package : {"superlu", "klu", "umfpack", "mumps"})
      if (cells < 128)
        add((std::string("helmholtz/") + package).c_str(), [=](benchmark::State& s) { helmholtz(s, package); }, cells);
  }
  add(
      "helmholtz", [](benchmark::State& s) { helmholtz(s, nullptr); }, 64);
  add(
      "diffusion/iterative", [](benchmark::State& s) { diffusion(s, 2, Solver::iterative); }, 128);
  add(
      "elasticity/iterative", [](benchmark::State& s) { elasticity(s, 2, Solver::iterative); }, 64);
  add(
      "transport/iterative", [](benchmark::State& s) { transport(s, Solver::iterative); }, 128);
  add(
      "diffusion in space/iterative", [](benchmark::State& s) { diffusion(s, 3, Solver::iterative); }, 16);
  add(
      "elasticity in space/iterative", [](benchmark::State& s) { elasticity(s, 3, Solver::iterative); }, 10);
  benchmark::RunSpecifiedBenchmarks();
  Kokkos::finalize();
  MPI_Finalize();
  return 0;
}
