// Burgers' equation against the exact solution of Cole and Hopf.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deck/diagnostics.hpp"
#include "evolution_cases.hpp"

namespace aleator::pde::burgers {
namespace {

constexpr double viscosity = 0.05;

// u = -2 nu phi_x / phi with phi = 1.5 + exp(-nu k^2 t) cos k x, a solution of the heat equation; k = 2 pi.
double cole_hopf(double x, double t) {
  const double k = 2.0 * M_PI, decay = std::exp(-viscosity * k * k * t);
  return 2.0 * viscosity * k * decay * std::sin(k * x) / (1.5 + decay * std::cos(k * x));
}

Params all_values(int mesh, double dt) {
  Params p;
  p.mesh = mesh, p.unknowns = mesh, p.viscosity = viscosity, p.dt = dt;
  p.times = {0.25, 0.5}, p.point_grid = 8;
  return p;
}

double error(int mesh) {
  const auto model = make(all_values(mesh, 0.2 / (mesh * mesh * viscosity * 4.0)));
  std::vector<double> u, exact;
  for (int i = 0; i < mesh; ++i) u.push_back(cole_hopf(static_cast<double>(i) / mesh, 0.0));
  for (const double t : {0.25, 0.5})
    for (int k = 0; k < 8; ++k) exact.push_back(cole_hopf((k + 0.5) / 8, t));
  return evolution::distance(evolution::outputs_at(*model, u), exact);
}

// The points lie on every grid; the next term of the error is h^4 and moves the slope by less than a hundredth.
TEST(Burgers, ConvergesToTheSolutionOfColeAndHopfWithOrderTwo) {
  const double coarse = error(64), middle = error(128), fine = error(256);
  EXPECT_NEAR(std::log2(coarse / middle), 2.0, 0.1);
  EXPECT_NEAR(std::log2(middle / fine), 2.0, 0.1);
  EXPECT_LT(fine, 1e-3);
}

// (u, v) = -2 nu grad phi / phi with phi = 3 + E cos k x + E sin k y, E = exp(-nu k^2 t): phi solves the heat equation.
std::vector<double> cole_hopf_in_the_plane(double x, double y, double t) {
  const double k = 2.0 * M_PI, decay = std::exp(-viscosity * k * k * t);
  const double factor = 2.0 * viscosity * k * decay / (3.0 + decay * (std::cos(k * x) + std::sin(k * y)));
  return {factor * std::sin(k * x), -factor * std::cos(k * y)};
}

double error_in_the_plane(int mesh) {
  Params p = all_values(mesh, 0.2 / (mesh * mesh * viscosity * 4.0));
  p.dimension = 2, p.point_grid = 4;
  const auto model = make(p);
  std::vector<double> u, exact;
  for (int component = 0; component < 2; ++component)
    for (int j = 0; j < mesh; ++j)
      for (int i = 0; i < mesh; ++i)
        u.push_back(cole_hopf_in_the_plane(static_cast<double>(i) / mesh, static_cast<double>(j) / mesh,
                                           0.0)[static_cast<std::size_t>(component)]);
  for (const double t : {0.25, 0.5})
    for (std::size_t component = 0; component < 2; ++component)
      for (int j = 0; j < 4; ++j)
        for (int i = 0; i < 4; ++i) exact.push_back(cole_hopf_in_the_plane((i + 0.5) / 4, (j + 0.5) / 4, t)[component]);
  return evolution::distance(evolution::outputs_at(*model, u), exact);
}

TEST(Burgers, InThePlaneConvergesToTheSolutionOfColeAndHopfWithOrderTwo) {
  const double coarse = error_in_the_plane(16), middle = error_in_the_plane(32), fine = error_in_the_plane(64);
  EXPECT_NEAR(std::log2(coarse / middle), 2.0, 0.1);
  EXPECT_NEAR(std::log2(middle / fine), 2.0, 0.1);
  EXPECT_LT(fine, 1e-3);
}

// Fluxes telescope: the mean of u does not change.
TEST(Burgers, ConservesTheMean) {
  Params p = all_values(48, 1e-3);
  p.point_grid = 0;
  for (int i = 0; i < 48; ++i) p.points.push_back({i / 48.0});
  std::vector<double> u;
  double before = 0.0, after = 0.0;
  for (int i = 0; i < 48; ++i) u.push_back(1.0 + evolution::number(i, 1)), before += u.back();
  const std::vector<double> y = evolution::outputs_at(*make(p), u);
  for (int i = 0; i < 48; ++i) after += y[static_cast<std::size_t>(48 + i)];
  EXPECT_NEAR(after, before, 1e-13 * 48);
}

TEST(Burgers, CoarseValuesAreJoinedByStraightLines) {
  Params coarse = all_values(64, 1e-3), fine = all_values(64, 1e-3);
  coarse.unknowns = 16;
  std::vector<double> u, joined;
  for (int k = 0; k < 16; ++k) u.push_back(evolution::number(k, 2));
  for (int i = 0; i < 64; ++i) joined.push_back(u[i / 4] * (1.0 - i % 4 / 4.0) + u[(i / 4 + 1) % 16] * (i % 4 / 4.0));
  EXPECT_LT(evolution::distance(evolution::outputs_at(*make(coarse), u), evolution::outputs_at(*make(fine), joined)),
            1e-14);
}

// 4 nu / h^2 = 3277: rk4 reaches 2.785, a step of 8.50004e-4.
TEST(Burgers, AStepBeyondStabilityIsRefusedWithTheStepToSet) {
  try {
    make(all_values(128, 1e-3));
    FAIL() << "accepted";
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), "dt");
    EXPECT_THAT(error.what(), testing::HasSubstr("set dt = 0.00085 or less"));
  }
  EXPECT_NO_THROW(make(all_values(128, 0.00085)));
}

TEST(Burgers, AFlowTooFastForTheStepIsAFailedRow) {
  const auto model = make(all_values(64, 2e-3));
  EXPECT_NO_THROW(evolution::outputs_at(*model, std::vector<double>(64, 1.0)));
  try {
    evolution::outputs_at(*model, std::vector<double>(64, 100.0));
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("set dt = "));
  }
}

}  // namespace
}  // namespace aleator::pde::burgers
