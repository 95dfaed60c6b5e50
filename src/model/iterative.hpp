#pragma once
/// What      What models share whose rows are solved by iterations: rows that failed get more of them.
/// Method    four times as many for each time that the row has failed, as models in time take steps a quarter as long.
/// Parallel  -
/// Cost      -
/// Fails     -
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "model/forward_model.hpp"

namespace aleator::model {

/// One evaluation at a time per object.
class IterativeModel : public ForwardModel, protected Adjoint, protected States {
 public:
  RowStatus evaluate_again(ConstBatch u, Batch y, int attempt) const final {
    const Attempt now(attempt_, attempt);
    return evaluate(u, y);
  }
  const Adjoint* adjoint() const final { return this; }

 protected:
  RowStatus evaluate_and_pullback_again(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du,
                                        int attempt) const final {
    const Attempt now(attempt_, attempt);
    return evaluate_and_pullback(u, y, cotangent, du);
  }
  std::vector<GridField> states_again(const double* u, int attempt) const final {
    const Attempt now(attempt_, attempt);
    return static_cast<const States&>(*this).states(u);
  }
  /// How many times the rows under way have failed.
  int attempt() const { return attempt_; }
  /// How many iterations these rows may take where others take `iterations` at most.
  int allowed(int iterations) const {
    constexpr double more_each_time = 4.0;
    return static_cast<int>(std::min(iterations * std::pow(more_each_time, attempt_),
                                     static_cast<double>(std::numeric_limits<int>::max())));
  }

 private:
  class Attempt {
   public:
    Attempt(int& place, int attempt) : place_(place) { place_ = attempt; }
    ~Attempt() { place_ = 0; }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

   private:
    int& place_;
  };
  mutable int attempt_ = 0;
};

}  // namespace aleator::model
