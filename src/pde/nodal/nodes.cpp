#include "pde/nodal/nodes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pde/nodal/formula.hpp"

namespace aleator::pde::nodal {

int Nodes::nearest(const std::vector<double>& point) const {
  int node = 0, stride = 1;
  for (int a = 0; a < dimension(); ++a) {
    const int n = points[a], i = static_cast<int>(std::lround((point[a] - first[a]) / spacing[a]));
    node += stride * (is_periodic ? (i % n + n) % n : std::clamp(i, 0, n - 1));
    stride *= n;
  }
  return node;
}

std::vector<std::vector<double>> observed_points(const NodeParams& params, const Nodes& nodes) {
  std::vector<int> chosen;
  for (int node = 0; params.observe_every > 0 && node < nodes.size(); ++node) {
    bool is_chosen = true;
    for (int a = 0; a < nodes.dimension(); ++a)
      is_chosen = is_chosen && nodes.index(a, node) % params.observe_every == 0;
    if (is_chosen) chosen.push_back(node);
  }
  for (const int node : params.observe_nodes) {
    if (node >= nodes.size())
      throw deck::KeyError("observe_nodes", fmt::format("there is no node {} on a grid of {}", node, nodes.size()),
                           fmt::format("the last is {}", nodes.size() - 1));
    if (std::find(chosen.begin(), chosen.end(), node) != chosen.end())
      throw deck::KeyError("observe_nodes", fmt::format("node {} is observed already", node), "leave it out");
    chosen.push_back(node);
  }
  std::vector<std::vector<double>> result;
  for (const int node : chosen) {
    result.emplace_back();
    for (int a = 0; a < nodes.dimension(); ++a) result.back().push_back(nodes.position(a, node));
  }
  return result;
}

std::vector<std::vector<double>> observed_patches(const NodeParams& params, const std::vector<double>& lengths) {
  for (std::size_t k = 0; k < params.patches.size(); ++k) {
    const std::vector<double>& box = params.patches[k];
    const auto fail = [&](const std::string& what) {
      throw deck::KeyError("patches", fmt::format("patch {} = [{}] {}", k + 1, fmt::join(box, ", "), what),
                           lengths.size() == 1 ? "a patch is [x0, x1]" : "a patch is [x0, x1, y0, y1]");
    };
    if (box.size() != 2 * lengths.size()) fail(fmt::format("has {} numbers, not {}", box.size(), 2 * lengths.size()));
    for (std::size_t a = 0; a < lengths.size(); ++a) {
      const double begin = box[2 * a], end = box[2 * a + 1];
      if (!(begin >= 0.0 && end <= lengths[a])) fail(fmt::format("reaches out of the domain [0, {}]", lengths[a]));
      if (!(begin < end)) fail(fmt::format("has no extent along {}", "xy"[a]));
    }
  }
  return params.patches;
}

std::vector<double> centre(const std::vector<double>& box) {
  std::vector<double> point;
  for (std::size_t a = 0; a < box.size(); a += 2) point.push_back(0.5 * (box[a] + box[a + 1]));
  return point;
}

std::vector<double> initial_values(const NodeParams& params, const Nodes& nodes) {
  const std::vector<std::string>& formulas = params.initial_state;
  if (formulas.empty()) return {};
  const int n = nodes.size(), fields = static_cast<int>(nodes.fields.size());
  if (static_cast<int>(formulas.size()) != fields)
    throw deck::KeyError("initial_state", fmt::format("{} formulas for {} fields", formulas.size(), fields),
                         fmt::format("one for each of {}", fmt::join(nodes.fields, ", ")));
  std::vector<double> places, values;
  for (int node = 0; node < n; ++node)
    for (int a = 0; a < nodes.dimension(); ++a) places.push_back(nodes.position(a, node));
  for (int k = 0; k < fields; ++k) {
    const std::vector<double> of_field = formula_values("initial_state", formulas[k], nodes.dimension(), places, k);
    values.insert(values.end(), of_field.begin(), of_field.end());
  }
  return values;
}

}  // namespace aleator::pde::nodal
