#include "build_information.hpp"

#include <fmt/format.h>

#include "core/version.hpp"
#include "io/hdf5/version.hpp"
#include "math/petsc/version.hpp"
#include "parallel/session.hpp"

std::string build_information() {
  using namespace aleator;
  std::string backends;
  for (const std::string& name : parallel::kokkos_backends()) backends += (backends.empty() ? "" : ", ") + name;
  return fmt::format("aleator {}\ngit     {}\nKokkos  {} ({})\nMPI     {}\nPETSc   {}\nHDF5    {}\nflags   {}",
                     core::version(), core::git_hash(), parallel::kokkos_version(), backends, parallel::mpi_version(),
                     math::petsc_version(), io::hdf5_version(), core::build_flags());
}
