#pragma once
/// What      Lorenz' three equations: x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z.
/// Method    Lorenz 1963; Engine does the rest. Chaotic for the default parameters: errors grow e-fold in 1.1 time units.
/// Parallel  as Engine.
/// Cost      8 flops a right-hand side, 74 a step.
/// Fails     as Engine and Plan.
#include <memory>

#include "ode/plan.hpp"

namespace aleator::ode {

struct Lorenz63 {
  struct Params : CommonParams {
    double sigma = 10.0;
    double rho = 28.0;
    double beta = 8.0 / 3.0;
    double x0 = 1.0;
    double y0 = 1.0;
    double z0 = 1.0;
    Params();
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<model::ForwardModel> make(const Params& params);
};

}  // namespace aleator::ode
