#pragma once
/// What      OpenBLAS as the rest of the program wants it: one thread, and the kernels of the processor it runs on.
/// Method    An OpenBLAS older than its processor takes it for one of twenty years ago (0.3.21 an Emerald Rapids for a Prescott)
///           and multiplies matrices at a fifth of the speed. It reads OPENBLAS_CORETYPE when it is loaded, before main.
/// Parallel  none: parallelism is over rows, not inside a BLAS call.
/// Cost      none.
/// Fails     never.
#include <string>

namespace aleator::math {

/// OpenBLAS would start as many threads as OMP_NUM_THREADS says for each of our own, and two add in another order than one.
void use_one_blas_thread();

/// The OPENBLAS_CORETYPE that would serve this processor better; empty where OpenBLAS knows it, or the user has chosen.
std::string better_blas_kernels();

}  // namespace aleator::math
