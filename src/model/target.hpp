#pragma once
/// What      A log-density f(u) over the parameters u, for batches of rows, with an optional gradient: what a user has who
///           has no forward model and no data.
/// Method    interface; f is known up to a constant. The gradient is a separate object that may be absent.
/// Parallel  evaluated whole on a rank; a row's result does not depend on the other rows, the rank or thread.
/// Cost      that of the target.
/// Fails     rows that cannot be evaluated are data (RowStatus); -infinity (density zero) and NaN are returned as they are,
///           and the caller decides; set-up errors throw UserError.
#include <vector>

#include "model/forward_model.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::model {

class TargetGradient {
 public:
  virtual ~TargetGradient() = default;
  /// values = f(u), gradient = df/du. u, gradient: rows x dimension; values: rows.
  virtual RowStatus evaluate_with_gradient(ConstBatch u, Vector values, Batch gradient) const = 0;
};

class TargetCurvature {
 public:
  virtual ~TargetCurvature() = default;
  /// h = d2f/du2 v, row by row. u, v, h: rows x dimension.
  virtual RowStatus apply_hessian(ConstBatch u, ConstBatch v, Batch h) const = 0;
};

class Target {
 public:
  virtual ~Target() = default;
  /// Number of parameters u.
  virtual int dimension() const = 0;
  /// The named arrays that u consists of, in order; empty: the prior's names hold.
  virtual const std::vector<prob::Variable>& variables() const = 0;
  /// What the parameters are called where the prior's names hold, to tell those in another order; empty: not known.
  virtual std::vector<std::string> parameter_names() const { return {}; }
  /// values = f(u).
  virtual RowStatus evaluate(ConstBatch u, Vector values) const = 0;
  /// Why f is not quite the density that is meant, or empty.
  virtual std::string approximation() const { return {}; }
  /// As ForwardModel::may_throw.
  virtual bool may_throw() const { return false; }
  virtual const TargetGradient* gradient() const { return nullptr; }
  virtual const TargetCurvature* curvature() const { return nullptr; }
};

}  // namespace aleator::model
