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

// 2^x for x <= 0 to about one unit in the last place: x = n + r, and the polynomial of r with the least largest relative error
// there (Remez): 3e-18 in double, 7e-8 in float. With AVX-512 n = floor(x), for which it has instructions; else n is the
// nearest whole number, which adding 1.5 * 2^mantissa leaves in the lowest bits.
template <typename Real>
struct PowerOfTwo;

template <>
struct PowerOfTwo<double> {
  using Bits = std::int64_t;
  static constexpr double round = 6755399441055744.0, least = -1021.0;
  static constexpr int mantissa = 52, degree = 11;
#if defined(__AVX512DQ__)
  static constexpr double coefficients[degree + 1] = {1.0,
                                                      0x1.62e42fefa39f8p-1,
                                                      0x1.ebfbdff82bf15p-3,
                                                      0x1.c6b08d7069587p-5,
                                                      0x1.3b2ab6f6c95e3p-7,
                                                      0x1.5d87ff5b36e18p-10,
                                                      0x1.4308f8ee143d9p-13,
                                                      0x1.ffcfe8141b202p-17,
                                                      0x1.628e03ba9183ap-20,
                                                      0x1.b86cf384f6704p-24,
                                                      0x1.c26b3ad5d9616p-28,
                                                      0x1.58d4aad091141p-31};
#else
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
#endif
};

template <>
struct PowerOfTwo<float> {
  using Bits = std::int32_t;
  static constexpr float round = 12582912.0F, least = -125.0F;
  static constexpr int mantissa = 23, degree = 5;
#if defined(__AVX512DQ__)
  static constexpr float coefficients[degree + 1] = {0x1.fffffep-1F, 0x1.62e4f6p-1F, 0x1.ebd5a8p-3F,
                                                     0x1.c95446p-5F, 0x1.26901p-7F,  0x1.ec3202p-10F};
#else
  static constexpr float coefficients[degree + 1] = {0x1.000002p+0F, 0x1.62e428p-1F, 0x1.ebf918p-3F,
                                                     0x1.c6b6e6p-5F, 0x1.3d0c52p-7F, 0x1.5c08ep-10F};
#endif
};

