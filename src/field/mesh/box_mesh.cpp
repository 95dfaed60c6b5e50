#include "core/error.hpp"
#include "field/mesh/mesh.hpp"

namespace aleator::field {
namespace {

struct Lattice {
  int n[3];
  int node(int i, int j, int k) const { return i + (n[0] + 1) * (j + (n[1] + 1) * k); }
};

void add_triangles(const Lattice& at, Mesh& mesh) {
  for (int j = 0; j < at.n[1]; ++j)
    for (int i = 0; i < at.n[0]; ++i) {
      const int a = at.node(i, j, 0), b = at.node(i + 1, j, 0), c = at.node(i + 1, j + 1, 0), d = at.node(i, j + 1, 0);
      if ((i + j) % 2 == 0)
        mesh.elements.insert(mesh.elements.end(), {a, b, c, a, c, d});
      else
        mesh.elements.insert(mesh.elements.end(), {a, b, d, b, c, d});
    }
}

// Kuhn's six: the ways from the lowest corner to the highest along the three axes.
void add_tetrahedra(const Lattice& at, Mesh& mesh) {
  constexpr int orders[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}, {2, 1, 0}, {1, 0, 2}};
  for (int k = 0; k < at.n[2]; ++k)
    for (int j = 0; j < at.n[1]; ++j)
      for (int i = 0; i < at.n[0]; ++i)
        for (const auto& order : orders) {
          int place[3] = {i, j, k};
          mesh.elements.push_back(at.node(i, j, k));
          for (const int axis : order) {
            ++place[axis];
            mesh.elements.push_back(at.node(place[0], place[1], place[2]));
          }
        }
}

// The facets of the elements whose nodes all lie at one end of an axis.
void add_sides(const Lattice& at, Mesh& mesh) {
  const auto index = [&](int node, int axis) {
    const int nx = at.n[0] + 1, ny = at.n[1] + 1;
    return axis == 0 ? node % nx : axis == 1 ? node / nx % ny : node / (nx * ny);
  };
  const int corners = mesh.corners();
  for (int e = 0; e < mesh.element_count(); ++e)
    for (int axis = 0; axis < mesh.dimension; ++axis)
      for (int end = 0; end < 2; ++end) {
        std::vector<int> nodes;
        for (int c = 0; c < corners; ++c)
          if (index(mesh.element(e)[c], axis) == end * at.n[axis]) nodes.push_back(mesh.element(e)[c]);
        if (static_cast<int>(nodes.size()) != mesh.dimension) continue;
        mesh.facets.insert(mesh.facets.end(), nodes.begin(), nodes.end());
        mesh.facet_side.push_back(2 * axis + end);
      }
}

}  // namespace

Mesh make_box_mesh(const std::vector<int>& cells, const std::vector<double>& lengths) {
  ALEATOR_ASSERT(cells.size() >= 2 && cells.size() <= 3 && lengths.size() == cells.size());
  Mesh mesh;
  mesh.dimension = static_cast<int>(cells.size());
  const Lattice at{{cells[0], cells[1], mesh.dimension == 3 ? cells[2] : 0}};
  for (int k = 0; k <= at.n[2]; ++k)
    for (int j = 0; j <= at.n[1]; ++j)
      for (int i = 0; i <= at.n[0]; ++i) {
        const int place[3] = {i, j, k};
        for (std::size_t d = 0; d < cells.size(); ++d) mesh.points.push_back(place[d] * (lengths[d] / cells[d]));
      }
  mesh.sides = {"left", "right", "bottom", "top"};
  if (mesh.dimension == 3) mesh.sides.insert(mesh.sides.end(), {"front", "back"});
  mesh.groups = {"box"};
  if (mesh.dimension == 2)
    add_triangles(at, mesh);
  else
    add_tetrahedra(at, mesh);
  mesh.element_group.assign(static_cast<std::size_t>(mesh.element_count()), 0);
  add_sides(at, mesh);
  finish(mesh);
  return mesh;
}

}  // namespace aleator::field
