#include "pde/fem/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "deck/registry.hpp"

namespace aleator::pde::fem {

using field::Mesh;

std::string fault_of_unknowns(const MeshParams& p) {
  const bool by_groups = p.unknown == Unknown::groups, by_grid = p.unknown == Unknown::grid;
  if (!by_groups && (!p.groups.empty() || !p.known.empty())) return "groups and known go with unknown = \"groups\"";
  if (by_grid && p.grid.size() != 2 && p.grid.size() != 3)
    return "unknown = \"grid\" needs grid: cells along each axis";
  return !by_grid && !p.grid.empty() ? "grid goes with unknown = \"grid\"" : "";
}

std::string fault_of_observation(const MeshParams& p, const std::vector<std::string>& more, const char* key) {
  return p.points.empty() && p.patches.empty() && !p.whole_field && more.empty()
             ? fmt::format("nothing is observed: give points, patches, whole_field{}{}", *key ? " or " : "", key)
             : "";
}

void refuse_free_pieces(const Mesh& mesh, const std::vector<char>& is_held, const std::string& key,
                        const std::string& fault, const std::string& hint) {
  std::vector<char> has_hold(static_cast<std::size_t>(mesh.pieces), 0);
  for (std::size_t node = 0; node < is_held.size(); ++node)
    if (is_held[node] != 0) has_hold[static_cast<std::size_t>(mesh.piece[node])] = 1;
  const auto free = std::find(has_hold.begin(), has_hold.end(), 0);
  if (free == has_hold.end()) return;
  const auto piece = static_cast<int>(free - has_hold.begin());
  throw deck::KeyError(key,
                       mesh.pieces == 1 ? fault
                                        : fmt::format("in one of the mesh's {} pieces, {}, {}", mesh.pieces,
                                                      field::place_of_piece(mesh, piece), fault),
                       hint);
}

std::vector<double> ElementValues::all(const double* theta) const {
  std::vector<double> values(owner.size());
  for (std::size_t e = 0; e < values.size(); ++e) values[e] = at(e, theta);
  return values;
}

int side_of(const Mesh& mesh, const std::string& key, const std::string& name) {
  const int side = mesh.side(name);
  if (side < 0)
    throw deck::KeyError(key, fmt::format("the mesh has no side '{}'", name),
                         "its sides (physical groups of the boundary): " + field::names_in_words(mesh.sides));
  return side;
}

int group_of(const Mesh& mesh, const std::string& key, const std::string& name) {
  const int group = mesh.group(name);
  if (group < 0)
    throw deck::KeyError(key, fmt::format("the mesh has no group '{}'", name),
                         "its groups of elements: " + field::names_in_words(mesh.groups));
  return group;
}

std::vector<model::InputField> ElementValues::fields_from(int first) const {
  if (unknowns == 0) return {};
  if (grid.empty()) return {{first, {}, {}, picture, owner}};
  return {{first, grid, lengths}};
}

namespace {

void own_by_groups(const MeshParams& params, const Mesh& mesh, bool are_others_zero, ElementValues& out) {
  const auto is_known = [&](const std::string& group) {
    return std::any_of(params.known.begin(), params.known.end(), [&](const auto& one) { return one.name == group; });
  };
  out.names = params.groups;
  if (params.groups.empty())
    std::copy_if(mesh.groups.begin(), mesh.groups.end(), std::back_inserter(out.names),
                 [&](const std::string& group) { return !is_known(group); });
  std::vector<int> owner(mesh.groups.size(), -1);
  std::vector<double> known(mesh.groups.size(), 0.0);
  for (std::size_t k = 0; k < out.names.size(); ++k) {
    int& here = owner[static_cast<std::size_t>(group_of(mesh, "groups", out.names[k]))];
    if (here >= 0) throw deck::KeyError("groups", fmt::format("group '{}' is named twice", out.names[k]));
    here = static_cast<int>(k);
  }
  for (const deck::Named<double>& value : params.known) {
    const auto group = static_cast<std::size_t>(group_of(mesh, "known", value.name));
    if (owner[group] >= 0)
      throw deck::KeyError("known",
                           fmt::format("the coefficient of group '{}' is unknown: it is one of groups", value.name));
    known[group] = value.value;
  }
  for (std::size_t g = 0; g < owner.size(); ++g)
    if (owner[g] < 0 && known[g] == 0.0 && !are_others_zero)
      throw deck::KeyError("known",
                           fmt::format("the coefficient of group '{}' is neither known nor unknown", mesh.groups[g]),
                           "add it to known or to groups");
  for (const int group : mesh.element_group) {
    out.owner.push_back(owner[static_cast<std::size_t>(group)]);
    out.known.push_back(known[static_cast<std::size_t>(group)]);
  }
}

void own_by_grid(const MeshParams& params, const Mesh& mesh, ElementValues& out) {
  if (static_cast<int>(params.grid.size()) != mesh.dimension)
    throw deck::KeyError(
        "grid", fmt::format("has {} numbers, but the mesh is in {} dimensions", params.grid.size(), mesh.dimension));
  const auto box = mesh.box();
  int count = 1;
  for (const int n : params.grid) count *= n;
  for (int e = 0; e < mesh.element_count(); ++e) {
    const auto centre = mesh.centre(e);
    int cell = 0;
    for (std::size_t d = params.grid.size(); d-- > 0;) {
      const double place = (centre[d] - box[0][d]) / (box[1][d] - box[0][d]) * params.grid[d];
      cell = cell * params.grid[d] + std::clamp(static_cast<int>(place), 0, params.grid[d] - 1);
    }
    out.owner.push_back(cell);
  }
  for (int k = 0; k < count; ++k) out.names.push_back(std::to_string(k));
  out.grid = params.grid;
  for (std::size_t d = 0; d < params.grid.size(); ++d) out.lengths.push_back(box[1][d] - box[0][d]);
}

// Calls add(node, weight) with the integrals of the hats times the density interpolated over a simplex of `count` nodes.
template <class Add>
void integrate(const Mesh& mesh, const int* node, int count, double size, const SpaceFunction& density,
               const Add& add) {
  double value[4], sum = 0.0;
  for (int c = 0; c < count; ++c) sum += value[c] = density(mesh.point(node[c]));
  for (int c = 0; c < count; ++c) add(node[c], size * (sum + value[c]) / (count * (count + 1)));
}

void add_point(const Layout& layout, const std::string& key, const std::vector<double>& point,
               const std::function<void(int node, double weight)>& add) {
  const Mesh& mesh = *layout.mesh;
  if (static_cast<int>(point.size()) != mesh.dimension)
    throw deck::KeyError(key, fmt::format("the point [{}] has {} coordinates, but the mesh is in {} dimensions",
                                          fmt::join(point, ", "), point.size(), mesh.dimension));
  const field::Place place = field::locate(mesh, point.data());
  if (place.element < 0)
    throw deck::KeyError(key, fmt::format("the point [{}] lies outside the mesh", fmt::join(point, ", ")));
  for (int c = 0; c < mesh.corners(); ++c)
    add(mesh.element(place.element)[c], place.weight[static_cast<std::size_t>(c)]);
}

// Weights of the mean over the elements whose centre lies in the box, by node.
std::vector<double> patch_weights(const Mesh& mesh, const std::vector<double>& box) {
  if (static_cast<int>(box.size()) != 2 * mesh.dimension)
    throw deck::KeyError("patches", fmt::format("the box [{}] has {} numbers, but the mesh is in {} dimensions",
                                                fmt::join(box, ", "), box.size(), mesh.dimension));
  std::vector<double> weight(static_cast<std::size_t>(mesh.node_count()), 0.0);
  double volume = 0.0;
  for (int e = 0; e < mesh.element_count(); ++e) {
    const auto centre = mesh.centre(e);
    bool is_inside = true;
    for (std::size_t d = 0; 2 * d < box.size(); ++d)
      is_inside = is_inside && centre[d] >= box[2 * d] && centre[d] <= box[2 * d + 1];
    if (!is_inside) continue;
    volume += mesh.volume(e);
    for (int c = 0; c < mesh.corners(); ++c)
      weight[static_cast<std::size_t>(mesh.element(e)[c])] += mesh.volume(e) / mesh.corners();
  }
  if (volume == 0.0)
    throw deck::KeyError("patches", fmt::format("no element has its centre in the box [{}]", fmt::join(box, ", ")));
  for (double& w : weight) w /= volume;
  return weight;
}

}  // namespace

ElementValues element_values(const MeshParams& params, const Mesh& mesh, bool are_others_zero) {
  ElementValues out;
  switch (params.unknown) {
    case Unknown::groups:
      own_by_groups(params, mesh, are_others_zero, out);
      break;
    case Unknown::grid:
      own_by_grid(params, mesh, out);
      break;
    case Unknown::elements:
      for (int e = 0; e < mesh.element_count(); ++e) out.owner.push_back(e), out.names.push_back(std::to_string(e));
      break;
  }
  out.unknowns = static_cast<int>(out.names.size()), out.known.resize(out.owner.size(), 0.0);
  if (out.grid.empty()) out.picture = field::simplices(mesh);
  return out;
}

Terms element_terms(const Mesh& mesh, int fields) {
  Terms terms;
  terms.size = mesh.corners() * fields;
  for (int e = 0; e < mesh.element_count(); ++e) {
    for (int c = 0; c < mesh.corners(); ++c)
      for (int f = 0; f < fields; ++f) terms.dofs.push_back(mesh.element(e)[c] * fields + f);
    terms.coefficient.push_back(e);
  }
  terms.matrix.assign(terms.count() * static_cast<std::size_t>(terms.size * terms.size), 0.0);
  return terms;
}

Terms stiffness(const Mesh& mesh) {
  Terms terms = element_terms(mesh, 1);
  double* to = terms.matrix.data();
  double g[12];
  const int d = mesh.dimension;
  for (int e = 0; e < mesh.element_count(); ++e) {
    const double volume = mesh.gradients(e, g);
    for (int i = 0; i <= d; ++i)
      for (int j = 0; j <= d; ++j, ++to)
        for (int a = 0; a < d; ++a) *to += volume * g[i * d + a] * g[j * d + a];
  }
  return terms;
}

Terms side_mass(const Mesh& mesh, int side, int coefficient) {
  Terms terms;
  const int d = mesh.dimension;
  terms.size = d;
  for (int f = 0; f < mesh.facet_count(); ++f) {
    if (mesh.facet_side[static_cast<std::size_t>(f)] != side) continue;
    terms.dofs.insert(terms.dofs.end(), mesh.facet(f), mesh.facet(f) + d);
    terms.coefficient.push_back(coefficient);
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j) terms.matrix.push_back(mesh.facet_area(f) * (i == j ? 2.0 : 1.0) / (d * (d + 1)));
  }
  return terms;
}

