#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/markup.hpp"
#include "io/fields.hpp"

namespace aleator::io {
namespace {

struct GridKey {
  std::vector<int> cells;
  std::vector<double> origin, spacing;
  int height = 1;  // of a line, in nodes: VTK shows values in cells only where there are cells
  int mesh = -1;
  bool operator==(const GridKey& other) const {
    return cells == other.cells && origin == other.origin && spacing == other.spacing && height == other.height &&
           mesh == other.mesh;
  }
};

using Meshes = std::vector<std::shared_ptr<const Simplices>>;

GridKey grid_of(const Field& field, const Meshes& meshes) {
  if (field.mesh != nullptr) return {{}, {}, {}, 1, mesh_number(meshes, field)};
  return {field.cells, field.origin, field.spacing, field.cells.size() > 1 || field.is_at_nodes ? 1 : 2, -1};
}

std::string mesh_text(const std::string& h5_name, int number, const Simplices& mesh) {
  const int corners = mesh.dimension + 1;
  const auto item = [&](std::size_t rows, int columns, const std::string& type, const char* name) {
    return fmt::format("     <DataItem Dimensions=\"{} {}\" {} Format=\"HDF\">{}:/mesh_{}/{}</DataItem>\n", rows,
                       columns, type, core::escape_markup(h5_name), number, name);
  };
  const std::size_t elements = mesh.elements(), points = mesh.points.size() / static_cast<std::size_t>(mesh.dimension);
  return fmt::format("    <Topology TopologyType=\"{}\" NumberOfElements=\"{}\">\n",
                     mesh.dimension == 2 ? "Triangle" : "Tetrahedron", elements) +
         item(elements, corners, "NumberType=\"Int\" Precision=\"4\"", "corners") + "    </Topology>\n" +
         fmt::format("    <Geometry GeometryType=\"{}\">\n", mesh.dimension == 2 ? "XY" : "XYZ") +
         item(points, mesh.dimension, "NumberType=\"Float\" Precision=\"8\"", "points") + "    </Geometry>\n";
}

// XDMF counts from the slowest direction to the fastest; a line is a plane one node or one cell high.
template <typename T>
std::string slowest_first(const std::vector<T>& x_first, T of_a_line) {
  std::string text = x_first.size() == 1 && of_a_line >= T{} ? fmt::format("{} ", of_a_line) : std::string();
  for (std::size_t d = x_first.size(); d-- > 0;) text += fmt::format("{}{}", x_first[d], d == 0 ? "" : " ");
  return text;
}

std::string grid_text(const GridKey& grid) {
  const int dimensions = std::max<int>(2, static_cast<int>(grid.cells.size()));
  std::vector<int> nodes = grid.cells;
  for (int& n : nodes) ++n;
  const auto item = [dimensions](const std::string& name, const std::string& numbers) {
    return fmt::format(
        "     <DataItem Name=\"{}\" Dimensions=\"{}\" NumberType=\"Float\" Precision=\"8\" "
        "Format=\"XML\">{}</DataItem>\n",
        name, dimensions, numbers);
  };
  return fmt::format("    <Topology TopologyType=\"{}DCoRectMesh\" Dimensions=\"{}\"/>\n", dimensions,
                     slowest_first(nodes, grid.height)) +
         fmt::format("    <Geometry GeometryType=\"{}\">\n", dimensions == 2 ? "ORIGIN_DXDY" : "ORIGIN_DXDYDZ") +
         item("Origin", slowest_first(grid.origin, 0.0)) + item("Spacing", slowest_first(grid.spacing, 1.0)) +
         "    </Geometry>\n";
}

std::string attribute_text(const std::string& h5_name, const FieldSet& set, std::size_t index) {
  const Field& field = set.fields[index];
  return fmt::format(
      "    <Attribute Name=\"{}\" AttributeType=\"Scalar\" Center=\"{}\">\n"
      "     <DataItem Dimensions=\"{}\" NumberType=\"Float\" Precision=\"8\" Format=\"HDF\">{}:{}</DataItem>\n"
      "    </Attribute>\n",
      core::escape_markup(field.name), field.is_at_nodes ? "Node" : "Cell",
      slowest_first(points_of(field), field.mesh == nullptr ? 1 : -1), core::escape_markup(h5_name),
      core::escape_markup(dataset_path(set, index)));
}

std::string set_text(const std::string& h5_name, const FieldSet& set, const GridKey& grid, const Meshes& meshes) {
  std::string attributes;
  for (std::size_t i = 0; i < set.fields.size(); ++i)
    if (grid_of(set.fields[i], meshes) == grid) attributes += attribute_text(h5_name, set, i);
  if (attributes.empty()) return {};
  return fmt::format("   <Grid Name=\"{}\" GridType=\"Uniform\">\n    <Time Value=\"{}\"/>\n",
                     core::escape_markup(set.label), set.time) +
         (grid.mesh < 0 ? grid_text(grid)
                        : mesh_text(h5_name, grid.mesh, *meshes[static_cast<std::size_t>(grid.mesh)])) +
         attributes + "   </Grid>\n";
}

}  // namespace

std::string dataset_path(const FieldSet& set, std::size_t field) {
  const auto plain = [](std::string text) {
    for (char& c : text)
      if (c == '/' || c == ' ' || c == '.' || c == ':' || static_cast<unsigned char>(c) < 0x20) c = '_';
    return text;
  };
  const std::string name = plain(set.fields[field].name);
  return fmt::format("/{}/{}", plain(set.label), name.empty() ? fmt::format("field_{}", field) : name);
}

std::vector<std::shared_ptr<const Simplices>> meshes_of(const std::vector<FieldSet>& sets) {
  Meshes meshes;
  for (const FieldSet& set : sets)
    for (const Field& field : set.fields)
      if (field.mesh != nullptr && mesh_number(meshes, field) < 0) meshes.push_back(field.mesh);
  return meshes;
}

int mesh_number(const Meshes& meshes, const Field& field) {
  for (std::size_t i = 0; i < meshes.size(); ++i)
    if (meshes[i] == field.mesh || *meshes[i] == *field.mesh) return static_cast<int>(i);
  return -1;
}

Field field_on_elements(std::string name, std::shared_ptr<const Simplices> mesh, const std::vector<int>& owner,
                        const double* values) {
  Field field{std::move(name), {}, {}, {}, false, {}, std::move(mesh)};
  if (owner.empty()) field.values.assign(values, values + field.mesh->elements());
  for (const int k : owner) field.values.push_back(k < 0 ? std::nan("") : values[k]);
  return field;
}

std::vector<int> points_of(const Field& field) {
  if (field.mesh != nullptr) {
    const std::size_t d = static_cast<std::size_t>(field.mesh->dimension);
    return {static_cast<int>(field.is_at_nodes ? field.mesh->points.size() / d : field.mesh->elements())};
  }
  std::vector<int> points = field.cells;
  for (int& n : points) n += field.is_at_nodes ? 1 : 0;
  return points;
}

std::string xdmf_text(const std::string& h5_name, const std::vector<FieldSet>& sets) {
  std::vector<GridKey> grids;
  const Meshes meshes = meshes_of(sets);
  for (const FieldSet& set : sets)
    for (const Field& field : set.fields)
      if (const GridKey grid = grid_of(field, meshes); std::find(grids.begin(), grids.end(), grid) == grids.end())
        grids.push_back(grid);
  std::string text =
      "<?xml version=\"1.0\" ?>\n<!DOCTYPE Xdmf SYSTEM \"Xdmf.dtd\" []>\n<Xdmf Version=\"3.0\">\n <Domain>\n";
  for (const GridKey& grid : grids) {
    text += fmt::format(
        "  <Grid Name=\"fields on {}\" GridType=\"Collection\" CollectionType=\"Temporal\">\n",
        grid.mesh < 0 ? fmt::format("{} cells", fmt::join(grid.cells, " x ")) : fmt::format("mesh {}", grid.mesh));
    for (const FieldSet& set : sets) text += set_text(h5_name, set, grid, meshes);
    text += "  </Grid>\n";
  }
  return text + " </Domain>\n</Xdmf>\n";
}

}  // namespace aleator::io
