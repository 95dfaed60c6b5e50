#pragma once
/// What      Elementary functions of vectors of doubles, for numbers that must have the same bits on every machine.
/// Method    polynomials (Chebyshev fits, relative error below 3e-17 with rounded coefficients) in a fixed order of fused
///           multiply-adds, IEEE division and square root: what one lane computes is what std::fma would compute, whatever the
///           width of the registers. No call of libm or libmvec, whose bits depend on the machine.
/// Parallel  every operation is vertical: a lane never sees another.
/// Cost      -log: 10 fused operations and a division; cosine and sine together: 17; exp: 16. A bundle of four vectors in step
///           hides the latencies. Without fused multiply-add in hardware (a build for plain x86-64) each costs a call: the
///           same bits, ten times slower.
/// Fails     -
#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "kernels/unaligned.hpp"
#if defined(__AVX__)
#include <immintrin.h>
#endif

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors pass between the functions of one build only

namespace aleator::kernels {

// As many lanes as the registers of the machine built for have: wider ones are taken apart badly by GCC 12 (twenty times slower).
#if defined(__AVX512F__)
constexpr int vector_lanes = 8;
#else
constexpr int vector_lanes = 4;
#endif
using Doubles [[gnu::vector_size(8 * vector_lanes)]] = double;
using Words [[gnu::vector_size(8 * vector_lanes)]] = std::uint64_t;

constexpr Words broadcast(std::uint64_t word) { return Words{} + word; }

/// a b + c with one rounding.
inline Doubles fused(Doubles a, Doubles b, Doubles c) {
#if defined(__AVX512F__)
  return reinterpret_cast<Doubles>(
      _mm512_fmadd_pd(reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b), reinterpret_cast<__m512d>(c)));
#elif defined(__FMA__)
  return reinterpret_cast<Doubles>(
      _mm256_fmadd_pd(reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b), reinterpret_cast<__m256d>(c)));
#else
  for (int l = 0; l < vector_lanes; ++l) c[l] = std::fma(a[l], b[l], c[l]);
  return c;
#endif
}

// Masked by all ones: GCC 12 warns of the unmasked intrinsics' own placeholder.
inline Doubles square_root(Doubles x) {
#if defined(__AVX512F__)
  return reinterpret_cast<Doubles>(_mm512_maskz_sqrt_pd(0xFF, reinterpret_cast<__m512d>(x)));
#elif defined(__AVX__)
  return reinterpret_cast<Doubles>(_mm256_sqrt_pd(reinterpret_cast<__m256d>(x)));
#else
  for (int l = 0; l < vector_lanes; ++l) x[l] = std::sqrt(x[l]);
  return x;
#endif
}

/// Product of the low 32 bits of each lane with a 32-bit factor.
inline Words low_product(Words a, std::uint64_t factor) {
#if defined(__AVX512F__)
  return reinterpret_cast<Words>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(broadcast(factor))));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(broadcast(factor))));
#else
  return (a & 0xFFFFFFFFull) * factor;
#endif
}

/// a ^ b ^ c, one instruction with AVX-512.
inline Words exclusive_or(Words a, Words b, std::uint64_t c) {
#if defined(__AVX512F__)
  constexpr int odd_parity = 0x96;
  return reinterpret_cast<Words>(_mm512_ternarylogic_epi64(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b),
                                                           reinterpret_cast<__m512i>(broadcast(c)), odd_parity));
#else
  return a ^ b ^ c;
#endif
}

// The same for a single word.
inline std::uint64_t exclusive_or(std::uint64_t a, std::uint64_t b, std::uint64_t c) { return a ^ b ^ c; }
inline std::uint64_t low_product(std::uint64_t a, std::uint64_t factor) { return (a & 0xFFFFFFFFull) * factor; }

/// Four vectors treated in step: even where registers run out the hidden latencies outweigh the spills.
template <typename V>
struct Bundle {
  static constexpr int size = 4;
  V v[size];
};

namespace detail {
template <typename V>
V part(const Bundle<V>& bundle, int i) {
  return bundle.v[i];
}
template <typename T>
T part(const T& same_for_all, int) {
  return same_for_all;
}
}  // namespace detail

/// f of each vector; arguments that are no bundles are the same for all.
template <typename F, typename V, typename... Others>
auto each(const F& f, const Bundle<V>& first, const Others&... others) {
  Bundle<decltype(f(first.v[0], detail::part(others, 0)...))> result;
  for (int i = 0; i < Bundle<V>::size; ++i) result.v[i] = f(first.v[i], detail::part(others, i)...);
  return result;
}

