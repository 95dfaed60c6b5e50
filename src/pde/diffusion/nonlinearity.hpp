#pragma once
/// What      kappa(u), the factor by which the coefficient of the diffusion model hangs on its solution: a = theta_k kappa(u).
/// Method    math::Formula in the one name u; kappa' by its reverse mode.
/// Parallel  threads inside; values do not depend on them.
/// Cost      one pass over the formula a value, two with the derivative.
/// Fails     math::FormulaError for a text that is no formula in u, or several.
#include <string>
#include <vector>

#include "math/expression/formula.hpp"

namespace aleator::pde::diffusion {

class Nonlinearity {
 public:
  explicit Nonlinearity(const std::string& formula);
  const std::string& text() const { return text_; }
  /// value[i] = kappa(u[i]), slope[i] = kappa'(u[i]).
  void evaluate(const std::vector<double>& u, std::vector<double>& value, std::vector<double>& slope) const;

 private:
  std::string text_;
  math::Formula formula_;
};

}  // namespace aleator::pde::diffusion
