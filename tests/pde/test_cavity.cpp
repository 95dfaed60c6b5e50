// Flow in a lid-driven cavity: an exact flow, published values, derivatives against themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/error.hpp"
#include "pde/cavity/cavity.hpp"
#include "pde/cavity/component.hpp"
#include "support/models.hpp"

namespace aleator::pde::cavity {
namespace {

using test_models::outputs_at;

// psi = 8 f(x) g(y), f = x^4 - 2 x^3 + x^2, g = y^4 - y^2 (Shih, Tan, Hwang 1989): at rest on three walls, u = 16 f on the lid.
struct ExactFlow {
  std::array<double, 5> f, g;  // with derivatives
  ExactFlow(double x, double y)
      : f{x * x * (1 - x) * (1 - x), 2 * x * (1 - x) * (1 - 2 * x), 12 * x * x - 12 * x + 2, 24 * x - 12, 24.0},
        g{y * y * y * y - y * y, 4 * y * y * y - 2 * y, 12 * y * y - 2, 24 * y, 24.0} {}
  double u() const { return 8 * f[0] * g[1]; }
  double v() const { return -8 * f[1] * g[0]; }
  double torque(double nu) const {  // - nu lap w + u w_x + v w_y with w = - 8 (f'' g + f g'')
    const double lap = -8 * (f[4] * g[0] + 2 * f[2] * g[2] + f[0] * g[4]);
    return -nu * lap + u() * -8 * (f[3] * g[0] + f[1] * g[2]) + v() * -8 * (f[2] * g[1] + f[0] * g[3]);
  }
};

constexpr double nu_of_exact_flow = 0.05;

// Largest errors of the velocity at the 7 x 7 points, which are nodes of every mesh here, and of the force on the lid.
std::array<double, 2> errors(int n) {
  Setup setup;
  setup.mesh = n, setup.is_smooth = true, setup.has_force = true;
  for (int j = 0; j <= n; ++j)
    for (int i = 0; i <= n; ++i) setup.torque.push_back(ExactFlow(1.0 * i / n, 1.0 * j / n).torque(nu_of_exact_flow));
  std::vector<double> exact;
  for (int j = 1; j < 8; ++j)
    for (int i = 1; i < 8; ++i) {
      setup.points.push_back({i / 8.0, j / 8.0});
      const ExactFlow flow(i / 8.0, j / 8.0);
      exact.insert(exact.end(), {flow.u(), flow.v()});
    }
  std::vector<double> y = outputs_at(Cavity(setup), {nu_of_exact_flow});
  const double force = y.back(), exact_force = nu_of_exact_flow * 80.0 / 30.0;  // nu times the integral of 8 f g''(1)
  y.pop_back();
  return {test_models::distance(y, exact), std::fabs(force - exact_force)};
}

TEST(Cavity, ConvergesToTheExactFlowOfShihTanAndHwangWithOrderTwo) {
  const auto coarse = errors(24), middle = errors(48), fine = errors(96);
  EXPECT_NEAR(std::log2(coarse[0] / middle[0]), 2.0, 0.1);
  for (const int k : {0, 1}) EXPECT_NEAR(std::log2(middle[k] / fine[k]), 2.0, 0.1) << k;  // the force takes its time
  EXPECT_LT(fine[0], 1e-3);
}

// U. Ghia, K. N. Ghia, C. T. Shin, J. Comput. Phys. 48 (1982) 387, tables I and II: places are counted in 1/128; u on
// x = 1/2, v on y = 1/2 for the Reynolds numbers 100, 400 and 1000, by second-order differences on 128 x 128 cells.
struct Published {
  int place;
  double at_100, at_400, at_1000;
};
const std::vector<Published> published_u = {
    {125, 0.84123, 0.75837, 0.65928},   {124, 0.78871, 0.68439, 0.57492},   {123, 0.73722, 0.61756, 0.51117},
    {122, 0.68717, 0.55892, 0.46604},   {109, 0.23151, 0.29093, 0.33304},   {94, 0.00332, 0.16256, 0.18719},
    {79, -0.13641, 0.02135, 0.05702},   {64, -0.20581, -0.11477, -0.06080}, {58, -0.21090, -0.17119, -0.10648},
    {36, -0.15662, -0.32726, -0.27805}, {22, -0.10150, -0.24299, -0.38289}, {13, -0.06434, -0.14612, -0.29730},
    {9, -0.04775, -0.10338, -0.22220},  {8, -0.04192, -0.09266, -0.20196},  {7, -0.03717, -0.08186, -0.18109}};
// v at 116/128 for 400 is printed as -0.23827, which breaks the column (neighbours -0.22847 and -0.44993, and the values for
// 100 and 1000 there lie on smooth curves): left out.
constexpr double misprint = 0.0;
const std::vector<Published> published_v = {
    {124, -0.05906, -0.12146, -0.21388}, {123, -0.07391, -0.15663, -0.27669}, {122, -0.08864, -0.19254, -0.33714},
    {121, -0.10313, -0.22847, -0.39188}, {116, -0.16914, misprint, -0.51550}, {110, -0.22445, -0.44993, -0.42665},
    {103, -0.24533, -0.38598, -0.31966}, {64, 0.05454, 0.05186, 0.02526},     {30, 0.17527, 0.30174, 0.32235},
    {29, 0.17507, 0.30203, 0.33075},     {20, 0.16077, 0.28124, 0.37095},     {12, 0.12317, 0.22965, 0.32627},
    {10, 0.10890, 0.20920, 0.30353},     {9, 0.10091, 0.19713, 0.29012},      {8, 0.09233, 0.18360, 0.27485}};

double distance_from_published(int mesh, double reynolds) {
  Params p;
  p.mesh = mesh, p.lid_ends = LidEnds::jump;
  for (const Published& one : published_u) p.points.push_back({0.5, one.place / 128.0});
  for (const Published& one : published_v) p.points.push_back({one.place / 128.0, 0.5});
  const std::vector<double> y = outputs_at(*make(p), {1.0 / reynolds});
  double most = 0.0;
  const auto compare = [&](const std::vector<Published>& all, std::size_t first) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      const double value = reynolds == 100 ? all[k].at_100 : reynolds == 400 ? all[k].at_400 : all[k].at_1000;
      if (value != misprint) most = std::max(most, std::fabs(y[first + 2 * k] - value));
    }
  };
  compare(published_u, 0);
  compare(published_v, 2 * published_u.size() + 1);
  return most;
}

