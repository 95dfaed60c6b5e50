// The diffusion model against published values, an independent assembly, theory and itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "pde/diffusion/diffusion.hpp"

namespace {

using aleator::kernels::Batch;
using aleator::kernels::ConstBatch;
using aleator::model::RowStatus;
using aleator::pde::diffusion::Diffusion;
using aleator::pde::diffusion::sensor_grid;
using DiffusionSetup = aleator::pde::diffusion::Setup;  // testing::Test has a member of that name

DiffusionSetup benchmark_setup() {
  DiffusionSetup setup;
  setup.sensors = sensor_grid(13);
  return setup;
}

std::vector<double> read_observations() {
  std::ifstream file(ALEATOR_SOURCE_DIR "/input/aristoff_bangerth/observations.txt");
  std::vector<double> values;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream numbers(line);
    for (double x; numbers >> x;) values.push_back(x);
  }
  return values;
}

// A smooth deterministic theta in about (0.1, 10), different for every row.
double some_theta(int row, int k) { return std::exp(2.0 * std::sin(1.3 * row + 0.7 * k * k + 0.11 * k)); }

Batch some_batch(int rows, int columns, int first_row = 0) {
  Batch u("theta", rows, columns);
  for (int i = 0; i < rows; ++i)
    for (int k = 0; k < columns; ++k) u(i, k) = some_theta(first_row + i, k);
  return u;
}

std::vector<std::array<double, 2>> scattered_points(int count) {
  std::vector<std::array<double, 2>> points;
  for (int s = 0; s < count; ++s)
    points.push_back({std::fmod(0.37 + 0.754877666 * s, 1.0), std::fmod(0.11 + 0.569840296 * s, 1.0)});
  points.push_back({0.0, 0.3});  // on the boundary, in its corners
  points.push_back({1.0, 1.0});
  points.push_back({0.5, 0.5});
  return points;
}

// Full bilinear stiffness on all free nodes, plain dense Cholesky: shares nothing with the code under test.
std::vector<double> slow_solution(int n, int c, double source, const std::vector<double>& theta) {
  const int side = n - 1, size = side * side;
  std::vector<double> A(static_cast<std::size_t>(size) * size, 0.0), b(size, 0.0), field((n + 1) * (n + 1), 0.0);
  const auto at = [&](int i, int j) -> double& { return A[static_cast<std::size_t>(i) * size + j]; };
  const auto free_index = [&](int x, int y) {
    return x > 0 && x < n && y > 0 && y < n ? (x - 1) + side * (y - 1) : -1;
  };
  // Exact integrals of products of the one-dimensional hat functions and of their derivatives on an element.
  const double h = 1.0 / n, mass[2][2] = {{h / 3, h / 6}, {h / 6, h / 3}},
               stiff[2][2] = {{1 / h, -1 / h}, {-1 / h, 1 / h}};
  for (int ey = 0; ey < n; ++ey) {
    for (int ex = 0; ex < n; ++ex) {
      const double a = theta[ex * c / n + c * (ey * c / n)];
      for (int p = 0; p < 4; ++p) {
        const int i = free_index(ex + p % 2, ey + p / 2);
        if (i < 0) continue;
        b[i] += source * h * h / 4;
        for (int q = 0; q < 4; ++q) {
          const int j = free_index(ex + q % 2, ey + q / 2);
          if (j >= 0)
            at(i, j) += a * (stiff[p % 2][q % 2] * mass[p / 2][q / 2] + mass[p % 2][q % 2] * stiff[p / 2][q / 2]);
        }
      }
    }
  }
  for (int j = 0; j < size; ++j) {
    const int end = std::min(size, j + n + 1);  // the band
    for (int k = std::max(0, j - n); k < j; ++k)
      for (int i = j; i < std::min(end, k + n + 1); ++i) at(i, j) -= at(i, k) * at(j, k);
    const double pivot = std::sqrt(at(j, j));
    for (int i = j; i < end; ++i) at(i, j) /= pivot;
  }
  for (int i = 0; i < size; ++i) {
    for (int k = std::max(0, i - n); k < i; ++k) b[i] -= at(i, k) * b[k];
    b[i] /= at(i, i);
  }
  for (int i = size - 1; i >= 0; --i) {
    for (int k = i + 1; k < std::min(size, i + n + 1); ++k) b[i] -= at(k, i) * b[k];
    b[i] /= at(i, i);
  }
  for (int y = 1; y < n; ++y)
    for (int x = 1; x < n; ++x) field[x + (n + 1) * y] = b[free_index(x, y)];
  return field;
}

