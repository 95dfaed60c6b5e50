#include "kernels/stein.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include "kernels/triangular.hpp"

namespace aleator::kernels {
namespace {

// exp(x) for x <= 0 to about one unit in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, and Taylor's polynomial of r.
template <typename Real>
struct Exponential;

template <>
struct Exponential<double> {
  using Bits = std::int64_t;
  static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52: adding it leaves n in the lowest bits
  static constexpr double least = -708.0, ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr int mantissa = 52, terms = 13;
};

template <>
struct Exponential<float> {
  using Bits = std::int32_t;
  static constexpr float round = 12582912.0F;  // 1.5 * 2^23
  static constexpr float least = -87.0F, ln2_high = 0x1.62e4p-1F, ln2_low = 0x1.7f7d1cp-20F;
  static constexpr int mantissa = 23, terms = 7;
};

template <typename Real, typename Lanes>
inline __attribute__((always_inline)) Lanes exponential(Lanes x) {
  using E = Exponential<Real>;
  using Bits [[gnu::vector_size(64)]] = typename E::Bits;
  const Lanes low = Lanes{} + E::least;
  x = x < low ? low : x;
  const Lanes shifted = x * static_cast<Real>(1.4426950408889634) + E::round, n = shifted - E::round;
  const Lanes r = (x - n * E::ln2_high) - n * E::ln2_low;
  double inverse[E::terms + 1];
  inverse[0] = 1.0;
  for (int i = 1; i <= E::terms; ++i) inverse[i] = inverse[i - 1] / i;
  Lanes p = Lanes{} + static_cast<Real>(inverse[E::terms]);
#pragma GCC unroll 16
  for (int i = E::terms - 1; i >= 0; --i) p = p * r + static_cast<Real>(inverse[i]);
  Bits scale;
  std::memcpy(&scale, &shifted, sizeof scale);
  Bits result;
  std::memcpy(&result, &p, sizeof result);
  result += scale << E::mantissa;  // p 2^n
  std::memcpy(&p, &result, sizeof p);
  return p;
}

}  // namespace

template <typename Real>
SteinDirection<Real>::SteinDirection(const ConstBatch& positions, const ConstBatch& scores, double length_scale)
    : n_(static_cast<std::int64_t>(positions.extent(0))),
      packs_((n_ + lanes - 1) / lanes),
      d_(static_cast<int>(positions.extent(1))),
      inverse_square_(1.0 / (length_scale * length_scale)),
      centre_(positions.extent(1), 0.0) {
  const std::int64_t padded = packs_ * lanes;
  x_.assign(static_cast<std::size_t>(padded * d_), Real(0));
  half_square_.assign(static_cast<std::size_t>(padded), Real(0));
  columns_.assign(static_cast<std::size_t>(padded * (d_ + 1)), Real(0));
  for (std::int64_t j = 0; j < n_; ++j)
    for (int k = 0; k < d_; ++k) centre_[k] += positions(j, k) / static_cast<double>(n_);
  for (std::int64_t j = 0; j < n_; ++j) {
    double squares = 0.0;
    for (int k = 0; k < d_; ++k) {
      const double x = positions(j, k) - centre_[k];
      squares =
          std::fma(x, x, squares);  // GCC has two versions of this loop, for arrays near and far; said so, they agree
      x_[static_cast<std::size_t>(k * padded + j)] = static_cast<Real>(x / length_scale);
      columns_[static_cast<std::size_t>(k * padded + j)] =
          static_cast<Real>(std::fma(-x, inverse_square_, scores(j, k)));
    }
    half_square_[static_cast<std::size_t>(j)] = static_cast<Real>(0.5 * squares * inverse_square_);
    columns_[static_cast<std::size_t>(d_ * padded + j)] = Real(1);
  }
}

// values[q * chunk + p] = k(x_(i_q), particles of pack first_pack + p)
template <typename Real>
void SteinDirection<Real>::kernel_values(const std::int64_t* i, std::int64_t first_pack, int packs,
                                         Lanes* values) const {
  const std::int64_t padded = packs_ * lanes;
  const auto pack = [](const Real* from) {
    Lanes v;
    std::memcpy(&v, from, sizeof v);
    return v;
  };
  for (int p = 0; p < packs; ++p) {
    const std::int64_t j = (first_pack + p) * lanes;
    const Lanes square = pack(&half_square_[static_cast<std::size_t>(j)]);
    Lanes exponent[block];
    for (int q = 0; q < block; ++q) exponent[q] = -square - half_square_[static_cast<std::size_t>(i[q])];
    for (int k = 0; k < d_; ++k) {
      const Lanes x = pack(&x_[static_cast<std::size_t>(k * padded + j)]);
#pragma GCC unroll 8
      for (int q = 0; q < block; ++q) exponent[q] += x_[static_cast<std::size_t>(k * padded + i[q])] * x;
    }
#pragma GCC unroll 8
    for (int q = 0; q < block; ++q) values[q * chunk + p] = exponential<Real>(exponent[q]);
  }
}

// sums[q * (d + 1) + c] += sum over the packs of values_q column_c
template <typename Real>
void SteinDirection<Real>::add_products(const Lanes* values, std::int64_t first_pack, int packs, Lanes* sums) const {
  constexpr int tile = 4;
  const std::int64_t padded = packs_ * lanes;
  const int columns = d_ + 1;
  const auto some = [&](int q0, int c0, auto width) {
    constexpr int w = decltype(width)::value;
    Lanes sum[tile][w];
#pragma GCC unroll 4
    for (int q = 0; q < tile; ++q)
#pragma GCC unroll 4
      for (int c = 0; c < w; ++c) sum[q][c] = sums[(q0 + q) * columns + c0 + c];
    for (int p = 0; p < packs; ++p) {
      Lanes column[w];
#pragma GCC unroll 4
      for (int c = 0; c < w; ++c)
        std::memcpy(&column[c], &columns_[static_cast<std::size_t>((c0 + c) * padded + (first_pack + p) * lanes)],
                    sizeof(Lanes));
#pragma GCC unroll 4
      for (int q = 0; q < tile; ++q) {
        const Lanes value = values[(q0 + q) * chunk + p];
#pragma GCC unroll 4
        for (int c = 0; c < w; ++c) sum[q][c] += value * column[c];
      }
    }
#pragma GCC unroll 4
    for (int q = 0; q < tile; ++q)
#pragma GCC unroll 4
      for (int c = 0; c < w; ++c) sums[(q0 + q) * columns + c0 + c] = sum[q][c];
  };
  for (int q0 = 0; q0 < block; q0 += tile) {
    int c0 = 0;
    for (; c0 + 4 <= columns; c0 += 4) some(q0, c0, std::integral_constant<int, 4>());
    for (; c0 < columns; ++c0) some(q0, c0, std::integral_constant<int, 1>());
  }
}

template <typename Real>
void SteinDirection<Real>::block_of_rows(std::int64_t first, int rows, std::int64_t first_row_of_out,
                                         const Batch& out) const {
  std::int64_t i[block];
  for (int q = 0; q < block; ++q) i[q] = first + std::min(q, rows - 1);
  alignas(64) Lanes values[block * chunk];
  struct Cell {  // a template argument would lose the vector type's alignment
    Lanes value;
  };
  const std::unique_ptr<Cell[]> sums(new Cell[static_cast<std::size_t>(block) * (d_ + 1)]());
  for (std::int64_t pack = 0; pack < packs_; pack += chunk) {
    const int packs = static_cast<int>(std::min<std::int64_t>(chunk, packs_ - pack));
    kernel_values(i, pack, packs, values);
    add_products(values, pack, packs, &sums[0].value);
  }
  const auto total = [&](int q, int c) {
    double sum = 0.0;
    for (int lane = 0; lane < lanes; ++lane)
      sum += static_cast<double>(sums[static_cast<std::size_t>(q * (d_ + 1) + c)].value[lane]);
    return sum;
  };
  const std::int64_t padded = packs_ * lanes;
  for (int q = 0; q < rows; ++q) {
    const double kernel_sum = total(q, d_), scale = std::sqrt(inverse_square_);
    for (int k = 0; k < d_; ++k)
      out(first_row_of_out + q, k) =
          (total(q, k) + scale * static_cast<double>(x_[static_cast<std::size_t>(k * padded + i[q])]) * kernel_sum) /
          static_cast<double>(n_);
  }
  leave_vector_code();
}

template <typename Real>
void SteinDirection<Real>::apply(std::int64_t first, const Batch& out) const {
  const auto rows = static_cast<std::int64_t>(out.extent(0));
  Kokkos::parallel_for("stein", Kokkos::RangePolicy<HostExec>(0, (rows + block - 1) / block), [&](std::int64_t b) {
    block_of_rows(first + b * block, static_cast<int>(std::min<std::int64_t>(block, rows - b * block)), b * block, out);
  });
}

template class SteinDirection<double>;
template class SteinDirection<float>;

}  // namespace aleator::kernels
