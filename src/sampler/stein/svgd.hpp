#pragma once
/// What      Stein variational gradient descent: particles descend the Kullback-Leibler divergence in a kernel's function space.
/// Method    Liu, Wang 2016, algorithm 1: z_i += epsilon phi(z_i) / sqrt(v_i), phi as in kernels/stein.hpp with the score
///           s_j = grad log pi(z_j), v the exponential mean of phi^2 (weight 0.9); epsilon falls linearly to zero.
///           l^2 = median of |z_i - z_j|^2 / (2 log(J + 1)), over the first 512 particles.
///           metric = covariance: the kernel is that of z' = L^-1 z, phi = L phi'(z', L^T s), L L^T the particles' covariance: a
///           constant matrix-valued kernel (Wang, Tang, Bajaj, Liu 2019), which makes the directions affine invariant (the
///           length of the steps, scaled coordinate by coordinate, is not).
///           metric = hessian: the same with L L^T the inverse of the mean Gauss-Newton Hessian.
///           metric = mixture: a mixture of such kernels around anchors, all particles or some at even distances in their
///           order, by the Hessians there (sampler/stein/mixture.hpp).
///           Biased for finite J: the spread is too small, the more so the larger d is beside J.
/// Parallel  collective; same bits on any number of ranks. Every rank holds all positions and scores.
/// Cost      an iteration: J model runs with adjoint and J^2 (4 d + 18) flops (J d^2 more with a metric; with
///           hessian J min(d, p) model runs); with a mixture anchors x min(d, p) model runs and
///           up to as many sums over pairs as anchors.
/// Fails     NumericsError when every particle has likelihood zero; objects to problems without a gradient.
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Svgd {
  enum class Precision { double_precision, single_precision };
  enum class Metric { identity, covariance, hessian, mixture };
  struct Params {
    int members = 256;
    int iterations = 500;
    double step = 0.1;
    double length_scale = 0.0;
    Metric metric = Metric::identity;
    int anchors = 0;
    Precision precision = Precision::double_precision;
  };
  struct State : BaseState {
    Batch squares;  ///< v, local rows x d
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::ensemble, params.members, 1, false}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  int anchors() const { return params.anchors > 0 ? params.anchors : params.members; }
  double direction(const Problem& problem, const Context& context, State& s, const Batch& phi) const;
  double direction_of_mixture(const Problem& problem, const Context& context, State& s, const Batch& phi) const;
};

}  // namespace aleator::sampler