double interpolate(const std::vector<double>& field, int n, double x, double y) {
  const int ex = std::min(n - 1, static_cast<int>(x * n)), ey = std::min(n - 1, static_cast<int>(y * n));
  const double s = x * n - ex, t = y * n - ey;
  const auto u = [&](int a, int b) { return field[(ex + a) + (n + 1) * (ey + b)]; };
  return (1 - t) * ((1 - s) * u(0, 0) + s * u(1, 0)) + t * ((1 - s) * u(0, 1) + s * u(1, 1));
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// Least squares: dJ/dy = y - data for data = 0.1 * column index, J = |y - data|^2 / 2.
double data_of(int column) { return 0.01 * column; }
void least_squares(int, ConstBatch y, Batch dy) {
  for (std::size_t i = 0; i < y.extent(0); ++i)
    for (std::size_t k = 0; k < y.extent(1); ++k) dy(i, k) = y(i, k) - data_of(static_cast<int>(k));
}

TEST(Diffusion, ReproducesThePublishedLogLikelihoods) {
  // Aristoff, Bangerth, SIAM Review 65 (2023) 1074: theta = 1, 10 and (1, 2, ..., 64); sigma = 0.05.
  const std::vector<double> data = read_observations();
  ASSERT_EQ(data.size(), 169u);
  const Diffusion model(benchmark_setup());
  Batch u("theta", 3, 64), y("u", 3, 169);
  for (int k = 0; k < 64; ++k) {
    u(0, k) = 1;
    u(1, k) = 10;
    u(2, k) = k + 1;
  }
  ASSERT_TRUE(model.evaluate(u, y).ok());
  const double published[3] = {-228.510844004, -5708.64422369, -6412.82113914};
  for (int row = 0; row < 3; ++row) {
    double log_likelihood = 0;
    for (int o = 0; o < 169; ++o) log_likelihood -= (y(row, o) - data[o]) * (y(row, o) - data[o]) / (2 * 0.05 * 0.05);
    EXPECT_NEAR(log_likelihood / published[row], 1.0, 1e-9);
  }
}

class DiffusionSizes : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(DiffusionSizes, AgreesWithAnIndependentAssembly) {
  const auto [n, c] = GetParam();
  DiffusionSetup setup;
  setup.mesh = n;
  setup.coefficients = c;
  setup.source = 3.5;
  setup.sensors = scattered_points(40);
  const Diffusion model(setup);
  const int rows = 3, points = static_cast<int>(setup.sensors.size());
  const Batch u = some_batch(rows, c * c), y("u", rows, points);
  ASSERT_TRUE(model.evaluate(u, y).ok());
  for (int row = 0; row < rows; ++row) {
    const std::vector<double> theta(&u(row, 0), &u(row, 0) + c * c);
    const std::vector<double> reference = slow_solution(n, c, setup.source, theta);
    const double scale = *std::max_element(reference.begin(), reference.end());
    const std::vector<double> field = model.solution(theta.data());
    for (std::size_t i = 0; i < reference.size(); ++i)
      EXPECT_NEAR(field[i], reference[i], 1e-11 * scale) << "node " << i;
    for (int s = 0; s < points; ++s)
      EXPECT_NEAR(y(row, s), interpolate(reference, n, setup.sensors[s][0], setup.sensors[s][1]), 1e-11 * scale);
  }
}

TEST_P(DiffusionSizes, GradientAgreesWithCentralDifferences) {
  const auto [n, c] = GetParam();
  DiffusionSetup setup;
  setup.mesh = n;
  setup.coefficients = c;
  setup.sensors = scattered_points(12);
  const Diffusion model(setup);
  const int inputs = c * c, points = static_cast<int>(setup.sensors.size());
  const Batch u = some_batch(1, inputs, 4), y("u", 1, points), gradient("dJ", 1, inputs);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, least_squares, gradient).ok());
  double largest = 0;
  for (int k = 0; k < inputs; ++k) largest = std::max(largest, std::abs(gradient(0, k) * u(0, k)));
  for (int k = 0; k < inputs; k += 1 + inputs / 12) {
    constexpr double step = 1e-4;  // relative; error of the quotient about step^2
    double J[2];
    for (int side = 0; side < 2; ++side) {
      const Batch v("theta", 1, inputs), z("u", 1, points);
      Kokkos::deep_copy(v, u);
      v(0, k) *= side == 0 ? 1 - step : 1 + step;
      model.evaluate(v, z);
      J[side] = 0;
      for (int s = 0; s < points; ++s) J[side] += 0.5 * (z(0, s) - data_of(s)) * (z(0, s) - data_of(s));
    }
    EXPECT_NEAR(gradient(0, k) * u(0, k), (J[1] - J[0]) / (2 * step), 1e-6 * largest) << "theta_" << k;
  }
}

