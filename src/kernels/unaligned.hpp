#pragma once
/// What      Vectors of W doubles anywhere in memory.
/// Method    one unaligned move each. Of a copy of bytes GCC 12 makes moves of half a register where the vector passes through
///           memory, and the processor then waits for the halves to meet: 3 ns a number.
/// Parallel  none.
/// Cost      one instruction.
/// Fails     -

namespace aleator::kernels {
namespace detail {
template <int W>
struct Unaligned {
  using type [[gnu::vector_size(8 * W)]] = double;
  using in_memory [[gnu::vector_size(8 * W), gnu::aligned(8), gnu::may_alias]] = double;
};
}  // namespace detail

template <int W>
inline typename detail::Unaligned<W>::type load_vector(const double* from) {
  return *reinterpret_cast<const typename detail::Unaligned<W>::in_memory*>(from);  // NOLINT: may_alias
}

template <int W>
inline void store_vector(const typename detail::Unaligned<W>::type& x, double* to) {
  *reinterpret_cast<typename detail::Unaligned<W>::in_memory*>(to) = x;  // NOLINT: may_alias
}

}  // namespace aleator::kernels
