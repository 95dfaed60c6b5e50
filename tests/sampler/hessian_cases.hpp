#pragma once
// Problems that lack what Hessians are made of, and the Hessian of the linear Gaussian problem.
#include <memory>
#include <utility>

#include "sampler/targets.hpp"

namespace aleator::sampler::test {

/// The same map without a tangent: products by differences of the outputs, so that rows of the factor are cheaper than columns.
class WithoutTangent : public model::ForwardModel {
 public:
  explicit WithoutTangent(std::shared_ptr<const model::ForwardModel> model) : model_(std::move(model)) {}
  const model::Shape& shape() const override { return model_->shape(); }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return model_->evaluate(u, y); }
  const model::Adjoint* adjoint() const override { return model_->adjoint(); }

 private:
  std::shared_ptr<const model::ForwardModel> model_;
};

/// The same problem without a Gauss-Newton factor: products by differences of the gradient.
class WithoutFactor : public inverse::BayesProblem {
 public:
  explicit WithoutFactor(const inverse::BayesProblem& problem) : BayesProblem(problem) {}
  const model::GaussNewton* gauss_newton() const override { return nullptr; }
};

/// The linear problem with a map that has no tangent.
inline inverse::BayesProblem without_tangent() {
  const auto problem = linear_gaussian().problem();
  const auto& parts = problem->parts();
  return {{}, {std::make_shared<WithoutTangent>(parts.model), parts.prior, parts.likelihood}};
}

/// H of the linear problem from its parts: the prior is u = m + L z, so H = L^T A^T R^-1 A L.
inline math::Matrix exact_hessian(const LinearGaussian& p) {
  math::Matrix a = math::multiply(p.a, math::cholesky(p.prior_covariance));
  for (int i = 0; i < a.rows; ++i)
    for (int k = 0; k < a.cols; ++k) a(i, k) /= p.noise_sd[static_cast<std::size_t>(i)];
  return math::transposed_multiply(a, a);
}

}  // namespace aleator::sampler::test
