#include "pde/diffusion/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"

namespace aleator::pde::diffusion {
namespace {

const Setup& checked(const Setup& setup) {
  if (setup.mesh < 1 || setup.coefficients < 1)
    throw core::UserError(
        fmt::format("diffusion: mesh = {} and coefficients = {} must be at least 1", setup.mesh, setup.coefficients));
  if (setup.mesh % setup.coefficients != 0)
    throw core::UserError(
        fmt::format("diffusion: mesh = {} is not a multiple of coefficients = {}", setup.mesh, setup.coefficients));
  if (!std::isfinite(setup.source))
    throw core::UserError(fmt::format("diffusion: source = {} is not finite", setup.source));
  for (const auto& p : setup.sensors)
    if (!(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1))
      throw core::UserError(fmt::format("diffusion: sensor ({}, {}) is outside the unit square", p[0], p[1]));
  return setup;
}

// E = S_ee^-1 by Gauss-Jordan elimination (symmetric positive definite: no pivoting needed).
std::vector<double> inverse(std::vector<double> a, int size) {
  std::vector<double> b(a.size(), 0.0);
  for (int i = 0; i < size; ++i) b[i * size + i] = 1.0;
  for (int k = 0; k < size; ++k) {
    const double pivot = a[k * size + k];
    for (int j = 0; j < size; ++j) {
      a[k * size + j] /= pivot;
      b[k * size + j] /= pivot;
    }
    for (int i = 0; i < size; ++i) {
      if (i == k) continue;
      const double factor = a[i * size + k];
      for (int j = 0; j < size; ++j) {
        a[i * size + j] -= factor * a[k * size + j];
        b[i * size + j] -= factor * b[k * size + j];
      }
    }
  }
  return b;
}

// S = t1 term[0] + t2 term[1] + q term[2] and g = load + p load_p of a leaf, on its remaining variables.
struct LeafMatrices {
  LeafMatrices(const Tables& tables, const LeafRecord& record);
  int n;
  std::vector<double> term[3];
  std::vector<double> load, load_p;

 private:
  int position(int variable) const;  // among the remaining variables, or -1
  void add_cell(const Tables& t, int cell);
  void add_half(const Tables& t, const LeafRecord& record, int half);

  const std::vector<int>& remaining_;
  std::vector<double> difference_, extension_;  // (a - b)(i, e) and M_1 - M_2, on the remaining variables
};

LeafMatrices::LeafMatrices(const Tables& t, const LeafRecord& record)
    : n(t.plan.fronts[record.front].remaining),
      load(n, 0.0),
      load_p(n, 0.0),
      remaining_(t.dissection.nodes[record.front].remaining),
      difference_(static_cast<std::size_t>(n) * t.edge, 0.0),
      extension_(difference_) {
  for (auto& matrix : term) matrix.assign(static_cast<std::size_t>(n) * n, 0.0);
  if (record.second_cell < 0) {
    add_cell(t, record.first_cell);
    return;
  }
  add_half(t, record, 0);
  add_half(t, record, 1);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      for (int k = 0; k < t.edge; ++k) term[2][i * n + j] -= difference_[i * t.edge + k] * extension_[j * t.edge + k];
}

int LeafMatrices::position(int variable) const {
  const auto it = std::lower_bound(remaining_.begin(), remaining_.end(), variable);
  return it != remaining_.end() && *it == variable ? static_cast<int>(it - remaining_.begin()) : -1;
}

void LeafMatrices::add_cell(const Tables& t, int cell) {
  const int* variable = &t.cell_variable[cell * t.boundary];
  for (int b = 0; b < t.boundary; ++b) {
    const int i = position(variable[b]);
    if (i < 0) continue;
    load[i] += t.reference.g[b];
    for (int d = 0; d < t.boundary; ++d) {
      const int j = position(variable[d]);
      if (j >= 0) term[0][i * n + j] += t.reference.S[b * t.boundary + d];
    }
  }
}

void LeafMatrices::add_half(const Tables& t, const LeafRecord& record, int half) {
  const auto side = static_cast<Side>(half == 0 ? record.first_side : record.second_side);
  const int* variable = &t.cell_variable[(half == 0 ? record.first_cell : record.second_cell) * t.boundary];
  const auto e = t.reference.edge(side), others = t.reference.rest(side);
  const auto S = [&](int i, int j) { return t.reference.S[i * t.boundary + j]; };
  const double* M = t.edge_extension.data() + static_cast<std::size_t>(side) * t.edge * t.rest;
  const double sign = half == 0 ? 1 : -1;
  for (int jb = 0; jb < t.rest; ++jb) {
    const int j = position(variable[others[jb]]);
    if (j < 0) continue;
    double extended = 0;  // (2 M^T g_e)_j
    for (int k = 0; k < t.edge; ++k) {
      extended += 2 * M[k * t.rest + jb] * t.reference.g[e[k]];
      difference_[j * t.edge + k] += sign * S(others[jb], e[k]);
      extension_[j * t.edge + k] += sign * M[k * t.rest + jb];
    }
    load[j] += t.reference.g[others[jb]] + (half == 0 ? 0.0 : extended);
    load_p[j] += sign * extended;
    for (int ib = 0; ib < t.rest; ++ib) {
      const int i = position(variable[others[ib]]);
      if (i < 0) continue;
      double value = S(others[ib], others[jb]);
      for (int k = 0; k < t.edge; ++k) value += S(others[ib], e[k]) * M[k * t.rest + jb];
      term[half][i * n + j] += value;
    }
  }
}

// What the leaves below a front add to its tiles.
class LeafTiles {
 public:
  void add_child(const LeafMatrices& matrices, const std::vector<int>& remaining, const std::vector<int>& places) {
    Child child{&matrices, {}};
    for (int place : places) {
      const auto it = std::lower_bound(remaining.begin(), remaining.end(), place);
      child.index.push_back(it != remaining.end() && *it == place ? static_cast<int>(it - remaining.begin()) : -1);
    }
    children_.push_back(std::move(child));
  }
  void add_nothing() { children_.push_back({nullptr, {}}); }

