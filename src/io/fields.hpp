#pragma once
/// What      Scalar fields on uniform grids or on meshes of triangles or tetrahedra, to be looked at: NAME.h5 holds the
///           numbers, NAME.xdmf tells ParaView and VisIt how to show them.
/// Method    HDF5: one group a set ("row_3"), one dataset a field, shape (nz,) (ny,) nx, with its grid as attributes. XDMF 3:
///           a collection of sets for each different grid, 2DCoRectMesh or 3DCoRectMesh (one dimension: a thin plane),
///           Triangle or Tetrahedron; a mesh is written once, as group "mesh_0".
/// Parallel  local: call on rank 0, inside parallel::agree.
/// Cost      the numbers are held twice in memory while they are written.
/// Fails     UserError naming the file: no space, no permission, not a file of fields. Both files are whole or not there.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace aleator::io {

/// Triangles (dimension 2) or tetrahedra (3).
struct Simplices {
  int dimension = 2;
  std::vector<double> points;  ///< `dimension` numbers each
  std::vector<int> corners;    ///< dimension + 1 points each
  std::size_t elements() const { return corners.size() / (static_cast<std::size_t>(dimension) + 1); }
  bool operator==(const Simplices& other) const {
    return dimension == other.dimension && points == other.points && corners == other.corners;
  }
};

struct Field {
  std::string name;
  std::vector<int> cells;                   ///< nx, (ny, (nz))
  std::vector<double> origin, spacing;      ///< as many numbers
  bool is_at_nodes = true;                  ///< else at the cells' centres
  std::vector<double> values;               ///< x fastest; of a mesh: by point or by element
  std::shared_ptr<const Simplices> mesh{};  ///< instead of cells, origin and spacing
};

/// Values on the elements of a mesh: element e has values[owner[e]], NaN where that is -1; without owners values[e].
Field field_on_elements(std::string name, std::shared_ptr<const Simplices> mesh, const std::vector<int>& owner,
                        const double* values);

/// Fields that belong together: those of one row of parameters, one sample, one time.
struct FieldSet {
  std::string label;  ///< "row 3"; different for each set of a file
  double time = 0.0;  ///< by which viewers step through the sets
  std::vector<Field> fields;
};

/// Points along each direction at which the field has values: cells, or cells + 1; of a mesh the number of its points or
/// elements.
std::vector<int> points_of(const Field& field);

/// Writes stem.h5 and stem.xdmf, replacing what was there.
void write_fields(const std::string& stem, const std::vector<FieldSet>& sets);
std::vector<FieldSet> read_fields(const std::string& h5_path);

/// The different meshes of all fields, in the order of their appearance.
std::vector<std::shared_ptr<const Simplices>> meshes_of(const std::vector<FieldSet>& sets);
/// Which of them is that of the field, or -1.
int mesh_number(const std::vector<std::shared_ptr<const Simplices>>& meshes, const Field& field);
/// Where a field of a set lies in the HDF5 file: "/row_3/solution".
std::string dataset_path(const FieldSet& set, std::size_t field);
/// The text of the .xdmf file beside `h5_name`.
std::string xdmf_text(const std::string& h5_name, const std::vector<FieldSet>& sets);

}  // namespace aleator::io
