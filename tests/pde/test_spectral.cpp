// Fourier modes and transport on the periodic square: against exact solutions, and derivatives against themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <memory>

#include "pde/advection_diffusion/component.hpp"
#include "support_spectral.hpp"

namespace {

using aleator::pde::spectral::Complex;
using aleator::pde::spectral::Modes;
using aleator::pde::spectral::Spectrum;
using aleator::pde::spectral::Unknown;
using namespace test_spectral;
namespace advection_diffusion = aleator::pde::advection_diffusion;

advection_diffusion::Params swirling() {
  advection_diffusion::Params p;
  p.mesh = 24, p.cells = 12, p.length = 2.0, p.dt = 0.02, p.times = {0.0, 0.05, 0.31};
  p.sensor_points = {{0.1, 0.2}, {1.33, 0.77}, {1.99, 1.0}};
  p.diffusivity = 0.01, p.wind = {0.7, -0.4}, p.swirl = 1.1;
  return p;
}

TEST(SpectralModes, TransformsAreInverseAndAdjointOfEachOther) {
  const Modes modes(20, 3.0);
  const Modes::Buffer buffer(modes, 2);
  Spectrum w(modes.size()), back(modes.size()), f(modes.size());
  double* const a = buffer.grid(0);
  double* const b = buffer.grid(1);
  for (std::size_t p = 0; p < modes.values(); ++p) a[p] = std::sin(1.0 + 0.7 * p * p), b[p] = std::cos(3.0 * p);
  modes.to_spectrum(a, buffer, w.data());
  modes.to_spectrum(b, buffer, f.data());
  modes.to_values(w.data(), buffer, a);
  double on_points = 0.0, of_modes = 0.0;
  for (std::size_t p = 0; p < modes.values(); ++p) on_points += a[p] * b[p] / modes.values();
  for (std::size_t m = 0; m < modes.size(); ++m) of_modes += modes.weight()[m] * (std::conj(w[m]) * f[m]).real();
  EXPECT_NEAR(on_points, of_modes, 1e-14);
  modes.to_spectrum(a, buffer, back.data());
  for (std::size_t m = 0; m < modes.size(); ++m) EXPECT_NEAR(std::abs(back[m] - w[m]), 0.0, 1e-15);
}

TEST(SpectralModes, WaveIsItsSymbolAtAnyPoint) {
  const Modes modes(16, 2.0);
  const Modes::Buffer buffer(modes, 1);
  const double unit = std::acos(-1.0);
  const auto wave = [&](double x, double y) { return std::cos(unit * (3 * x - 2 * y) + 0.4); };
  double* const grid = buffer.grid(0);
  for (int j = 0; j < 16; ++j)
    for (int i = 0; i < 16; ++i) grid[16 * j + i] = wave((i + 0.5) / 8, (j + 0.5) / 8);
  Spectrum w(modes.size());
  modes.to_spectrum(grid, buffer, w.data());
  const Spectrum phases = modes.phases(0.3, 1.7);
  double value = 0.0, slope = 0.0;
  for (std::size_t m = 0; m < modes.size(); ++m) {
    const Complex term = modes.weight()[m] * w[m] * phases[m];
    value += term.real(), slope += (Complex(0.0, modes.ky()[m]) * term).real();
  }
  EXPECT_NEAR(value, wave(0.3, 1.7), 1e-14);
  EXPECT_NEAR(slope, 2 * unit * std::sin(unit * (0.9 - 3.4) + 0.4), 1e-13);
}

TEST(AdvectionDiffusion, WaveInTheWindIsExactForAnyStep) {
  advection_diffusion::Params p = swirling();
  p.swirl = 0.0, p.cells = 0, p.mesh = 16, p.dt = 1.0;
  const auto model = advection_diffusion::make(p);
  const double k = std::acos(-1.0);  // 2 pi / length
  const auto wave = [&](double x, double y) { return std::cos(k * (2 * x + 5 * y)); };
  const Batch u = field(16, 2.0, wave), y("y", 1, 9);
  ASSERT_TRUE(model->evaluate(u, y).ok());
  for (int t = 0; t < 3; ++t)
    for (int s = 0; s < 3; ++s) {
      const double time = p.times[t], decay = std::exp(-0.01 * 29 * k * k * time);
      EXPECT_NEAR(y(0, 3 * t + s), decay * wave(p.sensor_points[s][0] - 0.7 * time, p.sensor_points[s][1] + 0.4 * time),
                  1e-13);
    }
}

// The mean of cos over a box: sines at its ends over their distance.
TEST(AdvectionDiffusion, PatchesAreMeansOfWaves) {
  advection_diffusion::Params p = swirling();
  p.swirl = 0.0, p.cells = 0, p.mesh = 16, p.dt = 1.0, p.times = {0.0}, p.sensor_points = {};
  p.patches = {{0.3, 0.9, 1.1, 1.8}, {0.0, 2.0, 0.2, 0.7}};
  const double k = std::acos(-1.0);
  const auto wave = [&](double x, double y) { return 0.7 + std::cos(k * (2 * x + 5 * y)) + std::cos(k * (3 * y + 1)); };
  const auto integral = [&](double x, double y) {  // of the two waves, by x and y
    return -std::cos(k * (2 * x + 5 * y)) / (10 * k * k) + x * std::sin(k * (3 * y + 1)) / (3 * k);
  };
  const Batch u = field(16, 2.0, wave), y("y", 1, 2);
  ASSERT_TRUE(advection_diffusion::make(p)->evaluate(u, y).ok());
  for (int i = 0; i < 2; ++i) {
    const std::vector<double>& box = p.patches[i];
    const double sum =
        integral(box[1], box[3]) - integral(box[0], box[3]) - integral(box[1], box[2]) + integral(box[0], box[2]);
    EXPECT_NEAR(y(0, i), 0.7 + sum / (box[1] - box[0]) / (box[3] - box[2]), 1e-13);
  }
}

// A heap carried once around the torus by the wind and spread by diffusion, all images summed.
TEST(AdvectionDiffusion, GaussianHeapTravelsAndSpreads) {
  advection_diffusion::Params p = swirling();
  p.swirl = 0.0, p.cells = 0, p.mesh = 64, p.times = {0.9};
  const auto model = advection_diffusion::make(p);
  const auto heap = [](double x, double y, double variance) {
    double sum = 0.0;
    for (int i = -3; i <= 3; ++i)
      for (int j = -3; j <= 3; ++j)
        sum += std::exp(-(std::pow(x + 2 * i, 2) + std::pow(y + 2 * j, 2)) / (2 * variance)) / variance;
    return sum;
  };
  const Batch u = field(64, 2.0, [&](double x, double y) { return heap(x - 1.5, y - 0.5, 0.04); }), y("y", 1, 3);
  ASSERT_TRUE(model->evaluate(u, y).ok());
  for (int s = 0; s < 3; ++s)
    EXPECT_NEAR(y(0, s),
                heap(p.sensor_points[s][0] - 1.5 - 0.63, p.sensor_points[s][1] - 0.5 + 0.36, 0.04 + 2 * 0.01 * 0.9),
                1e-10);
}

// A constant source of one wave: c = s (1 - exp(-kappa k^2 t)) / (kappa k^2), order 4 in the step.
TEST(AdvectionDiffusion, ConstantSourceFillsUpAtOrderFour) {
  double error[2];
  for (int level = 0; level < 2; ++level) {
    advection_diffusion::Params p = swirling();
    p.swirl = 0.0, p.wind = {0, 0}, p.cells = 0, p.mesh = 16, p.times = {1.0}, p.unknown = Unknown::source;
    p.diffusivity = 0.1, p.dt = level == 0 ? 0.1 : 0.05;
    const double k = std::acos(-1.0), rate = 0.1 * 2 * k * k;
    const auto model = advection_diffusion::make(p);
    const auto wave = [&](double x, double y) { return std::sin(k * (x - y)); };
    const Batch u = field(16, 2.0, wave), y("y", 1, 3);
    ASSERT_TRUE(model->evaluate(u, y).ok());
    error[level] = std::fabs(y(0, 1) - wave(1.33, 0.77) * (1 - std::exp(-rate)) / rate);
  }
  EXPECT_NEAR(std::log2(error[0] / error[1]), 4.0, 0.1);
}

TEST(AdvectionDiffusion, SwirlsAreSteppedAtOrderFour) {
  double value[3];
  for (int level = 0; level < 3; ++level) {
    advection_diffusion::Params p = swirling();
    p.times = {1.0}, p.dt = 0.01 / (1 << level);
    const auto model = advection_diffusion::make(p);
    const Batch u = rows_of(*model, 1), y("y", 1, 3);
    ASSERT_TRUE(model->evaluate(u, y).ok());
    value[level] = y(0, 1);
  }
  EXPECT_NEAR(std::log2((value[0] - value[1]) / (value[1] - value[2])), 4.0, 0.1);
}

// psi is constant along the flow: c = a function of psi stays, without wind and diffusion.
TEST(AdvectionDiffusion, FunctionsOfTheStreamFunctionStand) {
  advection_diffusion::Params p = swirling();
  p.wind = {0, 0}, p.diffusivity = 0.0, p.cells = 0, p.mesh = 32, p.times = {2.0}, p.swirl_waves = 2;
  const auto model = advection_diffusion::make(p);
  const double k = 2 * std::acos(-1.0);
  const auto of_psi = [&](double x, double y) {
    const double psi = std::sin(k * x) * std::sin(k * y);
    return psi + 0.5 * psi * psi;
  };
  const Batch u = field(32, 2.0, of_psi), y("y", 1, 3);
  ASSERT_TRUE(model->evaluate(u, y).ok());
  for (int s = 0; s < 3; ++s) EXPECT_NEAR(y(0, s), of_psi(p.sensor_points[s][0], p.sensor_points[s][1]), 1e-12);
}

TEST(AdvectionDiffusion, MassStaysAndWithoutDiffusionTheSquareToo) {
  advection_diffusion::Params p = swirling();
  p.diffusivity = 0.0, p.dt = 0.005, p.times = {0.0, 3.0};  // decay of the square by order 5 of dt
  const auto model = advection_diffusion::make(p);
  const Batch u = rows_of(*model, 1);
  const auto fields = model->states()->states(&u(0, 0));
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_NEAR(sum(fields[2].values), sum(fields[1].values), 1e-11 * std::fabs(sum(fields[1].values)));
  EXPECT_NEAR(sum_of_squares(fields[2].values), sum_of_squares(fields[1].values),
              1e-6 * sum_of_squares(fields[1].values));
}

class AdvectionDiffusionUnknowns : public testing::TestWithParam<std::pair<Unknown, double>> {
 protected:
  static std::unique_ptr<aleator::model::ForwardModel> model() {
    advection_diffusion::Params p = swirling();
    p.unknown = GetParam().first, p.swirl = GetParam().second;
    return advection_diffusion::make(p);
  }
};

TEST_P(AdvectionDiffusionUnknowns, AdjointAndTangentPassTheDotProductTest) { expect_dot_products(*model()); }

TEST_P(AdvectionDiffusionUnknowns, GradientAgreesWithCentralDifferences) { expect_gradient(*model()); }

TEST_P(AdvectionDiffusionUnknowns, BitsOfARowDoNotDependOnTheOthers) { expect_same_bits(*model()); }

INSTANTIATE_TEST_SUITE_P(Both, AdvectionDiffusionUnknowns,
                         testing::Values(std::pair(Unknown::initial, 1.1), std::pair(Unknown::source, 1.1),
                                         std::pair(Unknown::initial, 0.0)));

TEST(AdvectionDiffusion, FailedRowsSayWhyAndLeaveTheOthersAlone) {
  const auto model = advection_diffusion::make(swirling());
  const Batch u = rows_of(*model, 3), y("y", 3, model->shape().outputs);
  u(1, 7) = std::nan("");
  const auto status = model->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1U);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("initial_7 = nan is not finite"));
  EXPECT_TRUE(std::isnan(y(1, 0)) && std::isfinite(y(0, 0)) && std::isfinite(y(2, 0)));
}