// max(x, low); GCC makes two instructions of the comparison.
template <typename Real, typename Lanes>
inline __attribute__((always_inline)) Lanes at_least(Lanes x, Real low) {
#if defined(__AVX512DQ__)
  if constexpr (std::is_same_v<Real, double>)
    return reinterpret_cast<Lanes>(_mm512_maskz_max_pd(0xFF, reinterpret_cast<__m512d>(x), _mm512_set1_pd(low)));
  else
    return reinterpret_cast<Lanes>(_mm512_maskz_max_ps(0xFFFF, reinterpret_cast<__m512>(x), _mm512_set1_ps(low)));
#elif defined(__AVX__)
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
inline __attribute__((always_inline)) Lanes polynomial(Lanes r) {
  using E = PowerOfTwo<Real>;
  Lanes p = Lanes{} + E::coefficients[E::degree];
#pragma GCC unroll 16
  for (int i = E::degree - 1; i >= 0; --i) p = p * r + E::coefficients[i];
  return p;
}

template <typename Real, typename Lanes>
inline __attribute__((always_inline)) Lanes power_of_two(Lanes x) {
  using E = PowerOfTwo<Real>;
  x = at_least<Real>(x, E::least);
#if defined(__AVX512DQ__)
  constexpr int less_floor = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  if constexpr (std::is_same_v<Real, double>) {
    const auto argument = reinterpret_cast<__m512d>(x);
    const auto p = polynomial<Real>(reinterpret_cast<Lanes>(_mm512_reduce_pd(argument, less_floor)));
    return reinterpret_cast<Lanes>(
        _mm512_maskz_scalef_pd(0xFF, reinterpret_cast<__m512d>(p), argument));  // p 2^floor(x)
  } else {
    const auto argument = reinterpret_cast<__m512>(x);
    const auto p = polynomial<Real>(reinterpret_cast<Lanes>(_mm512_reduce_ps(argument, less_floor)));
    return reinterpret_cast<Lanes>(_mm512_maskz_scalef_ps(0xFFFF, reinterpret_cast<__m512>(p), argument));
  }
#else
  using Bits [[gnu::vector_size(sizeof(Lanes))]] = typename E::Bits;
  const Lanes shifted = x + E::round;
  Lanes p = polynomial<Real>(x - (shifted - E::round));
  Bits scale;
  std::memcpy(&scale, &shifted, sizeof scale);
  Bits result;
  std::memcpy(&result, &p, sizeof result);
  result += scale << E::mantissa;  // p 2^n
  std::memcpy(&p, &result, sizeof p);
  return p;
#endif
}

constexpr double log2_of_e = 1.4426950408889634;

template <typename Lanes, typename Real>
inline __attribute__((always_inline)) Lanes pack(const Real* from) {
  Lanes v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

}  // namespace

// What a thread works in.
template <typename Real>
struct SteinDirection<Real>::Scratch {
  explicit Scratch(int columns)
      : of_rows(static_cast<std::size_t>(block) * columns),
        of_lanes(static_cast<std::size_t>(packs_of_block) * columns) {}
  static void clear(std::vector<Cell>& cells) { std::fill(cells.begin(), cells.end(), Cell{}); }
  std::vector<Cell> of_rows;   // a block's sums, (particle x column), a lane for every lane-th j
  std::vector<Cell> of_lanes;  // another block's sums, (column x pack)
};

template <typename Real>
SteinDirection<Real>::SteinDirection(const ConstBatch& positions, const ConstBatch& scores, double length_scale,
                                     const std::vector<double>& weights)
    : n_(static_cast<std::int64_t>(positions.extent(0))),
      d_(static_cast<int>(positions.extent(1))),
      inverse_square_(1.0 / (length_scale * length_scale)),
      centre_(positions.extent(1), 0.0) {
  constexpr int together = std::max(lanes, tile);
  padded_ = (n_ + together - 1) / together * together;
  blocks_ = (padded_ + block - 1) / block;
  x_.assign(static_cast<std::size_t>(padded_ * d_), Real(0));
  half_square_.assign(static_cast<std::size_t>(padded_), Real(0));
  columns_.assign(static_cast<std::size_t>(padded_ * (d_ + 1)), Real(0));
  for (std::int64_t j = 0; j < n_; ++j)
    for (int k = 0; k < d_; ++k) centre_[k] += positions(j, k) / static_cast<double>(n_);
  for (std::int64_t j = 0; j < n_; ++j) {
    const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(j)];
    double squares = 0.0;
    for (int k = 0; k < d_; ++k) {
      const double x = positions(j, k) - centre_[k];
      squares =
          std::fma(x, x, squares);  // GCC has two versions of this loop, for arrays near and far; said so, they agree
      x_[static_cast<std::size_t>(k * padded_ + j)] = static_cast<Real>(x * std::sqrt(log2_of_e) / length_scale);
      columns_[static_cast<std::size_t>(k * padded_ + j)] =
          static_cast<Real>(weight * std::fma(-x, inverse_square_, scores(j, k)));
    }
    half_square_[static_cast<std::size_t>(j)] = static_cast<Real>(0.5 * log2_of_e * squares * inverse_square_);
    columns_[static_cast<std::size_t>(d_ * padded_ + j)] = static_cast<Real>(weight);
  }
}

template <typename Real>
int SteinDirection<Real>::packs_in(std::int64_t block_index) const {
  return static_cast<int>(std::min<std::int64_t>(block, padded_ - block_index * block) / lanes);
}

// values[q * packs_of_block + p] = k(x_(first_row + q), particles of pack first_pack + p)
template <typename Real>
void SteinDirection<Real>::kernel_values(std::int64_t first_row, std::int64_t first_pack, int packs,
                                         Lanes* values) const {
  constexpr int together = 4, packs_together = register_bytes == 64 ? 4 : 2;
  // Some particles i with some packs j at a time, so that the loads of both are shared and the sums stay in registers.
  const auto some = [&](int p0, int q0, auto width) {
    constexpr int w = decltype(width)::value;
    const Real* const row = &x_[static_cast<std::size_t>(first_row + q0)];
    const Real* const lane = &x_[static_cast<std::size_t>((first_pack + p0) * lanes)];
    Lanes exponent[together][w];
#pragma GCC unroll 8
    for (int q = 0; q < together; ++q)
#pragma GCC unroll 8
      for (int p = 0; p < w; ++p)
        exponent[q][p] = -pack<Lanes>(&half_square_[static_cast<std::size_t>((first_pack + p0 + p) * lanes)]) -
                         half_square_[static_cast<std::size_t>(first_row + q0 + q)];
    for (int k = 0; k < d_; ++k) {
      Lanes x[w];
#pragma GCC unroll 8
      for (int p = 0; p < w; ++p) x[p] = pack<Lanes>(lane + k * padded_ + p * lanes);
#pragma GCC unroll 8
      for (int q = 0; q < together; ++q) {
        const Real factor = row[k * padded_ + q];
#pragma GCC unroll 8
        for (int p = 0; p < w; ++p) exponent[q][p] += factor * x[p];
      }
    }
#pragma GCC unroll 8
    for (int q = 0; q < together; ++q)
#pragma GCC unroll 8
      for (int p = 0; p < w; ++p) values[(q0 + q) * packs_of_block + p0 + p] = power_of_two<Real>(exponent[q][p]);
  };
  for (int q0 = 0; q0 < tile; q0 += together) {
    int p0 = 0;
    for (; p0 + packs_together <= packs; p0 += packs_together)
      some(p0, q0, std::integral_constant<int, packs_together>());
    for (; p0 < packs; ++p0) some(p0, q0, std::integral_constant<int, 1>());
  }
}

