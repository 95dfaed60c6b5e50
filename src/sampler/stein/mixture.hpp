#pragma once
/// What      The direction of Stein variational gradient descent by a mixture of matrix-valued kernels: each particle moves in
///           the metric of the anchors near it, so that a posterior may be curved and differently scaled from place to place.
/// Method    Wang, Tang, Bajaj, Liu 2019, section 4.3: K(x, y) = sum_l w_l(x) w_l(y) Q_l^-1 k_l(x, y) with
///           k_l = exp(-|x - y|_Q_l^2 / (2 l_l^2)), w_l(x) = N(x; a_l, Q_l^-1) / sum_m N(x; a_m, Q_m^-1), a_l anchors:
///             phi_i = sum_l w_li Q_l^-1 / J sum_j w_lj (k_l,ij (s_j + grad log w_lj) + grad_j k_l,ij),
///             grad log w_l(x) = -Q_l (x - a_l) + sum_m w_m(x) Q_m (x - a_m).
///           Q_l = N(a_l), the Gauss-Newton Hessian there. Each term is kernels/stein.hpp in x' = C^T x, Q_l = C C^T. Particles
///           with w_l < 1e-10 are no part of the term of l. l_l from the median distance of those with w_l >= 1 / (2 m).
/// Parallel  collective; same bits on any number of ranks. Every rank computes all weights, the sums for its own particles.
/// Cost      m J d^2 + sum over the anchors of (particles near it)^2 (4 d + 18) flops: between J^2 and m J^2 times that.
/// Fails     NumericsError where a Hessian is not positive definite (it is not finite).
#include "math/dense.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Anchor {
  std::vector<double> place;  ///< a_l
  math::Matrix lower;         ///< C
};

/// w_l of the rows of z and sum_m w_m Q_m (z - a_m).
struct AnchorWeights {
  Batch weight;  ///< J x m
  Batch pull;    ///< J x d
};
AnchorWeights weights_of(const std::vector<Anchor>& anchors, const Batch& z);

struct MixtureSetting {
  double length_scale = 0.0;  ///< of every anchor; 0: from the median
  bool is_single = false;     ///< precision of the sums over pairs
};
/// phi of the rows of this rank, `z` and `scores` being those of all particles. Returns the mean l_l.
double mixture_direction(const MixtureSetting& setting, const std::vector<Anchor>& anchors, const Batch& z,
                         const Batch& scores, std::int64_t first, const Batch& phi);

}  // namespace aleator::sampler
