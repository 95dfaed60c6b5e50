#pragma once
/// What      A forward model whose single output is a log-density, taken as a target.
/// Method    f(u) = G(u)_1; gradient by the model's adjoint with dJ/dy = 1, second derivatives by its curvature.
/// Parallel  the model's.
/// Cost      one model run a row.
/// Fails     KeyError when the model has more than one output.
#include <memory>

#include "deck/registry.hpp"
#include "model/target.hpp"

namespace aleator::inverse {

class ModelTarget : public model::Target, private model::TargetGradient, private model::TargetCurvature {
 public:
  struct Params {
    std::string model;
  };
  static deck::Schema<Params> schema();
  ModelTarget(const Params& params, std::shared_ptr<const model::ForwardModel> model);

  int dimension() const override { return model_->shape().inputs; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  std::vector<std::string> parameter_names() const override { return model_->shape().input_names; }
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override;
  bool may_throw() const override { return model_->may_throw(); }
  const model::TargetGradient* gradient() const override { return model_->adjoint() != nullptr ? this : nullptr; }
  const model::TargetCurvature* curvature() const override { return model_->curvature() != nullptr ? this : nullptr; }

 private:
  model::RowStatus evaluate_with_gradient(model::ConstBatch u, model::Vector values,
                                          model::Batch gradient) const override;
  model::RowStatus apply_hessian(model::ConstBatch u, model::ConstBatch v, model::Batch h) const override;
  std::shared_ptr<const model::ForwardModel> model_;
  std::vector<prob::Variable> variables_;
};

}  // namespace aleator::inverse
