// Waves against the exact solution of a closed square, a sum of standing waves, and against a domain too large to reflect.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evolution_cases.hpp"

namespace aleator::pde::wave {
namespace {

constexpr double speed = 1.3, frequency = 1.5, source_x = 0.25, source_y = 0.375;

double ricker(double t) {
  const double a = M_PI * (frequency * t - 1.5);
  return (1.0 - 2.0 * a * a) * std::exp(-a * a);
}

// Mode phi = cos(m pi x) cos(l pi y) of frequency w = speed pi sqrt(m^2 + l^2), set off by the source:
// u = sum phi(x) phi(x_s) / |phi|^2 * integral_0^t ricker(s) sin(w (t - s)) / w ds, by Simpson's rule.
double amplitude_of_mode(double w, double t) {
  const int steps = 2000;
  double sum = 0.0;
  for (int k = 0; k <= steps; ++k) {
    const double s = t * k / steps, weight = k == 0 || k == steps ? 1.0 : (k % 2 == 1 ? 4.0 : 2.0);
    sum += weight * ricker(s) * (w > 0.0 ? std::sin(w * (t - s)) / w : t - s);
  }
  return sum * t / steps / 3.0;
}

// The wavelet has nothing left at 6 times its frequency: w = 56, 14 modes each way; it must be over at time t.
std::vector<double> exact(const std::vector<double>& times, const std::vector<std::vector<double>>& points) {
  std::vector<double> y;
  for (const double t : times) {
    std::vector<double> here(points.size(), 0.0);
    for (int m = 0; m < 18; ++m)
      for (int l = 0; l < 18; ++l) {
        const auto mode = [&](double px, double py) { return std::cos(m * M_PI * px) * std::cos(l * M_PI * py); };
        const double norm = (m == 0 ? 1.0 : 0.5) * (l == 0 ? 1.0 : 0.5);
        const double a =
            amplitude_of_mode(speed * M_PI * std::sqrt(1.0 * m * m + l * l), t) * mode(source_x, source_y) / norm;
        for (std::size_t k = 0; k < points.size(); ++k) here[k] += a * mode(points[k][0], points[k][1]);
      }
    y.insert(y.end(), here.begin(), here.end());
  }
  return y;
}

Params closed_square(int mesh) {
  Params p;
  p.mesh = mesh, p.cells = 1, p.frequency = frequency, p.sources = {{source_x, source_y}};
  p.times = {2.0, 2.3}, p.points = {{0.75, 0.5}, {0.5, 0.875}, {0.125, 0.125}, {0.625, 0.0}};
  p.dt = 0.4 / mesh;
  return p;
}

TEST(Wave, ConvergesToTheSumOfStandingWavesWithOrderTwo) {
  const Params p = closed_square(48);
  const std::vector<double> solution = exact(p.times, p.points);
  const auto error = [&](int mesh) {
    return evolution::distance(evolution::outputs_at(*make(closed_square(mesh)), {speed}), solution);
  };
  const double coarse = error(64), middle = error(128), fine = error(256);
  EXPECT_NEAR(std::log2(coarse / middle), 2.0, 0.1) << coarse << " " << middle;
  EXPECT_NEAR(std::log2(middle / fine), 2.0, 0.1) << middle << " " << fine;
  double size = 0.0;
  for (const double value : solution) size = std::max(size, std::abs(value));
  EXPECT_LT(fine, 0.005 * size);
}

// Three times as large a square has no echo before t = 2.8. The layer is 1.5 wavelengths wide.
TEST(Wave, TheSpongeSendsBackAnEighthOfWhatWallsDo) {
  const auto record = [](double sponge, double length, int mesh) {
    Params p;
    p.mesh = mesh, p.length = length, p.cells = 1, p.sponge = sponge, p.frequency = 6.0, p.dt = 0.005;
    p.sources = {{0.5 * length, 0.5 * length}}, p.points = {{0.5 * length + 0.15, 0.5 * length - 0.05}};
    p.end = 1.9, p.observations = 38;
    return evolution::outputs_at(*make(p), {1.0});
  };
  const std::vector<double> open = record(0.0, 3.0, 192), walls = record(0.0, 1.0, 64), sponge = record(0.25, 1.0, 64);
  EXPECT_LT(evolution::distance(sponge, open), 0.125 * evolution::distance(walls, open));
}

// Source and receiver exchanged: the same seismogram, whatever the velocities.
TEST(Wave, SourceAndReceiverAreReciprocal) {
  const auto record = [](const std::vector<double>& source, const std::vector<double>& receiver) {
    Params p;
    p.mesh = 32, p.cells = 1, p.sources = {source}, p.points = {receiver}, p.dt = 0.01, p.end = 1.0,
    p.observations = 10;
    return evolution::outputs_at(*make(p), {1.0});
  };
  const std::vector<double> a = record({0.21, 0.3}, {0.8, 0.67}), b = record({0.8, 0.67}, {0.21, 0.3});
  EXPECT_LT(evolution::distance(a, b), 1e-13);
}

TEST(Wave, SourcesFireInRunsOfTheirOwn) {
  Params p = closed_square(32), first = p, second = p;
  p.sources = {{0.2, 0.2}, {0.7, 0.4}}, first.sources = {p.sources[0]}, second.sources = {p.sources[1]};
  const std::vector<double> both = evolution::outputs_at(*make(p), {1.0}),
                            one = evolution::outputs_at(*make(first), {1.0}),
                            two = evolution::outputs_at(*make(second), {1.0});
  for (std::size_t t = 0; t < 2; ++t)
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_EQ(both[8 * t + k], one[4 * t + k]);
      EXPECT_EQ(both[8 * t + 4 + k], two[4 * t + k]);
    }
}

// 2 sqrt(2) c / h is the highest frequency and 2 sqrt(2) the reach of rk4: c dt <= h.
TEST(Wave, AVelocityTooHighForTheStepIsAFailedRow) {
  Params p = closed_square(32);
  p.dt = 0.9 / 32, p.times = {0.9, 1.8};
  EXPECT_NO_THROW(evolution::outputs_at(*make(p), {1.1}));
  try {
    evolution::outputs_at(*make(p), {1.15});
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("set dt = 0.027 or less"));
  }
}

}  // namespace
}  // namespace aleator::pde::wave