// sums[q * (d + 1) + c] += sum over the packs of values_q column_c
template <typename Real>
void SteinDirection<Real>::add_to_rows(const Lanes* values, std::int64_t first_pack, int packs, Lanes* sums) const {
  constexpr int rows = 4, widest = register_bytes == 64 ? 4 : 3;  // rows x widest sums stay in registers
  const int columns = d_ + 1;
  const auto some = [&](int q0, int c0, auto width) {
    constexpr int w = decltype(width)::value;
    const Real* const from = &columns_[static_cast<std::size_t>(c0 * padded_ + first_pack * lanes)];
    Lanes sum[rows][w];
#pragma GCC unroll 4
    for (int q = 0; q < rows; ++q)
#pragma GCC unroll 4
      for (int c = 0; c < w; ++c) sum[q][c] = sums[(q0 + q) * columns + c0 + c];
    for (int p = 0; p < packs; ++p) {
      Lanes column[w];
#pragma GCC unroll 4
      for (int c = 0; c < w; ++c) column[c] = pack<Lanes>(from + c * padded_ + p * lanes);
#pragma GCC unroll 4
      for (int q = 0; q < rows; ++q) {
        const Lanes value = values[(q0 + q) * packs_of_block + p];
#pragma GCC unroll 4
        for (int c = 0; c < w; ++c) sum[q][c] += value * column[c];
      }
    }
#pragma GCC unroll 4
    for (int q = 0; q < rows; ++q)
#pragma GCC unroll 4
      for (int c = 0; c < w; ++c) sums[(q0 + q) * columns + c0 + c] = sum[q][c];
  };
  for (int q0 = 0; q0 < tile; q0 += rows) {
    int c0 = 0;
    for (; c0 + widest <= columns; c0 += widest) some(q0, c0, std::integral_constant<int, widest>());
    if (columns - c0 == 3) some(q0, c0, std::integral_constant<int, 3>());
    if (columns - c0 == 2) some(q0, c0, std::integral_constant<int, 2>());
    if (columns - c0 == 1) some(q0, c0, std::integral_constant<int, 1>());
  }
}

// sums[c * packs_of_block + p] += sum over q of values_q(p) column_c(first_row + q)
template <typename Real>
void SteinDirection<Real>::add_to_lanes(const Lanes* values, std::int64_t first_row, int packs, Lanes* sums) const {
  const auto some = [&](int p0, auto width) {
    constexpr int w = decltype(width)::value;
    Lanes value[tile][w];
#pragma GCC unroll 8
    for (int q = 0; q < tile; ++q)
#pragma GCC unroll 2
      for (int p = 0; p < w; ++p) value[q][p] = values[q * packs_of_block + p0 + p];
    for (int c = 0; c <= d_; ++c) {
      const Real* const column = &columns_[static_cast<std::size_t>(c * padded_ + first_row)];
      Lanes* const to = sums + c * packs_of_block + p0;
      Lanes sum[w];
#pragma GCC unroll 2
      for (int p = 0; p < w; ++p) sum[p] = to[p];
#pragma GCC unroll 8
      for (int q = 0; q < tile; ++q)
#pragma GCC unroll 2
        for (int p = 0; p < w; ++p) sum[p] += column[q] * value[q][p];
#pragma GCC unroll 2
      for (int p = 0; p < w; ++p) to[p] = sum[p];
    }
  };
  constexpr int packs_together = register_bytes == 64 ? 2 : 1;
  int p = 0;
  for (; p + packs_together <= packs; p += packs_together) some(p, std::integral_constant<int, packs_together>());
  for (; p < packs; ++p) some(p, std::integral_constant<int, 1>());
}

