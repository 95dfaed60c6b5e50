#pragma once
/// What      Unscented Kalman inversion: a Gaussian N(m, C) that is iterated to the posterior, or its mean to the least misfit,
///           by 2 d + 1 model runs a step at points that are not random.
/// Method    Huang, Schneider, Stuart 2022 (minimum); Huang, Huang, Reich, Stuart 2022 (posterior). A step predicts, with
///             posterior: m^ = m, C^ = C / (1 - h), and observes (r, z) with noise f^2 I / h: data and prior, each a share h; the
///                        inflation f makes it settle at f^2 C, with the same mean;
///             minimum:   m^ = alpha m, C^ = alpha^2 C + (2 - alpha^2) I, and observes r with noise 2 I.
///           Sigma points m^ and m^ +- c L e_j, c = min(2, sqrt(d)), C^ = L L^T (modified unscented transform, a = c / sqrt(d)):
///             S_j = (r_+j - r_-j) / 2c, Q_j = (r_+j + r_-j - 2 r_0) / 2c, cov(z, r) = L S, cov(r, r) = S^T S + Q^T Q.
///           With x = L^-1 (z - m^) and N = Q^T Q + I / h: P = I + S N^-1 S^T + h L^T L is the precision of x, its mean is
///           P^-1 (-S N^-1 r_0 - h L^T m^), and C = L P^-1 L^T; N^-1 by Woodbury, so that p enters products alone
///           (h / f^2 in place of h in these, with inflation).
///           At the end `members` draws of N(m, C).
///           Symbols: r whitened residual (sampler/ensemble/forecast.hpp), h step.
///           A point whose run fails is replaced by its mirror image's one-sided difference; both: that direction learns nothing.
///           posterior is exact in the limit for linear models, C^-1 with error (1 - h)^n; else biased.
/// Parallel  collective; same bits on any number of ranks: sigma points are spread over them, m and C are on each.
/// Cost      a step: 2 d + 1 model runs, O(p d^2 + d^3) flops; at last J model runs for the members' likelihoods.
/// Fails     NumericsError when fewer than two sigma points have a model run; objects to more than 1024 coordinates.
#include "sampler/ensemble/forecast.hpp"

namespace aleator::sampler {

struct Uki {
  enum class Goal { posterior, minimum };
  static constexpr int largest_dimension = 1024;
  struct Params {
    int members = 256;
    Goal goal = Goal::posterior;
    double step = 0.5;
    double inflation = 1.0;
    double alpha = 1.0;
    double tolerance = 1e-3;
    int max_iterations = 50;
  };
  struct State : BaseState {
    std::vector<double> mean;    ///< m
    std::vector<double> factor;  ///< A with C = A A^T, d x d, row by row
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const {
    return {Plan::Kind::ensemble, params.members, 1, false, 1, params.goal == Goal::posterior, true};
  }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
