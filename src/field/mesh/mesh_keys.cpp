#include "field/mesh/mesh_keys.hpp"

#include <fmt/format.h>

#include "core/log.hpp"
#include "field/mesh/gmsh.hpp"

namespace aleator::field {

std::string fault_of_mesh(const MeshKeys& keys) {
  if (keys.mesh.empty() && keys.cells.empty()) return "no mesh: give mesh, a file of Gmsh, or cells";
  if (!keys.mesh.empty()) return keys.cells.empty() ? "" : "cells: the mesh is that of the file under mesh";
  if (keys.cells.size() < 2 || keys.cells.size() > 3)
    return fmt::format("cells has {} numbers: a box has two or three axes", keys.cells.size());
  double count = keys.cells.size() == 2 ? 2.0 : 6.0;
  for (const int n : keys.cells) count *= n;
  if (count > 2e7) return fmt::format("cells: {:.0f} elements are too many for one rank (at most 2e7)", count);
  return keys.lengths.size() == 1 || keys.lengths.size() == keys.cells.size()
             ? ""
             : fmt::format("lengths has {} numbers, but cells has {}", keys.lengths.size(), keys.cells.size());
}

std::shared_ptr<const Mesh> make_mesh(const MeshKeys& keys) {
  if (!keys.mesh.empty()) {
    auto mesh = std::make_shared<Mesh>(read_gmsh(keys.mesh.text, keys.mesh.path));
    if (mesh->pieces > 1)
      core::warn(
          "{}: the mesh is in {} pieces that share no nodes (the second {}): nothing passes between them. Surfaces and "
          "volumes that touch share nodes when Gmsh fragments them (Coherence, or BooleanFragments)",
          keys.mesh.path, mesh->pieces, place_of_piece(*mesh, 1));
    return mesh;
  }
  std::vector<double> lengths = keys.lengths;
  lengths.resize(keys.cells.size(), lengths.front());
  return std::make_shared<Mesh>(make_box_mesh(keys.cells, lengths));
}

}  // namespace aleator::field