  /// The sources of tile (I, J); its constants go to the end of `constants`.
  int append(int I, int J, bool with_load, std::vector<double>& constants) const {
    int sources = 0;
    for (int h = 0; h < 2; ++h) {
      for (int t = 0; t < 3; ++t) {
        double block[16] = {};
        bool used = false;
        for (int k = 0; k < 16; ++k) {
          block[k] = entry(children_[h], t, 4 * I + k / 4, 4 * J + k % 4);
          used = used || block[k] != 0.0;
        }
        if (!used) continue;
        sources |= leaf_matrix << (3 * h + t);
        constants.insert(constants.end(), block, block + 16);
      }
    }
    return with_load && append_load(J, constants) ? sources | leaf_load : sources;
  }

 private:
  struct Child {
    const LeafMatrices* matrices;
    std::vector<int> index;  // of every place of the front, or -1
  };

  static double entry(const Child& child, int term, int row, int column) {
    if (!child.matrices || child.index[row] < 0 || child.index[column] < 0) return 0.0;
    return child.matrices->term[term][child.index[row] * child.matrices->n + child.index[column]];
  }

  bool append_load(int J, std::vector<double>& constants) const {
    double block[12] = {};
    bool used = false;
    for (int h = 0; h < 2; ++h) {
      for (int b = 0; b < 4; ++b) {
        if (!children_[h].matrices || children_[h].index[4 * J + b] < 0) continue;
        used = true;
        block[b] += children_[h].matrices->load[children_[h].index[4 * J + b]];
        block[4 * (1 + h) + b] = children_[h].matrices->load_p[children_[h].index[4 * J + b]];
      }
    }
    if (used) constants.insert(constants.end(), block, block + 12);
    return used;
  }

