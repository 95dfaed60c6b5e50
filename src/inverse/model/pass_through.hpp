#pragma once
/// What      A model that hands its last k parameters on behind its outputs: those of the likelihood (a noise level).
/// Method    (u, c) -> (G(u), c); adjoint (J^T dy, dc), tangent (J du, dc).
/// Parallel  the model's.
/// Cost      one copy of the rows.
/// Fails     as the model.
#include <memory>

#include "model/data_terms.hpp"

namespace aleator::inverse {

class PassThrough : public model::ForwardModel,
                    public model::PartialOutputs,
                    private model::Adjoint,
                    private model::Tangent {
 public:
  PassThrough(std::shared_ptr<const model::ForwardModel> model, int count);
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override;
  const model::Adjoint* adjoint() const override { return model_->adjoint() != nullptr ? this : nullptr; }
  const model::Tangent* tangent() const override { return model_->tangent() != nullptr ? this : nullptr; }
  const model::States* states() const override { return model_->states(); }
  int rows_at_once() const override { return model_->rows_at_once(); }
  bool may_throw() const override { return model_->may_throw(); }
  /// The likelihood's parameters must be among the outputs.
  std::shared_ptr<const model::ForwardModel> only(const std::vector<int>& outputs) const override;

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override {
    return evaluate_and_pullback_again(u, y, cotangent, du, 0);
  }
  model::RowStatus evaluate_and_pullback_again(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                               model::Batch du, int attempt) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::shared_ptr<const model::ForwardModel> model_;
  model::Shape shape_;
  int inputs_, outputs_, count_;
};

}  // namespace aleator::inverse
