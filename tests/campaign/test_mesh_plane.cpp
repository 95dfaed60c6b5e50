// Pictures of fields on meshes: linear fields are exact at the raster's centres, and outside there is nothing.
#include <gtest/gtest.h>

#include <cmath>

#include "campaign/report/mesh_plane.hpp"

namespace aleator::campaign::report {
namespace {

// The triangle (0,0), (2,0), (0,1): its raster has 60 x 30 cells of 1/30.
TEST(MeshPlane, SamplesLinearFieldsInsideAndNothingOutside) {
  io::Field field;
  field.mesh = std::make_shared<io::Simplices>(io::Simplices{2, {0, 0, 2, 0, 0, 1}, {0, 1, 2}});
  field.values = {1.0, 5.0, 4.0};  // 1 + 2 x + 3 y
  const MeshPlane plane = sample_mesh(field);
  ASSERT_EQ(plane.shape, (std::vector<int>{30, 60}));
  for (int j = 0; j < 30; ++j)
    for (int i = 0; i < 60; ++i) {
      const double x = (i + 0.5) / 30.0, y = (j + 0.5) / 30.0,
                   value = plane.values[static_cast<std::size_t>(60 * j + i)];
      if (0.5 * x + y < 1.0 - 1e-9) {
        EXPECT_NEAR(value, 1.0 + 2.0 * x + 3.0 * y, 1e-12);
      } else if (0.5 * x + y > 1.0 + 1e-9) {
        EXPECT_TRUE(std::isnan(value));
      }
    }
}

TEST(MeshPlane, ShowsTheMiddlePlaneOfATetrahedronByElement) {
  io::Field field;
  field.mesh = std::make_shared<io::Simplices>(io::Simplices{3, {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 1, 2, 3}});
  field.values = {7.0}, field.is_at_nodes = false;
  const MeshPlane plane = sample_mesh(field);
  EXPECT_EQ(plane.z, 0.5);
  EXPECT_EQ(plane.values.front(), 7.0);       // x = y = 1/120
  EXPECT_TRUE(std::isnan(plane.values[59]));  // x = 119/120: x + y + z > 1
  EXPECT_TRUE(std::isnan(plane.values[59 * 60]));
}

}  // namespace
}  // namespace aleator::campaign::report
