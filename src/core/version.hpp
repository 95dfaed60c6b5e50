#pragma once
/// What      Which Aleator this is: release, commit and compiler, for logs, resolved.toml and `aleator --version`.
/// Method    A source written by CMake at every build (cmake/version.cpp.in).
/// Parallel  no communication.
/// Cost      none.
/// Fails     never.

#include <string>

namespace aleator::core {

/// Release, "major.minor.patch".
std::string version();
/// Twelve digits of the commit, followed by "+changes" when tracked files differ from it; "unknown" outside git.
std::string git_hash();
/// Compiler, its version and flags, Kokkos version and back ends.
std::string build_flags();

}  // namespace aleator::core
