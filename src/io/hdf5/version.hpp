#pragma once
/// What      The HDF5 release in use, and whether it is the parallel one.
/// Parallel  local.
#include <string>

namespace aleator::io {

std::string hdf5_version();

}  // namespace aleator::io
