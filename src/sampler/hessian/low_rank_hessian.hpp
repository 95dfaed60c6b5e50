#pragma once
/// What      The Hessian H of -log-likelihood in latent coordinates, where the prior is N(0, I), by its largest eigenpairs: the
///           directions in which the data say more than the prior.
/// Method    Gauss-Newton, H = J^T W J by tangent and adjoint (model::GaussNewton); without it the model's own second
///           derivatives (model::Hessian); without them central differences of the gradient. The pairs of H v = lambda v (of H
///           and the prior's precision, in other coordinates) by subspace iteration (Halko, Martinsson, Tropp 2011;
///           Bui-Thanh, Ghattas, Martin, Stadler 2013; math/subspace_iteration.hpp), matrix-free.
///           Of several points the mean of their Hessians (Cui, Martin, Marzouk, Solonen, Spantini 2014). Pairs below a least
///           eigenvalue are left out: (I + H)^-1 = I - V^T diag(lambda / (1 + lambda)) V. Where asked for, pairs far enough
///           below 0 are kept too: directions in which the density is wider than the prior. A Gauss-Newton matrix has none.
/// Parallel  collective: the vectors of the iteration are spread over the ranks; same bits on any number of them.
/// Cost      a step: (most + 10) products a point, each a tangent and an adjoint run (without
///           GaussNewton 2 gradients, or a gradient and a product).
/// Fails     NumericsError when a product is not finite. Failed model runs count as directions without information.
#include "math/dense.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct LowRankHessian {
  std::vector<double> values;  ///< lambda > -1, falling
  math::Matrix vectors;        ///< V, row k belongs to values[k]; orthonormal
  int without_variance = 0;    ///< pairs found with lambda near -1 or below, left out: the point is no maximum

  int rank() const { return static_cast<int>(values.size()); }
  /// log det(I + H)
  double log_det() const;
  /// D_k = 1 / (1 + lambda_k), the variance along V_k of the normal law whose precision is I + H.
  double variance(int k) const { return 1.0 / (1.0 + values[static_cast<std::size_t>(k)]); }
  /// c = V x
  void coordinates(const double* x, double* c) const;
  /// y += V^T c
  void add(const double* c, double* y) const;
  /// x <- (I + H)^-1/2 x
  void multiply_root(double* x) const;
  /// x <- (I + H)^1/2 x
  void divide_root(double* x) const;
  /// x <- (I + H)^-1 x
  void multiply_covariance(double* x) const;
  void fields(io::Archive& archive, const std::string& name);
};

struct HessianSettings {
  int most = 100;           ///< eigenpairs, at most
  double least = 0.1;       ///< smallest eigenvalue kept; the prior's precision is 1
  double tolerance = 1e-3;  ///< of the residuals, relative to the largest eigenvalue
  int most_steps = 4;       ///< of the subspace iteration
  bool both_signs = false;  ///< whether eigenvalues below -least are kept too; those near -1 or below are no variance
};

/// What was spent, over all ranks.
struct RunCount {
  std::int64_t runs = 0, gradients = 0;
  void add_to(BaseState& s) const {
    s.model_evaluations += runs;
    s.gradient_evaluations += gradients;
  }
};

/// h_r = H(z_r) v_r for local rows; not collective, and errors are the caller's to agree on.
void multiply_hessian(const Problem& problem, ConstBatch z, ConstBatch v, Batch h);
/// The same of the Hessian itself, not of its Gauss-Newton part.
void multiply_whole_hessian(const Problem& problem, ConstBatch z, ConstBatch v, Batch h);
/// The price of one row of multiply_hessian(), and of multiply_whole_hessian().
RunCount price_of_product(const Problem& problem);
RunCount price_of_whole_product(const Problem& problem);

/// Eigenpairs of the mean of the Hessians at the rows of `points`, which are the same on all ranks.
LowRankHessian mean_hessian(const Problem& problem, const Context& context, const math::Matrix& points,
                            const HessianSettings& settings, RunCount& count);
/// V x_r of every row.
Batch coordinates_of(const LowRankHessian& subspace, const Batch& x);
/// The positions of `count` members at equal distances, on all ranks.
math::Matrix some_members(const Ensemble& ensemble, int count, const Context& context);
/// Why there is no Hessian of this problem, or empty.
std::string hessian_objection(const Problem& problem);

}  // namespace aleator::sampler
