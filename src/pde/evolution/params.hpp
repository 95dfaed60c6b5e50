#pragma once
/// What      The keys that all evolution models have in common: steps, observation points and times.
/// Parallel  local.
/// Fails     see Plan.
#include <vector>

#include "model/observation_times.hpp"
#include "pde/nodal/nodes.hpp"

namespace aleator::pde::evolution {

enum class Method { rk4, ssp_rk3 };

struct CommonParams : model::TimesParams, nodal::NodeParams {
  double dt = 0.0;
  Method method = Method::rk4;
  std::vector<std::vector<double>> points;
  int point_grid = 0;
  double memory = 1024.0;
};

/// Adds the keys of CommonParams to those of a model.
template <class Params>
void add_common_keys(deck::Schema<Params>& s) {
  s.key("dt", &CommonParams::dt, "1",
        "longest step; between two observations all steps are equal and end on the second. It must suit all of the "
        "prior: rows for which it is unstable fail; on_failure = \"retry\" computes them again with steps a quarter as "
        "long",
        deck::positive())
      .required()
      .example("0.001")
      .choice("method", &CommonParams::method, "how steps are made",
              {{"rk4", Method::rk4, "Runge-Kutta of order 4, the longest steps"},
               {"ssp_rk3", Method::ssp_rk3, "strong-stability-preserving Runge-Kutta of order 3 (Shu, Osher)"}});
  model::add_times_keys(s, "1", "increasing, after the start at 0");
  s.key("points", &CommonParams::points, "1", "points of observation: [x], or [x, y] in two dimensions")
      .key("point_grid", &CommonParams::point_grid, "1",
           "m: m observation points along each axis, at (k + 1/2) / m of its length; 0: none", deck::between(0, 10000))
      .example("4");
  nodal::add_observed_nodes_keys(s);
  s.key("memory", &CommonParams::memory, "MB",
        "most memory a thread for the states that a gradient goes back through; for less, steps are repeated",
        deck::positive());
}

}  // namespace aleator::pde::evolution
