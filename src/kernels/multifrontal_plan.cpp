#include "kernels/multifrontal_plan.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace aleator::kernels {
namespace {

int groups_of(int entries) { return (entries + 3) / 4; }

int schur_packs(const Front& front) {
  return front.is_leaf ? 0 : schur_tile_row(front.groups - front.eliminated_groups);
}

// Two stacks, one for even and one for odd depths: a node writes its Schur complement into one while it reads those of
// its children, which lie on top of the other.
class SchurStacks {
 public:
  int push(int depth, int size) {
    const int begin = top_[depth % 2];
    top_[depth % 2] += size;
    peak_[depth % 2] = std::max(peak_[depth % 2], top_[depth % 2]);
    return begin;
  }
  void pop(int depth, int size) { top_[depth % 2] -= size; }
  int peak(int parity) const { return peak_[parity]; }

 private:
  int top_[2] = {0, 0}, peak_[2] = {0, 0};
};

std::vector<int> depths(const std::vector<EliminationNode>& nodes) {
  std::vector<int> depth(nodes.size(), 0);
  for (int i = static_cast<int>(nodes.size()) - 1; i >= 0; --i) {
    for (int child : {nodes[i].left, nodes[i].right}) {
      if (child < 0) continue;
      ALEATOR_ASSERT(child < i);
      depth[child] = depth[i] + 1;
    }
  }
  return depth;
}

void place_schur_complements(const std::vector<EliminationNode>& nodes, MultifrontalPlan& plan) {
  const std::vector<int> depth = depths(nodes);
  SchurStacks stacks;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    plan.fronts[i].schur_begin = stacks.push(depth[i], schur_packs(plan.fronts[i]));
    if (nodes[i].left < 0) continue;
    for (int child : {nodes[i].right, nodes[i].left}) stacks.pop(depth[child], schur_packs(plan.fronts[child]));
  }
  const int first = stacks.peak(0);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (depth[i] % 2 == 1) plan.fronts[i].schur_begin += first;
  plan.zero_begin = first + stacks.peak(1) + 16;  // diagonal tiles read up to 3 packs past the last row
}

// Rows and columns of a child's Schur complement for every place of its parent; marks the groups that have any.
std::vector<bool> map_child(const EliminationNode& child, const Front& child_front, const std::vector<int>& places,
                            MultifrontalPlan& plan) {
  std::vector<bool> present(places.size() / 4, false);
  int found = 0;
  for (std::size_t at = 0; at < places.size(); ++at) {
    int index = -1;
    if (places[at] == plan.rhs_slot()) {
      index = 4 * (child_front.groups - child_front.eliminated_groups) - 1;
    } else if (places[at] >= 0) {
      const auto it = std::lower_bound(child.remaining.begin(), child.remaining.end(), places[at]);
      if (it != child.remaining.end() && *it == places[at]) index = static_cast<int>(it - child.remaining.begin());
    }
    if (index >= 0) {
      ++found;
      present[at / 4] = !child_front.is_leaf;
    }
    plan.row_map.push_back(index < 0 ? plan.zero_begin : child_front.schur_begin + schur_row(index));
    plan.column_map.push_back(index < 0 ? 0 : schur_column(index));
  }
  ALEATOR_ASSERT(found == static_cast<int>(child.remaining.size()) + 1);
  return present;
}

void map_front(const std::vector<EliminationNode>& nodes, int at, MultifrontalPlan& plan) {
  Front& front = plan.fronts[at];
  const EliminationNode& node = nodes[at];
  const std::vector<int> places = front_places(node, front, plan.variables_count);
  front.factor_begin = plan.factor_size;
  plan.factor_size += 4 * front.groups * front.eliminated;
  plan.columns_size = std::max(plan.columns_size, 4 * front.eliminated);
  front.map_begin = static_cast<int>(plan.row_map.size());
  const auto first = map_child(nodes[node.left], plan.fronts[node.left], places, plan);
  const auto second = map_child(nodes[node.right], plan.fronts[node.right], places, plan);
  front.tile_begin = static_cast<int>(plan.tile_sources.size());
  for_each_tile(front, [&](int I, int J) {
    plan.tile_sources.push_back((first[I] && first[J] ? from_first_child : 0) |
                                (second[I] && second[J] ? from_second_child : 0));
  });
  front.variables_begin = static_cast<int>(plan.variables.size());
  for (std::size_t place = 4 * front.eliminated_groups; place < places.size(); ++place)
    plan.variables.push_back(places[place] < 0 ? plan.zero_slot() : places[place]);
}

void count_flops(const Front& front, MultifrontalPlan& plan) {
  const std::int64_t m = front.eliminated, n = front.remaining;
  if (!front.is_leaf) {
    for (std::int64_t k = 0; k < m; ++k) {  // eliminate one variable: a division, a scaled column, a symmetric update
      const std::int64_t rows = m - 1 - k + n;
      plan.factor_flops += 1 + rows + 1 + rows * (rows + 1) + 2 * rows;
    }
    plan.factor_flops += (n + 1) * (n + 2) / 2;  // extend-add, one addition an entry at most
    plan.solve_flops += 2 * (m * (m - 1) / 2 + m * (n + 1));
  }
}

}  // namespace

std::vector<int> front_places(const EliminationNode& node, const Front& front, int variables_count) {
  std::vector<int> places(4 * front.groups, -1);
  for (int k = 0; k < front.eliminated; ++k) places[k] = node.first_eliminated + k;
  std::copy(node.remaining.begin(), node.remaining.end(), places.begin() + 4 * front.eliminated_groups);
  places.back() = variables_count + 1;
  return places;
}

MultifrontalPlan plan_multifrontal(const std::vector<EliminationNode>& nodes, int variables_count) {
  MultifrontalPlan plan;
  plan.variables_count = variables_count;
  plan.fronts.resize(nodes.size());
  int largest = 1;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Front& front = plan.fronts[i];
    front.is_leaf = nodes[i].left < 0;
    front.first_eliminated = nodes[i].first_eliminated;
    front.eliminated = nodes[i].eliminated;
    front.remaining = static_cast<int>(nodes[i].remaining.size());
    front.eliminated_groups = front.is_leaf ? 0 : groups_of(front.eliminated);
    front.groups = front.eliminated_groups + groups_of(front.remaining + 1);
    largest = std::max(largest, groups_of(front.remaining + 1));
    count_flops(front, plan);
  }
  place_schur_complements(nodes, plan);
  plan.zero_size = 16 * (largest + 2);
  plan.schur_size = plan.zero_begin + plan.zero_size;

  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (!plan.fronts[i].is_leaf) map_front(nodes, static_cast<int>(i), plan);
  return plan;
}

}  // namespace aleator::kernels
