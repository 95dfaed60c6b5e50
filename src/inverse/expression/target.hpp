#pragma once
/// What      A log-density written as a formula in the deck, with its exact gradient.
/// Method    math::Formula: compiled once, reverse mode for the gradient.
/// Parallel  local rows, threads over tiles of rows.
/// Cost      that of the formula, about three times with the gradient.
/// Fails     KeyError with the place of the character in the deck.
#include "inverse/expression/text.hpp"
#include "model/target.hpp"

namespace aleator::inverse {

class ExpressionTarget : public model::Target, private model::TargetGradient {
 public:
  struct Params : ExpressionParams {
    std::string log_density;
  };
  static deck::Schema<Params> schema();
  explicit ExpressionTarget(const Params& params);

  int dimension() const override { return formula_.inputs(); }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override;
  const model::TargetGradient* gradient() const override { return this; }

 private:
  model::RowStatus evaluate_with_gradient(model::ConstBatch u, model::Vector values,
                                          model::Batch gradient) const override;
  math::Formula formula_;
  std::vector<prob::Variable> variables_;
};

}  // namespace aleator::inverse
