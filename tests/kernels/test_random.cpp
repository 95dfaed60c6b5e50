#include "kernels/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace aleator::kernels {
namespace {

using Four = std::array<std::uint32_t, 4>;

Batch normals(const Rng& rng, Stream stream, std::int64_t first_row, int rows, int columns) {
  Batch out("normals", rows, columns);
  rng.normals(stream, first_row, out);
  return out;
}

std::vector<double> values(const Batch& x) { return {x.data(), x.data() + x.size()}; }

double mean_power(const std::vector<double>& x, int power) {
  double sum = 0.0;
  for (const double value : x) sum += std::pow(value, power);
  return sum / static_cast<double>(x.size());
}

// sqrt(n) D_n, whose law is Kolmogorov's: above 1.95 with probability 0.001.
template <typename Cdf>
double kolmogorov_smirnov(std::vector<double> x, const Cdf& cdf) {
  std::sort(x.begin(), x.end());
  const double n = static_cast<double>(x.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double f = cdf(x[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return std::sqrt(n) * distance;
}

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

TEST(Philox, GivesThePublishedKnownAnswers) {
  // Random123 1.09, tests/kat_vectors, "philox4x32 10".
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}), (Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// The definition in plain arithmetic: key = SplitMix64's finaliser, counter = (row, column pair, step, high parts).
Four reference_words(std::uint64_t seed, Stream stream, std::int64_t row, std::uint32_t pair) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(stream.purpose);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  const auto low = [](std::int64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::int64_t x) { return static_cast<std::uint32_t>(x >> 32) & 0xFFFFu; };
  return philox4x32({low(row), pair, low(stream.step), high(stream.step) << 16 | high(row)},
                    {static_cast<std::uint32_t>(z), static_cast<std::uint32_t>(z >> 32)});
}

double low_52_bits(std::uint32_t a, std::uint32_t b) {
  return static_cast<double>((std::uint64_t{a} << 32 | b) & ((1ull << 52) - 1)) / 4503599627370496.0;
}

// The pair of columns 2 pair and 2 pair + 1, by the math library.
std::array<double, 2> reference_normals(std::uint64_t seed, Stream stream, std::int64_t row, std::uint32_t pair) {
  const Four c = reference_words(seed, stream, row, pair);
  const double radius = std::sqrt(-2.0 * std::log(1.0 - low_52_bits(c[0], c[1])));
  const double angle = 0.5 * M_PI * (low_52_bits(c[2], c[3]) - 0.5);
  const double cosine = (c[2] >> 31 & 1u) != 0 ? -std::cos(angle) : std::cos(angle), sine = std::sin(angle);
  if ((c[2] >> 30 & 1u) != 0) return {radius * sine, radius * cosine};
  return {radius * cosine, radius * sine};
}

TEST(Normals, AreThoseOfTheDefinitionWithTheMathLibrary) {
  const std::uint64_t seed = 0x123456789abcdef0ull;
  const Stream stream{Purpose::proposal, (std::int64_t{5} << 32) + 17};
  const std::int64_t first = (std::int64_t{3} << 32) - 100;  // across the boundary of two counter words
  const Batch x = normals(Rng(seed), stream, first, 500, 32);
  for (int row = 0; row < 500; ++row)
    for (int pair = 0; pair < 16; ++pair) {
      const auto expected = reference_normals(seed, stream, first + row, static_cast<std::uint32_t>(pair));
      // logarithm, root, cosine and product: four functions rounded to an ulp each
      for (int k = 0; k < 2; ++k)
        EXPECT_NEAR(x(row, 2 * pair + k), expected[static_cast<std::size_t>(k)],
                    4 * 2.3e-16 * std::hypot(expected[0], expected[1]));
    }
}

TEST(Normals, HaveTheMomentsOfTheNormalLaw) {
  const std::vector<double> x = values(normals(Rng(1), {Purpose::test}, 0, 20000, 50));
  const double n = static_cast<double>(x.size());
  // Variance of x^k: mu_2k - mu_k^2 with mu = 0, 1, 0, 3, 0, 15, 0, 105; four standard errors.
  EXPECT_NEAR(mean_power(x, 1), 0.0, 4 * std::sqrt(1.0 / n));
  EXPECT_NEAR(mean_power(x, 2), 1.0, 4 * std::sqrt(2.0 / n));
  EXPECT_NEAR(mean_power(x, 3), 0.0, 4 * std::sqrt(15.0 / n));
  EXPECT_NEAR(mean_power(x, 4), 3.0, 4 * std::sqrt(96.0 / n));
}

TEST(Normals, PassKolmogorovSmirnovInEveryColumnOfAChunk) {
  const Batch x = normals(Rng(2), {Purpose::test}, 0, 20000, 18);  // columns 16, 17 lie in the second chunk
  for (int k = 0; k < 18; ++k) {
    std::vector<double> column;
    for (int row = 0; row < 20000; ++row) column.push_back(x(row, k));
    EXPECT_LT(kolmogorov_smirnov(column, normal_distribution), 1.95) << "column " << k;
  }
}

TEST(Normals, ReachFarTails) {
  // 52-bit uniforms allow |x| up to 8.49; among 10^6 values the largest exceeds 4.2 except with probability 1e-6.
  const std::vector<double> x = values(normals(Rng(3), {Purpose::test}, 0, 10000, 100));
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  EXPECT_GT(*high, 4.2);
  EXPECT_LT(*low, -4.2);
  EXPECT_LT(*high, 8.5);
}

TEST(Normals, AreUncorrelatedBetweenColumnsRowsStepsAndPurposes) {
  const int n = 40000;
  const Rng rng(4);
  const Batch a = normals(rng, {Purpose::proposal, 7}, 0, n, 18);
  const Batch step = normals(rng, {Purpose::proposal, 8}, 0, n, 18),
              purpose = normals(rng, {Purpose::initial, 7}, 0, n, 18);
  const Batch seed = normals(Rng(5), {Purpose::proposal, 7}, 0, n, 18);
  // A sum of n products of independent normals has variance n; also the squares, which Box and Muller couple when wrong.
  const auto z_score = [n](const auto& x, const auto& y) {
    double sum = 0.0, squares = 0.0;
    for (int row = 0; row < n - 1; ++row) {
      sum += x(row) * y(row);
      squares += (x(row) * x(row) - 1.0) * (y(row) * y(row) - 1.0) / 2.0;
    }
    return std::max(std::abs(sum), std::abs(squares)) / std::sqrt(n);
  };
  const auto column = [](const Batch& x, int k, int shift = 0) { return [=](int row) { return x(row + shift, k); }; };
  for (int k = 0; k < 18; ++k) {
    for (int l = 0; l < k; ++l) EXPECT_LT(z_score(column(a, k), column(a, l)), 4.5) << k << " " << l;
    EXPECT_LT(z_score(column(a, k), column(a, k, 1)), 4.5) << "rows, column " << k;
    EXPECT_LT(z_score(column(a, k), column(step, k)), 4.5) << "steps, column " << k;
    EXPECT_LT(z_score(column(a, k), column(purpose, k)), 4.5) << "purposes, column " << k;
    EXPECT_LT(z_score(column(a, k), column(seed, k)), 4.5) << "seeds, column " << k;
  }
}

TEST(Normals, OfARowDoNotDependOnTheSplitOfRowsOrTheNumberOfColumns) {
  const Rng rng(6);
  const Stream stream{Purpose::proposal, 123};
  const Batch whole = normals(rng, stream, 0, 23, 37);
  for (const int first : {0, 1, 8, 22}) {
    const Batch part = normals(rng, stream, first, 23 - first, 37);
    EXPECT_EQ(std::memcmp(part.data(), &whole(first, 0), part.size() * sizeof(double)), 0) << first;
  }
  for (const int columns : {1, 15, 16, 17, 33}) {
    const Batch narrow = normals(rng, stream, 0, 23, columns);
    for (int row = 0; row < 23; ++row)
      EXPECT_EQ(std::memcmp(&narrow(row, 0), &whole(row, 0), static_cast<std::size_t>(columns) * sizeof(double)), 0);
  }
}

TEST(Normals, OfManyRowsByThreadsAreThoseOfEachRowAlone) {
  const Rng rng(9);
  const Stream stream{Purpose::test, 3};
  for (const int columns : {1, 2, 3, 7, 16, 63, 200}) {  // more pairs than a call of one thread treats
    const int rows = 9000 / columns;
    const Batch whole = normals(rng, stream, 5, rows, columns);
    for (const int row : {0, 1, rows / 2, rows - 2, rows - 1}) {
      const Batch alone = normals(rng, stream, 5 + row, 1, columns);
      EXPECT_EQ(std::memcmp(alone.data(), &whole(row, 0), alone.size() * sizeof(double)), 0) << columns << " " << row;
    }
  }
}

TEST(Normals, AroundAPointAreThoseAloneScaledAndMoved) {
  for (const auto& [rows, columns] : {std::pair(1, 5), std::pair(1, 7001), std::pair(700, 13), std::pair(40, 256)}) {
    const Batch x("x", rows, columns), xi("xi", rows, columns), out("out", rows, columns);
    const Rng rng(7);
    rng.normals({Purpose::acceptance, 1}, 0, x);
    rng.normals({Purpose::proposal, 3}, 11, xi);
    rng.normals_around({Purpose::proposal, 3}, 11, 0.75, x, -0.5, out);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) ASSERT_EQ(out(r, c), std::fma(0.75, x(r, c), -0.5 * xi(r, c)));
  }
}

TEST(Normals, HaveTheSameBitsOnEveryMachine) {
  // FNV-1a of the bits; recorded from builds for plain x86-64 (std::fma), AVX, AVX2 with FMA and AVX-512, -O0 and -O3.
  const std::vector<double> x =
      values(normals(Rng(2026), {Purpose::test, (std::int64_t{3} << 32) + 1}, 12345, 1000, 17));
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const double value : x) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001b3ull;
  }
  EXPECT_EQ(hash, 0x755e0201d12e4385ull);
}

