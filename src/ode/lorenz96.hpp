#pragma once
/// What      Lorenz' ring of n variables: x_i' = (x_(i+1) - x_(i-2)) x_(i-1) - x_i + F, indices modulo n.
/// Method    Lorenz 1996; Engine does the rest. Chaotic for F = 8: errors grow e-fold in 0.6 time units.
/// Parallel  as Engine.
/// Cost      4 n flops a right-hand side, 30 n a step.
/// Fails     as Engine and Plan; KeyError for another number of initial values than of variables.
#include <memory>

#include "ode/plan.hpp"

namespace aleator::ode {

struct Lorenz96 {
  struct Params : CommonParams {
    int variables = 40;
    double forcing = 8.0;
    std::vector<double> initial;
    Params();
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<model::ForwardModel> make(const Params& params);
};

}  // namespace aleator::ode