template <typename V, typename W>
Bundle<V> operator+(const Bundle<V>& a, const W& b) {
  return each([](const V& x, const auto& y) { return x + y; }, a, b);
}
template <typename V, typename W>
Bundle<V> operator-(const Bundle<V>& a, const W& b) {
  return each([](const V& x, const auto& y) { return x - y; }, a, b);
}
template <typename V>
Bundle<V> operator*(const Bundle<V>& a, const Bundle<V>& b) {
  return each([](const V& x, const V& y) { return x * y; }, a, b);
}
template <typename V>
Bundle<V> operator/(const Bundle<V>& a, const Bundle<V>& b) {
  return each([](const V& x, const V& y) { return x / y; }, a, b);
}
template <typename W>
Bundle<Words> operator&(const Bundle<Words>& a, const W& b) {
  return each([](const Words& x, const auto& y) { return x & y; }, a, b);
}
template <typename W>
Bundle<Words> operator|(const Bundle<Words>& a, const W& b) {
  return each([](const Words& x, const auto& y) { return x | y; }, a, b);
}
template <typename W>
Bundle<Words> operator^(const Bundle<Words>& a, const W& b) {
  return each([](const Words& x, const auto& y) { return x ^ y; }, a, b);
}
inline Bundle<Words> operator>>(const Bundle<Words>& a, int bits) {
  return each([bits](const Words& x) { return x >> bits; }, a);
}
inline Bundle<Words> operator<<(const Bundle<Words>& a, int bits) {
  return each([bits](const Words& x) { return x << bits; }, a);
}

using ManyDoubles = Bundle<Doubles>;
using ManyWords = Bundle<Words>;

inline ManyDoubles load(const double* from) {
  ManyDoubles x;
  for (int i = 0; i < ManyDoubles::size; ++i) x.v[i] = load_vector<vector_lanes>(from + i * vector_lanes);
  return x;
}
inline void store(const ManyDoubles& x, double* to) {
  for (int i = 0; i < ManyDoubles::size; ++i) store_vector<vector_lanes>(x.v[i], to + i * vector_lanes);
}

inline ManyWords as_words(const ManyDoubles& x) {
  return each([](const Doubles& d) { return reinterpret_cast<Words>(d); }, x);
}
inline ManyDoubles as_doubles(const ManyWords& x) {
  return each([](const Words& w) { return reinterpret_cast<Doubles>(w); }, x);
}
inline ManyDoubles fused(const ManyDoubles& a, const ManyDoubles& b, double c) {
  return each([c](const Doubles& x, const Doubles& y) { return fused(x, y, Doubles{} + c); }, a, b);
}
/// a where any bit of `mask` is set in `bits`, else b.
inline Doubles select(const Words& bits, std::uint64_t mask, const Doubles& a, const Doubles& b) {
#if defined(__AVX512F__)  // GCC 12 makes three instructions more of the line below
  const __mmask8 is_set =
      _mm512_test_epi64_mask(reinterpret_cast<__m512i>(bits), reinterpret_cast<__m512i>(broadcast(mask)));
  return reinterpret_cast<Doubles>(
      _mm512_mask_blend_pd(is_set, reinterpret_cast<__m512d>(b), reinterpret_cast<__m512d>(a)));
#else
  return (bits & mask) != 0 ? a : b;
#endif
}
inline ManyDoubles select(const ManyWords& bits, std::uint64_t mask, const ManyDoubles& a, const ManyDoubles& b) {
  return each([mask](const Words& w, const Doubles& x, const Doubles& y) { return select(w, mask, x, y); }, bits, a, b);
}
inline ManyWords low_product(const ManyWords& a, std::uint64_t factor) {
  return each([factor](const Words& w) { return low_product(w, factor); }, a);
}
inline ManyWords exclusive_or(const ManyWords& a, const ManyWords& b, std::uint64_t c) {
  return each([c](const Words& x, const Words& y) { return exclusive_or(x, y, c); }, a, b);
}
inline ManyDoubles square_root(const ManyDoubles& x) {
  return each([](const Doubles& d) { return square_root(d); }, x);
}

