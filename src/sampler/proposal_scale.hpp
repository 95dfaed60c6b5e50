#pragma once
/// What      Learning the size and the shape of proposals from the ensemble: a scale driven to an acceptance rate, and
///           the pooled covariance of the members.
/// Method    log scale += gain (acceptance - target) (Robbins, Monro 1951); covariance as in adaptive Metropolis (Haario,
///           Saksman, Tamminen 2001), pooled over chains, its correlations shrunk; no length is built in.
/// Parallel  collective; ordered sums, so every rank has the same bits.
///           Step of Hamiltonian trajectories by dual averaging.
/// Cost      O(J d^2) flops and one reduction of d (d + 3) / 2 doubles a call of PooledMoments::observe(); O(J d) and 2 d
///           doubles for PooledVariances.
/// Fails     -
#include <vector>

#include "sampler/sampler.hpp"

namespace aleator::sampler {

/// First and second moments of the members seen since the last reset.
struct PooledMoments {
  static constexpr int largest_dimension = 256;  ///< d up to which a covariance is worth learning without being asked
  double count = 0.0;
  std::vector<double> sums;   ///< d first moments, then the lower triangle of second moments, about `shift`
  std::vector<double> shift;  ///< a point near the mean, against cancellation

  /// Of very many members every so-manieth is enough, at least 4096 and 256 for each coordinate: a covariance is then known to
  /// 2 %, and no proposal asks for more.
  static std::size_t stride_of(std::size_t members, int dimension);
  void reset(int dimension);
  void observe(const Ensemble& ensemble, const Context& context);
  /// Members that count by their share of the weights, those of all members, summing to 1; together as many as the ESS.
  void observe_weighted(const Ensemble& ensemble, const std::vector<double>& share, const Context& context);
  std::vector<double> mean() const;
  enum class Correlations { shrunk, as_seen };
  /// Lower factor (d x d, row by row) of the covariance; empty when there are too few members or it is singular. Shrunk
  /// correlations keep a proposal that is learnt from few from being too narrow; where members are known to have the law's
  /// covariance they would widen directions that are known far better than the coordinates.
  std::vector<double> factor(Correlations correlations = Correlations::shrunk) const;
  /// That of the variances alone; empty when there are too few members or one has none.
  std::vector<double> deviations() const;
  /// factor(), or of fewer members than a covariance takes deviations().
  std::vector<double> factor_or_deviations() const;
  void fields(io::Archive& archive, const std::string& name);
};

/// Means and variances of single coordinates of the members seen since the last reset.
struct PooledVariances {
  double count = 0.0;
  std::vector<double> sums;   ///< d first moments, then d second moments, about `shift`
  std::vector<double> shift;  ///< a point near the mean, against cancellation

  void reset(int dimension);
  void observe(const Ensemble& ensemble, const Context& context);
  /// Standard deviations; empty when there are too few members or a coordinate has not moved.
  std::vector<double> deviations() const;
  void fields(io::Archive& archive, const std::string& name);
};

/// A step size whose acceptance statistic tends to a target (Nesterov 2009; Hoffman, Gelman 2014, algorithm 5):
/// log step = mu - sqrt(t) / gamma mean(target - acceptance), averaged over steps t with weights t^-kappa.
struct DualAveraging {
  double centre = 0.0;       ///< mu
  double deficit = 0.0;      ///< mean of target - acceptance
  double log_average = 0.0;  ///< what log step settles at
  double count = 0.0;        ///< t

  void restart(double step);
  /// The next log step.
  double update(double target, double acceptance);
  void fields(io::Archive& archive, const std::string& name);
};

/// Mean position of the members, in the fixed order.
std::vector<double> mean_position(const Ensemble& ensemble, const Context& context);
/// Mean over all members of a number of each, in the fixed order.
double ordered_mean(const Context& context, const parallel::RowLayout& layout, const Vector& values);

}  // namespace aleator::sampler
