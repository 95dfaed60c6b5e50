#pragma once
/// What      The covariance of a model's states over a long run: the background errors of filters that have no ensemble.
/// Method    16 trajectories from the initial distribution; states at the times between observations after a run-in of as many
///           cycles as are kept; sample covariance. With model noise it is added.
/// Parallel  every rank computes the same.
/// Cost      2 x samples model runs of one cycle; d^2 doubles.
/// Fails     NumericsError when a trajectory diverges; UserError when the model comes to rest.
#include "assimilation/filter.hpp"
#include "math/dense.hpp"

namespace aleator::assimilation {

math::Matrix climatological_covariance(const Experiment& experiment, double interval, int samples);

}  // namespace aleator::assimilation
