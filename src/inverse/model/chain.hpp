#pragma once
/// What      A model behind another: what the first gives is what the second takes, such as a formula that lays few parameters
///           out as the field of a PDE.
/// Method    y = G_2(G_1(u)). Adjoint: du = J_1(u)^T J_2(G_1(u))^T dy; the first model is run twice, for its outputs and to go
///           back. Tangent: dy = J_2 J_1 du.
/// Parallel  the models', one after the other.
/// Cost      that of the models; a gradient evaluates the first twice.
/// Fails     KeyError: a model that takes another number of parameters than the one before it has outputs. A row fails where one
///           of its models does.
#include <memory>
#include <string>
#include <vector>

#include "deck/builder.hpp"
#include "model/forward_model.hpp"

namespace aleator::inverse {

class ChainModel : public model::ForwardModel, private model::Adjoint, private model::Tangent, private model::States {
 public:
  struct Params {
    std::vector<std::string> models;
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<ChainModel> make(const Params& params, deck::Builder& builder);
  struct Part {
    std::string name;  ///< in failures; empty: a chain, which names its own
    std::shared_ptr<const model::ForwardModel> model;
  };
  ChainModel(Part first, Part second);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override;
  int rows_at_once() const override;
  bool may_throw() const override { return first_.model->may_throw() || second_.model->may_throw(); }
  const model::Adjoint* adjoint() const override;
  const model::Tangent* tangent() const override;
  const model::States* states() const override { return second_.model->states() == nullptr ? nullptr : this; }

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override {
    return evaluate_and_pullback_again(u, y, cotangent, du, 0);
  }
  model::RowStatus evaluate_and_pullback_again(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                               model::Batch du, int attempt) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override { return states_again(u, 0); }
  std::vector<model::GridField> states_again(const double* u, int attempt) const override;
  /// Failed rows of both models, each once, by the first that failed; their outputs become NaN.
  model::RowStatus merged(const std::vector<const model::RowStatus*>& of_first, const model::RowStatus& of_second,
                          model::Batch y) const;

  Part first_, second_;
  model::Shape shape_;
};

/// KeyError at `models`, entry `entry`, where the outputs of one part have the names of the next one's inputs in another order.
void refuse_other_order(const ChainModel::Part& before, const ChainModel::Part& behind, int entry);

}  // namespace aleator::inverse
