#include "kernels/random.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::kernels {
namespace {

constexpr int lanes = 8;
constexpr int numbers_per_call = 2 * lanes;
using Doubles [[gnu::vector_size(8 * lanes)]] = double;
using Words [[gnu::vector_size(8 * lanes)]] = std::uint64_t;

constexpr std::uint64_t low_word = 0xFFFFFFFFull;
constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
constexpr std::uint64_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
constexpr int rounds = 10;

// One algorithm for single words and for eight lanes; every word is held in the low half of a 64-bit lane.
template <typename Word>
void philox_rounds(Word (&c)[4], std::uint64_t key_0, std::uint64_t key_1) {
  for (int round = 0; round < rounds; ++round) {
    const Word product_0 = c[0] * multiplier_0, product_1 = c[2] * multiplier_1;
    const Word next_0 = (product_1 >> 32) ^ c[1] ^ key_0, next_2 = (product_0 >> 32) ^ c[3] ^ key_1;
    c[1] = product_1 & low_word;
    c[3] = product_0 & low_word;
    c[0] = next_0;
    c[2] = next_2;
    key_0 = (key_0 + weyl_0) & low_word;
    key_1 = (key_1 + weyl_1) & low_word;
  }
}

struct Key {
  std::uint64_t word_0, word_1;
};

// SplitMix64's finaliser: seeds that differ in one bit give unrelated keys, for each purpose.
Key mixed_key(std::uint64_t seed, Purpose purpose) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(purpose);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return {z & low_word, z >> 32};
}

// Counter words: (row, column pair, step, high parts of step and row).
std::uint64_t high_parts(std::int64_t step, std::int64_t row) {
  return ((static_cast<std::uint64_t>(step) >> 32) & 0xFFFF) << 16 | ((static_cast<std::uint64_t>(row) >> 32) & 0xFFFF);
}

// log of x in (0, 1], by x = m 2^e with m in [sqrt(1/2), sqrt(2)) and log m = 2 artanh((m - 1) / (m + 1)).
Doubles log_unit(Doubles x) {
  const Words bits = reinterpret_cast<Words>(x);
  const Words shifted = bits - 0x3FE6A09E667F3BCDull;  // sqrt(1/2)
  using Signed [[gnu::vector_size(8 * lanes)]] = std::int64_t;
  const Signed exponent = reinterpret_cast<Signed>(shifted) >> 52;
  const Doubles m = reinterpret_cast<Doubles>(bits - (reinterpret_cast<Words>(exponent) << 52));
  const Doubles s = (m - 1.0) / (m + 1.0), s2 = s * s;
  Doubles series = s2 * (1.0 / 21) + 1.0 / 19;
  series = series * s2 + 1.0 / 17;
  series = series * s2 + 1.0 / 15;
  series = series * s2 + 1.0 / 13;
  series = series * s2 + 1.0 / 11;
  series = series * s2 + 1.0 / 9;
  series = series * s2 + 1.0 / 7;
  series = series * s2 + 1.0 / 5;
  series = series * s2 + 1.0 / 3;
  return __builtin_convertvector(exponent, Doubles) * 0.693147180559945309417 + (s + s) * (series * s2 + 1.0);
}

struct SineCosine {
  Doubles sine, cosine;
};

// sin and cos of 2 pi u for u in [0, 1]: octant reduction, then Taylor series on |a| <= pi / 4.
SineCosine turn(Doubles u) {
  const Doubles shifted = u * 4.0 + 0.5;
  const Words quadrant = __builtin_convertvector(shifted, Words);
  const Doubles a = (u - __builtin_convertvector(quadrant, Doubles) * 0.25) * 6.283185307179586476925;
  const Doubles z = a * a;
  Doubles s = z * (-1.0 / 1307674368000.0) + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  s = s * z - 1.0 / 6.0;
  s = (s * z + 1.0) * a;
  Doubles c = z * (1.0 / 20922789888000.0) - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  c = c * z - 0.5;
  c = c * z + 1.0;
  const auto swapped = (quadrant & 1ull) != 0;
  const Doubles sine = swapped ? c : s, cosine = swapped ? s : c;
  return {(quadrant & 2ull) != 0 ? -sine : sine, ((quadrant + 1ull) & 2ull) != 0 ? -cosine : cosine};
}

// Sixteen normals of one row, columns 16 chunk ... 16 chunk + 15.
void sixteen_normals(Key key, std::int64_t step, std::int64_t row, std::uint64_t chunk, double* out) {
  Words c[4];
  const Words lane = {0, 1, 2, 3, 4, 5, 6, 7};
  c[0] = lane * 0ull + (static_cast<std::uint64_t>(row) & low_word);
  c[1] = lane + chunk * lanes;
  c[2] = lane * 0ull + (static_cast<std::uint64_t>(step) & low_word);
  c[3] = lane * 0ull + high_parts(step, row);
  philox_rounds(c, key.word_0, key.word_1);
  constexpr double unit = 1.0 / 9007199254740992.0;  // 2^-53
  const Words first = ((c[0] << 21) ^ (c[1] >> 11)) & ((1ull << 53) - 1);
  const Words second = ((c[2] << 21) ^ (c[3] >> 11)) & ((1ull << 53) - 1);
  const Doubles u = (__builtin_convertvector(first, Doubles) + 1.0) * unit;
  const Doubles v = __builtin_convertvector(second, Doubles) * unit;
  const Doubles energy = -2.0 * log_unit(u);
  Doubles radius;
  for (int l = 0; l < lanes; ++l) radius[l] = std::sqrt(energy[l]);
  const SineCosine angle = turn(v);
  const Doubles x = radius * angle.cosine, y = radius * angle.sine;
  for (int l = 0; l < lanes; ++l) {
    out[l] = x[l];
    out[lanes + l] = y[l];
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  std::uint64_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  philox_rounds(c, key[0], key[1]);
  return {static_cast<std::uint32_t>(c[0]), static_cast<std::uint32_t>(c[1]), static_cast<std::uint32_t>(c[2]),
          static_cast<std::uint32_t>(c[3])};
}

void Rng::row_of_normals(Stream stream, std::int64_t row, double* out, int columns) const {
  const Key key = mixed_key(seed_, stream.purpose);
  double buffer[numbers_per_call];
  for (int column = 0; column < columns; column += numbers_per_call) {
    const std::uint64_t chunk = static_cast<std::uint64_t>(column / numbers_per_call);
    sixteen_normals(key, stream.step, row, chunk, buffer);
    std::copy_n(buffer, std::min(numbers_per_call, columns - column), out + column);
  }
}

void Rng::normals(Stream stream, std::int64_t first_row, Batch out) const {
  const int rows = static_cast<int>(out.extent(0)), columns = static_cast<int>(out.extent(1));
  Kokkos::parallel_for("normals", Kokkos::RangePolicy<HostExec>(0, rows), [=, *this](int row) {
    if (columns > 0) row_of_normals(stream, first_row + row, &out(row, 0), columns);
  });
}

double Rng::uniform(Stream stream, std::int64_t row, std::uint32_t column) const {
  const Key key = mixed_key(seed_, stream.purpose);
  std::uint64_t c[4] = {static_cast<std::uint64_t>(row) & low_word, column | 0x80000000ull,
                        static_cast<std::uint64_t>(stream.step) & low_word, high_parts(stream.step, row)};
  philox_rounds(c, key.word_0, key.word_1);
  return (static_cast<double>(c[0] << 21 ^ c[1] >> 11) + 1.0) / 9007199254740992.0;
}

}  // namespace aleator::kernels
