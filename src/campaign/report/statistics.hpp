/// What      The small statistics plots are made of: quantiles, bins in one and two dimensions, ranks,
///           autocorrelation, correlation.
/// Method    Rank plots: Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021, section 4.1. Autocorrelation:
///           prob/diagnostics. Two-dimensional densities: counts smoothed by a Gaussian; levels of highest density
///           by sorting the cells.
/// Parallel  no.
/// Cost      O(n log n) in the number of draws.
/// Fails     never; empty input gives empty output.
#pragma once

#include <vector>

#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

/// All draws of one parameter, chain after chain; chain >= 0: that chain's only.
std::vector<double> draws_of(const MethodRun& run, int parameter, int chain = -1);

/// The finite values of a sample, sorted.
std::vector<double> sorted_finite(std::vector<double> values);

/// Quantile by linear interpolation of a sorted sample; NaN when it is empty.
double quantile(const std::vector<double>& sorted, double probability);

/// Counts of the values in `bins` equal bins of [low, high]; values outside are left out.
std::vector<double> histogram(const std::vector<double>& values, double low, double high, int bins);

struct Grid2 {
  int nx = 0, ny = 0;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::vector<double> density;        ///< [iy][ix], largest value 1
  double level_50 = 0, level_90 = 0;  ///< the regions of highest density above these hold 50 % and 90 % of the draws
};
/// Smoothed density of the points (x_i, y_i) on the grid whose extent and size `grid` gives.
void fill_density(const std::vector<double>& x, const std::vector<double>& y, Grid2& grid);

/// [chain][bin]: how many of each chain's draws have a pooled rank in each of `bins` equal ranges. Ties take their
/// mean rank.
std::vector<std::vector<double>> rank_histograms(const std::vector<std::vector<double>>& chains, int bins);

/// Autocorrelation at lags 0, 1, ..., max_lag, averaged over the chains (each about its own mean).
std::vector<double> mean_autocorrelation(const std::vector<std::vector<double>>& chains, int max_lag);

/// Effective number of draws in all chains from their mean autocorrelation, summed while pairs are positive (Geyer
/// 1992, section 3.3); for the width of a band in a picture only, since it does not see chains that disagree.
double rough_ess(const std::vector<std::vector<double>>& chains);

/// Pearson's correlation; 0 when one of them does not vary.
double correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace aleator::campaign::report
