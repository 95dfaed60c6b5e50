// A row of a model in time on a large grid, whole on one rank or in strips on all ranks: least times of a value, and of a
// value with its gradient, and the most memory of rank 0.
//   OMP_NUM_THREADS=1 mpirun -n 2 bench_evolution_strips [mesh]
#include <mpi.h>
#include <sys/resource.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "pde/navier_stokes/component.hpp"
#include "pde/reaction_diffusion/reaction_diffusion.hpp"
#include "pde/wave/wave.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;
using parallel::Comm;

constexpr int steps = 10, rounds = 12;

double least_time(const std::function<void()>& work) {
  double least = 1e9;
  for (int round = 0; round < rounds; ++round) {
    Comm::world().barrier();
    const double begin = MPI_Wtime();
    work();
    least = std::min(least, Comm::world().max(MPI_Wtime() - begin));
  }
  return least;
}

void measure(const char* name, int mesh, const std::unique_ptr<model::ForwardModel>& model) {
  const int inputs = model->shape().inputs, outputs = model->shape().outputs;
  const Batch u("u", 1, inputs), y("y", 1, outputs), g("g", 1, inputs);
  for (int k = 0; k < inputs; ++k) u(0, k) = k == 0 && inputs > 64 ? 1e-5 : 1.0 - 0.5 / (k + 1);
  const auto cotangent = [](int, ConstBatch values, Batch dy) { Kokkos::deep_copy(dy, values); };
  const double value = least_time([&] { model->evaluate(u, y); });
  const double both = least_time([&] { model->adjoint()->evaluate_and_pullback(u, y, cotangent, g); });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  if (Comm::world().is_root())
    std::printf("%-14s %d x %d, %d steps, %d ranks: value %.1f ms, with gradient %.1f ms, at most %.0f MB\n", name,
                mesh, mesh, steps, Comm::world().size(), 1e3 * value, 1e3 * both, usage.ru_maxrss / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  Kokkos::initialize();
  {
    const int mesh = argc > 1 ? std::atoi(argv[1]) : 1024;
    const auto ranks = std::make_shared<parallel::ProcessGrid>(Comm::world(), Comm::world().size());
    pde::reaction_diffusion::Params tumour;
    tumour.mesh = mesh, tumour.unknown = pde::reaction_diffusion::Unknown::both, tumour.dt = 0.02;
    tumour.times = {steps * tumour.dt}, tumour.point_grid = 10, tumour.memory = 1e5;
    measure("fisher_kpp", mesh, pde::reaction_diffusion::make(tumour, ranks));
    pde::wave::Params sound;
    sound.mesh = mesh, sound.dt = 0.5 / mesh, sound.cells = 8;
    sound.times = {steps * sound.dt}, sound.point_grid = 10, sound.memory = 1e5;
    measure("wave", mesh, pde::wave::make(sound, ranks));
    pde::navier_stokes::Params flow;
    flow.mesh = mesh, flow.cells = 8, flow.dt = 1e-3, flow.times = {steps * flow.dt}, flow.sensor_grid = 2;
    flow.memory = 100000;
    measure("navier_stokes", mesh, pde::navier_stokes::make(flow, ranks));
  }
  Kokkos::finalize();
  MPI_Finalize();
}