// Anderson and Darling's statistic weighs the tails: above 3.88 with probability 0.01, above 6 with probability 0.001.
TEST(Normals, PassAndersonDarling) {
  std::vector<double> x = values(normals(Rng(10), {Purpose::test}, 0, 10000, 20));
  std::sort(x.begin(), x.end());
  const std::size_t n = x.size();
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    sum += (2.0 * static_cast<double>(i) + 1.0) *
           (std::log(normal_distribution(x[i])) + std::log(normal_distribution(-x[n - 1 - i])));
  EXPECT_LT(-static_cast<double>(n) - sum / static_cast<double>(n), 6.0);
}

TEST(Normals, HaveTheTailsOfTheNormalLaw) {
  // Counts beyond c among n values are Poisson: P(|x| > c) n = 2700 for c = 3, 63 for c = 4; four standard errors.
  const std::vector<double> x = values(normals(Rng(11), {Purpose::test}, 0, 20000, 50));
  for (const double c : {1.0, 2.0, 3.0, 4.0}) {
    const double p = std::erfc(c / std::sqrt(2.0)), n = static_cast<double>(x.size());
    const auto count = std::count_if(x.begin(), x.end(), [c](double value) { return std::abs(value) > c; });
    EXPECT_NEAR(static_cast<double>(count), n * p, 4.0 * std::sqrt(n * p * (1.0 - p))) << c;
  }
}

