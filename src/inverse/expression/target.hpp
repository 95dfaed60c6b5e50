#pragma once
/// What      A log-density written as a formula in the deck, or as a sum of them, with its exact gradient.
/// Method    math::Formula: compiled once, reverse mode for the gradient.
/// Parallel  local rows, threads over tiles of rows.
/// Cost      that of the formula, about three times with the gradient.
/// Fails     KeyError with the place of the character in the deck.
#include "inverse/expression/text.hpp"
#include "model/data_terms.hpp"
#include "model/target.hpp"

namespace aleator::inverse {

class ExpressionTarget : public model::Target, public model::SumOfTerms, private model::TargetGradient {
 public:
  struct Params : ExpressionParams {
    std::string log_density;
    std::vector<std::string> terms;
  };
  static deck::Schema<Params> schema();
  explicit ExpressionTarget(const Params& params);

  int dimension() const override { return formula_.inputs(); }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override;
  const model::TargetGradient* gradient() const override { return this; }
  int terms() const override { return formula_.outputs(); }
  std::shared_ptr<const model::Target> only(const std::vector<int>& terms) const override;

 private:
  model::RowStatus evaluate_with_gradient(model::ConstBatch u, model::Vector values,
                                          model::Batch gradient) const override;
  model::Batch room_for_terms(const model::Vector& values) const;
  math::Formula formula_;
  std::vector<prob::Variable> variables_;
};

}  // namespace aleator::inverse
