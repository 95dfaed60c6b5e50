#pragma once
/// What      A mesh of triangles or tetrahedra with named groups of elements and named sides of its boundary.
/// Method    Arrays: point k at points[dimension k]; element e has the dimension + 1 nodes at elements[(dimension + 1) e], of
///           positive volume. A facet (edge of a triangle, face of a tetrahedron) belongs to a side; facets without name are
///           not kept. finish() orients the elements, and finds the element on each facet and the pieces
///           that hang together.
/// Parallel  local: every rank holds the mesh.
/// Cost      8 d bytes a node, 4 (d + 2) bytes an element; finish() sorts the facets of all elements.
/// Fails     MeshFault: elements without volume, that overlap or share a facet with two others, facets of no element.
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "io/fields.hpp"

namespace aleator::field {

struct Mesh {
  int dimension = 2;
  std::vector<double> points;
  std::vector<int> elements, element_group;  ///< group: an index into `groups`
  std::vector<std::string> groups;
  std::vector<int> facets, facet_side, facet_element;  ///< dimension nodes each; an index into `sides`
  std::vector<char> facet_is_inner;                    ///< whether elements lie on both sides of it
  std::vector<std::string> sides;
  /// Of each node: elements that share nodes are of one piece; pieces are numbered by their first nodes.
  std::vector<int> piece;
  int pieces = 0;

  int corners() const { return dimension + 1; }
  int node_count() const { return static_cast<int>(points.size()) / dimension; }
  int element_count() const { return static_cast<int>(elements.size()) / corners(); }
  int facet_count() const { return static_cast<int>(facet_side.size()); }
  const double* point(int node) const { return &points[static_cast<std::size_t>(node) * dimension]; }
  const int* element(int e) const { return &elements[static_cast<std::size_t>(e) * corners()]; }
  const int* facet(int f) const { return &facets[static_cast<std::size_t>(f) * dimension]; }

  /// Gradients of the hat functions, (dimension + 1) x dimension numbers; returns the element's volume.
  double gradients(int e, double* gradient) const;
  double volume(int e) const;
  double facet_area(int f) const;
  std::array<double, 3> centre(int e) const;
  double longest_edge(int e) const;
  /// low corner, high corner of the box around the mesh: 2 x 3 numbers.
  std::array<std::array<double, 3>, 2> box() const;
  /// Index of a name, or -1.
  int side(const std::string& name) const;
  int group(const std::string& name) const;
  /// The nodes of a side, in rising order.
  std::vector<int> nodes_of_side(int side) const;
};

/// What is wrong with a mesh, and at which element or facet of its arrays (or -1).
struct MeshFault : std::runtime_error {
  MeshFault(const std::string& text, int at_element, int at_facet)
      : std::runtime_error(text), element(at_element), facet(at_facet) {}
  int element, facet;
};

/// Orients the elements and fills facet_element, facet_is_inner, piece and pieces.
void finish(Mesh& mesh);

/// "round (0.2, 1, 0.5)": where a piece lies, for messages.
std::string place_of_piece(const Mesh& mesh, int piece);

/// The element that holds a point, with the weights of its corners; element -1 when there is none.
struct Place {
  int element = -1;
  std::array<double, 4> weight{};
};
Place locate(const Mesh& mesh, const double* point);

/// A box cut into cells, and these into triangles (2, diagonals alternating) or tetrahedra (6, Kuhn). Sides: left and right
/// (x), bottom and top (y), front and back (z); one group, "box".
Mesh make_box_mesh(const std::vector<int>& cells, const std::vector<double>& lengths);

/// Points and elements alone, for pictures.
std::shared_ptr<const io::Simplices> simplices(const Mesh& mesh);

/// "a, b": for messages.
std::string names_in_words(const std::vector<std::string>& names);

}  // namespace aleator::field
