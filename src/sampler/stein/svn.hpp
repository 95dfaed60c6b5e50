#pragma once
/// What      Stein variational Newton: particles descend the Kullback-Leibler divergence in a kernel's function space by Newton
///           steps, so that curved and badly scaled posteriors take tens of iterations instead of hundreds.
/// Method    Detommaso, Cui, Spantini, Marzouk, Scheichl 2018, algorithm 1 with the blocks of the diagonal, each particle's
///           coefficient taken as its displacement: z_i += epsilon q_i, H_i q_i = phi_i (phi as in kernels/stein.hpp),
///             H_i = 1/J sum_j (k_ij^2 N_j + grad k_ij grad k_ij^T),
///           N_j = I + A_j^T A_j the Gauss-Newton Hessian at z_j. The kernel is measured by the mean Hessian (section 4),
///           k_ij = exp(-(z_i - z_j)^T M (z_i - z_j) / (2 l^2)), M = mean N_j, l^2 = d. A displacement longer than
///           largest_move sqrt(d) is shortened. Ends when displacements are below `tolerance` (root mean square, in units of M).
///           Computed in x = L^T z, M = L L^T, where the kernel is plain. The fixed point is that of sampler/svgd: biased for
///           finite J, the spread too small, the more so the larger d is beside J.
/// Parallel  collective; same bits on any number of ranks. Every rank holds all positions, scores and Hessians.
/// Cost      an iteration: J (1 + min(d, p)) model runs (hessian/particle_precisions.hpp), J^2 d^2 + J (4 d^3 / 3 + p d^2) flops,
///           J d^2 / 2 numbers.
/// Fails     NumericsError when every particle has likelihood zero; objects to problems without a Gauss-Newton Hessian and to
///           Hessians of more than a GiB: 256 particles of 1000 coordinates, 64 of 2000.
#include "sampler/hessian/particle_precisions.hpp"

namespace aleator::sampler {

struct Svn {
  struct Params {
    int members = 256;
    int iterations = 100;
    double step = 0.5;
    double length_scale = 0.0;
    double largest_move = 1.0;
    double tolerance = 0.005;
  };
  struct State : BaseState {};
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::ensemble, params.members, 1, false}; }
  std::string objection(const Problem& problem) const { return precision_objection(problem, params.members); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