// N(w) = 0, its applications counted.
struct Counter : aleator::pde::spectral::Advection {
  using Fields = aleator::pde::spectral::Fields;
  explicit Counter(bool linear, std::size_t modes) : is_linear_(linear), modes_(modes) {}
  bool is_linear() const override { return is_linear_; }
  int work_grids() const override { return 1; }
  int kept_grids() const override { return 0; }
  void apply(const Complex*, const Fields&, Complex* out) const override { ++applied, std::fill_n(out, modes_, 0.0); }
  void linearise(const Complex*, const Fields&) const override { ++linearised; }
  void tangent(const Complex*, const Fields&, Complex* out) const override { std::fill_n(out, modes_, 0.0); }
  void transposed(const Complex*, const Fields&, Complex* out) const override {
    ++transposes, std::fill_n(out, modes_, 0.0);
  }
  double speed(const Fields&) const override { return 0.0; }
  bool is_linear_;
  std::size_t modes_;
  mutable int applied = 0, linearised = 0, transposes = 0;
};

// In transforms, for a flow: 4 to apply, 2 to linearise, 4 transposed, so that value and gradient take 46 / 16 = 2.9 values.
TEST(SpectralEvolution, GradientRepeatsThreeStagesOfFourWhereItIsNotLinear) {
  for (const bool is_linear : {true, false}) {
    const Counter* counter = nullptr;
    aleator::pde::spectral::Setup setup;
    setup.points = 8, setup.length = 1.0;
    setup.cells = 4, setup.dt = 0.1, setup.times = {1.0}, setup.sensors = {{{0.5, 0.5}, {}, {}}},
    setup.most_kept = 1U << 20U;
    setup.observables = {{"c", [](double, double) { return Complex(1.0, 0.0); }}};
    setup.rate = [](double, double) { return Complex(-1.0, 0.0); };
    setup.advection = [&](const Modes& modes) {
      auto owned = std::make_unique<const Counter>(is_linear, modes.size());
      counter = owned.get();
      return owned;
    };
    const aleator::pde::spectral::Engine model("counted", setup);
    const Batch u = rows_of(model, 1), y("y", 1, 1), du("du", 1, 16);
    ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
    ASSERT_NE(counter, nullptr);
    EXPECT_EQ(counter->applied, is_linear ? 40 : 70);
    EXPECT_EQ(counter->linearised, is_linear ? 0 : 10);
    EXPECT_EQ(counter->transposes, 40);
  }
}

}  // namespace
