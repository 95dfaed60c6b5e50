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
std::array<double, 2> reference_normals(std::uint64_t seed, Stream stream, std::int64_t row, int chunk, int lane) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(stream.purpose);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  const auto low = [](std::int64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::int64_t x) { return static_cast<std::uint32_t>(x >> 32) & 0xFFFFu; };
  const Four c = philox4x32(
      {low(row), static_cast<std::uint32_t>(8 * chunk + lane), low(stream.step), high(stream.step) << 16 | high(row)},
      {static_cast<std::uint32_t>(z), static_cast<std::uint32_t>(z >> 32)});
  const auto bits = [](std::uint64_t a, std::uint64_t b) { return static_cast<double>(a << 21 | b >> 11); };
  const double u = (bits(c[0], c[1]) + 1.0) / 9007199254740992.0, v = bits(c[2], c[3]) / 9007199254740992.0;
  const double radius = std::sqrt(-2.0 * std::log(u));
  return {radius * std::cos(2.0 * M_PI * v), radius * std::sin(2.0 * M_PI * v)};
}

TEST(Normals, AreThoseOfTheDefinitionWithTheMathLibrary) {
  const std::uint64_t seed = 0x123456789abcdef0ull;
  const Stream stream{Purpose::proposal, (std::int64_t{5} << 32) + 17};
  const std::int64_t first = (std::int64_t{3} << 32) + 100;
  const Batch x = normals(Rng(seed), stream, first, 500, 32);
  for (int row = 0; row < 500; ++row)
    for (int chunk = 0; chunk < 2; ++chunk)
      for (int lane = 0; lane < 8; ++lane) {
        const std::array<double, 2> expected = reference_normals(seed, stream, first + row, chunk, lane);
        EXPECT_NEAR(x(row, 16 * chunk + lane), expected[0], 1e-14);  // some ten roundings of numbers below 8.6
        EXPECT_NEAR(x(row, 16 * chunk + 8 + lane), expected[1], 1e-14);
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
  // 53-bit uniforms allow |x| up to 8.57; among 10^6 values the largest exceeds 4.2 except with probability 1e-6.
  const std::vector<double> x = values(normals(Rng(3), {Purpose::test}, 0, 10000, 100));
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  EXPECT_GT(*high, 4.2);
  EXPECT_LT(*low, -4.2);
  EXPECT_LT(*high, 8.6);
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
  const Batch x = normals(Rng(8), {Purpose::acceptance}, 0, 1, 9);
  EXPECT_GT(
      std::abs(std::hypot(x(0, 0), x(0, 8)) - std::sqrt(-2.0 * std::log(Rng(8).uniform({Purpose::acceptance}, 0)))),
      1e-6);
}

}  // namespace
}  // namespace aleator::kernels
