#pragma once
/// What      exp of many numbers: densities, weights, acceptance probabilities.
/// Method    kernels/vector_math.hpp: the same bits on every machine, whatever the place of a number among the others.
/// Parallel  on the calling thread.
/// Cost      about 1 ns a number (AVX2), a fifth of libm's.
/// Fails     -
#include <cstdint>

namespace aleator::kernels {

/// out[i] = exp(x[i]) for x <= 709, 0 below -708; out may be x.
void exponentials(const double* x, std::int64_t count, double* out);

}  // namespace aleator::kernels