// The values of two blocks, to the sums of one, of the other, or of both.
template <typename Real>
void SteinDirection<Real>::add_pair(std::int64_t home, std::int64_t other, Scratch& scratch, bool to_home,
                                    bool to_other) const {
  alignas(64) Lanes values[tile * packs_of_block];
  const int rows = packs_in(home) * lanes, packs = packs_in(other);
  const std::int64_t first_row = home * block, first_pack = other * packs_of_block;
  if (to_other) Scratch::clear(scratch.of_lanes);
  for (int q = 0; q < rows; q += tile) {
    kernel_values(first_row + q, first_pack, packs, values);
    if (to_home) add_to_rows(values, first_pack, packs, &scratch.of_rows[static_cast<std::size_t>(q) * (d_ + 1)].value);
    if (to_other) add_to_lanes(values, first_row + q, packs, &scratch.of_lanes[0].value);
  }
}

// The part of the sums, (d + 1) x padded, that the pairs of a group's blocks make, where they are asked for.
template <typename Real>
void SteinDirection<Real>::add_group(int group, const std::vector<bool>& is_asked, Scratch& scratch,
                                     double* sums) const {
  const int columns = d_ + 1;
  for (std::int64_t home = group; home < blocks_; home += groups) {
    if (is_asked[home]) Scratch::clear(scratch.of_rows);
    for (std::int64_t away = 0; 2 * away <= blocks_; ++away) {
      const std::int64_t other = (home + away) % blocks_;
      if (2 * away == blocks_ && other < home) continue;  // across the ring the pair is met from both sides
      const bool to_other = away > 0 && is_asked[other];
      if (!is_asked[home] && !to_other) continue;
      add_pair(home, other, scratch, is_asked[home], to_other);
      if (!to_other) continue;
      for (int c = 0; c < columns; ++c) {
        double* const to = sums + c * padded_ + other * block;
        for (int p = 0; p < packs_in(other); ++p)
          for (int lane = 0; lane < lanes; ++lane)
            to[p * lanes + lane] += static_cast<double>(scratch.of_lanes[c * packs_of_block + p].value[lane]);
      }
    }
    if (!is_asked[home]) continue;
    for (int q = 0; q < packs_in(home) * lanes; ++q)
      for (int c = 0; c < columns; ++c) {
        const Lanes& by_lanes = scratch.of_rows[static_cast<std::size_t>(q) * columns + c].value;
        double sum = 0.0;
        for (int lane = 0; lane < lanes; ++lane) sum += static_cast<double>(by_lanes[lane]);
        sums[c * padded_ + home * block + q] += sum;
      }
  }
  leave_vector_code();
}

// sum_j k_ij column_j, (d + 1) x padded, for the blocks asked for. As many groups as there are threads at a time, added in
// their order.
template <typename Real>
std::vector<double> SteinDirection<Real>::sums_of(const std::vector<bool>& is_asked) const {
  const std::size_t size = columns_.size();
  const int used = static_cast<int>(std::min<std::int64_t>(groups, blocks_)),
            together = std::min(used, static_cast<int>(HostExec().concurrency()));
  std::vector<double> total(size, 0.0);
  std::vector<std::vector<double>> parts(together);
  for (int first = 0; first < used; first += together) {
    const int count = std::min(together, used - first);
    Kokkos::parallel_for("stein", Kokkos::RangePolicy<HostExec>(0, count), [&](int part) {
      Scratch scratch(d_ + 1);
      parts[part].assign(size, 0.0);
      add_group(first + part, is_asked, scratch, parts[part].data());
    });
    Kokkos::parallel_for("stein_sums", Kokkos::RangePolicy<HostExec>(0, d_ + 1), [&](std::int64_t c) {
      for (int part = 0; part < count; ++part)
        for (std::int64_t j = c * padded_; j < (c + 1) * padded_; ++j) total[j] += parts[part][j];
    });
  }
  return total;
}

template <typename Real>
void SteinDirection<Real>::apply(std::int64_t first, const Batch& out) const {
  const auto rows = static_cast<std::int64_t>(out.extent(0));
  if (rows == 0) return;
  std::vector<bool> is_asked(static_cast<std::size_t>(blocks_), false);
  for (std::int64_t b = first / block; b <= (first + rows - 1) / block; ++b) is_asked[b] = true;
  const std::vector<double> sums = sums_of(is_asked);
  const double scale = std::sqrt(inverse_square_ / log2_of_e);
  for (std::int64_t row = 0; row < rows; ++row)
    for (int k = 0; k < d_; ++k) {
      const std::int64_t i = first + row, at = k * padded_ + i;
      out(row, k) = (sums[at] + scale * static_cast<double>(x_[at]) * sums[d_ * padded_ + i]) / static_cast<double>(n_);
    }
}

template class SteinDirection<double>;
template class SteinDirection<float>;

}  // namespace aleator::kernels
