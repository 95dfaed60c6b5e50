#pragma once
/// What      A drug taken by mouth: amount A in the gut, concentrations C in the central and P in a peripheral compartment,
///           A' = -ka A, C' = ka A / V - CL / V C - Q / V (C - P), P' = Q / V2 (C - P); A(0) = F dose.
/// Method    linear compartments with first-order absorption (Gibaldi, Perrier 1982); Engine does the rest. Q = 0, the default,
///           is the one-compartment model: C = F dose ka / (V (ka - CL/V)) (exp(-CL/V t) - exp(-ka t)).
/// Parallel  as Engine.
/// Cost      8 flops a right-hand side, 74 a step.
/// Fails     as Engine and Plan.
#include <memory>

#include "ode/plan.hpp"

namespace aleator::ode {

struct Pharmacokinetics {
  struct Params : CommonParams {
    double ka = 1.0;
    double clearance = 3.0;
    double volume = 30.0;
    double exchange = 0.0;
    double peripheral_volume = 30.0;
    double dose = 300.0;
    double bioavailability = 1.0;
    Params();
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<model::ForwardModel> make(const Params& params);
};

}  // namespace aleator::ode
