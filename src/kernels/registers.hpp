#pragma once
/// What      How wide the vector registers of the machine built for are.
/// Method    vector types are made as wide as these: GCC 12 takes wider ones apart badly (up to twenty times slower).
/// Parallel  -
/// Cost      none.
/// Fails     -

namespace aleator::kernels {

#if defined(__AVX512F__)
constexpr int register_bytes = 64;
#elif defined(__AVX__)
constexpr int register_bytes = 32;
#else
constexpr int register_bytes = 16;
#endif

}  // namespace aleator::kernels