int claim_side(Layout& layout, const std::string& key, const std::string& name, int field) {
  const int side = side_of(*layout.mesh, key, name);
  for (const Layout::Condition& other : layout.conditions)
    if (other.side == side && other.field == field)
      throw deck::KeyError(key,
                           other.key == key
                               ? fmt::format("side '{}' is given twice", name)
                               : fmt::format("side '{}' is given twice, here and under {}", name, other.key),
                           "one condition a side and component");
  layout.conditions.push_back({side, field, key});
  return side;
}

int fix_side(Layout& layout, int side, int field, const SpaceFunction& value) {
  const int place = static_cast<int>(layout.held.size());
  layout.held.emplace_back(side, field);
  for (const int node : layout.mesh->nodes_of_side(side)) {
    const auto dof = static_cast<std::size_t>(node * layout.fields() + field);
    ++layout.is_fixed[dof];
    layout.fixed_values[dof] = value(layout.mesh->point(node));
    layout.held_by[dof] = place;
  }
  return place;
}

std::vector<double> nodes_held(const Layout& layout, int place) {
  std::vector<double> unit(layout.held_by.size());
  for (std::size_t i = 0; i < unit.size(); ++i) unit[i] = layout.held_by[i] == place ? 1.0 : 0.0;
  return unit;
}

