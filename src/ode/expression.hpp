#pragma once
/// What      A model in time written as formulas: x' = f(t, x, q), or x_(k+1) = f(t_k, x_k, q), with x(start) = g(q), of which
///           states, their changes and formulas h(t, x, q) are observed.
/// Method    f, g and h are programs of math::Tape, run on the lanes of Engine, which takes the steps (RungeKutta,
///           ImplicitRungeKutta, IteratedMap) and has their exact discrete derivatives.
/// Parallel  as Engine.
/// Cost      that of Engine with the formula's instructions in place of f; a transposed product costs two to three f.
/// Fails     KeyError: faults of the formulas at their character, sizes that do not fit, times between the steps of a map.
///           Rows as Engine.
#include <memory>

#include "ode/plan.hpp"

namespace aleator::ode {

struct Expression {
  enum class Time { continuous, discrete };
  enum class Method { explicit_steps, implicit_steps };
  enum class Layout { none, line, ring };
  struct Params : CommonParams {
    std::vector<std::string> states;
    deck::Table<double> parameters;
    deck::File data;
    std::vector<std::string> definitions;
    std::vector<std::string> initial;
    std::vector<std::string> rates;
    Time time = Time::continuous;
    Layout layout = Layout::none;
    std::vector<double> breaks;
    Method method = Method::explicit_steps;
    int least_steps = 1;
    Params();
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<model::ForwardModel> make(const Params& params);
};

}  // namespace aleator::ode
