#pragma once
/// What      A pack: the same number of W independent samples side by side, one sample in each lane of a register.
/// Method    GCC vector extensions on the host (W doubles fill one register); a plain double (W = 1) on a device,
///           where each thread has its own sample and neighbouring threads neighbouring memory.
/// Parallel  every operation is vertical: a lane never sees another, so a sample's bits do not depend on its lane.
/// Cost      one instruction for W samples.
/// Fails     -
#include <Kokkos_Core.hpp>
#include <cstdint>

#include "kernels/registers.hpp"

#if defined(__CUDA_ARCH__) || defined(__CUDACC__)
#define ALEATOR_UNROLL _Pragma("unroll")
#else
#define ALEATOR_UNROLL _Pragma("GCC unroll 8")
#endif

namespace aleator::kernels {

#if defined(KOKKOS_ENABLE_CUDA)
constexpr int native_lanes = 1;
#else
constexpr int native_lanes = register_bytes / 8;
#endif

/// Position of the lowest bit set; bits is not 0.
KOKKOS_FORCEINLINE_FUNCTION int lowest_bit(unsigned bits) {
#if defined(__CUDA_ARCH__)
  return __ffs(static_cast<int>(bits)) - 1;
#else
  return __builtin_ctz(bits);
#endif
}

namespace detail {
template <int W>
struct PackOf {
  using type [[gnu::vector_size(W * sizeof(double))]] = double;
};
template <>
struct PackOf<1> {
  using type = double;
};
}  // namespace detail

template <int W>
using Pack = typename detail::PackOf<W>::type;

/// A run of packs in memory. Interleaved: pack i of a sample lies `stride` packs after pack i - 1 (coalesced on a GPU).
template <int W, bool interleaved>
struct Packs {
  static constexpr int lanes = W;
  using P = Pack<W>;
  P* data;
  std::int64_t stride;

  KOKKOS_INLINE_FUNCTION P& operator[](std::int64_t i) const {
    if constexpr (interleaved) {
      return data[i * stride];
    } else {
      return data[i];
    }
  }
  KOKKOS_INLINE_FUNCTION Packs operator+(std::int64_t i) const { return {&(*this)[i], stride}; }
  /// Lane `lane` of pack i.
  KOKKOS_INLINE_FUNCTION double& lane(int i, int lane) const {
    return reinterpret_cast<double*>(&(*this)[i])[lane];  // NOLINT: a vector type may be read as its elements
  }
};

}  // namespace aleator::kernels
