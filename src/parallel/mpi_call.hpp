#pragma once
/// What      What every call of MPI needs: its error as an exception, and counts that fit it.
/// Method    -
/// Parallel  local.
/// Cost      -
/// Fails     InternalError when the call failed, or for more numbers than an int counts.
#include <cstddef>

namespace aleator::parallel {

void check_mpi(int code, const char* call);
int mpi_count(std::size_t count);

}  // namespace aleator::parallel
