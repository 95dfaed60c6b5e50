#pragma once
/// What      Several models of the same parameters as one: their outputs one after the other, for data of several kinds.
/// Method    y = (G_1(u_I1), …, G_m(u_Im)), I_i the parameters that model i takes. Adjoint: the others are evaluated, the last
///           model's adjoint calls for the cotangent of all, and then the others go back: du = sum of J_i^T dy_i at I_i.
///           Tangent likewise, without detours.
/// Parallel  the models', one after the other.
/// Cost      that of the models; a gradient evaluates all but the last twice.
/// Fails     KeyError: models that take another number of parameters than `inputs` says, a parameter that none takes. A row fails
///           where one of its models does.
#include <memory>
#include <string>
#include <vector>

#include "deck/builder.hpp"
#include "model/forward_model.hpp"

namespace aleator::inverse {

class JointModel : public model::ForwardModel, private model::Adjoint, private model::Tangent, private model::States {
 public:
  struct Params {
    std::vector<std::string> models;
    std::vector<std::vector<double>> inputs;
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<JointModel> make(const Params& params, deck::Builder& builder);
  JointModel(const Params& params, std::vector<std::shared_ptr<const model::ForwardModel>> models);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override;
  int rows_at_once() const override;
  bool may_throw() const override;
  const model::Adjoint* adjoint() const override;
  const model::Tangent* tangent() const override;
  const model::States* states() const override;

 private:
  struct Part {
    std::string name;
    std::shared_ptr<const model::ForwardModel> model;
    std::vector<int> inputs;  ///< of the whole
    int first_output, outputs;
  };
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
  /// What a model takes of u; its outputs to their place in y.
  static model::Batch taken(const Part& part, model::ConstBatch u);
  static void put(const Part& part, model::ConstBatch from, model::Batch y);
  /// Failed rows of all models, in order, each once; their outputs become NaN.
  model::RowStatus merged(const std::vector<model::RowStatus>& of_parts, model::Batch y) const;

  std::vector<Part> parts_;
  model::Shape shape_;
};

}  // namespace aleator::inverse
