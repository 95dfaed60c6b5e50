#include "parallel/mpi_call.hpp"

#include <mpi.h>

#include <climits>
#include <string>

#include "core/error.hpp"

namespace aleator::parallel {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw core::InternalError(std::string(call) + ": " + std::string(text, length));
}

int mpi_count(std::size_t count) {
  if (count > static_cast<std::size_t>(INT_MAX))
    throw core::InternalError("an MPI message is longer than 2^31 - 1 entries");
  return static_cast<int>(count);
}

}  // namespace aleator::parallel