// A pair is isotropic: each of 64 equal sectors of the angle gets the same number; chi^2 with 63 degrees of freedom is
// below 63 + 4 sqrt(126) except with probability 3e-4.
TEST(Normals, HavePairsWithUniformAngles) {
  const Batch x = normals(Rng(12), {Purpose::test}, 0, 64000, 2);
  std::vector<int> counts(64, 0);
  for (int row = 0; row < 64000; ++row)
    ++counts[static_cast<std::size_t>((std::atan2(x(row, 1), x(row, 0)) / M_PI + 1.0) * 31.999999)];
  double chi_squared = 0.0;
  for (const int count : counts) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi_squared, 63.0 + 4.0 * std::sqrt(126.0));
}

TEST(Normals, NeverRepeatAcrossSeedsPurposesStepsRowsAndColumns) {
  std::set<double> seen;
  std::size_t count = 0;
  const auto add = [&](std::uint64_t seed, Purpose purpose, std::int64_t step, std::int64_t row) {
    for (const double value : values(normals(Rng(seed), {purpose, step}, row, 2, 35))) seen.insert(value), ++count;
  };
  const std::int64_t high = std::int64_t{1} << 32;  // beyond one counter word
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63})
    for (const Purpose purpose :
         {Purpose::initial, Purpose::proposal, Purpose::observation_noise, Purpose::prior_sample})
      for (const std::int64_t step : {std::int64_t{0}, std::int64_t{1}, high, high + 1})
        for (const std::int64_t row : {std::int64_t{0}, std::int64_t{2}, high, 3 * high}) add(seed, purpose, step, row);
  EXPECT_EQ(seen.size(), count);  // 13,440 values of 53 bits: a chance collision has probability 1e-8
}

