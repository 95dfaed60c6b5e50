#pragma once
/// What      The keys by which a deck says which mesh: a file of Gmsh, or a box of cells cut into simplices.
/// Method    -
/// Parallel  local.
/// Cost      that of reading and finishing the mesh.
/// Fails     fault_of_mesh says what is wrong with the keys together; make_mesh as read_gmsh.
#include <memory>
#include <string>
#include <vector>

#include "deck/schema.hpp"
#include "field/mesh/mesh.hpp"

namespace aleator::field {

struct MeshKeys {
  deck::File mesh;
  std::vector<int> cells;
  std::vector<double> lengths = {1.0};
};

/// What is wrong with the keys together, or empty.
std::string fault_of_mesh(const MeshKeys& keys);

/// With a warning where the file's mesh is in several pieces.
std::shared_ptr<const Mesh> make_mesh(const MeshKeys& keys);

template <class Params>
void add_mesh_keys(deck::Schema<Params>& s) {
  s.key(
       "mesh", &MeshKeys::mesh, "",
       "triangles or tetrahedra from Gmsh (MSH 2.2 or 4.1, ASCII): physical groups are groups and sides; or give cells")
      .key("cells", &MeshKeys::cells, "1",
           "built-in mesh: a box of so many cells along x, y (and z), each of 2 triangles (6 tetrahedra), with the "
           "sides left and right (x least and most), bottom and top (y), in three dimensions front and back (z), and "
           "the group box",
           deck::between(1, 4096))
      .example("[16, 16]")
      .key("lengths", &MeshKeys::lengths, "1", "of the box of cells, one for all axes or one for each",
           deck::positive())
      .only_with("cells", [](const Params& p) { return p.mesh.empty(); })
      .check("cells", fault_of_mesh);
}

}  // namespace aleator::field
