#pragma once
/// What      Products with the Hessians of outputs by differences of gradients, and what is wrong with a model's own.
/// Method    h = (J(u + e v)^T dy - J(u - e v)^T dy) / 2e with e |v| = step (1 + |u|). The check is that of GradientCheck: the
///           product along a random relative direction against differences at two steps, believed where these agree to 2 %,
///           told of where it misses them by more than 5 %, all in the Euclidean norm.
/// Parallel  local; the check not from worker threads.
/// Cost      two gradients a row; the check, once: four, and a product.
/// Fails     rows of which a gradient cannot be computed are failed rows.
#include <string>

#include "model/forward_model.hpp"

namespace aleator::model {

constexpr double best_step_of_gradients = 6.0554544523933395e-06;  ///< cube root of the rounding unit

/// Row by row; u, v, h: rows x inputs; dy: rows x outputs.
RowStatus hessian_by_differences(const Adjoint& adjoint, ConstBatch u, ConstBatch dy, ConstBatch v, Batch h,
                                 double step = best_step_of_gradients);

class CurvatureCheck {
 public:
  /// At the first row of u, unless it was done; `name`: what the warning calls the model.
  void once(const ForwardModel& model, ConstBatch u, ConstBatch dy, const std::string& name);

 private:
  bool is_done_ = false;
};

}  // namespace aleator::model
