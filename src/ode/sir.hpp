#pragma once
/// What      The SIR model of an epidemic: S' = -beta S I / N, I' = beta S I / N - gamma I, R' = gamma I, N = population.
/// Method    Kermack, McKendrick 1927; Engine does the rest. Initial state: I and R as given, S the rest.
/// Parallel  as Engine.
/// Cost      6 flops a right-hand side, 66 a step.
/// Fails     as Engine and Plan; a row also where infectious0 + recovered0 is more than the population (negative S).
#include <memory>

#include "ode/plan.hpp"

namespace aleator::ode {

struct Sir {
  struct Params : CommonParams {
    double beta = 0.4;
    double gamma = 0.1;
    double population = 1000.0;
    double infectious0 = 1.0;
    double recovered0 = 0.0;
    Params();
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<model::ForwardModel> make(const Params& params);
};

}  // namespace aleator::ode