TEST(Uniform, LiesInTheHalfOpenIntervalAndIsUniform) {
  const Rng rng(7);
  std::vector<double> u;
  for (int row = 0; row < 50000; ++row) u.push_back(rng.uniform({Purpose::acceptance, 3}, row));
  EXPECT_GT(*std::min_element(u.begin(), u.end()), 0.0);
  EXPECT_LE(*std::max_element(u.begin(), u.end()), 1.0);
  EXPECT_LT(kolmogorov_smirnov(u, [](double x) { return x; }), 1.95);
}

TEST(Uniform, OfManyRowsIsThatOfEachRow) {
  const Stream stream{Purpose::acceptance, (std::int64_t{7} << 32) + 3};
  const std::int64_t first = (std::int64_t{1} << 32) - 20;
  for (const int rows : {1, 7, 8, 33, 100}) {
    const Vector u("u", rows);
    Rng(13).uniforms(stream, first, 4, u);
    for (int row = 0; row < rows; ++row) EXPECT_EQ(u(row), Rng(13).uniform(stream, first + row, 4));
  }
}

TEST(Uniform, DiffersForEveryArgumentAndFromTheNormalsOfTheSameStream) {
  const std::int64_t high = std::int64_t{1} << 32;
  std::set<double> seen;
  std::size_t count = 0;
  for (const Purpose purpose : {Purpose::acceptance, Purpose::resampling})
    for (const std::int64_t step : {std::int64_t{0}, std::int64_t{1}, high})
      for (const std::int64_t row : {std::int64_t{0}, std::int64_t{1}, high})
        for (const std::uint32_t column : {0u, 1u, 2u})
          seen.insert(Rng(8).uniform({purpose, step}, row, column)), ++count;
  EXPECT_EQ(seen.size(), count);
  // Box and Muller of a row's first counter would give radius sqrt(-2 ln u) if uniform() used the same counter.
  const Batch x = normals(Rng(8), {Purpose::acceptance}, 0, 1, 2);
  EXPECT_GT(
      std::abs(std::hypot(x(0, 0), x(0, 1)) - std::sqrt(-2.0 * std::log(Rng(8).uniform({Purpose::acceptance}, 0)))),
      1e-6);
}

}  // namespace
}  // namespace aleator::kernels