void add_body_load(const Layout& layout, int group, int field, const SpaceFunction& density,
                   std::vector<double>& load) {
  const Mesh& mesh = *layout.mesh;
  for (int e = 0; e < mesh.element_count(); ++e)
    if (group < 0 || mesh.element_group[static_cast<std::size_t>(e)] == group)
      integrate(mesh, mesh.element(e), mesh.corners(), mesh.volume(e), density, [&](int node, double weight) {
        load[static_cast<std::size_t>(node * layout.fields() + field)] += weight;
      });
}

void add_side_load(const Layout& layout, int side, int field, const SpaceFunction& density, std::vector<double>& load) {
  const Mesh& mesh = *layout.mesh;
  for (int f = 0; f < mesh.facet_count(); ++f)
    if (mesh.facet_side[static_cast<std::size_t>(f)] == side)
      integrate(mesh, mesh.facet(f), mesh.dimension, mesh.facet_area(f), density, [&](int node, double weight) {
        load[static_cast<std::size_t>(node * layout.fields() + field)] += weight;
      });
}

void add_point_load(const Layout& layout, const std::string& key, const std::vector<double>& point, int field,
                    std::vector<double>& load) {
  add_point(layout, key, point,
            [&](int node, double weight) { load[static_cast<std::size_t>(node * layout.fields() + field)] += weight; });
}

