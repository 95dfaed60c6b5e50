#include "field/mesh/partition.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

namespace aleator::field {
namespace {

int longest_axis(const Mesh& mesh, const int* first, const int* last) {
  int longest = 0;
  double length = -1.0;
  for (int d = 0; d < mesh.dimension; ++d) {
    const auto [low, high] =
        std::minmax_element(first, last, [&](int a, int b) { return mesh.point(a)[d] < mesh.point(b)[d]; });
    const double extent = mesh.point(*high)[d] - mesh.point(*low)[d];
    if (extent > length) length = extent, longest = d;
  }
  return longest;
}

// Parts [from, to) of all nodes, which lie at order[n from / parts] and on.
void bisect(const Mesh& mesh, int from, int to, int parts, std::vector<int>& order) {
  const auto begin_of = [&](int part) { return order.data() + static_cast<std::int64_t>(order.size()) * part / parts; };
  int* const first = begin_of(from);
  int* const last = begin_of(to);
  if (to - from < 2 || first == last) return;
  const int middle = from + (to - from) / 2, axis = longest_axis(mesh, first, last);
  std::nth_element(first, begin_of(middle), last, [&](int a, int b) {  // one order, whatever the sorting algorithm
    return std::make_pair(mesh.point(a)[axis], a) < std::make_pair(mesh.point(b)[axis], b);
  });
  bisect(mesh, from, middle, parts, order);
  bisect(mesh, middle, to, parts, order);
}

}  // namespace

std::vector<int> bisection_order(const Mesh& mesh, int parts) {
  std::vector<int> order(static_cast<std::size_t>(mesh.node_count()));
  std::iota(order.begin(), order.end(), 0);
  bisect(mesh, 0, parts, parts, order);
  for (int part = 0; part < parts; ++part)  // within a part as the mesh numbers them
    std::sort(order.begin() + static_cast<std::int64_t>(order.size()) * part / parts,
              order.begin() + static_cast<std::int64_t>(order.size()) * (part + 1) / parts);
  return order;
}

}  // namespace aleator::field
