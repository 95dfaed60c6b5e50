#include "sampler/proposal_scale.hpp"

#include <gtest/gtest.h>

#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Row;

Ensemble ensemble_of(int members, int d, double offset, double size) {
  Ensemble e;
  e.layout = parallel::RowLayout(members, 0, 1);
  e.position = Batch("position", members, d);
  test::serial(21).rng.normals({kernels::Purpose::test}, 0, e.position);
  for (int row = 0; row < members; ++row)
    for (int k = 0; k < d; ++k)
      e.position(row, k) = offset + size * (e.position(row, k) + (k > 0 ? 0.8 * e.position(row, k - 1) : 0.0));
  return e;
}

// Covariance with divisor n, of all members of all ensembles.
math::Matrix covariance_of(const std::vector<Ensemble>& ensembles, int d) {
  Row mean(static_cast<std::size_t>(d), 0.0);
  double n = 0.0;
  for (const Ensemble& e : ensembles)
    for (int row = 0; row < e.rows(); ++row, ++n)
      for (int k = 0; k < d; ++k) mean[static_cast<std::size_t>(k)] += e.position(row, k);
  math::Matrix c(d, d);
  for (const Ensemble& e : ensembles)
    for (int row = 0; row < e.rows(); ++row)
      for (int i = 0; i < d; ++i)
        for (int j = 0; j < d; ++j)
          c(i, j) += (e.position(row, i) - mean[static_cast<std::size_t>(i)] / n) *
                     (e.position(row, j) - mean[static_cast<std::size_t>(j)] / n) / n;
  return c;
}

TEST(PooledMoments, FactorIsThatOfTheShrunkCovarianceOfAllMembersSeen) {
  const int d = 3;
  std::vector<Ensemble> seen{ensemble_of(50, d, 2.0, 1.0), ensemble_of(70, d, 2.5, 0.5)};
  PooledMoments moments;
  moments.reset(d);
  for (const Ensemble& e : seen) moments.observe(e, test::serial(1));
  math::Matrix expected = covariance_of(seen, d);
  const double n = 120.0;
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j)
      if (i != j) expected(i, j) *= n / (n + 5.0);
  math::Matrix lower(d, d);
  lower.a = moments.factor();
  const math::Matrix product = math::multiply_transposed(lower, lower);
  for (std::size_t i = 0; i < product.a.size(); ++i) EXPECT_NEAR(product.a[i], expected.a[i], 1e-13);
}

TEST(PooledMoments, OfVeryManyMembersASixteenthStandsForAll) {
  // 65536 members, 4096 of them seen: variances to sqrt(2 / 4096) = 2.2 %; five of those.
  const int d = 2, members = 65536;
  const std::vector<Ensemble> seen{ensemble_of(members, d, 2.0, 1.0)};
  PooledMoments moments;
  moments.reset(d);
  moments.observe(seen[0], test::serial(1));
  EXPECT_EQ(moments.count, 4096.0);
  math::Matrix lower(d, d);
  lower.a = moments.factor();
  const math::Matrix product = math::multiply_transposed(lower, lower), expected = covariance_of(seen, d);
  for (int k = 0; k < d; ++k) EXPECT_NEAR(product(k, k) / expected(k, k), 1.0, 0.11);
}

TEST(PooledMoments, ANarrowEnsembleFarFromTheOriginKeepsItsDigits) {
  // Mean 10^3, sd 10^-3: squares about the origin would lose 12 of 16 digits.
  const int d = 2, members = 4000;
  const std::vector<Ensemble> seen{ensemble_of(members, d, 1e3, 1e-3)};
  PooledMoments moments;
  moments.reset(d);
  moments.observe(seen[0], test::serial(1));
  math::Matrix lower(d, d);
  lower.a = moments.factor();
  const math::Matrix product = math::multiply_transposed(lower, lower), expected = covariance_of(seen, d);
  const double weight = members / (members + 5.0);
  EXPECT_NEAR(product(0, 0) / expected(0, 0), 1.0, 1e-6);
  EXPECT_NEAR(product(1, 0) / weight / expected(1, 0), 1.0, 1e-6);
}

TEST(PooledMoments, TooFewMembersGiveNoFactorAndResetForgets) {
  PooledMoments moments;
  moments.reset(4);
  EXPECT_TRUE(moments.factor().empty());
  moments.observe(ensemble_of(7, 4, 0.0, 1.0), test::serial(1));
  EXPECT_TRUE(moments.factor().empty());                                  // 7 < 2 x 4
  const std::vector<double> deviations = moments.factor_or_deviations();  // but their widths are known
  ASSERT_EQ(deviations.size(), 16u);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) EXPECT_EQ(deviations[static_cast<std::size_t>(4 * i + j)] > 0.0, i == j);
  moments.observe(ensemble_of(7, 4, 0.0, 1.0), test::serial(1));
  EXPECT_EQ(moments.factor().size(), 16u);
  EXPECT_EQ(moments.factor_or_deviations(), moments.factor());
  moments.reset(4);
  EXPECT_TRUE(moments.factor().empty());
}

TEST(PooledMoments, MembersAllAtOnePlaceTellNoShape) {
  PooledMoments moments;
  moments.reset(2);
  moments.observe(ensemble_of(10, 2, 1.0, 0.0), test::serial(1));
  EXPECT_TRUE(moments.factor().empty());
}

}  // namespace
}  // namespace aleator::sampler
