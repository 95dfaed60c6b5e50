#pragma once
/// What      PETSc's library, loaded when it is first needed.
/// Method    Calls of PETSc are bound when they are first made (cmake/modules/deferred.cmake). Data of its library and addresses
///           of its functions would be bound at the start of the program: they are looked up here, or not used.
/// Parallel  none: each rank loads for itself.
/// Cost      50 ms with the hundred libraries behind Debian's PETSc; nothing the second time, or where it is linked as usual.
/// Fails     UserError where the library is not found.
#include <petscsys.h>

namespace aleator::math {

/// PETSC_COMM_WORLD, which is to be set before PETSc starts.
MPI_Comm& load_petsc();

}  // namespace aleator::math
