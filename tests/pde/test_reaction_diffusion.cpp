// Reaction and diffusion against exact solutions: a travelling wave, decay of a cosine, homogeneous growth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deck/diagnostics.hpp"
#include "evolution_cases.hpp"

namespace aleator::pde::reaction_diffusion {
namespace {

// Ablowitz and Zeppetella 1979: u = (1 + exp(k (x - x0 - c t)))^-2, k = sqrt(r / (6 D)), c = 5 sqrt(r D / 6).
constexpr double diffusivity = 1e-3, rate = 9.6;
double travelling_wave(double x, double t) {
  const double k = std::sqrt(rate / (6.0 * diffusivity)), c = 5.0 * std::sqrt(rate * diffusivity / 6.0);
  return std::pow(1.0 + std::exp(k * (x - 0.6 - c * t)), -2.0);
}

Params every_cell(int mesh) {
  Params p;
  p.mesh = p.cells = mesh, p.unknown = Unknown::initial;
  p.diffusivity = diffusivity, p.rate = rate;
  p.times = {0.1, 0.2}, p.point_grid = 8;
  return p;
}

// The front moves along x, or along y.
double error_of_front(int mesh, bool is_along_y) {
  Params p = every_cell(mesh);
  p.dt = 0.2 * p.times[0] * (32.0 * 32.0) / (mesh * mesh);
  std::vector<double> u, exact;
  for (int i = 0; i < mesh * mesh; ++i)
    u.push_back(travelling_wave(((is_along_y ? i / mesh : i % mesh) + 0.5) / mesh, 0.0));
  for (const double t : p.times)
    for (int k = 0; k < 64; ++k) exact.push_back(travelling_wave(((is_along_y ? k / 8 : k % 8) + 0.5) / 8, t));
  return evolution::distance(evolution::outputs_at(*make(p), u), exact);
}

// The wave is 1 / k = h 3.2 to 6.4 wide: the next term of the error moves the slope by a few hundredths. The edges disturb
// it by exp(-24).
TEST(ReactionDiffusion, ConvergesToTheTravellingWaveWithOrderTwo) {
  for (const bool is_along_y : {false, true}) {
    const double coarse = error_of_front(128, is_along_y), fine = error_of_front(256, is_along_y);
    EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
    EXPECT_LT(fine, 0.01);
  }
}

// Without reaction cos(pi x) cos(2 pi y) decays with the eigenvalue of the discrete Laplacian, rate by rate.
TEST(ReactionDiffusion, DiffusionAloneDampsEachModeByItsEigenvalue) {
  const int n = 16;
  Params p = every_cell(n);
  p.rate = 0.0, p.dt = 0.01, p.point_grid = n;
  std::vector<double> u;
  for (int i = 0; i < n * n; ++i)
    u.push_back(std::cos(M_PI * (i % n + 0.5) / n) * std::cos(2.0 * M_PI * (i / n + 0.5) / n));
  const double sx = 2.0 * n * std::sin(0.5 * M_PI / n), sy = 2.0 * n * std::sin(M_PI / n);
  const std::vector<double> y = evolution::outputs_at(*make(p), u);
  for (int i = 0; i < n * n; ++i) {  // (dt lambda)^5 / 120 a step: below 1e-16
    const double damping = std::exp(-diffusivity * (sx * sx + sy * sy) * 0.2);
    EXPECT_NEAR(y[static_cast<std::size_t>(n * n + i)], damping * u[static_cast<std::size_t>(i)], 1e-13);
  }
}

// A field without differences follows its ordinary differential equation.
TEST(ReactionDiffusion, HomogeneousFieldsFollowTheReaction) {
  Params p = every_cell(4);
  p.cells = 1, p.dt = 1e-3, p.rate = 1.0, p.times = {1.0}, p.point_grid = 1;
  EXPECT_NEAR(evolution::outputs_at(*make(p), {0.2})[0], 0.2 * std::exp(1.0) / (0.8 + 0.2 * std::exp(1.0)), 1e-12);
  p.kind = Kind::allen_cahn;
  EXPECT_NEAR(evolution::outputs_at(*make(p), {0.2})[0], 0.2 * std::exp(1.0) / std::sqrt(0.96 + 0.04 * std::exp(2.0)),
              1e-12);
  p.kind = Kind::gray_scott, p.feed = 0.0,
  p.kill = 0.0;  // v' = (1 - v) v^2 with u + v = 1: ln(v / (1 - v)) - 1 / v grows by 1
  const double v = evolution::outputs_at(*make(p), {0.2})[0];
  EXPECT_NEAR(std::log(v / (1.0 - v)) - 1.0 / v, std::log(0.25) - 5.0 + 1.0, 1e-11);
  // u = 1.5 as the deck says: v' = (s - v) v^2 with s = 1.7, so that ln(v / (s - v)) / s^2 - 1 / (s v) grows by 1.
  p.initial_state = {"1.5", "0"};
  const double s = 1.7, w = evolution::outputs_at(*make(p), {0.2})[0];
  EXPECT_NEAR(std::log(w / (s - w)) / (s * s) - 1.0 / (s * w), std::log(0.2 / 1.5) / (s * s) - 1.0 / (s * 0.2) + 1.0,
              1e-10);
}

TEST(ReactionDiffusion, NegativeCoefficientsAreFailedRows) {
  Params p = every_cell(8);
  p.unknown = Unknown::coefficients, p.dt = 0.05;
  EXPECT_NO_THROW(evolution::outputs_at(*make(p), {1e-3, 1.0}));
  for (const std::vector<double>& u :
       {std::vector<double>{-1e-3, 1.0}, std::vector<double>{1e-3, -1.0}, std::vector<double>{10.0, 1.0}})
    EXPECT_THROW(evolution::outputs_at(*make(p), u), std::runtime_error);
}

}  // namespace
}  // namespace aleator::pde::reaction_diffusion
