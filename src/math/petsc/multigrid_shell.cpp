#include "math/petsc/multigrid_shell.hpp"

#include <algorithm>
#include <vector>

#include "core/error.hpp"

namespace aleator::math {
namespace {

void check(PetscErrorCode code) {
  if (code != 0) throw core::InternalError("PETSc refused the multigrid preconditioner");
}

// PETSc calls it with C linkage conventions only: no exception may leave.
PetscErrorCode apply(PC pc, Vec from, Vec to) {
  void* context = nullptr;
  if (const PetscErrorCode code = PCShellGetContext(pc, &context); code != 0) return code;
  Multigrid& multigrid = *static_cast<Multigrid*>(context);
  const int nx = multigrid.grid().nx, ny = multigrid.grid().ny, inner = nx - 1;
  PetscInt size = 0;
  if (const PetscErrorCode code = VecGetLocalSize(from, &size); code != 0) return code;
  if (size != static_cast<PetscInt>(inner) * (ny - 1)) return PETSC_ERR_ARG_SIZ;
  const PetscScalar* read = nullptr;
  PetscScalar* write = nullptr;
  if (const PetscErrorCode code = VecGetArrayRead(from, &read); code != 0) return code;
  std::vector<double> r(multigrid.nodes()), z(multigrid.nodes());
  for (int j = 1; j < ny; ++j) std::copy_n(read + (j - 1) * inner, inner, r.begin() + j * (nx + 1) + 1);
  if (const PetscErrorCode code = VecRestoreArrayRead(from, &read); code != 0) return code;
  multigrid.precondition(r.data(), z.data());
  if (const PetscErrorCode code = VecGetArrayWrite(to, &write); code != 0) return code;
  for (int j = 1; j < ny; ++j) std::copy_n(z.begin() + j * (nx + 1) + 1, inner, write + (j - 1) * inner);
  return VecRestoreArrayWrite(to, &write);
}

}  // namespace

void set_multigrid_preconditioner(KSP ksp, Multigrid& multigrid) {
  PC pc = nullptr;
  check(KSPGetPC(ksp, &pc));
  check(PCSetType(pc, PCSHELL));
  check(PCShellSetContext(pc, &multigrid));
  check(PCShellSetApply(pc, apply));
  check(PCShellSetName(pc, "aleator multigrid"));
}

}  // namespace aleator::math