/// Numbers in [1, 2) with the low 52 bits of the words as their fractions.
inline ManyDoubles one_to_two(const ManyWords& bits) {
  return as_doubles((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
}

/// -4 artanh s for |s| <= 0.1716, that is -2 log m of m = (1 + s) / (1 - s) between sqrt(1/2) and sqrt(2).
inline ManyDoubles minus_four_artanh(const ManyDoubles& s) {
  const ManyDoubles z = s * s;
  ManyDoubles p = each(
      [](const Doubles& x) { return fused(x, Doubles{} - 0.2961942072131055, Doubles{} - 0.3062505629672838); }, z);
  for (const double coefficient :
       {-0.36367263360458657, -0.44444394113452096, -0.5714285752128336, -0.7999999999860468, -1.333333333333353, -4.0})
    p = fused(p, z, coefficient);
  return s * p;
}

/// -2 log u for normal u > 0: u = m 2^e, m in [sqrt(1/2), sqrt(2)), log m = 2 artanh s, s = (m - 1) / (m + 1).
inline ManyDoubles minus_two_log(const ManyDoubles& u) {
  constexpr std::uint64_t root_half = 0x3FE6A09E667F3BCDull, one = 0x3FF0000000000000ull, fraction = (1ull << 52) - 1;
  const ManyWords shifted = as_words(u) + (one - root_half);
  const ManyDoubles m = as_doubles((shifted & fraction) + root_half);
  // e + 1023 in the low bits of the double 2^52
  const ManyDoubles e = as_doubles((shifted >> 52) | 0x4330000000000000ull) - (4503599627370496.0 + 1023.0);
  return each([](const Doubles& a, const Doubles& b) { return fused(a, Doubles{} - 1.3862943611198906, b); }, e,
              minus_four_artanh((m - 1.0) / (m + 1.0)));
}

/// exp(x) of any x: x = k log 2 + r, |r| <= log(2) / 2, Taylor's polynomial of degree 13 in r (remainder below 5e-18), and 2^k in
/// two halves, since the result may overflow or be subnormal.
inline Doubles exponential(const Doubles& any) {
  const Doubles above = any < -746.0 ? Doubles{} - 746.0 : any, x = above > 710.0 ? Doubles{} + 710.0 : above;
  constexpr double shift =
      6755399441055744.0;  // 1.5 2^52: what is added to it is rounded to an integer, in its low bits
  const Doubles k = fused(x, Doubles{} + 1.4426950408889634, Doubles{} + shift) - shift;
  const Doubles r = fused(k, Doubles{} - 2.319046813846299616e-17,
                          fused(k, Doubles{} - 0.693147180559945286, x));  // log 2 in two parts
  Doubles p = Doubles{} + 1.0 / 6227020800.0;
  for (const double factorial :
       {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0})
    p = fused(p, r, Doubles{} + 1.0 / factorial);
  const auto power_of_two = [](const Doubles& shifted) {
    return reinterpret_cast<Doubles>((reinterpret_cast<Words>(shifted) + 1023ull) << 52);
  };
  const Doubles half = fused(k, Doubles{} + 0.5, Doubles{} + shift);
  return p * power_of_two(half) * power_of_two((k - (half - shift)) + shift);
}
inline ManyDoubles exponential(const ManyDoubles& x) {
  return each([](const Doubles& d) { return exponential(d); }, x);
}

struct CosineSine {
  ManyDoubles cosine, sine;
};

/// cos and sin of pi w / 2 for |w| <= 1/2, that is |angle| <= pi / 4.
inline CosineSine quarter_turn(const ManyDoubles& w) {
  const ManyDoubles z = w * w;
  ManyDoubles s = each(
      [](const Doubles& x) { return fused(x, Doubles{} + 5.633933781537854e-08, Doubles{} - 3.59864335298231e-06); },
      z);
  ManyDoubles c = each(
      [](const Doubles& x) { return fused(x, Doubles{} - 6.321256869628588e-09, Doubles{} + 4.710609726757823e-07); },
      z);
  for (const double coefficient :
       {0.0001604411507421909, -0.004681754132340976, 0.07969262624604301, -0.6459640975062443, 1.5707963267948966})
    s = fused(s, z, coefficient);
  for (const double coefficient : {-2.520203677046026e-05, 0.0009192602741831558, -0.02086348076331121,
                                   0.2536695079010467, -1.2337005501361697, 1.0})
    c = fused(c, z, coefficient);
  return {c, s * w};
}

}  // namespace aleator::kernels
