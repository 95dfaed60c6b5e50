#pragma once
/// What      A forward model written as formulas in the deck, with its exact gradient and tangent.
/// Method    math::Formula; the adjoint is the reverse mode, the tangent the forward mode.
/// Parallel  local rows, threads over tiles of rows.
/// Cost      that of the formulas, about three times with the gradient, twice with the tangent.
/// Fails     KeyError with the place of the character in the deck; a row whose outputs are not finite fails.
#include "inverse/expression/text.hpp"
#include "model/data_terms.hpp"

namespace aleator::inverse {

class ExpressionModel : public model::ForwardModel,
                        public model::PartialOutputs,
                        private model::Adjoint,
                        private model::Tangent {
 public:
  struct Params : ExpressionParams {
    std::vector<std::string> outputs;
  };
  static deck::Schema<Params> schema();
  explicit ExpressionModel(const Params& params);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Adjoint* adjoint() const override { return this; }
  std::shared_ptr<const model::ForwardModel> only(const std::vector<int>& outputs) const override;
  const model::Tangent* tangent() const override { return this; }

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  math::Formula formula_;
  model::Shape shape_;
};

}  // namespace aleator::inverse
