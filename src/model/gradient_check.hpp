#pragma once
/// What      Tells of a model of somebody else's whose gradient or tangent is not that of its values.
/// Method    Of a weighted sum f of the outputs at u (1 + h s): central differences with h = 1e-4 and 1e-3 along two random
///           relative directions s (an input 0 moves by h s) against the gradient or the tangent. Only where the two
///           differences agree to 2 % are they believed (noise, kinks and tolerances of solvers make them differ), and only a
///           derivative that misses both by more than 5 % is told of: a wrong factor, sign or entry.
/// Parallel  local; not from worker threads.
/// Cost      at the first rows that can be computed: nine model runs and one with the derivative. Then nothing.
/// Fails     never: a warning in the log.
#include <string>

#include "model/forward_model.hpp"

namespace aleator::model {

/// Between 0.5 and 1.5 with a sign, without a pattern: entry k of direction i.
double scattered_weight(int k, int i = 0);

class GradientCheck {
 public:
  enum class Derivative { gradient, tangent };
  /// At the first row of u, unless it was done; `name`: what the warning calls the model.
  void once(const ForwardModel& model, ConstBatch u, const std::string& name,
            Derivative derivative = Derivative::gradient);

 private:
  static constexpr int most_tries = 3;
  int tries_ = 0;
};

/// What is wrong with the derivative at u (one row), empty where nothing is; no value where differences cannot tell.
struct GradientDoubt {
  bool is_known = false;
  std::string text;
};
GradientDoubt gradient_doubt(const ForwardModel& model, ConstBatch u);
GradientDoubt tangent_doubt(const ForwardModel& model, ConstBatch u);

}  // namespace aleator::model
