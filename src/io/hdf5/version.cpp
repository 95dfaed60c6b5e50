#include "io/hdf5/version.hpp"

#include <hdf5.h>

namespace aleator::io {

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
#ifdef H5_HAVE_PARALLEL
  const char* const kind = " (parallel)";
#else
  const char* const kind = " (serial)";
#endif
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release) + kind;
}

}  // namespace aleator::io