TEST_P(DiffusionSizes, AdjointAndTangentPassTheDotProductTest) {
  const auto [n, c] = GetParam();
  DiffusionSetup setup;
  setup.mesh = n;
  setup.coefficients = c;
  setup.sensors = scattered_points(20);
  const Diffusion model(setup);
  const int rows = 11, inputs = c * c, points = static_cast<int>(setup.sensors.size());
  const Batch u = some_batch(rows, inputs), y("u", rows, points), direction("dtheta", rows, inputs);
  const Batch tangent("J dtheta", rows, points), weights("r", rows, points), gradient("J^T r", rows, inputs);
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < inputs; ++k) direction(i, k) = std::cos(0.3 + i + 1.7 * k);
    for (int s = 0; s < points; ++s) weights(i, s) = std::sin(0.2 + 0.9 * i + 2.3 * s);
  }
  const auto cotangent = [&](int first, ConstBatch values, Batch dy) {
    for (std::size_t i = 0; i < values.extent(0); ++i)
      for (int s = 0; s < points; ++s) dy(i, s) = weights(first + static_cast<int>(i), s);
  };
  ASSERT_TRUE(model.tangent()->evaluate_and_pushforward(u, direction, y, tangent).ok());
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, cotangent, gradient).ok());
  for (int i = 0; i < rows; ++i) {
    double left = 0, right = 0, size = 0;
    for (int s = 0; s < points; ++s) {
      left += tangent(i, s) * weights(i, s);
      size += std::abs(tangent(i, s) * weights(i, s));
    }
    for (int k = 0; k < inputs; ++k) right += gradient(i, k) * direction(i, k);
    EXPECT_NEAR(left, right, 1e-12 * size) << "row " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Meshes, DiffusionSizes,
                         testing::Values(std::pair(1, 1), std::pair(2, 1), std::pair(2, 2), std::pair(3, 3),
                                         std::pair(4, 2), std::pair(6, 1), std::pair(8, 4), std::pair(12, 3),
                                         std::pair(20, 5), std::pair(16, 16), std::pair(21, 7), std::pair(32, 8)));

TEST(Diffusion, TangentAgreesWithDifferences) {
  const Diffusion model(benchmark_setup());
  const Batch u = some_batch(1, 64), direction("dtheta", 1, 64), y("u", 1, 169), tangent("du", 1, 169);
  for (int k = 0; k < 64; ++k) direction(0, k) = u(0, k) * std::cos(1.7 * k);
  ASSERT_TRUE(model.tangent()->evaluate_and_pushforward(u, direction, y, tangent).ok());
  constexpr double step = 1e-4;
  const Batch v("theta", 2, 64), z("u", 2, 169);
  for (int k = 0; k < 64; ++k) {
    v(0, k) = u(0, k) - step * direction(0, k);
    v(1, k) = u(0, k) + step * direction(0, k);
  }
  model.evaluate(v, z);
  double largest = 0;
  for (int o = 0; o < 169; ++o) largest = std::max(largest, std::abs(tangent(0, o)));
  for (int o = 0; o < 169; ++o) EXPECT_NEAR(tangent(0, o), (z(1, o) - z(0, o)) / (2 * step), 1e-6 * largest);
}