  std::vector<Child> children_;
};

}  // namespace

Tables::Tables(const Setup& setup)
    : n(checked(setup).mesh),
      c(setup.coefficients),
      r(n / c),
      cells(c * c),
      boundary(4 * r),
      edge(r - 1),
      rest(3 * r + 1),
      outputs(static_cast<int>(setup.sensors.size())),
      reference(r, 1.0 / n, setup.source),
      dissection(dissect(c, r)),
      plan(kernels::plan_multifrontal(dissection.nodes, dissection.variables)) {
  make_cells();
  make_edges();
  make_leaves();
  make_front_leaves();
  make_sensors(setup.sensors);
  count_flops();
}

void Tables::make_cells() {
  for (int k = 0; k < cells; ++k) {
    for (int b = 0; b < boundary; ++b) {
      const int x = k % c * r + reference.node_a[b], y = k / c * r + reference.node_b[b];
      const int variable = dissection.variable[x + static_cast<std::size_t>(n + 1) * y];
      cell_variable.push_back(variable < 0 ? plan.zero_slot() : variable);
    }
  }
}

void Tables::make_edges() {
  const auto first = reference.edge(Side::left);
  std::vector<double> S_ee(static_cast<std::size_t>(edge) * edge);
  for (int i = 0; i < edge; ++i)
    for (int j = 0; j < edge; ++j) S_ee[i * edge + j] = reference.S[first[i] * boundary + first[j]];
  edge_inverse = inverse(S_ee, edge);
  edge_load.assign(edge, 0.0);
  for (int i = 0; i < edge; ++i)
    for (int j = 0; j < edge; ++j) edge_load[i] += 2 * edge_inverse[i * edge + j] * reference.g[first[j]];

  for (int side = 0; side < 4; ++side) {
    const auto e = reference.edge(static_cast<Side>(side)), others = reference.rest(static_cast<Side>(side));
    edge_rest.insert(edge_rest.end(), others.begin(), others.end());
    for (int i = 0; i < edge; ++i) {
      for (int other : others) {
        double sum = 0;
        for (int j = 0; j < edge; ++j) sum -= edge_inverse[i * edge + j] * reference.S[e[j] * boundary + other];
        edge_extension.push_back(sum);
      }
    }
  }
}

void Tables::make_leaves() {
  for (const Leaf& leaf : dissection.leaves) {
    LeafRecord record;
    record.front = leaf.node;
    record.first_cell = leaf.first;
    record.second_cell = leaf.second;
    record.first_side = static_cast<int>(leaf.shared);
    record.second_side = static_cast<int>(leaf.shared == Side::right ? Side::left : Side::bottom);
    leaves.push_back(record);
  }
}

void Tables::make_front_leaves() {
  std::vector<int> leaf_of(plan.fronts.size(), -1);
  for (std::size_t i = 0; i < leaves.size(); ++i) leaf_of[leaves[i].front] = static_cast<int>(i);
  front_leaves.resize(plan.fronts.size());
  std::map<std::vector<double>, int> known;  // constants -> where they lie

  for (std::size_t at = 0; at < plan.fronts.size(); ++at) {
    const kernels::Front& front = plan.fronts[at];
    if (front.is_leaf) continue;
    const kernels::EliminationNode& node = dissection.nodes[at];
    const std::vector<int> places = kernels::front_places(node, front, plan.variables_count);
    const int children[2] = {node.left, node.right};
    std::vector<LeafMatrices> matrices;
    matrices.reserve(2);
    LeafTiles tiles;
    for (int h = 0; h < 2; ++h) {
      const int leaf = front_leaves[at].leaf[h] = leaf_of[children[h]];
      if (leaf < 0) {
        tiles.add_nothing();
      } else {
        matrices.emplace_back(*this, leaves[leaf]);
        tiles.add_child(matrices.back(), dissection.nodes[children[h]].remaining, places);
      }
    }
    if (matrices.empty()) continue;
    std::vector<double> constants;
    int* sources = &plan.tile_sources[front.tile_begin];
    kernels::for_each_tile(front,
                           [&](int I, int J) { *sources++ |= tiles.append(I, J, I == front.groups - 1, constants); });
    const auto found = known.emplace(constants, static_cast<int>(leaf_constants.size()));
    if (found.second) leaf_constants.insert(leaf_constants.end(), constants.begin(), constants.end());
    front_leaves[at].constants = found.first->second;
  }
}

void Tables::make_sensors(const std::vector<std::array<double, 2>>& sensors) {
  std::vector<std::vector<int>> in_cell(cells);
  const auto element = [&](double x) { return std::min(n - 1, static_cast<int>(x * n)); };
  for (int s = 0; s < outputs; ++s) in_cell[element(sensors[s][0]) / r + c * (element(sensors[s][1]) / r)].push_back(s);

  block_begin.push_back(0);
  for (int k = 0; k < cells; ++k) {
    const int blocks = (static_cast<int>(in_cell[k].size()) + 3) / 4, first = block_begin.back();
    block_begin.push_back(first + blocks);
    block_output.resize(4 * block_begin.back(), outputs);
    block_interior.resize(4 * block_begin.back(), 0.0);
    block_weight.resize(static_cast<std::size_t>(4) * boundary * block_begin.back(), 0.0);
    for (std::size_t at = 0; at < in_cell[k].size(); ++at) {
      const int s = in_cell[k][at], block = first + static_cast<int>(at) / 4, place = static_cast<int>(at) % 4;
      const int ex = element(sensors[s][0]), ey = element(sensors[s][1]);
      const double xi = sensors[s][0] * n - ex, eta = sensors[s][1] * n - ey;
      double* weight = &block_weight[static_cast<std::size_t>(4) * boundary * block + place];
      block_output[4 * block + place] = s;
      for (int corner = 0; corner < 4; ++corner) {
        const double phi = (corner % 2 ? xi : 1 - xi) * (corner / 2 ? eta : 1 - eta);
        const int node = reference.index[(ex % r + corner % 2) + (r + 1) * (ey % r + corner / 2)];
        if (node >= 0) {
          weight[4 * node] += phi;
        } else {
          const int i = -1 - node;
          block_interior[4 * block + place] += phi * reference.w[i];
          for (int b = 0; b < boundary; ++b)
            weight[4 * b] += phi * reference.Q[static_cast<std::size_t>(i) * boundary + b];
        }
      }
    }
  }
}

void Tables::count_flops() {
  std::int64_t leaf = 0, recover = 0;
  for (const LeafRecord& record : leaves) {
    const std::int64_t size = plan.fronts[record.front].remaining;
    leaf += record.second_cell < 0 ? size * (size + 1) / 2 : 3 * size * (size + 1) / 2 + 2 * size;
    if (record.second_cell >= 0) recover += 4 * static_cast<std::int64_t>(edge) * rest;
  }
  const std::int64_t observe = 2 * static_cast<std::int64_t>(outputs) * (boundary + 1);
  value_flops = leaf + plan.factor_flops + plan.solve_flops + recover + observe;
  const std::int64_t per_cell = 2 * static_cast<std::int64_t>(boundary) * (boundary + 1);
  gradient_flops = value_flops + 2 * (plan.solve_flops + recover) + observe + cells * per_cell;
}

}  // namespace aleator::pde::diffusion