// The limits are some two times the difference between solutions on 64^2 and 128^2 cells, a third of which is the error of the
// latter; those of the published ones are of the same size.
TEST(Cavity, AgreesWithGhiaGhiaAndShin) {
  EXPECT_LT(distance_from_published(64, 100), 0.007);
  EXPECT_LT(distance_from_published(96, 400), 0.015);
  EXPECT_LT(distance_from_published(128, 1000), 0.015);
}

enum class Unknowns { viscosity, lid, both };

Params small_cavity(Unknowns unknowns) {
  Params p;
  p.mesh = 14, p.viscosity = 0.02, p.lid = {0.5, 1.0, 2.0};
  p.viscosity_is_unknown = unknowns != Unknowns::lid;
  p.lid_unknowns = unknowns == Unknowns::viscosity ? 0 : 4;
  p.points = {{0.31, 0.77}, {0.5, 0.5}, {0.9, 0.1}, {0.43, 1.0}, {1.0, 0.97}}, p.lid_force = true;
  return p;
}

class CavityUnknowns : public testing::TestWithParam<Unknowns> {
 protected:
  const std::unique_ptr<model::ForwardModel> model_ = make(small_cavity(GetParam()));
  const model::Batch rows_ = test_models::rows_around(centre(), 5);
  static std::vector<double> centre() {
    std::vector<double> u;
    if (GetParam() != Unknowns::lid) u.push_back(0.015);
    if (GetParam() != Unknowns::viscosity) u.insert(u.end(), {1.0, 2.0, -0.5, 1.5});
    return u;
  }
};

TEST_P(CavityUnknowns, AdjointAndTangentPassTheDotProductTest) { test_models::expect_dot_products(*model_, rows_); }

// Steps of 1e-6, for the viscosity is small: truncation (1e-6 / 0.015)^2, rounding 1e-16 / 1e-6.
TEST_P(CavityUnknowns, GradientAgreesWithCentralDifferences) { test_models::expect_gradient(*model_, rows_, 0.01); }

TEST_P(CavityUnknowns, BitsOfARowDoNotDependOnTheOthers) { test_models::expect_same_bits(*model_, rows_); }

INSTANTIATE_TEST_SUITE_P(All, CavityUnknowns, testing::Values(Unknowns::viscosity, Unknowns::lid, Unknowns::both));

