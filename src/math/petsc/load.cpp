#include "math/petsc/load.hpp"

#ifdef ALEATOR_PETSC_LIBRARY

#include <dlfcn.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace aleator::math {

MPI_Comm& load_petsc() {
  void* const library = dlopen(ALEATOR_PETSC_LIBRARY, RTLD_LAZY | RTLD_GLOBAL);
  void* const world = library == nullptr ? nullptr : dlsym(library, "PETSC_COMM_WORLD");
  if (world == nullptr)
    throw core::UserError(fmt::format(
        "PETSc cannot be loaded: {}. Install the package that holds {}, or add its folder to LD_LIBRARY_PATH",
        dlerror(), ALEATOR_PETSC_LIBRARY));
  return *static_cast<MPI_Comm*>(world);
}

}  // namespace aleator::math

#else

namespace aleator::math {

MPI_Comm& load_petsc() { return PETSC_COMM_WORLD; }

}  // namespace aleator::math

#endif
