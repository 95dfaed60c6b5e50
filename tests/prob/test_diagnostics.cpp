#include "prob/diagnostics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "math/special.hpp"
#include "prob/autocovariance.hpp"

namespace aleator::prob {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// How the draws of a case are built; data/arviz_reference.py holds the same formula.
struct Recipe {
  std::string name;
  std::uint64_t seed;
  int chains, draws;
  double rho, shift, scale, grid, offset;
};

struct ArvizCase {
  Recipe recipe;
  struct {
    double mean, sd, mcse, ess_bulk, ess_tail, rhat, q05, q50, q95;
    double ess_mean, ess_sd, ess_q25, mcse_sd, mcse_q25, autocorrelation_3;
  } expected;
};

const ArvizCase kArvizCases[] = {
#include "data/arviz_values.inc"
};

struct Uniform {
  std::uint64_t state;
  double operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53;
  }
};

struct Chains {
  int chains, draws;
  std::vector<double> x;  // chain-major
  Draws view() const { return {x.data(), chains, draws, draws, 1}; }
};

Chains autoregressive(const Recipe& r) {
  Chains out{r.chains, r.draws, {}};
  Uniform uniform{r.seed};
  for (int c = 0; c < r.chains; ++c) {
    double value = 0;
    for (int t = 0; t < r.draws; ++t) {
      value = r.rho * value + uniform() - 0.5;
      const double y = (1.0 + r.scale * c) * value + r.shift * c;
      out.x.push_back(r.offset + (r.grid > 0 ? r.grid * std::floor(y / r.grid) : y));
    }
  }
  return out;
}

/// Gaussian autoregression of variance 1, started in its stationary law: rank scores are linear in it.
Chains gaussian_autoregressive(std::uint64_t seed, int chains, int draws, double rho) {
  Chains out{chains, draws, {}};
  Uniform uniform{seed};
  for (int c = 0; c < chains; ++c) {
    double value = math::normal_quantile(uniform());
    for (int t = 0; t < draws; ++t) {
      out.x.push_back(value);
      value = rho * value + std::sqrt(1 - rho * rho) * math::normal_quantile(uniform());
    }
  }
  return out;
}

void expect_close(double value, double expected, double tolerance, const std::string& what) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(value)) << what << " = " << value;
  } else {
    EXPECT_NEAR(value, expected, tolerance) << what;
  }
}

TEST(Diagnostics, AgreesWithArviz) {
  for (const auto& [recipe, e] : kArvizCases) {
    const Chains chains = autoregressive(recipe);
    const Draws x = chains.view();
    const ScalarSummary s = summarise(x);
    // Two codes with different sums (direct here, FFT there) differ by rounding: 1e-8 relative; locations relative to
    // the sd, and at an offset of 1e6 one more rounding of the draws themselves.
    const double place = 1e-8 * e.sd + 4e-16 * recipe.offset;
    const auto same = [&, &name = recipe.name](double value, double expected, const char* what) {
      expect_close(value, expected, 1e-8 * std::abs(expected), name + " " + what);
    };
    // Of fewer than ten draws a chain ArviZ states a number that does not hang on them.
    const auto of_ess = [&, &draws = recipe.draws](double value, double expected, const char* what) {
      same(value, draws < 10 ? kNone : expected, what);
    };
    expect_close(s.mean, e.mean, place, recipe.name + " mean");
    expect_close(s.q05, e.q05, place, recipe.name + " q05");
    expect_close(s.q50, e.q50, place, recipe.name + " q50");
    expect_close(s.q95, e.q95, place, recipe.name + " q95");
    same(s.sd, e.sd, "sd");
    of_ess(s.mcse, e.mcse, "mcse");
    of_ess(s.ess_bulk, e.ess_bulk, "ess_bulk");
    of_ess(s.ess_tail, e.ess_tail, "ess_tail");
    same(s.rhat, e.rhat, "rhat");
    of_ess(ess_mean(x), e.ess_mean, "ess_mean");
    of_ess(ess_sd(x), e.ess_sd, "ess_sd");
    of_ess(ess_quantile(x, 0.25), e.ess_q25, "ess_q25");
    of_ess(mcse_sd(x), e.mcse_sd, "mcse_sd");
    of_ess(mcse_quantile(x, 0.25), e.mcse_q25, "mcse_q25");
    expect_close(autocorrelation(x, 3)[3], e.autocorrelation_3, 1e-8, recipe.name + " autocorrelation");
  }
}

