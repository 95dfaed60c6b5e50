#pragma once
/// What      Reads a mesh of triangles or tetrahedra that Gmsh wrote.
/// Method    Format MSH 2.2 and 4.1, ASCII. Physical groups of the highest dimension become groups, those one lower sides;
///           elements of a tag without name are called by the tag, elements without tag "unnamed". Nodes of no element are
///           left out, the order of the others stays. Without tetrahedra the mesh is plane: z must be one number.
/// Parallel  local, from text: the deck reads files.
/// Cost      one pass over the text, and Mesh's finish.
/// Fails     UserError `file:line: …`: not such a format, binary, cut off, other element types or orders, unknown nodes, elements
///           that are flat or overlap, no triangles or tetrahedra.
#include <string>

#include "field/mesh/mesh.hpp"

namespace aleator::field {

/// `name` stands for the file in messages.
Mesh read_gmsh(const std::string& text, const std::string& name);

}  // namespace aleator::field