TEST(Diffusion, ARowsBitsDoNotDependOnItsPlaceOrItsCompany) {
  const Diffusion model(benchmark_setup());
  const int most = 17;
  const Batch all = some_batch(most, 64), y_all("u", most, 169), g_all("dJ", most, 64);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(all, y_all, least_squares, g_all).ok());
  for (int rows = 1; rows <= most; ++rows) {
    const Batch u("theta", rows, 64), y("u", rows, 169), z("u", rows, 169), g("dJ", rows, 64);
    const auto source = [&](int row) { return (7 * row + rows) % most; };  // another order for every size
    for (int row = 0; row < rows; ++row)
      for (int k = 0; k < 64; ++k) u(row, k) = all(source(row), k);
    ASSERT_TRUE(model.evaluate(u, y).ok());
    ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, z, least_squares, g).ok());
    for (int row = 0; row < rows; ++row) {
      for (int o = 0; o < 169; ++o) {
        ASSERT_TRUE(same_bits(y(row, o), y_all(source(row), o))) << rows << " rows, row " << row << ", output " << o;
        ASSERT_TRUE(same_bits(z(row, o), y(row, o)));
      }
      for (int k = 0; k < 64; ++k) ASSERT_TRUE(same_bits(g(row, k), g_all(source(row), k)));
    }
  }
}

TEST(Diffusion, RowsThatCannotBeSolvedAreReportedAndLeaveTheOthersAlone) {
  const Diffusion model(benchmark_setup());
  const int rows = 10;
  const Batch good = some_batch(rows, 64), u = some_batch(rows, 64);
  const Batch y_good("u", rows, 169), y("u", rows, 169), g_good("dJ", rows, 64), g("dJ", rows, 64);
  u(1, 5) = std::numeric_limits<double>::quiet_NaN();
  u(3, 0) = -2.5;
  u(4, 63) = std::numeric_limits<double>::infinity();
  u(9, 17) = 0.0;
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(good, y_good, least_squares, g_good).ok());
  for (int with_gradient = 0; with_gradient < 2; ++with_gradient) {
    const RowStatus status =
        with_gradient ? model.adjoint()->evaluate_and_pullback(u, y, least_squares, g) : model.evaluate(u, y);
    ASSERT_EQ(status.failed.size(), 4u);
    EXPECT_EQ(status.failed[0].row, 1);
    EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("theta_5 = nan"));
    EXPECT_EQ(status.failed[1].row, 3);
    EXPECT_THAT(status.failed[1].reason, testing::HasSubstr("theta_0 = -2.5"));
    EXPECT_EQ(status.failed[2].row, 4);
    EXPECT_THAT(status.failed[2].reason, testing::HasSubstr("theta_63 = inf"));
    EXPECT_EQ(status.failed[3].row, 9);
    EXPECT_THAT(status.failed[3].reason, testing::HasSubstr("theta_17 = 0"));
    for (int row = 0; row < rows; ++row) {
      const bool failed = row == 1 || row == 3 || row == 4 || row == 9;
      for (int o = 0; o < 169; ++o)
        ASSERT_TRUE(failed ? std::isnan(y(row, o)) : same_bits(y(row, o), y_good(row, o))) << row << " " << o;
      for (int k = 0; with_gradient && k < 64; ++k)
        ASSERT_TRUE(failed ? std::isnan(g(row, k)) : same_bits(g(row, k), g_good(row, k))) << row << " " << k;
    }
  }
}

TEST(Diffusion, AnOverflowingSolutionIsAFailedRow) {
  const Diffusion model(benchmark_setup());
  const Batch u = some_batch(2, 64), y("u", 2, 169);
  for (int k = 0; k < 64; ++k) u(1, k) = 5e-324;  // u would be about 1e323
  const RowStatus status = model.evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("not finite"));
  EXPECT_TRUE(std::isfinite(y(0, 0)));
  EXPECT_TRUE(std::isnan(y(1, 0)));
}

TEST(Diffusion, AnEmptyBatchIsFine) {
  const Diffusion model(benchmark_setup());
  const Batch u("theta", 0, 64), y("u", 0, 169), g("dJ", 0, 64);
  EXPECT_TRUE(model.evaluate(u, y).ok());
  EXPECT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, least_squares, g).ok());
}

