#pragma once
/// What      A mesh as the text of a file of Gmsh, for tests.
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "field/mesh/mesh.hpp"

namespace aleator::field {

/// MSH 2.2; node tags are 10 times their number + 3, so that a reader that takes tags for numbers fails.
inline std::string gmsh_2_2(const Mesh& mesh) {
  const int d = mesh.dimension;
  std::string text = "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n";
  text += fmt::format("$PhysicalNames\n{}\n", mesh.sides.size() + mesh.groups.size());
  for (std::size_t k = 0; k < mesh.sides.size(); ++k)
    text += fmt::format("{} {} \"{}\"\n", d - 1, k + 1, mesh.sides[k]);
  for (std::size_t k = 0; k < mesh.groups.size(); ++k) text += fmt::format("{} {} \"{}\"\n", d, k + 1, mesh.groups[k]);
  text += fmt::format("$EndPhysicalNames\n$Nodes\n{}\n", mesh.node_count());
  for (int k = 0; k < mesh.node_count(); ++k)
    text +=
        fmt::format("{} {} {} {}\n", 10 * k + 3, mesh.point(k)[0], mesh.point(k)[1], d == 3 ? mesh.point(k)[2] : 0.0);
  text += fmt::format("$EndNodes\n$Elements\n{}\n", mesh.facet_count() + mesh.element_count());
  const auto add = [&](int number, int type, int physical, const int* nodes, int count) {
    text += fmt::format("{} {} 2 {} 1", number, type, physical);
    for (int c = 0; c < count; ++c) text += fmt::format(" {}", 10 * nodes[c] + 3);
    text += "\n";
  };
  for (int f = 0; f < mesh.facet_count(); ++f) add(f + 1, d - 1, mesh.facet_side[f] + 1, mesh.facet(f), d);
  for (int e = 0; e < mesh.element_count(); ++e)
    add(mesh.facet_count() + e + 1, d == 2 ? 2 : 4, mesh.element_group[e] + 1, mesh.element(e), d + 1);
  return text + "$EndElements\n";
}

/// A box mesh whose inner nodes are moved by up to `share` of a cell.
inline Mesh bent_box(const std::vector<int>& cells, double share) {
  Mesh mesh = make_box_mesh(cells, std::vector<double>(cells.size(), 1.0));
  for (int k = 0; k < mesh.node_count(); ++k) {
    double* const x = &mesh.points[static_cast<std::size_t>(k) * cells.size()];
    bool is_inner = true;
    for (std::size_t d = 0; d < cells.size(); ++d) is_inner = is_inner && x[d] > 1e-9 && x[d] < 1.0 - 1e-9;
    for (std::size_t d = 0; is_inner && d < cells.size(); ++d)
      x[d] += share / cells[d] * std::sin(1.0 + 12.9898 * k + 78.233 * static_cast<double>(d));
  }
  return mesh;
}

/// A box mesh under a smooth map of the box to itself: a family with the same shapes for all numbers of cells.
inline Mesh curved_box(const std::vector<int>& cells) {
  Mesh mesh = make_box_mesh(cells, std::vector<double>(cells.size(), 1.0));
  for (int k = 0; k < mesh.node_count(); ++k) {
    double* const x = &mesh.points[static_cast<std::size_t>(k) * cells.size()];
    double bump = 0.1;
    for (std::size_t d = 0; d < cells.size(); ++d) bump *= std::sin(M_PI * x[d]);
    for (std::size_t d = 0; d < cells.size(); ++d) x[d] += (d == 0 ? 1.0 : -0.5) * bump;
  }
  return mesh;
}

}  // namespace aleator::field