void observe(const MeshParams& params, Layout& layout) {
  const int fields = layout.fields();
  const auto add_rows = [&](const std::vector<std::pair<int, double>>& nodes, const std::string& where) {
    for (int f = 0; f < fields; ++f) {
      for (const auto& [node, weight] : nodes) layout.observed.add(node * fields + f, weight);
      layout.observed.end_row();
      layout.output_names.push_back(layout.field_names[static_cast<std::size_t>(f)] + where);
    }
  };
  for (const std::vector<double>& point : params.points) {
    std::vector<std::pair<int, double>> nodes;
    add_point(layout, "points", point, [&](int node, double weight) { nodes.emplace_back(node, weight); });
    add_rows(nodes, fmt::format("({})", fmt::join(point, ", ")));
  }
  for (std::size_t k = 0; k < params.patches.size(); ++k) {
    const std::vector<double> weights = patch_weights(*layout.mesh, params.patches[k]);
    std::vector<std::pair<int, double>> nodes;
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (weights[i] != 0.0) nodes.emplace_back(static_cast<int>(i), weights[i]);
    add_rows(nodes, fmt::format(" over patch {}", k + 1));
  }
  for (int node = 0; params.whole_field && node < layout.mesh->node_count(); ++node)
    add_rows({{node, 1.0}}, fmt::format(" at node {}", node));
}

void observe_reactions(const std::string& key, const std::vector<std::string>& sides, const std::string& name,
                       Layout& layout) {
  const int fields = layout.fields();
  for (const std::string& side_name : sides) {
    const int side = side_of(*layout.mesh, key, side_name);
    const auto is_held = [&](int field) {
      return std::find(layout.held.begin(), layout.held.end(), std::pair(side, field)) != layout.held.end();
    };
    bool is_any_held = false;
    for (int f = 0; f < fields; ++f) is_any_held = is_any_held || is_held(f);
    if (!is_any_held)
      throw deck::KeyError(key, fmt::format("nothing is given on side '{}': only there is it an unknown", side_name));
    for (int f = 0; f < fields; ++f) {
      if (is_held(f))  // a corner belongs to the sides that hold it, not to one that lets go of this field
        for (const int node : layout.mesh->nodes_of_side(side))
          layout.reactions.add(node * fields + f, 1.0 / layout.is_fixed[static_cast<std::size_t>(node * fields + f)]);
      layout.reactions.end_row();
      layout.output_names.push_back(fields == 1 ? fmt::format("{} {}", name, side_name)
                                                : fmt::format("{} {} {}", name, "xyz"[f], side_name));
    }
  }
}

}  // namespace aleator::pde::fem
