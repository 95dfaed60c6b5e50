#pragma once
/// What      The linear model y = A u: the problem whose posterior and evidence are known exactly.
/// Method    dense product; adjoint A^T dy, tangent A du.
/// Parallel  row by row; thread-safe.
/// Cost      O(p d) a row.
/// Fails     UserError for an empty table; a row with NaN or infinity fails.
#include "deck/registry.hpp"
#include "model/data_terms.hpp"

namespace aleator::inverse {

class LinearModel : public model::ForwardModel,
                    public model::PartialOutputs,
                    private model::Adjoint,
                    private model::Tangent {
 public:
  struct Params {
    deck::File matrix;
  };
  static deck::Schema<Params> schema();
  explicit LinearModel(const Params& params);
  LinearModel(std::vector<double> matrix, int outputs, int inputs);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Adjoint* adjoint() const override { return this; }
  const model::Tangent* tangent() const override { return this; }
  /// Some rows of A.
  std::shared_ptr<const model::ForwardModel> only(const std::vector<int>& outputs) const override;

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  void apply(model::ConstBatch u, model::Batch y) const;
  std::vector<double> matrix_;  // A, p x d, row by row
  model::Shape shape_;
};

}  // namespace aleator::inverse
