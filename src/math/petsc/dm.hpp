#pragma once
/// What      PETSc's structured grids (DMDA) with an owner.
/// Parallel  as PETSc.
#include <petscdmda.h>

#include "math/petsc/krylov.hpp"

namespace aleator::math {

using DmHandle = PetscHandle<DM, DMDestroy>;

}  // namespace aleator::math