TEST(Diffusion, ObservationAtAMeshNodeIsTheNodalValue) {
  DiffusionSetup setup;
  setup.mesh = 12;
  setup.coefficients = 3;
  for (int y = 0; y <= 12; ++y)
    for (int x = 0; x <= 12; ++x) setup.sensors.push_back({x / 12.0, y / 12.0});
  const Diffusion model(setup);
  const Batch u = some_batch(1, 9), y("u", 1, 169);
  ASSERT_TRUE(model.evaluate(u, y).ok());
  const std::vector<double> field = model.solution(&u(0, 0));
  for (int node = 0; node < 169; ++node)
    EXPECT_NEAR(y(0, node), field[node], 1e-14) << node;  // a few roundings of u < 1
}

TEST(Diffusion, ScalingTheCoefficientScalesTheSolution) {
  // A theory check without a reference code: u(s theta) = u(theta) / s, exact in floating point for s = 2.
  const Diffusion model(benchmark_setup());
  const Batch u = some_batch(2, 64), y("u", 2, 169);
  for (int k = 0; k < 64; ++k) u(1, k) = 2 * u(0, k);
  ASSERT_TRUE(model.evaluate(u, y).ok());
  for (int o = 0; o < 169; ++o) EXPECT_EQ(y(1, o), y(0, o) / 2);
}

TEST(Diffusion, ConvergesWithSecondOrderInTheMeshWidth) {
  // a = 1, f = 10, separation of variables: u(1/2, 1/2) = 10 (1/8 - (4 / pi^3) sum_{k odd} sin(k pi/2) / (k^3 cosh(k pi/2))).
  const double pi = std::acos(-1.0);
  double series = 0;
  for (int k = 1; k < 40; k += 2) series += (k % 4 == 1 ? 1 : -1) / (std::pow(k, 3) * std::cosh(k * pi / 2));
  const double exact = 10 * (1.0 / 8 - 4 / std::pow(pi, 3) * series);
  std::vector<double> error;
  for (int n : {8, 16, 32, 64}) {
    DiffusionSetup setup;
    setup.mesh = n;
    setup.coefficients = 4;
    setup.sensors = {{0.5, 0.5}};
    const Diffusion model(setup);
    const Batch u("theta", 1, 16), y("u", 1, 1);
    Kokkos::deep_copy(u, 1.0);
    ASSERT_TRUE(model.evaluate(u, y).ok());
    error.push_back(std::abs(y(0, 0) - exact));
  }
  for (std::size_t i = 1; i < error.size(); ++i) EXPECT_NEAR(std::log2(error[i - 1] / error[i]), 2.0, 0.1);
}

TEST(Diffusion, BadSetUpsAreRefusedWithTheNumbersInTheMessage) {
  const auto message = [](const DiffusionSetup& setup) -> std::string {
    try {
      const Diffusion model(setup);
    } catch (const aleator::core::UserError& error) {
      return error.what();
    }
    return "";
  };
  DiffusionSetup setup = benchmark_setup();
  setup.mesh = 30;
  EXPECT_THAT(message(setup), testing::AllOf(testing::HasSubstr("mesh = 30"), testing::HasSubstr("coefficients = 8")));
  setup = benchmark_setup();
  setup.sensors[3] = {0.5, 1.25};
  EXPECT_THAT(message(setup), testing::HasSubstr("(0.5, 1.25)"));
  setup = benchmark_setup();
  setup.mesh = 0;
  EXPECT_THAT(message(setup), testing::HasSubstr("mesh = 0"));
}

TEST(Diffusion, ShapeNamesInputsAndOutputs) {
  const Diffusion model(benchmark_setup());
  const auto& shape = model.shape();
  EXPECT_EQ(shape.inputs, 64);
  EXPECT_EQ(shape.outputs, 169);
  EXPECT_EQ(shape.input_names.size(), 64u);
  EXPECT_EQ(shape.output_names.size(), 169u);
  EXPECT_EQ(shape.input_grid(), (std::vector<int>{8, 8}));
  EXPECT_EQ(sensor_grid(13)[1], (std::array<double, 2>{1.0 / 14, 2.0 / 14}));  // x outer, y inner
}

}  // namespace
