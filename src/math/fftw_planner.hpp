#pragma once
/// What      The lock for making and destroying FFTW plans, the one part of that library that threads may not share.
/// Method    -
/// Parallel  hold it only while planning; plans are executed without.
/// Cost      -
/// Fails     -
#include <mutex>

namespace aleator::math {

std::mutex& fftw_planner();

}  // namespace aleator::math
