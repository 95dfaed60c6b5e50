// What a model run of pde/diffusion with solver = "petsc" costs beside the PETSc calls it consists of:
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 bench_box_diffusion [elements] [dimension]
// One rank; processor time, the least of seven interleaved repetitions. "bare" sets up hypre's BoomerAMG and solves with the
// finished matrix of the same problem by KSP alone: no assembly, no observation.
#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "pde/diffusion/box_diffusion.hpp"
#include "pde/diffusion/box_operator.hpp"
#include "pde/diffusion/component.hpp"

namespace {

using namespace aleator;
using namespace aleator::pde::diffusion;

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <typename Work>
void keep_least(double& least, Work&& work) {
  const double start = processor_seconds();
  work();
  least = std::min(least, processor_seconds() - start);
}

void measure(int n, int dimension) {
  Params params;
  params.dimension = dimension, params.mesh = n, params.coefficients = n / 4, params.sensor_grid = 9;
  params.solver = Solver::petsc, params.preconditioner = Preconditioner::boomeramg, params.tolerance = 1e-8;
  const auto model = make(params);
  const int d = model->shape().inputs, p = model->shape().outputs;
  const model::Batch u("u", 1, d), y("y", 1, p), du("du", 1, d);
  for (int k = 0; k < d; ++k) u(0, k) = std::exp(1.5 * std::sin(0.37 * k) * std::cos(0.011 * k));
  const auto cotangent = [](int, model::ConstBatch y_row, model::Batch r) {
    for (std::size_t k = 0; k < r.extent(1); ++k) r(0, k) = 0.1 * y_row(0, k);
  };
  const BoxSetup setup = box_setup_of(params);
  const field::Grid grid(parallel::Comm::self(), setup.grid);
  BoxOperator op(grid, setup);
  op.assemble(u.data());
  const math::VecHandle b = grid.new_vector(), x = grid.new_vector();
  VecSet(b, 1.0 / (static_cast<double>(n) * n));
  math::KspHandle ksp;
  PC pc = nullptr;
  KSPCreate(PETSC_COMM_SELF, ksp.make());
  KSPSetType(ksp, KSPCG);
  KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED);
  KSPGetPC(ksp, &pc);
  PCSetType(pc, PCHYPRE);
  PCHYPRESetType(pc, "boomeramg");
  KSPSetTolerances(ksp, 1e-8, PETSC_DEFAULT, PETSC_DEFAULT, 100);
  double bare = 1e9, forward = 1e9, both = 1e9, assembly = 1e9;
  for (int repetition = 0; repetition < 7; ++repetition) {
    keep_least(bare, [&] {
      MatScale(op.matrix(), 1.0);  // counts as a new matrix: 1 % of the time
      KSPSetOperators(ksp, op.matrix(), op.matrix());
      KSPSolve(ksp, b, x);
    });
    keep_least(forward, [&] { model->evaluate(u, y); });
    keep_least(both, [&] { model->adjoint()->evaluate_and_pullback(u, y, cotangent, du); });
    keep_least(assembly, [&] { op.assemble(u.data()); });
  }
  std::printf(
      "%d^%d: bare PETSc %.4f s, forward %.4f s (%.3f of bare), with adjoint and gradient %.4f s (%.3f of forward), "
      "assembly %.4f s\n",
      n, dimension, bare, forward, forward / bare, both, both / forward, assembly);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  Kokkos::initialize(argc, argv);
  measure(argc > 1 ? std::atoi(argv[1]) : 256, argc > 2 ? std::atoi(argv[2]) : 2);
  Kokkos::finalize();
  MPI_Finalize();
}
