#pragma once
/// What      A model of which only some outputs were measured.
/// Method    y_i = G(u)_places[i]; adjoint: zeros elsewhere.
/// Parallel  the model's.
/// Cost      one copy of the outputs.
/// Fails     as the model.
#include <memory>

#include "model/data_terms.hpp"

namespace aleator::inverse {

class Measured : public model::ForwardModel,
                 public model::PartialOutputs,
                 private model::Adjoint,
                 private model::Tangent {
 public:
  Measured(std::shared_ptr<const model::ForwardModel> model, std::vector<int> places);
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override;
  const model::Adjoint* adjoint() const override { return model_->adjoint() != nullptr ? this : nullptr; }
  const model::Tangent* tangent() const override { return model_->tangent() != nullptr ? this : nullptr; }
  const model::States* states() const override { return model_->states(); }
  int rows_at_once() const override { return model_->rows_at_once(); }
  bool may_throw() const override { return model_->may_throw(); }
  std::shared_ptr<const model::ForwardModel> only(const std::vector<int>& outputs) const override;

 private:
  model::Batch all_outputs(std::size_t rows) const;
  void take(model::ConstBatch all, model::Batch some) const;
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override {
    return evaluate_and_pullback_again(u, y, cotangent, du, 0);
  }
  model::RowStatus evaluate_and_pullback_again(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                               model::Batch du, int attempt) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::shared_ptr<const model::ForwardModel> model_;
  std::vector<int> places_;
  model::Shape shape_;
};

}  // namespace aleator::inverse
