#pragma once
/// What      The PETSc release the program was built with.
/// Parallel  local; PETSc is not started.
#include <string>

namespace aleator::math {

std::string petsc_version();

}  // namespace aleator::math
