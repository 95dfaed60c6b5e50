#pragma once
/// What      One step of an explicit Runge-Kutta method for a semi-discrete model, its derivative and its exact transpose.
/// Method    X_i = x + h sum_(j < i) a_ij k_j, k_i = f(t + c_i h, X_i), x+ = x + h sum b_i k_i. Transpose, with lambda the
///           gradient at x+: w_i = h (b_i lambda + sum_(j > i) a_ji g_j), g_i = f_x(X_i)^T w_i; lambda += sum g_i,
///           dJ/dq += sum f_q^T w_i.
/// Parallel  one row; called by one thread. On a strip the neighbours' rows of x, dx and w are fetched before each f and product;
///           those of x are left in the stages, and so in a record. Collective over the strips then.
/// Cost      step: `stages` f; back: as many transposed products; tangent: f and its derivative in every stage.
/// Fails     -
#include "pde/evolution/halo.hpp"
#include "pde/evolution/plan.hpp"

namespace aleator::pde::evolution {

class Stepper {
 public:
  /// `scratch`: room for scratch_states() states; `stride`: between states in memory.
  Stepper(const SemiDiscrete& model, const Halo& halo, const Tableau& tableau, std::size_t stride, double* scratch)
      : model_(model),
        halo_(halo),
        tableau_(tableau),
        stride_(stride),
        n_(static_cast<std::size_t>(model.layout().state_size())),
        scratch_(scratch) {}
  static int scratch_states(const Tableau& tableau) { return 2 * tableau.stages + 1; }

  /// From x to next; the other stages X_2, X_3, … are left at `stages`, one after the other.
  void step(const Step& step, const double* q, double* x, double* stages, double* next) const;
  /// x holds the stages, X_1 first; lambda in place, gq is added to.
  void back(const Step& step, const double* q, const double* x, double* lambda, double* gq) const;
  /// As step(), with dx in place; x are all the stages.
  void tangent(const Step& step, const double* q, const double* dq, const double* x, double* dx) const;

 private:
  /// out = x + sum_i weight_i v_i.
  void combine(const double* x, const double* weight, const double* v, double* out) const;
  double* scratch(int i) const { return scratch_ + static_cast<std::size_t>(i) * stride_; }

  const SemiDiscrete& model_;
  const Halo& halo_;
  const Tableau& tableau_;
  std::size_t stride_, n_;
  double* scratch_;
};

}  // namespace aleator::pde::evolution
