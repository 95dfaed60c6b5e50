#pragma once
/// What      The score grad log p of the law that data points come from, learned from the points alone.
/// Method    Score matching (Hyvarinen 2005) in a kernel exponential family (Sriperumbudur, Fukumizu, Gretton, Hyvarinen, Kumar
///           2017), on some of the points as centres c_m (Sutherland, Strathmann, Arbel, Gretton 2018): in x, the points less
///           their mean by their standard deviations,
///             s(x) = -x + sum_m alpha_m grad k(x, c_m),  k(x, c) = exp(-|x - c|^2 / (2 l^2)),
///           with the least mean of |s|^2 / 2 + div s over the points, and lambda alpha^T K alpha / 2: a linear system
///             (G + lambda K) alpha = -b,  G_mn = mean grad k_m . grad k_n,  b_m = mean (laplace k_m - x . grad k_m).
///           l and lambda are those with the least loss on every other point when fitted to the rest.
/// Parallel  pure functions.
/// Cost      fit: for 6 length scales n M^2 d, and for each of 5 lambdas M^3 / 3 flops; score: M (4 d + 20) flops a point.
/// Fails     UserError for fewer than 20 points, or points that agree in a coordinate.
#include "kernels/batch.hpp"
#include "math/dense.hpp"

namespace aleator::prob {

struct LearnedScore {
  int dimension = 0;
  std::vector<double> mean, deviation;  ///< of the points
  std::vector<double> centres;          ///< M x d, in x
  std::vector<double> alpha;
  double length_scale = 1.0;    ///< l, in x
  double regularisation = 0.0;  ///< lambda
  double loss = 0.0;            ///< on the points left out
  std::vector<double> fisher;   ///< mean s_k^2 over the points: what one coordinate's law varies by is 1 / sqrt of it

  /// s = grad log p at z, in the points' own coordinates.
  void evaluate(const double* z, double* s) const;
};

/// Fitted to the rows of `points`, with at most `centres` of them as centres.
LearnedScore learn_score(const kernels::ConstBatch& points, int centres);

}  // namespace aleator::prob
