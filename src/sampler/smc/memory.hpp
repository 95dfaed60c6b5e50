#pragma once
/// What      What moves have left of where particles were: whether they can count as drawn anew.
/// Method    Correlations over the particles with the start, of each coordinate and of the log-likelihood; that of J pairs is
///           known to 1 / sqrt(J).
/// Parallel  collective; the same bits on any number of ranks.
/// Cost      a copy of the positions, and a pass over them.
/// Fails     -
#include <vector>

#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Memory {
  /// Of the positions, averaged over the coordinates, or of the log-likelihood where that is larger: tails that the particles
  /// have not explored show there.
  double typical = 1.0;
  /// Of the coordinate that is remembered best, such as the scale of a group of parameters in a funnel.
  double worst = 1.0;
  double of_log_likelihood = 1.0;  ///< alone: within modes that particles cannot leave
};

class Start {
 public:
  Start(const Context& context, const Ensemble& e);
  /// Of the same particles after moves.
  Memory remembered_by(const Context& context, const Ensemble& e) const;

 private:
  Batch position_;
  Vector log_likelihood_;
  std::vector<double> centre_;  // a point near the means, against cancellation
  double level_;                // of the log-likelihood
};

}  // namespace aleator::sampler
