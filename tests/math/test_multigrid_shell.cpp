#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "math/petsc/multigrid_shell.hpp"

namespace aleator::math {
namespace {

PetscErrorCode multiply(Mat A, Vec from, Vec to) {
  void* context = nullptr;
  MatShellGetContext(A, &context);
  Multigrid& multigrid = *static_cast<Multigrid*>(context);
  const int n = multigrid.grid().nx, inner = n - 1;
  std::vector<double> u(multigrid.nodes()), out(multigrid.nodes());
  const PetscScalar* read = nullptr;
  PetscScalar* write = nullptr;
  VecGetArrayRead(from, &read);
  for (int k = 0; k < inner * inner; ++k)
    u[static_cast<std::size_t>(k % inner + 1 + (k / inner + 1) * (n + 1))] = read[k];
  VecRestoreArrayRead(from, &read);
  multigrid.apply(u.data(), out.data());
  VecGetArray(to, &write);
  for (int k = 0; k < inner * inner; ++k)
    write[k] = out[static_cast<std::size_t>(k % inner + 1 + (k / inner + 1) * (n + 1))];
  return VecRestoreArray(to, &write);
}

TEST(MultigridShell, PetscSolvesInAsManyIterationsAsWe) {
  PetscInitialize(nullptr, nullptr, nullptr, nullptr);
  constexpr int n = 64, unknowns = (n - 1) * (n - 1);
  Multigrid multigrid({n, n, 1.0 / n, 1.0 / n});
  std::vector<double> a(multigrid.elements()), b(multigrid.nodes(), 1.0 / n / n), u(b.size());
  for (std::size_t e = 0; e < a.size(); ++e) a[e] = std::exp(2.0 * std::sin(0.1 * (e % n)) * std::cos(0.13 * (e / n)));
  multigrid.set_coefficient(a.data());
  const int ours = multigrid.solve(b.data(), u.data(), 1e-8).iterations;

  Mat A = nullptr;
  Vec right = nullptr, solution = nullptr;
  KSP ksp = nullptr;
  MatCreateShell(PETSC_COMM_SELF, unknowns, unknowns, unknowns, unknowns, &multigrid, &A);
  MatShellSetOperation(A, MATOP_MULT, reinterpret_cast<void (*)()>(multiply));
  MatCreateVecs(A, &right, &solution);
  VecSet(right, 1.0 / n / n);
  KSPCreate(PETSC_COMM_SELF, &ksp);
  KSPSetOperators(ksp, A, A);
  KSPSetType(ksp, KSPCG);
  KSPSetNormType(ksp, KSP_NORM_NATURAL);
  KSPSetTolerances(ksp, 1e-8, PETSC_DEFAULT, PETSC_DEFAULT, 100);
  set_multigrid_preconditioner(ksp, multigrid);
  KSPSolve(ksp, right, solution);
  PetscInt theirs = 0;
  KSPGetIterationNumber(ksp, &theirs);
  EXPECT_EQ(theirs, ours);
  const PetscScalar* values = nullptr;
  VecGetArrayRead(solution, &values);
  double largest = 0.0, difference = 0.0;
  for (int k = 0; k < unknowns; ++k) {
    const double mine = u[static_cast<std::size_t>(k % (n - 1) + 1 + (k / (n - 1) + 1) * (n + 1))];
    largest = std::max(largest, std::fabs(mine)), difference = std::max(difference, std::fabs(mine - values[k]));
  }
  EXPECT_LT(difference, 1e-7 * largest);  // both to 1e-8 in the energy norm
  VecRestoreArrayRead(solution, &values);
  KSPDestroy(&ksp), VecDestroy(&right), VecDestroy(&solution), MatDestroy(&A);
  PetscFinalize();
}

}  // namespace
}  // namespace aleator::math