TEST(Diagnostics, SummaryHoldsTheSingleFigures) {
  const Chains chains = autoregressive({"", 21, 3, 101, 0.5, 0.1, 0.2, 0.0, 0.0});
  const Draws x = chains.view();
  const ScalarSummary s = summarise(x);
  EXPECT_EQ(s.rhat, rhat(x));
  EXPECT_EQ(s.ess_bulk, ess_bulk(x));
  EXPECT_EQ(s.ess_tail, ess_tail(x));
  EXPECT_NEAR(s.mcse, mcse_mean(x), 1e-15);
  EXPECT_EQ(quantiles(x, {0.05, 0.5, 0.95}), (std::vector<double>{s.q05, s.q50, s.q95}));
}

TEST(Diagnostics, StridesReadTheSameDraws) {
  const Chains chains = autoregressive({"", 22, 3, 50, 0.5, 0.1, 0.2, 0.0, 0.0});
  std::vector<double> table(3 * 50 * 7, kNone);  // draw-major table of 7 parameters; this quantity is parameter 4
  for (int c = 0; c < 3; ++c) {
    for (int t = 0; t < 50; ++t) table[(t * 3 + c) * 7 + 4] = chains.x[c * 50 + t];
  }
  const Draws strided{table.data() + 4, 3, 50, 7, 21};
  const ScalarSummary a = summarise(strided), b = summarise(chains.view());
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.rhat, b.rhat);
  EXPECT_EQ(a.ess_tail, b.ess_tail);
  EXPECT_EQ(summarise(strided.chain(2)).mean, summarise(chains.view().chain(2)).mean);
}

TEST(Diagnostics, EssOfAutoregressionIsItsIntegratedTime) {
  for (const double rho : {-0.3, 0.0, 0.5, 0.9}) {
    const Chains chains = gaussian_autoregressive(31, 8, 20000, rho);
    const double expected = 160000 * (1 - rho) / (1 + rho);
    // A window of K ~ 6 tau lags costs the estimate a relative error of about sqrt(2 (2 K + 1) / N): 3.7 % at rho =
    // 0.9.
    EXPECT_NEAR(ess_mean(chains.view()) / expected, 1.0, 0.08) << rho;
    EXPECT_NEAR(ess_bulk(chains.view()) / expected, 1.0, 0.08) << rho;
    // (x - mean)^2 of a Gaussian series has the autocorrelations rho^2k.
    EXPECT_NEAR(ess_sd(chains.view()) / (160000 * (1 - rho * rho) / (1 + rho * rho)), 1.0, 0.08) << rho;
    EXPECT_NEAR(mcse_mean(chains.view()) * std::sqrt(expected), 1.0, 0.05) << rho;
    EXPECT_NEAR(mcse_sd(chains.view()) * std::sqrt(2 * 160000 * (1 - rho * rho) / (1 + rho * rho)), 1.0, 0.05) << rho;
    EXPECT_LT(rhat(chains.view()), 1.01) << rho;
  }
}

TEST(Diagnostics, AutocorrelationOfAutoregressionIsPowersOfRho) {
  const Chains chains = autoregressive({"", 32, 8, 20000, 0.8, 0.0, 0.0, 0.0, 0.0});
  const auto rho = autocorrelation(chains.view(), 12);
  ASSERT_EQ(rho.size(), 13u);
  EXPECT_DOUBLE_EQ(rho[0], 1.0);
  // Bartlett: the standard error is at most sqrt((1 + rho^2) / (1 - rho^2) / N) = 0.0053; four of them.
  for (int k = 1; k <= 12; ++k) EXPECT_NEAR(rho[k], std::pow(0.8, k), 0.022) << k;
  EXPECT_EQ(autocorrelation(chains.view(), 1000000).size(), 20000u);
}