// Without inertia psi is linear in the lid and does not hang on nu; g = 0 is a fluid at rest.
TEST(Cavity, CreepingFlowIsLinearInTheLid) {
  Params p = small_cavity(Unknowns::both);
  p.lid_force = false;
  const auto model = make(p);
  const std::vector<double> a = outputs_at(*model, {1e7, 1.0, 2.0, -0.5, 1.5}),
                            b = outputs_at(*model, {3e7, 2.0, 4.0, -1.0, 3.0});
  for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(b[k], 2.0 * a[k], 1e-7);
  EXPECT_EQ(test_models::distance(outputs_at(*model, {0.01, 0.0, 0.0, 0.0, 0.0}), std::vector<double>(10, 0.0)), 0.0);
}

// The mirrored lid drives the mirrored flow.
TEST(Cavity, MirroredLidsDriveMirroredFlows) {
  Params p = small_cavity(Unknowns::lid);
  p.lid_force = false, p.point_grid = 3, p.points.clear();
  const auto model = make(p);
  const std::vector<double> a = outputs_at(*model, {1.0, 2.0, 0.5, 1.5}),
                            b = outputs_at(*model, {-1.5, -0.5, -2.0, -1.0});
  for (int l = 0; l < 3; ++l)
    for (int k = 0; k < 3; ++k) {
      EXPECT_NEAR(a[2 * (k + 3 * l)], -b[2 * (2 - k + 3 * l)], 1e-9);
      EXPECT_NEAR(a[2 * (k + 3 * l) + 1], b[2 * (2 - k + 3 * l) + 1], 1e-9);
    }
}

// Faces of the control volume along the lid: the lid's velocity itself is observed at y = 1, and walls are at rest.
TEST(Cavity, ObservesTheLidAndTheWallsThemselves) {
  Params p = small_cavity(Unknowns::lid);
  p.lid_ends = LidEnds::jump, p.lid_force = false, p.points = {{0.5, 1.0}, {0.0, 1.0}, {0.0, 0.5}, {0.3, 0.0}};
  const std::vector<double> y = outputs_at(*make(p), {1.0, 2.0, 3.0, 4.0});
  EXPECT_NEAR(y[0], 2.5, 1e-14);
  EXPECT_NEAR(y[2], 1.0, 1e-14);
  for (const std::size_t k : {1, 3, 4, 5, 6, 7}) EXPECT_EQ(y[k], 0.0);
}

TEST(Cavity, FailedRowsSayWhyAndDisturbNoOther) {
  Params p = small_cavity(Unknowns::viscosity);
  p.lid = {1.0}, p.lid_ends = LidEnds::jump, p.lid_force = false;
  const auto model = make(p);
  const int outputs = model->shape().outputs;
  const model::Batch u("u", 4, 1), y("y", 4, outputs), du("du", 4, 1);
  u(0, 0) = -0.01, u(1, 0) = 0.01, u(2, 0) = std::nan(""), u(3, 0) = 1e-6;
  for (const bool with_gradient : {false, true}) {
    const model::RowStatus status = with_gradient
                                        ? model->adjoint()->evaluate_and_pullback(u, y, test_models::same_weights, du)
                                        : model->evaluate(u, y);
    ASSERT_EQ(status.failed.size(), 3U);
    EXPECT_EQ(status.failed[0].reason, "viscosity = -0.01 is not positive");
    EXPECT_EQ(status.failed[1].reason, "viscosity = nan is not finite");
    EXPECT_THAT(status.failed[2].reason,
                testing::MatchesRegex("Newton's method did not converge: after [0-9]+ iterations at viscosity = .* the "
                                      "residual is .*: no mesh up to 256 resolves it: give less prior .*"));
    for (const int row : {0, 2, 3})
      for (int k = 0; k < outputs; ++k) EXPECT_TRUE(std::isnan(y(row, k)));
    for (int k = 0; k < outputs; ++k) EXPECT_EQ(y(1, k), outputs_at(*model, {0.01})[static_cast<std::size_t>(k)]);
  }
  EXPECT_THROW(model->states()->states(&u(0, 0)), core::NumericsError);
}

TEST(Cavity, PicturesShowTheFlow) {
  Params p = small_cavity(Unknowns::viscosity);
  const double nu = 0.02;
  const auto fields = make(p)->states()->states(&nu);
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[0].values.size(), 15U * 15U);
  EXPECT_EQ(fields[0].values[14 * 15 + 7], 1.0);  // g(1/2) = 1, where the window is 1
  EXPECT_THAT(fields[2].name, "stream_function");
  EXPECT_EQ(fields[2].values[14 * 15 + 7], 0.0);
}

}  // namespace
}  // namespace aleator::pde::cavity
