#pragma once
/// What      Prey x and predators y: x' = alpha x - beta x y, y' = delta x y - gamma y.
/// Method    Lotka 1925, Volterra 1926; Engine does the rest. delta x - gamma log x + beta y - alpha log y stays constant.
/// Parallel  as Engine.
/// Cost      7 flops a right-hand side, 56 a step.
/// Fails     as Engine and Plan.
#include <memory>

#include "ode/plan.hpp"

namespace aleator::ode {

struct LotkaVolterra {
  struct Params : CommonParams {
    double alpha = 0.55;
    double beta = 0.028;
    double gamma = 0.8;
    double delta = 0.024;
    double prey0 = 30.0;
    double predators0 = 4.0;
    Params();
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<model::ForwardModel> make(const Params& params);
};

}  // namespace aleator::ode
