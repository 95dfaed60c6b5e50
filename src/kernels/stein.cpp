#include "kernels/stein.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "kernels/triangular.hpp"

namespace aleator::kernels {
namespace {

// 2^x for x <= 0 to about one unit in the last place: x = n + r, |r| <= 1/2, and the polynomial of r with the least largest
// relative error there (Remez): 3e-18 in double, 2e-9 in float.
template <typename Real>
struct PowerOfTwo;

template <>
struct PowerOfTwo<double> {
  using Bits = std::int64_t;
  static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52: adding it leaves n in the lowest bits
  static constexpr double least = -1021.0;
  static constexpr int mantissa = 52, degree = 11;
  static constexpr double coefficients[degree + 1] = {1.0,
                                                      0x1.62e42fefa39efp-1,
                                                      0x1.ebfbdff82c5adp-3,
                                                      0x1.c6b08d7049fd1p-5,
                                                      0x1.3b2ab6fb9f413p-7,
                                                      0x1.5d87fe78cf260p-10,
                                                      0x1.43091310bf66dp-13,
                                                      0x1.ffcbfba7bc9a1p-17,
                                                      0x1.62bfc3c1d2153p-20,
                                                      0x1.b5267882d5309p-24,
                                                      0x1.e620fb67ac6ddp-28,
                                                      0x1.e7aa1c12faa3cp-32};
};

template <>
struct PowerOfTwo<float> {
  using Bits = std::int32_t;
  static constexpr float round = 12582912.0F;  // 1.5 * 2^23
  static constexpr float least = -125.0F;
  static constexpr int mantissa = 23, degree = 6;
  static constexpr float coefficients[degree + 1] = {1.0F,           0x1.62e43p-1F,   0x1.ebfbdap-3F, 0x1.c6aed4p-5F,
                                                     0x1.3b2dbcp-7F, 0x1.5f456ap-10F, 0x1.41d334p-13F};
};

// max(x, low); GCC makes two instructions of the comparison.
template <typename Real, typename Lanes>
inline __attribute__((always_inline)) Lanes at_least(Lanes x, Real low) {
#if defined(__AVX__) && !defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, double>)
    return reinterpret_cast<Lanes>(_mm256_max_pd(reinterpret_cast<__m256d>(x), _mm256_set1_pd(low)));
  else
    return reinterpret_cast<Lanes>(_mm256_max_ps(reinterpret_cast<__m256>(x), _mm256_set1_ps(low)));
#else
  const Lanes lows = Lanes{} + low;
  return x < lows ? lows : x;
#endif
}

template <typename Real, typename Lanes>
inline __attribute__((always_inline)) Lanes power_of_two(Lanes x) {
  using E = PowerOfTwo<Real>;
  using Bits [[gnu::vector_size(sizeof(Lanes))]] = typename E::Bits;
  x = at_least<Real>(x, E::least);
  const Lanes shifted = x + E::round, r = x - (shifted - E::round);
  Lanes p = Lanes{} + E::coefficients[E::degree];
#pragma GCC unroll 16
  for (int i = E::degree - 1; i >= 0; --i) p = p * r + E::coefficients[i];
  Bits scale;
  std::memcpy(&scale, &shifted, sizeof scale);
  Bits result;
  std::memcpy(&result, &p, sizeof result);
  result += scale << E::mantissa;  // p 2^n
  std::memcpy(&p, &result, sizeof p);
  return p;
}

constexpr double log2_of_e = 1.4426950408889634;

}  // namespace

template <typename Real>
SteinDirection<Real>::SteinDirection(const ConstBatch& positions, const ConstBatch& scores, double length_scale,
                                     const std::vector<double>& weights)
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
    const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(j)];
    double squares = 0.0;
    for (int k = 0; k < d_; ++k) {
      const double x = positions(j, k) - centre_[k];
      squares =
          std::fma(x, x, squares);  // GCC has two versions of this loop, for arrays near and far; said so, they agree
      x_[static_cast<std::size_t>(k * padded + j)] = static_cast<Real>(x * std::sqrt(log2_of_e) / length_scale);
      columns_[static_cast<std::size_t>(k * padded + j)] =
          static_cast<Real>(weight * std::fma(-x, inverse_square_, scores(j, k)));
    }
    half_square_[static_cast<std::size_t>(j)] = static_cast<Real>(0.5 * log2_of_e * squares * inverse_square_);
    columns_[static_cast<std::size_t>(d_ * padded + j)] = static_cast<Real>(weight);
  }
}

// values[q * chunk + p] = k(x_(i_q), particles of pack first_pack + p)
template <typename Real>
void SteinDirection<Real>::kernel_values(const std::int64_t* i, std::int64_t first_pack, int packs,
                                         Lanes* values) const {
  constexpr int together = 4, packs_together = register_bytes == 64 ? 4 : 2;
  const std::int64_t padded = packs_ * lanes;
  const auto pack = [](const Real* from) {
    Lanes v;
    std::memcpy(&v, from, sizeof v);
    return v;
  };
  // Some particles i with some packs j at a time, so that the loads of both are shared and the sums stay in registers.
  const auto some = [&](int p0, int q0, auto width) {
    constexpr int w = decltype(width)::value;
    Lanes exponent[together][w];
#pragma GCC unroll 8
    for (int q = 0; q < together; ++q)
#pragma GCC unroll 8
      for (int p = 0; p < w; ++p)
        exponent[q][p] = -pack(&half_square_[static_cast<std::size_t>((first_pack + p0 + p) * lanes)]) -
                         half_square_[static_cast<std::size_t>(i[q0 + q])];
    for (int k = 0; k < d_; ++k) {
      Lanes x[w];
#pragma GCC unroll 8
      for (int p = 0; p < w; ++p)
        x[p] = pack(&x_[static_cast<std::size_t>(k * padded + (first_pack + p0 + p) * lanes)]);
#pragma GCC unroll 8
      for (int q = 0; q < together; ++q) {
        const Real factor = x_[static_cast<std::size_t>(k * padded + i[q0 + q])];
#pragma GCC unroll 8
        for (int p = 0; p < w; ++p) exponent[q][p] += factor * x[p];
      }
    }
#pragma GCC unroll 8
    for (int q = 0; q < together; ++q)
#pragma GCC unroll 8
      for (int p = 0; p < w; ++p) values[(q0 + q) * chunk + p0 + p] = power_of_two<Real>(exponent[q][p]);
  };
  for (int q0 = 0; q0 < block; q0 += together) {
    int p0 = 0;
    for (; p0 + packs_together <= packs; p0 += packs_together)
      some(p0, q0, std::integral_constant<int, packs_together>());
    for (; p0 < packs; ++p0) some(p0, q0, std::integral_constant<int, 1>());
  }
}

// sums[q * (d + 1) + c] += sum over the packs of values_q column_c
template <typename Real>
void SteinDirection<Real>::add_products(const Lanes* values, std::int64_t first_pack, int packs, Lanes* sums) const {
  constexpr int tile = 4, widest = register_bytes == 64 ? 4 : 3;  // tile x widest sums stay in registers
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
    for (; c0 + widest <= columns; c0 += widest) some(q0, c0, std::integral_constant<int, widest>());
    if (columns - c0 == 3) some(q0, c0, std::integral_constant<int, 3>());
    if (columns - c0 == 2) some(q0, c0, std::integral_constant<int, 2>());
    if (columns - c0 == 1) some(q0, c0, std::integral_constant<int, 1>());
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
    const double kernel_sum = total(q, d_), scale = std::sqrt(inverse_square_ / log2_of_e);
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