TEST(Diagnostics, AutocovarianceOfFewDrawsByHand) {
  // (1, 2, 4, 1) about its mean 2: (-1, 0, 2, -1). Sums of products at lags 0..3: 6, -2, -2, 1; divisor 4.
  Autocovariance c({1, 2, 4, 1}, 1, 4);
  EXPECT_DOUBLE_EQ(c(3), 0.25);
  EXPECT_DOUBLE_EQ(c(2), -0.5);
  EXPECT_DOUBLE_EQ(c(1), -0.5);
  EXPECT_DOUBLE_EQ(c(0), 1.5);
}

TEST(Diagnostics, TransformAndDirectSumsGiveOneAutocovariance) {
  const int chains = 3,
            draws = 1300;  // an odd number of rows, a length that is not a power of two, lags beyond the direct ones
  const auto x = autoregressive({"", 33, chains, draws, 0.99, 0.0, 0.0, 0.0, 0.0}).x;
  Autocovariance c(x, chains, draws);
  for (int lag : {0, 31, 32, 63, 64, 65, 700, 1298, 1299}) {
    double sum = 0;
    for (int j = 0; j < chains; ++j) {
      for (int t = 0; t + lag < draws; ++t) {
        sum += (x[j * draws + t] - c.means()[j]) * (x[j * draws + t + lag] - c.means()[j]);
      }
    }
    EXPECT_NEAR(c(lag), sum / (chains * draws), 1e-12 * c(0)) << lag;
  }
}

TEST(Diagnostics, RhatSeesShiftedChains) {
  // Shift of half a sd for one chain of four: B/W adds (1/2)^2 Var(0,0,0,1) = 1/16 to 1: R-hat about sqrt(1 + 1/16)
  // = 1.03.
  Chains chains = autoregressive({"", 41, 4, 2000, 0.0, 0.0, 0.0, 0.0, 0.0});
  EXPECT_LT(rhat(chains.view()), 1.01);
  for (int t = 0; t < 2000; ++t) chains.x[t] += 0.5 * std::sqrt(1.0 / 12.0);
  EXPECT_NEAR(rhat(chains.view()), 1.03, 0.01);
}

TEST(Diagnostics, RhatSeesDifferentVariancesOfChainsByFolding) {
  const Chains chains = autoregressive({"", 42, 4, 2000, 0.0, 0.0, 1.0, 0.0, 0.0});  // sd 1, 2, 3, 4; one mean
  EXPECT_GT(rhat(chains.view()), 1.1);
  Chains cubed =
      chains;  // ranks are all that counts: a monotone map that keeps the median and its symmetry changes little
  for (double& v : cubed.x) v = v * v * v;
  EXPECT_NEAR(rhat(cubed.view()), rhat(chains.view()), 0.01);
}

TEST(Diagnostics, RhatOfOneChainSeesADrift) {
  Chains chain = autoregressive({"", 43, 1, 2000, 0.0, 0.0, 0.0, 0.0, 0.0});
  EXPECT_LT(rhat(chain.view()), 1.01);
  for (int t = 0; t < 2000; ++t) chain.x[t] += t / 2000.0;
  EXPECT_GT(rhat(chain.view()), 1.2);
}

TEST(Diagnostics, BulkFiguresDoNotChangeUnderMonotoneMaps) {
  const Chains chains = autoregressive({"", 44, 4, 300, 0.5, 0.0, 0.0, 0.0, 0.0});
  Chains heavy = chains;
  for (double& v : heavy.x) v = std::exp(40 * v);  // infinite variance for all practical purposes
  EXPECT_EQ(ess_bulk(heavy.view()), ess_bulk(chains.view()));
}

TEST(Diagnostics, EqualDrawsHaveNoDiagnostics) {
  const Chains still{4, 100, std::vector<double>(400, 0.1)};
  const ScalarSummary s = summarise(still.view());
  EXPECT_EQ(s.mean, 0.1);
  EXPECT_EQ(s.sd, 0.0);
  EXPECT_EQ(s.q95, 0.1);
  for (double v : {s.rhat, s.ess_bulk, s.ess_tail, s.mcse, ess_mean(still.view()), ess_sd(still.view()),
                   mcse_sd(still.view()), ess_quantile(still.view(), 0.5), mcse_quantile(still.view(), 0.5)}) {
    EXPECT_TRUE(std::isnan(v));
  }
}

