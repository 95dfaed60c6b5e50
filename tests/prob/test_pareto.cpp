// The shape of a tail that is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/random.hpp"
#include "prob/pareto.hpp"

namespace aleator::prob {
namespace {

double uniform(std::int64_t i, int stream) { return kernels::Rng(5).uniform({kernels::Purpose::test, stream}, i); }

TEST(Pareto, FindsTheShapeOfItsOwnLaw) {
  // Quantile of the law: sigma ((1 - p)^-k - 1) / k. Its standard error with n draws is (1 + k) / sqrt(n) (Smith 1987), and the
  // prior pulls by 10 / n (0.5 - k).
  constexpr int n = 4000;
  for (const double k : {-0.3, 0.2, 0.7, 1.2}) {
    std::vector<double> x;
    for (int i = 0; i < n; ++i) x.push_back(2.0 * std::expm1(-k * std::log(uniform(i, 1))) / k);
    std::sort(x.begin(), x.end());
    const GeneralisedPareto fit = fit_pareto(x);
    EXPECT_NEAR(fit.k, k, 3.0 * (1.0 + k) / std::sqrt(n) + 10.0 / n) << k;
    EXPECT_NEAR(fit.sigma, 2.0, 0.2) << k;
  }
}

TEST(Pareto, TellsGoodWeightsFromBadOnes) {
  // Weights u^-k have the tail of shape k.
  for (const double k : {0.3, 1.0}) {
    std::vector<double> log_weights;
    for (int i = 0; i < 20000; ++i) log_weights.push_back(-k * std::log(uniform(i, 2)));
    const double before = *std::max_element(log_weights.begin(), log_weights.end());
    EXPECT_NEAR(smooth_weights(log_weights), k, 0.15) << k;
    EXPECT_LE(*std::max_element(log_weights.begin(), log_weights.end()),
              before);  // never larger than the largest raw one
  }
}

TEST(Pareto, SmoothingKeepsOrderAndAllButTheTail) {
  std::vector<double> raw;
  for (int i = 0; i < 1000; ++i) raw.push_back(-0.5 * std::log(uniform(i, 3)));
  std::vector<double> smooth = raw;
  smooth_weights(smooth);
  int changed = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    changed += raw[i] != smooth[i] ? 1 : 0;
    for (std::size_t j = 0; j < i; j += 37) EXPECT_EQ(raw[i] < raw[j], smooth[i] < smooth[j]);
  }
  EXPECT_NEAR(changed, std::floor(3.0 * std::sqrt(1000.0)), 1.0);
}

TEST(Pareto, TheHeavierTailOfDrawsSaysWhetherTheirMeanExists) {
  // u^-k to the left has the tail k, the normal to the right none; the law is not that of the tail alone.
  for (const double k : {0.4, 1.0}) {
    std::vector<double> x;
    for (int i = 0; i < 20000; ++i) x.push_back(i % 2 == 0 ? -std::pow(uniform(i, 4), -k) : 3.0 * uniform(i, 5));
    EXPECT_NEAR(tail_shape(x), k, 0.2) << k;
  }
  std::vector<double> tied;  // copies at the threshold: exponential beyond them, k = 0
  for (int i = 0; i < 4000; ++i)
    tied.push_back(i < 3900 ? std::min(uniform(i, 6), 0.5) : 0.5 - std::log(uniform(i, 7)));
  EXPECT_LT(tail_shape(tied), 0.5);
  EXPECT_TRUE(std::isnan(tail_shape(std::vector<double>(24, 1.0))));
}

TEST(Pareto, TooFewWeightsSayNothing) {
  std::vector<double> few(20, 0.0);
  few[3] = 5.0;
  EXPECT_TRUE(std::isinf(smooth_weights(few)));
}

}  // namespace
}  // namespace aleator::prob
