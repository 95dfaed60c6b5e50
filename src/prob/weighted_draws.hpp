#pragma once
/// What      Summary of one scalar quantity over a set of particles, weighted or not (SMC, ensemble Kalman, Stein
/// ensembles). Method    Self-normalised weights w_j; ESS = 1 / sum w_j^2 (Kong 1992); quantiles by Akinshin 2023
/// (arXiv:2304.07265),
///           which are numpy's for equal weights and do not see particles of weight zero. Formulas:
///           docs/theory/diagnostics.md.
/// Parallel  none; the functions are pure.
/// Cost      one sort of the particles.
/// Fails     never. All NaN when a weight is negative or not finite, when no weight is positive, or when a particle of
/// positive
///           weight is not finite. The figures measure the weights only: particles that share ancestors are worth less.
#include <cstddef>
#include <vector>

namespace aleator::prob {

/// Particle j has the value value[j * stride] and the weight weight[j]; null weights mean equal ones. Any scale of
/// weights.
struct WeightedDraws {
  const double* value = nullptr;
  int count = 0;
  std::ptrdiff_t stride = 1;
  const double* weight = nullptr;
};

struct WeightedSummary {
  double mean;
  double sd;  // sqrt(sum w (x - mean)^2 / (1 - sum w^2)): divisor n - 1 for equal weights; NaN when one particle has it
              // all
  double mcse;  // of the mean: sqrt(sum w^2 (x - mean)^2)
  double ess;   // (sum w)^2 / sum w^2
  double q05, q50, q95;
};

WeightedSummary summarise(const WeightedDraws& draws);

/// (sum w)^2 / sum w^2 from the weights alone.
double weight_ess(const std::vector<double>& weights);

/// Quantiles at the probabilities p in [0, 1].
std::vector<double> quantiles(const WeightedDraws& draws, const std::vector<double>& p);

}  // namespace aleator::prob