TEST(Diagnostics, ChainsThatStandStillApartHaveInfiniteRhat) {
  Chains stuck{2, 3000, std::vector<double>(6000, 0.1)};
  std::fill(stuck.x.begin() + 3000, stuck.x.end(), 0.3);
  EXPECT_EQ(rhat(stuck.view()), kInfinity);
  EXPECT_LT(ess_bulk(stuck.view()), 4.0);  // two places, four half chains
}

TEST(Diagnostics, TailEssIsUndefinedWhenOnlyARareDrawDiffers) {
  Chains chains{2, 100, std::vector<double>(200, 1.0)};
  chains.x[7] = 0.0;
  EXPECT_TRUE(std::isnan(ess_tail(chains.view())));
  chains.x[7] = 1.0;
  Chains odd{1, 5, {1, 1, 2, 1, 1}};  // the draw that splitting leaves out is the only other one
  EXPECT_TRUE(std::isnan(rhat(odd.view())));
  EXPECT_TRUE(std::isnan(ess_bulk(odd.view())));
}

TEST(Diagnostics, NonFiniteDrawsGiveNaN) {
  for (const double bad : {kNone, kInfinity, -kInfinity}) {
    Chains chains = autoregressive({"", 51, 2, 50, 0.5, 0.0, 0.0, 0.0, 0.0});
    chains.x[33] = bad;
    const ScalarSummary s = summarise(chains.view());
    for (double v : {s.mean, s.sd, s.mcse, s.ess_bulk, s.ess_tail, s.rhat, s.q05, s.q50, s.q95})
      EXPECT_TRUE(std::isnan(v));
    EXPECT_TRUE(std::isnan(quantiles(chains.view(), {0.5})[0]));
    EXPECT_TRUE(rank_histograms(chains.view(), 5).empty());
  }
}

TEST(Diagnostics, FewDrawsGiveWhatTheyCan) {
  const std::vector<double> x{3, 1, 2};
  const ScalarSummary s = summarise({x.data(), 1, 3, 3, 1});
  EXPECT_DOUBLE_EQ(s.mean, 2.0);
  EXPECT_DOUBLE_EQ(s.sd, 1.0);
  EXPECT_DOUBLE_EQ(s.q50, 2.0);
  EXPECT_TRUE(std::isnan(s.rhat) && std::isnan(s.ess_bulk) && std::isnan(s.mcse));
  EXPECT_TRUE(std::isnan(summarise({x.data(), 1, 1, 1, 1}).sd));
  EXPECT_TRUE(std::isnan(summarise({nullptr, 0, 0, 0, 1}).mean));
  EXPECT_TRUE(autocorrelation({nullptr, 0, 0, 0, 1}, 5).empty());
}

TEST(Diagnostics, QuantilesInterpolateAsNumpy) {
  const std::vector<double> x{4, 1, 3, 2};  // sorted 1..4: place 3 p
  EXPECT_EQ(quantiles({x.data(), 1, 4, 4, 1}, {0.0, 0.25, 0.5, 1.0}), (std::vector<double>{1.0, 1.75, 2.5, 4.0}));
  EXPECT_TRUE(std::isnan(quantiles({x.data(), 1, 4, 4, 1}, {1.5})[0]));
}

TEST(Diagnostics, RankHistogramsCountEveryDrawOnce) {
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8};  // chain 0 has the low half, chain 1 the high half
  const Draws apart{x.data(), 2, 4, 4, 1}, mixed{x.data(), 2, 4, 1, 2};
  EXPECT_EQ(rank_histograms(apart, 4), (std::vector<std::vector<int>>{{2, 2, 0, 0}, {0, 0, 2, 2}}));
  EXPECT_EQ(rank_histograms(mixed, 4), (std::vector<std::vector<int>>{{1, 1, 1, 1}, {1, 1, 1, 1}}));
  const std::vector<double> ties(8, 2.0);  // one tie of all: mean rank 4.5, the middle of the range
  EXPECT_EQ(rank_histograms({ties.data(), 2, 4, 4, 1}, 3), (std::vector<std::vector<int>>{{0, 4, 0}, {0, 4, 0}}));
}

}  // namespace
}  // namespace aleator::prob
