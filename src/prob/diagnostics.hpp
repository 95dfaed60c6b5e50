#pragma once
/// What      Convergence diagnostics of Markov chains, one scalar quantity at a time: R-hat, effective sample sizes
/// (ESS),
///           Monte Carlo standard errors (MCSE), quantiles, autocorrelations, rank histograms. Particle sets:
///           weighted_draws.hpp.
/// Method    Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021 (Bayesian Analysis 16(2)): every chain is split in two,
/// ranks
///           are turned into normal scores, ESS by Geyer's initial monotone sequence. Formulas:
///           docs/theory/diagnostics.md.
/// Parallel  none; the functions are pure, so quantities may be treated on different threads.
/// Cost      N = chains x draws: one sort of N values, N/2 normal quantiles, 4 ESS of 2 N flops a lag up to Geyer's
///           cut-off.
/// Fails     never. NaN where a figure is not defined: fewer than 4 draws a chain (10 for ESS and MCSE: half chains of up to 4
///           draws have no autocorrelation to sum), a non-finite draw, or draws all equal.
#include <cstddef>
#include <limits>
#include <vector>

namespace aleator::prob {

/// A strided view of the draws of one quantity: draw t of chain c is data[c * chain_stride + t * draw_stride].
struct Draws {
  const double* data = nullptr;
  int chains = 0;
  int draws = 0;
  std::ptrdiff_t chain_stride = 0;
  std::ptrdiff_t draw_stride = 1;

  double operator()(int chain, int draw) const { return data[chain * chain_stride + draw * draw_stride]; }
  Draws chain(int c) const { return {data + c * chain_stride, 1, draws, chain_stride, draw_stride}; }
};

struct ScalarSummary {
  double mean, sd;            // sd with divisor N - 1
  double mcse;                // standard error of the mean
  double ess_bulk, ess_tail;  // trust the summary above 100 a chain (Vehtari et al. 2021, section 4)
  double rhat;                // trust the summary below 1.01
  double q05, q50, q95;
  double pareto_k =
      std::numeric_limits<double>::quiet_NaN();  // pareto.hpp's tail_shape, where has_heavy_tail; set by callers
};

/// The standard deviation of a normal law with this central 90 %.
inline double central_spread(double q05, double q95) { return (q95 - q05) / 3.29; }
/// Whether the spread is far wider than the central 90 % suggest: the mean hangs on rare large values.
inline bool has_heavy_tail(double sd, double q05, double q95) { return sd > 2.0 * central_spread(q05, q95); }

/// All of the table above with a single sort.
ScalarSummary summarise(const Draws& draws);

/// Rank-normalised split R-hat, the larger of bulk and folded; +inf when every half chain stands still, but not at one
/// value. One chain is compared with itself, half against half.
double rhat(const Draws& draws);

double ess_bulk(const Draws& draws);  // of the rank-normalised draws: how well the centre is known
double ess_tail(const Draws& draws);  // the smaller of the ESS of the 5 % and 95 % quantiles
double ess_mean(const Draws& draws);
double ess_sd(const Draws& draws);  // ESS of (x - mean)^2
/// ESS of the indicator x <= q_p; 0 < p < 1.
double ess_quantile(const Draws& draws, double p);

/// Monte Carlo standard errors, in the units of the draws.
double mcse_mean(const Draws& draws);
double mcse_sd(const Draws& draws);
double mcse_quantile(const Draws& draws, double p);

/// Quantiles at the probabilities p in [0, 1]: linear interpolation at (N - 1) p (Hyndman-Fan type 7, as numpy).
std::vector<double> quantiles(const Draws& draws, const std::vector<double>& p);

/// Autocorrelation at lags 0 .. min(max_lag, draws - 1), from the autocovariances about each chain's mean, averaged
/// over chains. For one chain's own function pass draws.chain(c).
std::vector<double> autocorrelation(const Draws& draws, int max_lag);

/// For each chain, how its ranks among all draws fall into equal bins (row c = chain c, counts). Uniform rows, draws /
/// bins each, when the chains agree. Empty when a draw is NaN.
std::vector<std::vector<int>> rank_histograms(const Draws& draws, int bins);

}  // namespace aleator::prob
