/// What      A field on a mesh as a picture shows it: its values on a raster, of three dimensions those of the middle plane.
/// Method    linear between the corners of the element that holds a cell's centre, or the element's value; NaN outside.
/// Parallel  rank 0 only.
/// Cost      elements times the raster cells in their box.
/// Fails     never.
#pragma once

#include <vector>

#include "io/fields.hpp"

namespace aleator::campaign::report {

struct MeshPlane {
  std::vector<int> shape;      ///< {ny, nx}: 60 cells along the longer side
  std::vector<double> values;  ///< [iy][ix], iy upwards
  double z = 0.0;
};

MeshPlane sample_mesh(const io::Field& field);

}  // namespace aleator::campaign::report
