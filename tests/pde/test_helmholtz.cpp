// Sound of one frequency against plane waves, manufactured solutions, Hankel's function; reciprocity.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fem_cases.hpp"

namespace aleator::pde::helmholtz {
namespace {

using fem::outputs_at;

// exp(i k x) enters through the left side, where du/dn - i k u = -2 i k, and leaves through the right one.
double error_of_plane_wave(int cells, int part) {
  const double c = 1.3, frequency = 1.1, k = 2.0 * M_PI * frequency / c;
  Params p;
  p.mesh = fem::curved_mesh({cells, cells}), p.frequency = frequency, p.absorbing = {"left", "right"},
  p.points = {{0.5, 0.5}};
  Data data;
  data.incoming = {fem::constant(0.0), [k](const double* x) { return x[0] < 0.5 ? -2.0 * k : 0.0; }};
  const auto model = make(p, nullptr, data);
  return fem::l2_error(dynamic_cast<const fem::Engine&>(*model), {c}, part,
                       [=](const double* x) { return part == 0 ? std::cos(k * x[0]) : std::sin(k * x[0]); });
}

TEST(Helmholtz, PlaneWavePassesWithOrderTwoInL2) {
  for (const int part : {0, 1}) {
    const double coarse = error_of_plane_wave(32, part), fine = error_of_plane_wave(64, part);
    EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
    EXPECT_LT(fine, 0.02);
  }
}

// u = sin(pi x) sin(pi y) between soft walls: f = (2 pi^2 - k^2) u.
TEST(Helmholtz, ManufacturedSolutionConvergesWithOrderTwo) {
  const double c = 1.0, frequency = 0.5, k = 2.0 * M_PI * frequency / c;
  const auto wave = [](const double* x) { return std::sin(M_PI * x[0]) * std::sin(M_PI * x[1]); };
  const auto error = [&](int cells) {
    Params p;
    p.mesh = fem::curved_mesh({cells, cells}), p.frequency = frequency, p.points = {{0.5, 0.5}};
    p.soft = {"left", "right", "bottom", "top"};
    Data data;
    data.source = [=](const double* x) { return (2.0 * M_PI * M_PI - k * k) * wave(x); };
    const auto model = make(p, nullptr, data);
    return fem::l2_error(dynamic_cast<const fem::Engine&>(*model), {c}, 0, wave);
  };
  const double coarse = error(24), fine = error(48);
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
}

// A point source in free space: u = i/4 H_0(k r) = -Y_0 / 4 + i J_0 / 4. A wave that meets an absorbing side at an angle t sends
// back (1 - cos t) / (1 + cos t), at most 0.17 to the corners of a square; each echo is also weaker for its longer way.
TEST(Helmholtz, PointSourceIsHankelsFunctionUpToTheEchoes) {
  const double frequency = 2.0, k = 2.0 * M_PI * frequency;
  Params p;
  p.cells = {96, 96}, p.lengths = {2.0, 2.0}, p.frequency = frequency;
  p.absorbing = {"left", "right", "bottom", "top"}, p.sources = {{1.0, 1.0}};
  p.points = {{1.4, 1.0}, {1.0, 0.5}, {0.7, 0.7}, {1.5, 1.4}};
  const std::vector<double> y = outputs_at(*make(p), {1.0});
  for (std::size_t i = 0; i < p.points.size(); ++i) {
    const double r = std::hypot(p.points[i][0] - 1.0, p.points[i][1] - 1.0);
    const double re = -0.25 * y0(k * r), im = 0.25 * j0(k * r);
    EXPECT_LT(std::hypot(y[2 * i] - re, y[2 * i + 1] - im), 0.15 * std::hypot(re, im)) << y[2 * i] << " " << re;
  }
}

TEST(Helmholtz, SourceAndReceiverAreReciprocal) {
  const auto record = [](const std::vector<double>& source, const std::vector<double>& receiver) {
    Params p;
    p.mesh = fem::bent_mesh({12, 12}), p.unknown = fem::Unknown::grid, p.grid = {2, 2};
    p.absorbing = {"left", "right", "top"}, p.sources = {source}, p.points = {receiver};
    return outputs_at(*make(p), {1.0, 1.2, 0.8, 1.1});
  };
  const std::vector<double> a = record({0.21, 0.3}, {0.8, 0.67}), b = record({0.8, 0.67}, {0.21, 0.3});
  EXPECT_NEAR(a[0], b[0], 1e-12);
  EXPECT_NEAR(a[1], b[1], 1e-12);
  EXPECT_GT(std::abs(a[1]), 1e-3);
}

TEST(Helmholtz, OutputsAreRealAndImaginaryPartAtEachPointForEachSource) {
  const auto model = fem::sound_case().make(fem::Solver::direct);
  const std::vector<std::string>& names = model->shape().output_names;
  ASSERT_EQ(names.size(), 12u);
  EXPECT_EQ(names[0], "re u(0.2, 0.8), load 1");
  EXPECT_EQ(names[11], "im u(0.5, 0.9), load 2");
}

}  // namespace
}  // namespace aleator::pde::helmholtz
