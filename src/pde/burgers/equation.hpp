#pragma once
/// What      What Burgers' equations on a circle and on a torus have in common: q = {nu}, and the velocity at the start from the
///           unknowns, multilinear between equally spaced values of each component.
/// Parallel  as evolution::SemiDiscrete.
/// Cost      one sparse product a row of unknowns.
/// Fails     nu that is not positive.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "pde/burgers/burgers.hpp"
#include "pde/evolution/engine.hpp"

namespace aleator::pde::burgers {

class Equation : public evolution::SemiDiscrete {
 public:
  Equation(const Params& params, evolution::Share share);
  std::string fault(const double* u) const override;
  void prepare(const double* u, double* q, double* x) const override;
  bool prepare_own(double* q, double* x) const override;
  void prepare_tangent(const double* u, const double* du, double* dq, double* dx) const override;
  void prepare_transposed(const double* u, const double* gq, const double* gx, double* gu) const override;

 protected:
  const Params& params() const { return params_; }
  /// Once, where a front would be narrower than a mesh width.
  void warn_if_unresolved(double speed, double viscosity) const;

  evolution::Cells cells_;
  int n_;           ///< values of a component: own, and the neighbours' of a strip
  bool is_closed_;  ///< a whole grid, which has its neighbours in itself
  double h_;

 private:
  int components() const { return params_.dimension; }
  Params params_;
  int unknowns_each_;  ///< of a component
  evolution::SparseMap initial_;
  std::vector<double> own_initial_;
  mutable std::atomic<bool> has_warned_{false};
};

std::unique_ptr<evolution::SemiDiscrete> make_circle(const Params& params, evolution::Share share);
std::unique_ptr<evolution::SemiDiscrete> make_plane(const Params& params, evolution::Share share);

}  // namespace aleator::pde::burgers
