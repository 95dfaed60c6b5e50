// Meshes: volumes, gradients and sides of boxes; the files of Gmsh, sound and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/error.hpp"
#include "field/mesh/gmsh.hpp"
#include "support/mesh_text.hpp"

namespace aleator::field {
namespace {

using testing::HasSubstr;

double area_of_side(const Mesh& mesh, const std::string& name) {
  double area = 0.0;
  for (int f = 0; f < mesh.facet_count(); ++f)
    if (mesh.facet_side[f] == mesh.side(name)) area += mesh.facet_area(f);
  return area;
}

TEST(BoxMesh, VolumesAndSidesAddUpToTheBox) {
  const Mesh plane = make_box_mesh({3, 5}, {2.0, 0.5}), space = make_box_mesh({2, 3, 4}, {2.0, 0.5, 3.0});
  double area = 0.0, volume = 0.0;
  for (int e = 0; e < plane.element_count(); ++e) area += plane.volume(e);
  for (int e = 0; e < space.element_count(); ++e) volume += space.volume(e);
  EXPECT_NEAR(area, 1.0, 1e-14);
  EXPECT_NEAR(volume, 3.0, 1e-14);
  EXPECT_EQ(plane.element_count(), 30);
  EXPECT_EQ(space.element_count(), 144);
  EXPECT_NEAR(area_of_side(plane, "left"), 0.5, 1e-14);
  EXPECT_NEAR(area_of_side(plane, "top"), 2.0, 1e-14);
  for (const auto& [side, size] : {std::pair<const char*, double>{"left", 1.5}, {"bottom", 6.0}, {"back", 1.0}})
    EXPECT_NEAR(area_of_side(space, side), size, 1e-14) << side;
  for (const int node : space.nodes_of_side(space.side("back"))) EXPECT_EQ(space.point(node)[2], 3.0);
  EXPECT_EQ(space.nodes_of_side(space.side("back")).size(), 12u);
}

// sum_i x_i grad phi_i = I and sum_i grad phi_i = 0 in any simplex.
TEST(Mesh, GradientsReproduceLinearFunctions) {
  for (const Mesh& mesh : {bent_box({4, 4}, 0.3), bent_box({3, 3, 3}, 0.2)}) {
    const int d = mesh.dimension;
    double g[12];
    for (int e = 0; e < mesh.element_count(); ++e) {
      EXPECT_GT(mesh.gradients(e, g), 0.0);
      for (int a = 0; a < d; ++a)
        for (int b = 0; b < d; ++b) {
          double sum = 0.0;
          for (int c = 0; c <= d; ++c) sum += mesh.point(mesh.element(e)[c])[a] * g[c * d + b];
          EXPECT_NEAR(sum, a == b ? 1.0 : 0.0, 1e-13);
        }
    }
  }
}

// Two triangles that share a corner, and one alone.
TEST(Mesh, PiecesAreElementsThatShareNodes) {
  Mesh mesh;
  mesh.points = {0, 0, 5, 5, 1, 0, 0, 1, 6, 5, 2, 1, 1, 2, 5, 6};
  mesh.elements = {0, 2, 3, 1, 4, 7, 2, 5, 6}, mesh.element_group = {0, 0, 0}, mesh.groups = {"all"};
  finish(mesh);
  EXPECT_EQ(mesh.pieces, 2);
  EXPECT_EQ(mesh.piece, (std::vector<int>{0, 1, 0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(place_of_piece(mesh, 1), "round (5.33, 5.33)");
  const Mesh box = make_box_mesh({3, 2, 2}, {1.0, 1.0, 1.0});
  EXPECT_EQ(box.pieces, 1);
}

TEST(Mesh, LocatesPointsByBarycentricWeights) {
  const Mesh mesh = bent_box({3, 4, 2}, 0.2);
  for (const std::array<double, 3>& p : {std::array<double, 3>{0.31, 0.77, 0.5}, {0.0, 0.0, 0.0}, {1.0, 0.4, 0.99}}) {
    const Place place = locate(mesh, p.data());
    ASSERT_GE(place.element, 0);
    for (int d = 0; d < 3; ++d) {
      double x = 0.0;
      for (int c = 0; c < 4; ++c) x += place.weight[c] * mesh.point(mesh.element(place.element)[c])[d];
      EXPECT_NEAR(x, p[d], 1e-13);
    }
  }
  const double outside[3] = {1.01, 0.5, 0.5};
  EXPECT_EQ(locate(mesh, outside).element, -1);
}

void expect_same(const Mesh& a, const Mesh& b) {
  EXPECT_EQ(a.dimension, b.dimension);
  EXPECT_EQ(a.elements, b.elements);
  EXPECT_EQ(a.facets, b.facets);
  EXPECT_EQ(a.points, b.points);
  EXPECT_EQ(a.sides, b.sides);
  EXPECT_EQ(a.groups, b.groups);
  EXPECT_EQ(a.facet_side, b.facet_side);
  EXPECT_EQ(a.facet_element, b.facet_element);
}

TEST(Gmsh, AMeshWrittenInFormat22ComesBack) {
  for (Mesh mesh : {bent_box({3, 2}, 0.2), bent_box({2, 2, 2}, 0.2)}) {
    // the reader numbers sides in the order of the elements
    std::vector<std::string> sides;
    std::vector<int> number(mesh.sides.size(), -1);
    for (int& side : mesh.facet_side) {
      if (number[side] < 0) number[side] = static_cast<int>(sides.size()), sides.push_back(mesh.sides[side]);
      side = number[side];
    }
    mesh.sides = sides;
    expect_same(read_gmsh(gmsh_2_2(mesh), "box.msh"), mesh);
  }
}

// A unit square of two triangles by hand: an entity without physical group, a node of no element, a surface turned over.
const char* const square_4_1 = R"($MeshFormat
4.1 0 8
$EndMeshFormat
$PhysicalNames
2
1 7 "left side"
2 9 "plate"
$EndPhysicalNames
$Entities
1 2 1 0
1 0 0 0 0
1 0 0 0 0 1 0 1 7 2 1 -2
2 0 0 0 1 0 0 0 2 1 -2
1 0 0 0 1 1 0 1 9 2 1 2
$EndEntities
$Nodes
2 5 1 50
0 1 0 1
50
9 9 0
2 1 0 4
1
2
3
4
0 0 0
1 0 0
1 1 0
0 1 0
$EndNodes
$Elements
3 4 1 4
1 1 1 1
1 4 1
1 2 1 1
2 1 2
2 1 2 2
3 1 2 3
4 1 4 3
$EndElements
)";

TEST(Gmsh, Format41WithEntitiesIsRead) {
  const Mesh mesh = read_gmsh(square_4_1, "square.msh");
  EXPECT_EQ(mesh.node_count(), 4);
  ASSERT_EQ(mesh.element_count(), 2);
  EXPECT_EQ(mesh.groups, std::vector<std::string>{"plate"});
  EXPECT_EQ(mesh.sides, std::vector<std::string>{"left side"});
  EXPECT_NEAR(mesh.volume(0), 0.5, 1e-15);
  EXPECT_NEAR(mesh.volume(1), 0.5, 1e-15);  // it was written clockwise
  EXPECT_EQ(mesh.facet_count(), 1);
  EXPECT_EQ(mesh.facet_element, std::vector<int>{1});
}

std::string complaint(std::string text, const std::string& before, const std::string& after) {
  const std::size_t at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  text.replace(at, before.size(), after);
  try {
    read_gmsh(text, "m.msh");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "accepted";
}

// A curve of two physical groups is a side of each; a surface of two is refused, for it would have two coefficients.
TEST(Gmsh, AnEntityOfFormat41MayBeInSeveralGroups) {
  std::string text = square_4_1;
  const auto replace = [&text](const std::string& before, const std::string& after) {
    text.replace(text.find(before), before.size(), after);
  };
  replace("2\n1 7 \"left side\"", "3\n1 7 \"left side\"\n1 8 \"inlet\"");
  replace("0 1 0 1 7 2 1 -2", "0 1 0 2 7 8 2 1 -2");
  const Mesh mesh = read_gmsh(text, "square.msh");
  EXPECT_EQ(mesh.sides, (std::vector<std::string>{"left side", "inlet"}));
  ASSERT_EQ(mesh.facet_count(), 2);
  EXPECT_EQ(mesh.nodes_of_side(0), mesh.nodes_of_side(1));
  EXPECT_THAT(complaint(square_4_1, "1 1 0 1 9 2 1 2", "1 1 0 2 9 7 2 1 2"), HasSubstr("in several physical groups"));
}

TEST(Gmsh, BrokenFilesAreRefusedWithTheirLine) {
  const std::string s = square_4_1;
  EXPECT_THAT(complaint(s, "$MeshFormat", "solid"), HasSubstr("m.msh:1: this is no mesh of Gmsh"));
  EXPECT_THAT(complaint(s, "4.1 0", "4.1 1"), HasSubstr("m.msh:2: the mesh is binary"));
  EXPECT_THAT(complaint(s, "4.1 0", "3 0"), HasSubstr("m.msh:2: format 3 is not read: save as MSH 2.2 or 4.1"));
  EXPECT_THAT(complaint(s, "1 1 0\n0 1 0", "1 one 0\n0 1 0"),
              HasSubstr("m.msh:28: 'one' stands where a coordinate should stand"));
  EXPECT_THAT(complaint(s, "4 1 4 3", "4 1 4 8"), HasSubstr("m.msh:39: there is no node 8"));
  EXPECT_THAT(complaint(s, "1 4 1\n", "1 4 50\n"), HasSubstr("m.msh:34: node 50 of this side belongs to no element"));
  EXPECT_THAT(complaint(s, "1 4 1\n", "1 4 2\n"),
              HasSubstr("m.msh:34: a facet of side 'left side' belongs to no element"));
  EXPECT_THAT(complaint(s, "2 1 2 2", "2 1 9 2"), HasSubstr("m.msh:37: an element of second order"));
  EXPECT_THAT(complaint(s, "2 1 2 2", "2 1 3 2"), HasSubstr("only triangles and tetrahedra are read"));
  EXPECT_THAT(complaint(s, "2 1 2 2", "2 1 2 3"), HasSubstr("'$EndElements' stands where the number of an element"));
  EXPECT_THAT(complaint(s, "1 1 0\n0 1 0", "1 1 0\n0 1 0.5"), HasSubstr("do not lie in a plane"));
  EXPECT_THAT(complaint(s, "3 1 2 3\n4 1 4 3\n$EndElements\n", "3 1 2"), HasSubstr("m.msh:38: the file ends where"));
}

TEST(Gmsh, FlatAndInvertedElementsAreRefusedWithTheirLine) {
  const std::string s = square_4_1;
  EXPECT_THAT(complaint(s, "1 1 0\n0 1 0", "0.5 0 0\n0 1 0"),
              HasSubstr("m.msh:38: the element at (0.5, 0) has no volume"));
  // node 4 on the same side of the common edge 1-3 as node 2: the second triangle lies on the first
  EXPECT_THAT(
      complaint(s, "1 1 0\n0 1 0", "1 1 0\n0.9 0.1 0"),
      HasSubstr("m.msh:39: the elements at (0.6667, 0.3333) and (0.6333, 0.3667) overlap: one of them is inverted"));
}

TEST(Mesh, AnElementThatIsThereTwiceIsNamed) {
  Mesh mesh;
  mesh.points = {0, 0, 1, 0, 0, 1};
  mesh.elements = {0, 1, 2, 2, 0, 1};
  try {
    finish(mesh);
    FAIL() << "accepted";
  } catch (const MeshFault& fault) {
    EXPECT_THAT(fault.what(), HasSubstr("the element at (0.3333, 0.3333) is there twice"));
  }
}

TEST(Mesh, ThreeElementsOnAFacetAreRefused) {
  Mesh mesh;
  mesh.points = {0, 0, 1, 0, 0.5, 1, 0.5, -1, 0.5, 2};
  mesh.elements = {0, 1, 2, 0, 1, 3, 0, 1, 4};
  try {
    finish(mesh);
    FAIL() << "accepted";
  } catch (const MeshFault& fault) {
    EXPECT_THAT(fault.what(), testing::AnyOf(HasSubstr("three elements share"), HasSubstr("overlap")));
  }
}

}  // namespace
}  // namespace aleator::field
