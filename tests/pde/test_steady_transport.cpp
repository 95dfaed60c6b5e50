// Steady transport against exact solutions: boundary layers, manufactured fields, balances; no oscillations at any Peclet number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "math/bernoulli.hpp"
#include "support/fem_cases.hpp"

namespace aleator::pde::steady_transport {
namespace {

using fem::outputs_at;

TEST(Bernoulli, FunctionAndSlopeAreSmoothAndRight) {
  for (const double z : {-40.0, -3.0, -0.06, -0.0499, -1e-3, 1e-9, 1e-3, 0.0499, 0.0501, 2.0, 30.0}) {
    const double h = 1e-5 * std::max(1.0, std::abs(z));
    const math::Bernoulli at = math::bernoulli(z), up = math::bernoulli(z + h), down = math::bernoulli(z - h);
    EXPECT_NEAR(at.value, static_cast<double>(static_cast<long double>(z) / std::expm1(static_cast<long double>(z))),
                1e-15 * at.value);
    EXPECT_NEAR(at.slope, (up.value - down.value) / (2.0 * h), 1e-9) << z;
    EXPECT_NEAR(math::bernoulli(-z).value, at.value + z, 1e-14 * std::max(1.0, std::abs(z)));
  }
  EXPECT_EQ(math::bernoulli(0.0).value, 1.0);
  EXPECT_EQ(math::bernoulli(0.0).slope, -0.5);
  EXPECT_EQ(math::bernoulli(1e4).value, 0.0);
  EXPECT_EQ(math::bernoulli(1e4).slope, 0.0);
  EXPECT_EQ(math::bernoulli(-1e4).value, 1e4);
}

// c = (exp(v x / kappa) - 1) / (exp(v / kappa) - 1) between c = 0 and c = 1: exact at the nodes, however thin the layer is.
TEST(SteadyTransport, BoundaryLayersAreExactAtTheNodes) {
  for (const double kappa : {10.0, 0.1, 0.02}) {
    Params p;
    p.cells = {10, 3}, p.dirichlet = {{"left", 0.0}, {"right", 1.0}}, p.closed = {"bottom", "top"};
    p.quantities = {"diffusivity"}, p.wind = {1.0, 0.0};
    for (int i = 1; i < 10; ++i) p.points.push_back({i / 10.0, 1.0 / 3.0});
    const std::vector<double> c = outputs_at(*make(p), {kappa});
    for (int i = 1; i < 10; ++i)
      EXPECT_NEAR(c[static_cast<std::size_t>(i - 1)], std::expm1(0.1 * i / kappa) / std::expm1(1.0 / kappa), 1e-12);
  }
}

// c = sin(pi x) sin(pi y), v = (0.6, -0.3) + curl of psi = 0.2 x y.
TEST(SteadyTransport, ManufacturedSolutionConvergesWithOrderTwo) {
  const auto error = [](int cells) {
    Params p;
    p.mesh = fem::curved_mesh({cells, cells}), p.points = {{0.5, 0.5}};
    p.dirichlet = {{"left", 0.0}, {"right", 0.0}, {"bottom", 0.0}, {"top", 0.0}};
    p.quantities = {"diffusivity"}, p.wind = {0.6, -0.3}, p.stream = "0.2 * x * y";
    p.source =
        "2 * 0.5 * pi * pi * sin(pi * x) * sin(pi * y) + (0.6 + 0.2 * x) * pi * cos(pi * x) * sin(pi * y) - (0.3 + 0.2 "
        "* y) * pi * sin(pi * x) * cos(pi * y)";
    const auto model = make(p);
    return fem::l2_error(dynamic_cast<const fem::Engine&>(*model), {0.5}, 0,
                         [](const double* x) { return std::sin(M_PI * x[0]) * std::sin(M_PI * x[1]); });
  };
  const double coarse = error(24), fine = error(48);
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
}

TEST(SteadyTransport, ConcentrationsStayBetweenThoseGivenAtAnyPecletNumber) {
  for (const double kappa : {1.0, 1e-3, 1e-9}) {
    Params p;
    p.cells = {20, 20}, p.dirichlet = {{"left", 1.0}, {"bottom", 0.0}}, p.quantities = {"diffusivity"};
    p.wind = {1.0, 0.5}, p.stream = "0.1 * sin(pi * x) * sin(2 * pi * y)", p.points = {{0.9, 0.2}};
    const auto model = make(p);
    const std::vector<double> c = dynamic_cast<const fem::Engine&>(*model).solution(&kappa);
    EXPECT_GE(*std::min_element(c.begin(), c.end()), -1e-12) << kappa;
    EXPECT_LE(*std::max_element(c.begin(), c.end()), 1.0 + 1e-12) << kappa;
    EXPECT_GT(*std::max_element(c.begin(), c.end()), 0.99);
  }
}

// The velocity of a stream function has no divergence on the mesh, so a constant stays one.
TEST(SteadyTransport, StreamFunctionsDoNotMakeConcentration) {
  Params p;
  p.mesh = fem::curved_mesh({9, 9}), p.quantities = {"stream"}, p.stream_grid = {2, 3}, p.diffusivity = 1e-3;
  p.dirichlet = {{"left", 2.0}, {"right", 2.0}, {"bottom", 2.0}, {"top", 2.0}}, p.points = {{0.5, 0.5}};
  const auto model = make(p);
  std::vector<double> psi;
  for (int k = 0; k < 12; ++k) psi.push_back(std::sin(3.0 * k));
  for (const double c : dynamic_cast<const fem::Engine&>(*model).solution(psi.data())) EXPECT_NEAR(c, 2.0, 1e-11);
}

// A plume in a channel: far down the wind it carries strength / (speed x width).
TEST(SteadyTransport, WhatASourceGivesLeavesWithTheWind) {
  Params p;
  p.cells = {80, 20}, p.lengths = {4.0, 1.0}, p.closed = {"bottom", "top"}, p.diffusivity = 0.2;
  p.quantities = {"point_source", "wind"}, p.source_width = 0.1, p.patches = {{3.8, 4.0, 0.0, 1.0}};
  EXPECT_NEAR(outputs_at(*make(p), {1.0, 0.4, 3.0, 1.5, 0.0})[0], 3.0 / 1.5, 1e-4);
  EXPECT_NEAR(outputs_at(*make(p), {3.0, 0.4, 3.0, -1.5, 0.0})[0], 0.0, 1e-2) << "the wind blows the other way";
}

TEST(SteadyTransport, GroupsWithoutUnknownSourceHaveNone) {
  Params p;
  p.cells = {6, 6}, p.dirichlet = {{"left", 0.0}}, p.points = {{0.9, 0.5}};
  const auto model = make(p);
  EXPECT_EQ(model->shape().input_names, std::vector<std::string>{"source_box"});
  const double one = outputs_at(*model, {1.0})[0];
  EXPECT_NEAR(outputs_at(*model, {-2.5})[0], -2.5 * one, 1e-12);
  p.source = "0.5";
  EXPECT_NEAR(outputs_at(*make(p), {1.0})[0], 1.5 * one, 1e-12) << "the known part comes to it";
}

TEST(SteadyTransport, WithoutOutflowOrAGivenValueThereIsNoSolution) {
  Params p;
  p.cells = {6, 6}, p.points = {{0.5, 0.5}}, p.quantities = {"wind"}, p.source = "1";
  const auto model = make(p);
  try {
    outputs_at(*model, {0.0, 0.0});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("it is not determined"));
  }
  EXPECT_GT(outputs_at(*model, {0.1, 0.0})[0], 0.0);
  p.dirichlet = {{"left", 0.0}};
  EXPECT_GT(outputs_at(*make(p), {0.0, 0.0})[0], 0.0);
}

// Each piece of a mesh wants a value or an outflow of its own.
TEST(SteadyTransport, EveryPieceOfAMeshIsDetermined) {
  const std::string text =
      "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$PhysicalNames\n2\n1 1 \"near\"\n2 3 \"soil\"\n$EndPhysicalNames\n"
      "$Nodes\n6\n1 0 0 0\n2 1 0 0\n3 0 1 0\n4 5 0 0\n5 6 0 0\n6 5 1 0\n$EndNodes\n"
      "$Elements\n3\n1 1 2 1 1 1 3\n2 2 2 3 1 1 2 3\n3 2 2 3 1 4 5 6\n$EndElements\n";
  Params p;
  p.mesh = {"two.msh", text}, p.dirichlet = {{"near", 1.0}}, p.points = {{0.25, 0.25}};
  p.quantities = {"diffusivity"}, p.source = "1";
  core::set_log_level(core::LogLevel::error);  // that there are two pieces
  const auto model = make(p);
  core::set_log_level(core::LogLevel::info);
  try {
    outputs_at(*model, {1.0});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("in the mesh's piece round (5.33, 0.333)"));
  }
}

