#include "kernels/random.hpp"

#include <algorithm>

#include "kernels/random_panels.hpp"
#include "kernels/triangular.hpp"
#include "kernels/vector_math.hpp"

namespace aleator::kernels {
namespace {

constexpr std::uint64_t low_word = 0xFFFFFFFFull;
constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
constexpr std::uint64_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
constexpr int rounds = 10;
constexpr std::uint64_t uniform_bit = 0x80000000ull;  // of the second counter word: normals never have it

struct KeySchedule {
  std::uint64_t word[rounds][2];

  KeySchedule(std::uint64_t key_0, std::uint64_t key_1) {
    for (auto& round : word) {
      round[0] = key_0, round[1] = key_1;
      key_0 = (key_0 + weyl_0) & low_word;
      key_1 = (key_1 + weyl_1) & low_word;
    }
  }
};

// SplitMix64's finaliser: seeds that differ in one bit give unrelated keys, for each purpose.
KeySchedule key_schedule(std::uint64_t seed, Purpose purpose) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(purpose);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return {z & low_word, z >> 32};
}

// One algorithm for single words and for eight lanes. Words stand in the low halves of 64 bits; the high halves are not
// cleaned between the rounds, since a product reads low halves only.
template <typename Word>
void philox_rounds(Word (&c)[4], const KeySchedule& key) {
  for (const auto& round : key.word) {
    const Word product_0 = low_product(c[0], multiplier_0), product_1 = low_product(c[2], multiplier_1);
    c[0] = exclusive_or(product_1 >> 32, c[1], round[0]);
    c[2] = exclusive_or(product_0 >> 32, c[3], round[1]);
    c[1] = product_1;
    c[3] = product_0;
  }
}

// 64 random bits from two counter words.
template <typename Word>
Word joined(Word high, Word low) {
  return (high << 32) | (low & low_word);
}

// Counter words: (row, column pair, step, high parts of step and row).
std::uint64_t high_of_step(std::int64_t step) { return ((static_cast<std::uint64_t>(step) >> 32) & 0xFFFF) << 16; }

template <typename Word>
void set_counter(Word (&c)[4], const Word& row, const Word& column, std::int64_t step) {
  c[0] = row;
  c[1] = column;
  c[2] = (row & 0ull) | (static_cast<std::uint64_t>(step) & low_word);
  c[3] = ((row >> 32) & 0xFFFFull) | high_of_step(step);
}

// Uniform on (0, 1] from the low 52 bits.
inline ManyDoubles unit_interval(const ManyWords& bits) {
  return each([](const Doubles& x) { return 2.0 - x; }, one_to_two(bits));
}

// Box and Muller: x = r cos a, y = r sin a with r^2 = -2 log u. The angle is one of a quarter turn, |a| <= pi / 4, with
// cosine and sine exchanged and the cosine's sign changed by one random bit each.
struct Pairs {
  ManyDoubles x, y;
};
constexpr int pairs_at_once = vector_lanes * ManyDoubles::size;

inline Pairs normal_pairs(const KeySchedule& key, const ManyWords& row, const ManyWords& pair, std::int64_t step) {
  ManyWords c[4];
  set_counter(c, row, pair, step);
  philox_rounds(c, key);
  const ManyWords first = joined(c[0], c[1]), second = joined(c[2], c[3]);
  const ManyDoubles radius = square_root(minus_two_log(unit_interval(first)));
  const CosineSine turn = quarter_turn(one_to_two(second) - 1.5);
  constexpr std::uint64_t sign = 1ull << 63, exchange = 1ull << 62;
  const ManyDoubles cosine = as_doubles(as_words(turn.cosine) ^ (second & sign));
  return {radius * select(second, exchange, turn.sine, cosine), radius * select(second, exchange, cosine, turn.sine)};
}

using SignedWords [[gnu::vector_size(8 * vector_lanes)]] = std::int64_t;

// Where normals go: pair p of row r has columns 2 p and 2 p + 1; a task is one pair, rows one after the other.
struct Target {
  double* data;
  std::int64_t columns, pairs, first_row, step;
};

// Tasks of an even number of columns: numbers one after the other.
inline void store_contiguous(const Target& to, std::int64_t task, const Pairs& n) {
  for (int i = 0; i < ManyDoubles::size; ++i) {
    double* const at = to.data + 2 * (task + i * vector_lanes);
#if defined(__AVX512F__)
    const Doubles low = __builtin_shuffle(n.x.v[i], n.y.v[i], Words{0, 8, 1, 9, 2, 10, 3, 11}),
                  high = __builtin_shuffle(n.x.v[i], n.y.v[i], Words{4, 12, 5, 13, 6, 14, 7, 15});
#else
    const Doubles low = __builtin_shuffle(n.x.v[i], n.y.v[i], Words{0, 4, 1, 5}),
                  high = __builtin_shuffle(n.x.v[i], n.y.v[i], Words{2, 6, 3, 7});
#endif
    store_vector<vector_lanes>(low, at);
    store_vector<vector_lanes>(high, at + vector_lanes);
  }
}

void store_each(const Target& to, std::int64_t task, std::int64_t count, const Pairs& n) {
  double x[pairs_at_once], y[pairs_at_once];
  store(n.x, x);
  store(n.y, y);
  std::int64_t pair = task % to.pairs;
  double* row = to.data + task / to.pairs * to.columns;
  for (int i = 0; i < count; ++i) {
    row[2 * pair] = x[i];
    if (2 * pair + 1 < to.columns) row[2 * pair + 1] = y[i];
    if (++pair == to.pairs) pair = 0, row += to.columns;
  }
}

template <bool is_contiguous>  // flatten: everything inlined, the bundles in registers
[[gnu::flatten]] void fill(const KeySchedule& key, const Target& to, std::int64_t begin, std::int64_t end) {
  ManyWords row, pair;
  for (int i = 0; i < pairs_at_once; ++i) {
    row.v[i / vector_lanes][i % vector_lanes] = static_cast<std::uint64_t>(to.first_row + (begin + i) / to.pairs);
    pair.v[i / vector_lanes][i % vector_lanes] = static_cast<std::uint64_t>((begin + i) % to.pairs);
  }
  const std::uint64_t pairs = static_cast<std::uint64_t>(to.pairs), whole = pairs_at_once / pairs,
                      rest = pairs_at_once % pairs;
  const auto next = [&] {
    const Pairs n = normal_pairs(key, row, pair, to.step);
    for (int i = 0; i < ManyWords::size; ++i) {
      pair.v[i] += rest;
      // -1 where true; signed, for AVX2 has no comparison of unsigned words
      const Words wraps =
          reinterpret_cast<Words>(reinterpret_cast<SignedWords>(pair.v[i]) >= static_cast<std::int64_t>(pairs));
      pair.v[i] -= wraps & pairs;
      row.v[i] += whole - wraps;
    }
    return n;
  };
  std::int64_t task = begin;
  if constexpr (is_contiguous)
    for (; task + pairs_at_once <= end; task += pairs_at_once) store_contiguous(to, task, next());
  for (; task < end; task += pairs_at_once)
    store_each(to, task, std::min<std::int64_t>(pairs_at_once, end - task), next());
  leave_vector_code();
}

// The same pairs with a row in each lane.
[[gnu::flatten]] void fill_panels(const KeySchedule& key, const Target& to) {
  constexpr int vectors = tile_rows / vector_lanes;
  ManyWords row;
  for (int i = 0; i < pairs_at_once; ++i)
    row.v[i / vector_lanes][i % vector_lanes] = static_cast<std::uint64_t>(to.first_row + i);
  for (std::int64_t pair = 0; pair < to.pairs; ++pair) {
    const Pairs n = normal_pairs(key, row, (row & 0ull) | static_cast<std::uint64_t>(pair), to.step);
    for (int i = 0; i < ManyDoubles::size; ++i) {
      double* const at = to.data + (i / vectors * to.columns + 2 * pair) * tile_rows + i % vectors * vector_lanes;
      store_vector<vector_lanes>(n.x.v[i], at);
      store_vector<vector_lanes>(n.y.v[i], at + tile_rows);
    }
  }
  leave_vector_code();
}

[[gnu::flatten]] void fill_uniforms(const KeySchedule& key, const Target& to, std::uint64_t column, std::int64_t rows) {
  ManyWords row;
  for (int i = 0; i < pairs_at_once; ++i)
    row.v[i / vector_lanes][i % vector_lanes] = static_cast<std::uint64_t>(to.first_row + i);
  for (std::int64_t first = 0; first < rows; first += pairs_at_once) {
    ManyWords c[4];
    set_counter(c, row, (row & 0ull) | (column | uniform_bit), to.step);
    philox_rounds(c, key);
    const ManyDoubles u = unit_interval(joined(c[0], c[1]));
    if (first + pairs_at_once <= rows) {
      store(u, to.data + first);
    } else {
      double rest[pairs_at_once];
      store(u, rest);
      std::copy_n(rest, rows - first, to.data + first);
    }
    row = row + static_cast<std::uint64_t>(pairs_at_once);
  }
  leave_vector_code();
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  std::uint64_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  philox_rounds(c, KeySchedule(key[0], key[1]));
  return {static_cast<std::uint32_t>(c[0]), static_cast<std::uint32_t>(c[1]), static_cast<std::uint32_t>(c[2]),
          static_cast<std::uint32_t>(c[3])};
}

void Rng::row_of_normals(Stream stream, std::int64_t row, double* out, int columns) const {
  const std::int64_t pairs = (columns + 1) / 2;
  if (columns <= 0) return;
  const Target to{out, columns, pairs, row, stream.step};
  (columns % 2 == 0 ? fill<true> : fill<false>)(key_schedule(seed_, stream.purpose), to, 0, pairs);
}

// The normals of out, block by block; after(first entry, past the last) while a block is in the first cache.
template <typename Block>
void Rng::fill_blocks(Stream stream, std::int64_t first_row, const Batch& out, const Block& after) const {
  const std::int64_t columns = static_cast<std::int64_t>(out.extent(1)), pairs = (columns + 1) / 2,
                     tasks = static_cast<std::int64_t>(out.extent(0)) * pairs;
  if (tasks == 0) return;
  const KeySchedule key = key_schedule(seed_, stream.purpose);
  const Target to{out.data(), columns, pairs, first_row, stream.step};
  const auto work = 2 * pairs == columns ? fill<true> : fill<false>;
  const auto entry = [=](std::int64_t task) { return task / pairs * columns + 2 * (task % pairs); };
  constexpr std::int64_t block = 1024;  // pairs: three microseconds, so that few numbers need no threads
  const auto do_block = [=](std::int64_t b) {
    const std::int64_t end = std::min(tasks, (b + 1) * block);
    work(key, to, b * block, end);
    after(entry(b * block), entry(end));
  };
  const std::int64_t blocks = (tasks + block - 1) / block;
  if (blocks <= 2)
    for (std::int64_t b = 0; b < blocks; ++b) do_block(b);
  else
    Kokkos::parallel_for("normals", Kokkos::RangePolicy<HostExec>(0, blocks), do_block);
}

void Rng::normals(Stream stream, std::int64_t first_row, Batch out) const {
  fill_blocks(stream, first_row, out, [](std::int64_t, std::int64_t) {});
}

void Rng::normals_around(Stream stream, std::int64_t first_row, double kept, const ConstBatch& x, double scale,
                         const Batch& out) const {
  const double* const from = x.data();
  double* const to = out.data();
  fill_blocks(stream, first_row, out, [=](std::int64_t first, std::int64_t end) {
    for (std::int64_t i = first; i < end; ++i) to[i] = std::fma(kept, from[i], scale * to[i]);
  });
}

const int panel_rows = pairs_at_once;

void panels_of_normals(const Rng& rng, Stream stream, std::int64_t first_row, int columns, double* out) {
  fill_panels(key_schedule(rng.seed(), stream.purpose), {out, columns, columns / 2, first_row, stream.step});
}

void Rng::uniforms(Stream stream, std::int64_t first_row, std::uint32_t column, Vector out) const {
  const std::int64_t rows = static_cast<std::int64_t>(out.extent(0));
  fill_uniforms(key_schedule(seed_, stream.purpose), {out.data(), 1, 1, first_row, stream.step}, column, rows);
}

double Rng::uniform(Stream stream, std::int64_t row, std::uint32_t column) const {
  std::uint64_t c[4];
  set_counter<std::uint64_t>(c, static_cast<std::uint64_t>(row), column | uniform_bit, stream.step);
  philox_rounds(c, key_schedule(seed_, stream.purpose));
  return 1.0 -
         static_cast<double>(joined(c[0], c[1]) & ((1ull << 52) - 1)) / 4503599627370496.0;  // 2 - (1 + bits 2^-52)
}

}  // namespace aleator::kernels
