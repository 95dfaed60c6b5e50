#pragma once
/// What      A fixed background covariance as the observations see it, for 3D-Var and hybrid filters.
/// Method    B = scale x climatology; B H^T and H B H^T in units of the observations' errors.
/// Parallel  pure functions, safe on any thread.
/// Cost      d p + p^2.
/// Fails     as climatological_covariance.
#include <memory>

#include "assimilation/ensemble.hpp"
#include "assimilation/variational/climatology.hpp"

namespace aleator::assimilation {

/// The climatology times `scale`; `interval`: time between two observations.
std::shared_ptr<const math::Matrix> background_of(const Experiment& experiment, double scale, int samples);

struct ObservedBackground {
  math::Matrix c_xy;  ///< B H^T / sd, d x p
  math::Matrix c_yy;  ///< H B H^T / (sd sd), p x p
};
ObservedBackground observed_background(const Experiment& experiment, const math::Matrix& b,
                                       const std::vector<int>& index);

}  // namespace aleator::assimilation