std::string complaint(const Params& p, std::string& key) {
  try {
    make(p);
  } catch (const deck::KeyError& error) {
    key = error.key();
    return error.what();
  }
  return {};
}

TEST(SteadyTransport, RefusesWhatDoesNotFit) {
  std::string key;
  Params p;
  p.cells = {4, 4}, p.points = {{0.5, 0.5}};
  Params q = p;
  q.quantities = {"winds"};
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("'winds' is none"));
  EXPECT_EQ(key, "quantities");
  q = p, q.quantities = {"source", "diffusivity"};
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("cannot both be unknown"));
  q = p, q.quantities = {"point_source"}, q.source_width = 0.01;
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("less than the size of an element"));
  EXPECT_EQ(key, "source_width");
  q = p, q.wind = {1.0};
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("2 axes"));
  q = p, q.source = "1 / (x - x)";
  complaint(q, key);
  EXPECT_EQ(key, "source");
  q = p, q.closed = {"left"}, q.dirichlet = {{"left", 1.0}};
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("'left' is closed"));
  q = p, q.closed = {"left", "right", "bottom", "top"}, q.wind = {1.0, 0.0};
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("nowhere to go"));
  q = p, q.closed = {"lid"};
  EXPECT_THAT(complaint(q, key), testing::HasSubstr("no side 'lid'"));
}

}  // namespace
}  // namespace aleator::pde::steady_transport
