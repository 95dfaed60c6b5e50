#pragma once
/// What      A Multigrid as preconditioner of a PETSc Krylov solver.
/// Method    PCSHELL: one V-cycle (float32 inside). Vectors hold the inner nodes, (i - 1) + (nx - 1) (j - 1).
/// Parallel  one rank, as Multigrid; threads inside.
/// Cost      a V-cycle and four copies of a vector.
/// Fails     InternalError when PETSc does, or for vectors of another length.
#include <petscksp.h>

#include "math/multigrid/multigrid.hpp"

namespace aleator::math {

/// Makes `ksp` use `multigrid`, which must outlive it and have its coefficient.
void set_multigrid_preconditioner(KSP ksp, Multigrid& multigrid);

}  // namespace aleator::math
