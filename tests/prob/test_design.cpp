// Space-filling rows: every stratum of every coordinate holds its share of them, exactly.
#include "prob/design.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/error.hpp"
#include "math/special.hpp"

namespace aleator::prob {
namespace {

kernels::Batch rows_of(const Design& design, std::int64_t first, int rows, int d) {
  const kernels::Batch z("z", rows, d);
  design.rows(first, z);
  return z;
}

TEST(Design, EveryStratumOfEveryCoordinateHoldsOneRow) {
  const int n = 64, d = 5;
  for (const DesignKind kind : {DesignKind::latin_hypercube, DesignKind::sobol}) {
    const kernels::Batch z = rows_of(Design(kind, n, d, kernels::Rng(3)), 0, n, d);
    for (int k = 0; k < d; ++k) {
      std::set<int> strata;
      for (int row = 0; row < n; ++row) strata.insert(static_cast<int>(n * math::normal_cdf(z(row, k))));
      EXPECT_EQ(strata.size(), 64u) << k;
    }
  }
}

TEST(Design, SobolPointsAreANetInTheirFirstTwoCoordinates) {
  // A (0, 6, 2)-net in base 2: each of the boxes of 2^-a x 2^-(6-a) holds one of 64 points. A digital shift keeps that.
  const kernels::Batch z = rows_of(Design(DesignKind::sobol, 64, 2, kernels::Rng(5)), 0, 64, 2);
  for (int a = 0; a <= 6; ++a) {
    std::set<std::pair<int, int>> boxes;
    for (int row = 0; row < 64; ++row)
      boxes.insert({static_cast<int>(std::ldexp(math::normal_cdf(z(row, 0)), a)),
                    static_cast<int>(std::ldexp(math::normal_cdf(z(row, 1)), 6 - a))});
    EXPECT_EQ(boxes.size(), 64u) << a;
  }
}

TEST(Design, ARowDependsOnItsNumberAlone) {
  for (const DesignKind kind : {DesignKind::random, DesignKind::latin_hypercube, DesignKind::sobol}) {
    const Design design(kind, 40, 3, kernels::Rng(7));
    const kernels::Batch all = rows_of(design, 0, 40, 3), some = rows_of(design, 17, 5, 3);
    for (int row = 0; row < 5; ++row)
      for (int k = 0; k < 3; ++k) EXPECT_EQ(some(row, k), all(17 + row, k));
    EXPECT_NE(all(0, 0), rows_of(Design(kind, 40, 3, kernels::Rng(8)), 0, 1, 3)(0, 0));
  }
}

TEST(Design, AMeanOfASmoothFunctionComesWithAFractionOfTheErrorOfRandomRows) {
  // f = prod (1 + (u_k - 1/2) / 2), mean 1, sd 0.146 d^(1/2): of 1024 random rows 9e-3, of Sobol' points less than a tenth of it,
  // of a Latin hypercube, which removes what is additive, less than a third.
  const int n = 1024, d = 4;
  const auto error = [&](DesignKind kind) {
    const kernels::Batch z = rows_of(Design(kind, n, d, kernels::Rng(11)), 0, n, d);
    double sum = 0.0;
    for (int row = 0; row < n; ++row) {
      double f = 1.0;
      for (int k = 0; k < d; ++k) f *= 1.0 + 0.5 * (math::normal_cdf(z(row, k)) - 0.5);
      sum += f;
    }
    return std::abs(sum / n - 1.0);
  };
  EXPECT_LT(error(DesignKind::sobol), 9e-4);
  EXPECT_LT(error(DesignKind::latin_hypercube), 3e-3);
}

TEST(Design, RefusesMoreCoordinatesThanThereAreDirectionNumbers) {
  EXPECT_THROW(Design(DesignKind::sobol, 8, Design::most_sobol_dimensions + 1, kernels::Rng(1)), core::UserError);
  EXPECT_NO_THROW(Design(DesignKind::sobol, 8, Design::most_sobol_dimensions, kernels::Rng(1)));
}

}  // namespace
}  // namespace aleator::prob
