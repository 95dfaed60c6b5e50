#pragma once
/// What      The points of a regular grid at which a model in time has its values, and the deck's keys that say what of them is
///           observed, and what the values are at the start.
/// Method    x fastest, one field after the other.
/// Parallel  local.
/// Cost      -
/// Fails     KeyError: nodes that the grid does not have, patches that are no box in it, formulas that are none, or of another
///           number than fields.
#include <string>
#include <vector>

#include "deck/schema.hpp"

namespace aleator::pde::nodal {

struct Nodes {
  std::vector<int> points;             ///< nx, or nx and ny
  std::vector<double> first, spacing;  ///< along each axis
  bool is_periodic = false;
  std::vector<std::string> fields = {};

  int dimension() const { return static_cast<int>(points.size()); }
  /// Of one field.
  int size() const { return dimension() == 1 ? points[0] : points[0] * points[1]; }
  int states() const { return size() * static_cast<int>(fields.size()); }
  int index(int axis, int node) const { return axis == 0 ? node % points[0] : node / points[0]; }
  double position(int axis, int node) const {
    const auto a = static_cast<std::size_t>(axis);
    return first[a] + index(axis, node) * spacing[a];
  }
  /// The node next to a point.
  int nearest(const std::vector<double>& point) const;
};

struct NodeParams {
  int observe_every = 0;
  std::vector<int> observe_nodes;
  std::vector<std::vector<double>> patches;
  std::vector<std::string> initial_state;
};

template <class Params>
void add_observed_nodes_keys(deck::Schema<Params>& s) {
  s.key("observe_every", &NodeParams::observe_every, "1",
        "k: observed at every k-th grid point along each axis, from the first; 0: none", deck::between(0, 10000))
      .key("observe_nodes", &NodeParams::observe_nodes, "1",
           "observed grid points by their numbers from 0, x fastest: i + nx j", deck::at_least(0))
      .key("patches", &NodeParams::patches, "",
           "boxes [x0, x1], or [x0, x1, y0, y1] in two dimensions, over which the mean is observed, after the points");
}

/// `otherwise`: what the state is then.
template <class Params>
void add_initial_state_key(deck::Schema<Params>& s, const std::string& otherwise) {
  s.key("initial_state", &NodeParams::initial_state, "",
        "the fields at time 0 where they are not the unknown, and in data assimilation always: a formula of x (and y) "
        "for each; not given: " +
            otherwise)
      .example("[\"sin(2 * pi * x)\"]");
}

/// The points of the nodes named: every k-th, then those of the list.
std::vector<std::vector<double>> observed_points(const NodeParams& params, const Nodes& nodes);
/// The deck's patches, which are boxes in the domain from 0 to these lengths.
std::vector<std::vector<double>> observed_patches(const NodeParams& params, const std::vector<double>& lengths);
/// The middle of a box.
std::vector<double> centre(const std::vector<double>& box);
/// The values of initial_state at the nodes, a field after the other; empty where it is not given.
std::vector<double> initial_values(const NodeParams& params, const Nodes& nodes);

}  // namespace aleator::pde::nodal
