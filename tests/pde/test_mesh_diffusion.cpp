// Diffusion on meshes against manufactured solutions, one-dimensional ones, and balance of fluxes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fem_cases.hpp"

namespace aleator::pde::mesh_diffusion {
namespace {

using fem::outputs_at;

// u = sin(pi x) cos(pi y) (cos(pi z)), a = 2: f = 2 d pi^2 u.
double wave(const double* x, int d) {
  return std::sin(M_PI * x[0]) * std::cos(M_PI * x[1]) * (d == 3 ? std::cos(M_PI * x[2]) : 1.0);
}

double error_of_wave(const std::vector<int>& cells) {
  const int d = static_cast<int>(cells.size());
  Params p;
  p.mesh = fem::curved_mesh(cells);
  p.points = {std::vector<double>(cells.size(), 0.5)};
  p.dirichlet = {{"left", 0.0}, {"right", 0.0}, {"bottom", 0.0}, {"top", 0.0}};  // no flux through front and back
  Data data;
  data.dirichlet = [d](const double* x) { return wave(x, d); };
  data.source = [d](const double* x) { return 2.0 * d * M_PI * M_PI * wave(x, d); };
  const auto model = make(p, nullptr, data);
  return fem::l2_error(dynamic_cast<const fem::Engine&>(*model), {2.0}, 0, data.dirichlet);
}

TEST(MeshDiffusion, ConvergesWithOrderTwoInL2InThePlaneAndInSpace) {
  const double coarse = error_of_wave({16, 16}), fine = error_of_wave({32, 32}), finer = error_of_wave({64, 64});
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
  EXPECT_NEAR(std::log2(fine / finer), 2.0, 0.1) << fine << " " << finer;
  const double wide = error_of_wave({10, 10, 10}), narrow = error_of_wave({20, 20, 20});
  EXPECT_NEAR(std::log2(wide / narrow), 2.0, 0.1) << wide << " " << narrow;
}

// Linear from left to right through a = 2: u = 1 + 3 x, flux into the domain on the right 6, on the left -6.
TEST(MeshDiffusion, LinearSolutionsAndTheirFluxesAreExactOnAnyMesh) {
  Params p;
  p.mesh = fem::bent_mesh({5, 7}), p.dirichlet = {{"left", 1.0}, {"right", 4.0}};
  p.points = {{0.37, 0.61}}, p.fluxes = {"left", "right"}, p.patches = {{0.0, 1.0, 0.0, 1.0}};
  const std::vector<double> y = outputs_at(*make(p), {2.0});
  EXPECT_NEAR(y[0], 1.0 + 3.0 * 0.37, 1e-13);
  EXPECT_NEAR(y[1], 2.5, 1e-13);
  EXPECT_NEAR(y[2], -6.0, 1e-12);
  EXPECT_NEAR(y[3], 6.0, 1e-12);
}

// a u' = g at the left (inwards -a u'(0) = g), a u' = h (u_out - u) at the right: u = u_out + g / h + g (1 - x) / a.
TEST(MeshDiffusion, RobinAndFluxGiveTheLinearSolution) {
  Params p;
  p.mesh = fem::bent_mesh({4, 4}), p.flux = {{"left", 3.0}}, p.robin = {{"right", {5.0, 0.2}}},
  p.points = {{0.25, 0.5}};
  EXPECT_NEAR(outputs_at(*make(p), {2.0})[0], 0.2 + 3.0 / 5.0 + 3.0 * 0.75 / 2.0, 1e-13);
}

// The same values known and unknown; a alone known, its block has no other unknowns.
TEST(MeshDiffusion, ValuesOfSidesAndSourcesMayBeUnknown) {
  Params p;
  p.mesh = fem::bent_mesh({5, 4}), p.points = {{0.25, 0.5}, {0.6, 0.8}}, p.dirichlet = {{"bottom", 0.1}};
  p.flux = {{"left", 3.0}, {"top", -0.4}}, p.robin = {{"right", {5.0, 0.2}}}, p.fluxes = {"bottom"};
  p.source = 0.7, p.group_sources = {{"box", 0.3}};
  const std::vector<double> known = outputs_at(*make(p), {2.0});
  p.known = {{"box", 2.0}}, p.dirichlet = {{"bottom", 9.0}};
  p.also_unknown = {"robin.right", "flux.left", "dirichlet.bottom", "source", "group_sources.box"};
  const auto model = make(p);
  EXPECT_EQ(model->shape().input_names,
            (std::vector<std::string>{"h_right", "flux_left", "u_bottom", "source", "source_box"}));
  EXPECT_TRUE(model->shape().input_fields.empty());
  const std::vector<double> unknown = outputs_at(*model, {5.0, 3.0, 0.1, 0.7, 0.3});
  for (std::size_t i = 0; i < known.size(); ++i) EXPECT_NEAR(unknown[i], known[i], 1e-13);
}

TEST(MeshDiffusion, WhatTheSourceBringsLeavesThroughTheBoundary) {
  Params p;
  p.mesh = fem::bent_mesh({4, 3, 5}), p.source = 2.5, p.fluxes = {"left", "top", "back"};
  p.dirichlet = {{"left", 1.0}, {"top", 0.0}, {"back", -2.0}};
  const std::vector<double> y = outputs_at(*make(p), {0.7});
  EXPECT_NEAR(y[0] + y[1] + y[2], -2.5, 1e-12);
}

// Layers a_1, a_2 across x = 1/2 between u = 0 and 1: flux 2 / (1 / a_1 + 1 / a_2).
TEST(MeshDiffusion, KnownAndUnknownGroupsAreLayersInSeries) {
  field::Mesh mesh = field::make_box_mesh({6, 4}, {1.0, 1.0});
  mesh.groups = {"one", "two"};
  for (int e = 0; e < mesh.element_count(); ++e) mesh.element_group[e] = mesh.centre(e)[0] < 0.5 ? 0 : 1;
  Params p;
  p.mesh = {"layers.msh", field::gmsh_2_2(mesh)}, p.groups = {"two"}, p.known = {{"one", 4.0}};
  p.dirichlet = {{"left", 0.0}, {"right", 1.0}}, p.fluxes = {"right"};
  EXPECT_NEAR(outputs_at(*make(p), {0.5})[0], 2.0 / (0.25 + 2.0), 1e-13);
}

std::string complaint(const std::function<void(Params&)>& change) {
  Params p;
  p.cells = {4, 4}, p.dirichlet = {{"left", 0.0}}, p.points = {{0.5, 0.5}};
  change(p);
  try {
    make(p);
  } catch (const deck::KeyError& error) {
    return error.key() + ": " + error.what() + " " + error.hint();
  }
  return "accepted";
}

TEST(MeshDiffusion, SidesGroupsAndPointsThatAreNotThereAreNamed) {
  using testing::HasSubstr;
  EXPECT_THAT(
      complaint([](Params& p) {
        p.dirichlet = {{"inlet", 0.0}};
      }),
      HasSubstr("dirichlet: the mesh has no side 'inlet' its sides (physical groups of the boundary): left, right"));
  EXPECT_THAT(complaint([](Params& p) { p.groups = {"rock"}; }), HasSubstr("groups: the mesh has no group 'rock'"));
  EXPECT_THAT(complaint([](Params& p) {
                p.points = {{1.5, 0.5}};
              }),
              HasSubstr("points: the point [1.5, 0.5] lies outside"));
  EXPECT_THAT(complaint([](Params& p) { p.points = {{0.5, 0.5, 0.5}}; }), HasSubstr("has 3 coordinates"));
  EXPECT_THAT(complaint([](Params& p) {
                p.flux = {{"left", 7.0}};
              }),
              HasSubstr("flux: side 'left' is given twice, here and under dirichlet"));
  EXPECT_THAT(complaint([](Params& p) { p.robin = {{"left", {7.0, 2.0}}}; }), HasSubstr("side 'left' is given twice"));
  EXPECT_THAT(complaint([](Params& p) { p.fluxes = {"top"}; }), HasSubstr("fluxes: nothing is given on side 'top'"));
  EXPECT_THAT(complaint([](Params& p) { p.also_unknown = {"flux.top"}; }),
              HasSubstr("also_unknown: 'flux.top' has no value in this block one of: source"));
  EXPECT_THAT(complaint([](Params& p) {
                p.also_unknown = {"source", "source"};
              }),
              HasSubstr("'source' stands there twice"));
  EXPECT_THAT(complaint([](Params& p) {
                p.cells = {1, 4}, p.dirichlet = {{"bottom", 8.0}, {"left", 1.0}, {"right", 2.0}};
                p.also_unknown = {"dirichlet.bottom"};
              }),
              HasSubstr("also_unknown: 'dirichlet.bottom' counts at no node"));
  EXPECT_THAT(complaint([](Params& p) { p.known = {{"box", 1.0}}; }), HasSubstr("known: leaves nothing unknown"));
  EXPECT_THAT(complaint([](Params& p) { p.patches = {{2.0, 3.0, 0.0, 1.0}}; }), HasSubstr("no element has its centre"));
}

// What a well gives leaves through the sides; two wells add up; source and point of observation are reciprocal.
TEST(MeshDiffusion, WellsGiveTheirStrengthAndAddUp) {
  Params p;
  p.cells = {24, 24}, p.dirichlet = {{"left", 0.0}, {"right", 0.0}, {"bottom", 0.0}, {"top", 0.0}};
  p.fluxes = {"left", "right", "bottom", "top"}, p.points = {{0.7, 0.6}, {0.3, 0.4}};
  const auto at = [&p](std::vector<std::vector<double>> wells) {
    p.point_sources = std::move(wells);
    return fem::outputs_at(*make(p), {2.0});
  };
  const std::vector<double> one = at({{0.3, 0.4, 1.5}}), other = at({{0.7, 0.6, -0.5}}),
                            both = at({{0.3, 0.4, 1.5}, {0.7, 0.6, -0.5}});
  EXPECT_NEAR(one[2] + one[3] + one[4] + one[5], -1.5, 1e-12);
  for (std::size_t i = 0; i < both.size(); ++i) EXPECT_NEAR(both[i], one[i] + other[i], 1e-12);
  EXPECT_NEAR(one[0] / 1.5, other[1] / -0.5, 1e-12) << "reciprocity";
  EXPECT_GT(one[1], one[0]);
  p.point_sources = {{0.3, 0.4}};
  EXPECT_THROW(make(p), deck::KeyError);
}

}  // namespace
}  // namespace aleator::pde::mesh_diffusion
