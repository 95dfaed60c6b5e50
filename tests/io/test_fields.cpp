// fields.h5 and fields.xdmf: what is written is read back to the bit, and the XDMF text names it with the right sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "core/error.hpp"
#include "io/fields.hpp"
#include "io/files.hpp"

namespace aleator::io {
namespace {

using testing::HasSubstr;
using testing::Not;

class FieldFiles : public testing::Test {
 protected:
  FieldFiles() { make_directory(folder_); }
  ~FieldFiles() override { std::filesystem::remove_all(folder_); }
  const std::string folder_ =
      (std::filesystem::temp_directory_path() / ("fields_" + std::to_string(getpid()))).string();
};

// 3 x 2 cells of a 0.3 x 0.4 rectangle: 4 x 3 nodes.
std::vector<FieldSet> two_sets() {
  const std::vector<double> origin{0.0, 1.0}, spacing{0.1, 0.2};
  std::vector<double> nodes(12, 1.0 / 3.0);
  nodes[5] = 4.9406564584124654e-324;
  return {
      {"row 0",
       0.0,
       {{"a", {3, 2}, origin, spacing, false, {1, 2, 3, 4, 5, 6}}, {"u & <v>", {3, 2}, origin, spacing, true, nodes}}},
      {"row 7", 7.0, {{"a", {3, 2}, origin, spacing, false, {6, 5, 4, 3, 2, 1}}}}};
}

TEST_F(FieldFiles, AreReadBackToTheBit) {
  const std::vector<FieldSet> sets = two_sets();
  write_fields(folder_ + "/fields", sets);
  const std::vector<FieldSet> back = read_fields(folder_ + "/fields.h5");
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[1].label, "row 7");
  EXPECT_EQ(back[1].time, 7.0);
  ASSERT_EQ(back[0].fields.size(), 2u);
  const Field &written = sets[0].fields[1], &read = back[0].fields[1];
  EXPECT_EQ(read.name, "u & <v>");
  EXPECT_EQ(read.cells, written.cells);
  EXPECT_EQ(read.origin, written.origin);
  EXPECT_EQ(read.spacing, written.spacing);
  EXPECT_TRUE(read.is_at_nodes);
  EXPECT_EQ(read.values, written.values);
}

TEST_F(FieldFiles, EqualFieldsMakeEqualBytes) {
  const auto bytes = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  write_fields(folder_ + "/one", two_sets());
  write_fields(folder_ + "/two", two_sets());
  EXPECT_FALSE(bytes(folder_ + "/one.h5").empty());
  EXPECT_EQ(bytes(folder_ + "/one.h5"), bytes(folder_ + "/two.h5"));
}

// XDMF counts from the slowest direction: nodes 3 x 4, cells 2 x 3, origin and spacing y before x.
TEST_F(FieldFiles, XdmfNamesSizesFromTheSlowestDirection) {
  const std::string text = xdmf_text("fields.h5", two_sets());
  for (const char* const part :
       {"TopologyType=\"2DCoRectMesh\" Dimensions=\"3 4\"", "GeometryType=\"ORIGIN_DXDY\"", ">1 0</DataItem>",
        ">0.2 0.1</DataItem>", "Center=\"Cell\"", "Dimensions=\"2 3\"", "fields.h5:/row_0/a<", "Center=\"Node\"",
        "fields.h5:/row_0/u_&amp;_&lt;v&gt;<", "fields.h5:/row_7/a<", "<Time Value=\"7\"/>"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("u & <v>")));
}

TEST_F(FieldFiles, ThreeDimensionsAndOneHaveTheirOwnMeshes) {
  const std::vector<FieldSet> box{
      {"row 0", 0, {{"a", {2, 3, 4}, {0, 0, 0}, {1, 1, 0.5}, false, std::vector<double>(24)}}}};
  EXPECT_THAT(xdmf_text("f.h5", box), testing::AllOf(HasSubstr("3DCoRectMesh\" Dimensions=\"5 4 3\""),
                                                     HasSubstr("ORIGIN_DXDYDZ"), HasSubstr(">0.5 1 1<")));
  const std::vector<FieldSet> line{{"row 0", 0, {{"a", {5}, {0}, {0.2}, true, std::vector<double>(6)}}}};
  EXPECT_THAT(xdmf_text("f.h5", line), testing::AllOf(HasSubstr("2DCoRectMesh\" Dimensions=\"1 6\""),
                                                      HasSubstr("ORIGIN_DXDY"), HasSubstr(">1 0.2<")));
  const std::vector<FieldSet> cells{{"row 0", 0, {{"a", {5}, {0}, {0.2}, false, std::vector<double>(5)}}}};
  EXPECT_THAT(xdmf_text("f.h5", cells),
              testing::AllOf(HasSubstr("2DCoRectMesh\" Dimensions=\"2 6\""), HasSubstr("DataItem Dimensions=\"1 5\"")));
}

// Fields on different meshes cannot share a grid: each mesh has its own collection.
TEST_F(FieldFiles, EachMeshHasItsOwnCollection) {
  std::vector<FieldSet> sets = two_sets();
  sets[0].fields.push_back({"coarse", {1, 1}, {0, 0}, {1, 1}, false, {2.0}});
  const std::string text = xdmf_text("fields.h5", sets);
  std::size_t collections = 0;
  for (std::size_t at = 0; (at = text.find("GridType=\"Collection\"", at)) != std::string::npos; ++at) ++collections;
  EXPECT_EQ(collections, 2u);
}

std::shared_ptr<const Simplices> two_triangles() {
  return std::make_shared<Simplices>(Simplices{2, {0, 0, 1, 0, 1, 1, 0, 1.0 / 3.0}, {0, 1, 2, 0, 2, 3}});
}

TEST_F(FieldFiles, FieldsOnMeshesComeBackAndShareOneMesh) {
  std::vector<FieldSet> sets = two_sets();
  sets[0].fields.push_back({"e", {}, {}, {}, false, {0.1, 0.2}, two_triangles()});
  sets[0].fields.push_back({"u", {}, {}, {}, true, {1, 2, 3, 4}, two_triangles()});  // equal, but another object
  sets[1].fields.push_back({"v", {}, {}, {}, true, {4, 3, 2, 1}, two_triangles()});
  write_fields(folder_ + "/mesh", sets);
  const std::vector<FieldSet> back = read_fields(folder_ + "/mesh.h5");
  ASSERT_EQ(back.size(), 2u);
  ASSERT_EQ(back[0].fields.size(), 4u);
  EXPECT_EQ(back[0].fields[3].values, sets[0].fields[3].values);
  EXPECT_TRUE(*back[0].fields[2].mesh == *two_triangles());
  EXPECT_EQ(back[0].fields[2].mesh, back[1].fields[1].mesh);
  EXPECT_EQ(back[0].fields[0].mesh, nullptr);
}

TEST_F(FieldFiles, XdmfShowsTrianglesAndTetrahedra) {
  const std::vector<FieldSet> plane{{"row 0", 0, {{"e", {}, {}, {}, false, {0.1, 0.2}, two_triangles()}}}};
  EXPECT_THAT(xdmf_text("f.h5", plane),
              testing::AllOf(HasSubstr("TopologyType=\"Triangle\" NumberOfElements=\"2\""),
                             HasSubstr("Dimensions=\"2 3\" NumberType=\"Int\""), HasSubstr("f.h5:/mesh_0/corners<"),
                             HasSubstr("GeometryType=\"XY\""), HasSubstr("Dimensions=\"4 2\""),
                             HasSubstr("Center=\"Cell\""), HasSubstr("DataItem Dimensions=\"2\"")));
  const auto tetrahedron =
      std::make_shared<Simplices>(Simplices{3, {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 1, 2, 3}});
  const std::vector<FieldSet> space{{"row 0", 0, {{"u", {}, {}, {}, true, {1, 2, 3, 4}, tetrahedron}}}};
  EXPECT_THAT(xdmf_text("f.h5", space),
              testing::AllOf(HasSubstr("\"Tetrahedron\" NumberOfElements=\"1\""), HasSubstr("\"XYZ\""),
                             HasSubstr("Dimensions=\"4 3\""), HasSubstr("DataItem Dimensions=\"4\"")));
}

TEST_F(FieldFiles, ValuesThatDoNotFillTheGridAreABug) {
  std::vector<FieldSet> sets = two_sets();
  sets[0].fields[0].values.pop_back();
  EXPECT_THROW(write_fields(folder_ + "/fields", sets), core::InternalError);
  EXPECT_FALSE(file_exists(folder_ + "/fields.h5"));
}

TEST_F(FieldFiles, OtherFilesAreRefusedByName) {
  atomic_write_text(folder_ + "/text.h5", "no HDF5");
  for (const char* const name : {"text.h5", "missing.h5"}) {
    try {
      read_fields(folder_ + "/" + name);
      FAIL() << name << " was read";
    } catch (const core::UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
  }
}

}  // namespace
}  // namespace aleator::io
