#pragma once
/// What      Products with the Hessians of outputs by differences of gradients, and what is wrong with a model's own.
/// Method    h = (J(u + e v)^T dy - J(u - e v)^T dy) / 2e with e max_k |v_k / u_k| = eps^(1/3) (|v_k| where u_k = 0; at
///           most 1e4 times the least of them where v_k is at least a hundredth of the largest). The check
///           is that of GradientCheck: the product along a random relative direction v against differences with e = 1e-4 and
///           1e-3, believed where these agree to 2 %, told of where it misses them by more than 5 %, all in the Euclidean norm.
/// Parallel  local; the check not from worker threads.
/// Cost      two gradients a row; the check, once: four, and a product.
/// Fails     rows of which a gradient cannot be computed are failed rows.
#include <string>
#include <vector>

#include "model/forward_model.hpp"

namespace aleator::model {

/// Row by row; u, v, h: rows x inputs; dy: rows x outputs.
RowStatus hessian_by_differences(const Adjoint& adjoint, ConstBatch u, ConstBatch dy, ConstBatch v, Batch h);
/// The same with e given, by rows.
RowStatus hessian_by_differences(const Adjoint& adjoint, ConstBatch u, ConstBatch dy, ConstBatch v,
                                 const std::vector<double>& e, Batch h);

class CurvatureCheck {
 public:
  /// At the first row of u, unless it was done or could not be decided three times; `name`: what the warning calls the model.
  void once(const ForwardModel& model, ConstBatch u, ConstBatch dy, const std::string& name);

 private:
  static constexpr int most_tries = 3;
  int tries_ = 0;
};

}  // namespace aleator::model
