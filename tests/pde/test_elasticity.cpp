// Elasticity against exact fields: patch tests, manufactured solutions, a plate with a hole (Kirsch), a beam.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fem_cases.hpp"

namespace aleator::pde::elasticity {
namespace {

using fem::outputs_at;

// v = B x on all of the boundary: exactly so inside, for any constants.
TEST(Elasticity, PatchTestReproducesUniformStrainOnAnyMesh) {
  const double b[3][3] = {{0.3, -0.2, 0.1}, {0.05, 0.4, -0.3}, {0.2, 0.15, -0.1}};
  for (const std::vector<int>& cells : {std::vector<int>{5, 4}, std::vector<int>{3, 4, 3}}) {
    const std::size_t d = cells.size();
    Params p;
    p.mesh = fem::bent_mesh(cells), p.plane = Plane::strain, p.points = {std::vector<double>{0.37, 0.61, 0.43}};
    p.points[0].resize(d);
    for (const char* const side : {"left", "right", "bottom", "top", "front", "back"})
      if (d == 3 || std::string(side).find_first_of("f") != 0) p.displacement.push_back({side, std::vector<double>(d)});
    if (d == 2) p.displacement.resize(4);
    Data data;
    for (std::size_t a = 0; a < d; ++a)
      data.displacement.push_back([&b, a, d](const double* x) {
        double sum = 0.0;
        for (std::size_t k = 0; k < d; ++k) sum += b[a][k] * x[k];
        return sum;
      });
    const std::vector<double> y = outputs_at(*make(p, nullptr, data), {2.0});
    for (std::size_t a = 0; a < d; ++a) EXPECT_NEAR(y[a], data.displacement[a](p.points[0].data()), 1e-13);
  }
}

// Tension t along x: u_x = t x / E, u_y = -nu t y / E; the support pulls back with t times the side's length.
TEST(Elasticity, UniaxialTensionIsExactWithItsReaction) {
  Params p;
  p.mesh = fem::bent_mesh({6, 5}), p.ratio = 0.3, p.fixed_x = {"left"}, p.fixed_y = {"bottom"};
  p.traction = {{"right", {0.8, 0.0}}}, p.points = {{0.4, 0.7}}, p.reactions = {"left", "bottom"};
  const std::vector<double> y = outputs_at(*make(p), {2.0});
  EXPECT_NEAR(y[0], 0.8 * 0.4 / 2.0, 1e-13);
  EXPECT_NEAR(y[1], -0.3 * 0.8 * 0.7 / 2.0, 1e-13);
  EXPECT_NEAR(y[2], -0.8, 1e-12);  // all of it, the corner included: the bottom lets x go
  for (const std::size_t none : {3, 4, 5}) EXPECT_NEAR(y[none], 0.0, 1e-12);
}

// The same loads known and unknown; the gradient beside E, in which outputs are linear.
TEST(Elasticity, LoadsMayBeUnknown) {
  Params p;
  p.mesh = fem::bent_mesh({6, 5}), p.ratio = 0.3, p.fixed_x = {"left"}, p.fixed_y = {"bottom"};
  p.traction = {{"right", {0.8, -0.3}}, {"left", {0.0, 0.4}}}, p.body = {0.2, 0.5};
  p.displacement = {{"top", {0.05, -0.1}}};
  p.points = {{0.4, 0.7}}, p.reactions = {"left", "bottom", "top"};
  const std::vector<double> known = outputs_at(*make(p), {2.0});
  p.also_unknown = {"body", "displacement.top", "traction.left", "traction.right"};
  const auto model = make(p);
  const std::vector<std::string> names = {"E_box",   "body_x",          "body_y",           "u_top_x",
                                          "u_top_y", "traction_left_y", "traction_right_x", "traction_right_y"};
  ASSERT_EQ(model->shape().input_names, names);
  const std::vector<double> at = {2.0, 0.2, 0.5, 0.05, -0.1, 0.4, 0.8, -0.3}, unknown = outputs_at(*model, at);
  for (std::size_t i = 0; i < known.size(); ++i) EXPECT_NEAR(unknown[i], known[i], 1e-13);

  const int outputs = model->shape().outputs;
  const fem::Batch u("u", 1, 8), w = fem::random_batch(1, outputs, 2), y("y", 1, outputs), du("du", 1, 8);
  for (int k = 0; k < 8; ++k) u(0, k) = at[static_cast<std::size_t>(k)];
  ASSERT_TRUE(model->adjoint()->evaluate_and_pullback(u, y, fem::weights(w), du).ok());
  for (int k = 0; k < 8; ++k) {
    const double step = k == 0 ? 1e-5 : 1.0;
    std::vector<double> low = at, high = at;
    low[static_cast<std::size_t>(k)] -= step, high[static_cast<std::size_t>(k)] += step;
    const std::vector<double> below = outputs_at(*model, low), above = outputs_at(*model, high);
    double slope = 0.0;
    for (int i = 0; i < outputs; ++i) slope += w(0, i) * (above[i] - below[i]) / (2.0 * step);
    EXPECT_NEAR(du(0, k), slope, k == 0 ? 1e-8 : 1e-12) << k;
  }
  const fem::Batch dy("dy", 1, outputs);
  ASSERT_TRUE(model->tangent()->evaluate_and_pushforward(u, fem::random_batch(1, 8, 1), y, dy).ok());
  double left = 0.0, right = 0.0;
  for (int i = 0; i < outputs; ++i) left += w(0, i) * dy(0, i);
  for (int k = 0; k < 8; ++k) right += du(0, k) * fem::number(100, k);
  EXPECT_NEAR(left, right, 1e-12);
}

// The same under plane strain: u_x = (1 - nu^2) t x / E, u_y = -nu (1 + nu) t y / E.
TEST(Elasticity, PlaneStrainIsStifferThanPlaneStress) {
  Params p;
  p.cells = {4, 4}, p.ratio = 0.3, p.fixed_x = {"left"}, p.fixed_y = {"bottom"}, p.plane = Plane::strain;
  p.traction = {{"right", {0.8, 0.0}}}, p.points = {{0.4, 0.7}};
  const std::vector<double> y = outputs_at(*make(p), {2.0});
  EXPECT_NEAR(y[0], (1.0 - 0.09) * 0.8 * 0.4 / 2.0, 1e-13);
  EXPECT_NEAR(y[1], -0.3 * 1.3 * 0.8 * 0.7 / 2.0, 1e-13);
}

// v_a = phi for all a, phi the product of sin(pi x_k): body_a = -mu lap phi - (lambda + mu) sum_b d_a d_b phi.
double error_of_bump(const std::vector<int>& cells, Plane plane) {
  const std::size_t d = cells.size();
  const double modulus = 2.0, nu = 0.3, mu = modulus / (2.0 * (1.0 + nu));
  const bool is_stress = d == 2 && plane == Plane::stress;
  const double lambda = is_stress ? modulus * nu / (1.0 - nu * nu) : modulus * nu / ((1.0 + nu) * (1.0 - 2.0 * nu));
  const auto phi = [d](const double* x) {
    double value = 1.0;
    for (std::size_t k = 0; k < d; ++k) value *= std::sin(M_PI * x[k]);
    return value;
  };
  Params p;
  p.mesh = fem::curved_mesh(cells), p.plane = plane, p.ratio = nu, p.points = {std::vector<double>(d, 0.5)};
  p.fixed = {"left", "right", "bottom", "top"};
  if (d == 3) p.fixed.insert(p.fixed.end(), {"front", "back"});
  Data data;
  for (std::size_t a = 0; a < d; ++a)
    data.body.push_back([=](const double* x) {
      double sum = -M_PI * M_PI * phi(x);
      for (std::size_t b = 0; b < d; ++b) {
        if (b == a) continue;
        double mixed = M_PI * M_PI;
        for (std::size_t k = 0; k < d; ++k) mixed *= k == a || k == b ? std::cos(M_PI * x[k]) : std::sin(M_PI * x[k]);
        sum += mixed;
      }
      return mu * static_cast<double>(d) * M_PI * M_PI * phi(x) - (lambda + mu) * sum;
    });
  const auto model = make(p, nullptr, data);
  return fem::l2_error(dynamic_cast<const fem::Engine&>(*model), {modulus}, 1, phi);
}

TEST(Elasticity, ConvergesWithOrderTwoInL2InThePlaneAndInSpace) {
  for (const Plane plane : {Plane::stress, Plane::strain}) {
    const double coarse = error_of_bump({24, 24}, plane), fine = error_of_bump({48, 48}, plane);
    EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
  }
  const double wide = error_of_bump({8, 8, 8}, Plane::strain), narrow = error_of_bump({16, 16, 16}, Plane::strain);
  EXPECT_NEAR(std::log2(wide / narrow), 2.0, 0.1) << wide << " " << narrow;
}

// A quarter of a ring 1 <= r <= 4, n x 2 n cells that grow outwards.
field::Mesh ring(int n) {
  field::Mesh mesh = field::make_box_mesh({n, 2 * n}, {1.0, 1.0});
  mesh.sides = {"hole", "outer", "x_axis", "y_axis"};
  for (int k = 0; k < mesh.node_count(); ++k) {
    double* const x = &mesh.points[2 * static_cast<std::size_t>(k)];
    const double r = std::pow(4.0, x[0]), angle = 0.5 * M_PI * x[1];
    x[0] = x[0] == 0.0 && x[1] == 1.0 ? 0.0 : r * std::cos(angle), x[1] = r * std::sin(angle);
  }
  return mesh;
}

// Kirsch 1898, infinite plate with a hole of radius 1 under tension 1 along x, plane stress, kappa = (3 - nu) / (1 + nu).
double kirsch(const double* x, int component, double modulus, double nu) {
  const double r = std::hypot(x[0], x[1]), t = std::atan2(x[1], x[0]), kappa = (3.0 - nu) / (1.0 + nu),
               mu = modulus / (2.0 * (1.0 + nu));
  const double far = component == 0 ? (kappa + 1.0) * std::cos(t) : (kappa - 3.0) * std::sin(t);
  const double near = component == 0 ? (1.0 + kappa) * std::cos(t) + std::cos(3.0 * t)
                                     : (1.0 - kappa) * std::sin(t) + std::sin(3.0 * t);
  const double last = component == 0 ? std::cos(3.0 * t) : std::sin(3.0 * t);
  return (r * far + 2.0 / r * near - 2.0 / (r * r * r) * last) / (8.0 * mu);
}

TEST(Elasticity, PlateWithAHoleIsThatOfKirsch) {
  constexpr double modulus = 3.0, nu = 0.3;
  const auto errors = [&](int n) {
    Params p;
    p.mesh = {"ring.msh", field::gmsh_2_2(ring(n))}, p.ratio = nu, p.fixed_y = {"x_axis"}, p.fixed_x = {"y_axis"};
    p.displacement = {{"outer", {0.0, 0.0}}};
    const double angle = 0.5 * M_PI * (1.0 - 0.5 / n);  // the neighbour of the hole's top
    p.points = {{0.0, 1.0}, {std::cos(angle), std::sin(angle)}};
    Data data;
    for (const int a : {0, 1}) data.displacement.push_back([=](const double* x) { return kirsch(x, a, modulus, nu); });
    const auto model = make(p, nullptr, data);
    const double in_l2 = fem::l2_error(dynamic_cast<const fem::Engine&>(*model), {modulus}, 0, data.displacement[0]);
    const std::vector<double> y = outputs_at(*model, {modulus});
    const double stress = modulus * (y[2] - y[0]) / std::cos(angle);  // along the free edge sigma = E eps
    return std::pair<double, double>(in_l2, stress);
  };
  const auto [coarse, coarse_stress] = errors(12);
  const auto [fine, fine_stress] = errors(24);
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
  EXPECT_NEAR(coarse_stress, 3.0, 0.06);  // the stress concentration; an error of first order in h
  EXPECT_NEAR(fine_stress, 3.0, 0.03);
}

// Timoshenko: end deflection P L^3 / (3 E I) + 6 P L / (5 G A) under a shear force P = t H at the end; clamped at the left.
TEST(Elasticity, CantileverBendsAsABeam) {
  constexpr double length = 10.0, height = 1.0, modulus = 1000.0, nu = 0.25, t = 0.1;
  Params p;
  p.cells = {200, 20}, p.lengths = {length, height}, p.ratio = nu, p.fixed = {"left"},
  p.traction = {{"right", {0.0, -t}}};
  p.points = {{length, 0.5 * height}}, p.reactions = {"left"};
  const double inertia = std::pow(height, 3) / 12.0, shear = modulus / (2.0 * (1.0 + nu));
  const double bend = t * height * std::pow(length, 3) / (3.0 * modulus * inertia) + 1.2 * t * length / shear;
  const std::vector<double> y = outputs_at(*make(p), {modulus});
  EXPECT_NEAR(y[1], -bend, 0.01 * bend);  // clamping and 20 elements of first order over the height cost less than 1 %
  EXPECT_NEAR(y[2], 0.0, 1e-9);
  EXPECT_NEAR(y[3], t * height, 1e-9);
}

std::string complaint(const std::function<void(Params&)>& change) {
  Params p;
  p.cells = {4, 4}, p.points = {{0.5, 0.5}};
  change(p);
  try {
    make(p);
  } catch (const deck::KeyError& error) {
    return error.key() + ": " + error.what();
  }
  return "accepted";
}

TEST(Elasticity, SupportsThatLeaveARigidMotionFreeAreRefused) {
  using testing::HasSubstr;
  const char* const free = "fixed: the supports leave a rigid motion of the body free";
  EXPECT_THAT(complaint([](Params&) {}), HasSubstr(free));
  EXPECT_THAT(complaint([](Params& p) { p.fixed_x = {"left", "right"}; }), HasSubstr(free));
  EXPECT_EQ(complaint([](Params& p) { p.fixed_x = {"left"}, p.fixed_y = {"bottom"}; }), "accepted");
  EXPECT_EQ(complaint([](Params& p) { p.fixed = {"left"}; }), "accepted");
  const auto box = [](Params& p) { p.cells = {2, 2, 2}, p.points = {{0.5, 0.5, 0.5}}; };
  EXPECT_THAT(complaint([&](Params& p) { box(p), p.fixed_x = {"left"}, p.fixed_y = {"bottom"}; }), HasSubstr(free));
  EXPECT_EQ(complaint([&](Params& p) { box(p), p.fixed_x = {"left"}, p.fixed_y = {"bottom"}, p.fixed_z = {"front"}; }),
            "accepted");
  EXPECT_THAT(complaint([](Params& p) {
                p.fixed = {"left"}, p.traction = {{"top", {1.0}}};
              }),
              HasSubstr("traction: that of side 'top' has 1 components"));
}

// A reaction would count a support as often as it is named, and be none where nothing is held.
TEST(Elasticity, SidesGivenTwiceAndReactionsOfFreeSidesAreRefused) {
  using testing::HasSubstr;
  EXPECT_THAT(complaint([](Params& p) { p.fixed = {"left", "left"}; }), HasSubstr("fixed: side 'left' is given twice"));
  EXPECT_THAT(complaint([](Params& p) { p.fixed = p.fixed_x = {"left"}; }),
              HasSubstr("fixed: side 'left' is given twice, here and under fixed_x"));
  EXPECT_THAT(complaint([](Params& p) {
                p.fixed = {"left"}, p.displacement = {{"left", {0.5, 0.0}}};
              }),
              HasSubstr("displacement: side 'left' is given twice, here and under fixed"));
  const auto roller = [](Params& p) { p.fixed = {"bottom"}, p.fixed_x = {"left"}; };
  EXPECT_THAT(complaint([&](Params& p) {
                roller(p), p.traction = {{"left", {1.0, 0.0}}};
              }),
              HasSubstr("traction: side 'left' is given twice, here and under fixed_x"));
  EXPECT_EQ(complaint([&](Params& p) { roller(p), p.traction = {{"left", {0.0, 1.0}}}; }), "accepted");
  EXPECT_THAT(complaint([&](Params& p) { roller(p), p.reactions = {"right"}; }),
              HasSubstr("reactions: nothing is given on side 'right'"));
  EXPECT_EQ(complaint([&](Params& p) { roller(p), p.reactions = {"left"}; }), "accepted");
}

// Twice as stiff: half the displacement.
TEST(Elasticity, ScalingTheModulusScalesTheDisplacement) {
  const fem::Case c = fem::elastic_case("modulus", Quantity::modulus, Plane::stress, {6, 6});
  const auto model = c.make(fem::Solver::direct);
  const std::vector<double> soft = outputs_at(*model, {1.0, 2.0, 3.0, 4.0}),
                            hard = outputs_at(*model, {2.0, 4.0, 6.0, 8.0});
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(hard[i], 0.5 * soft[i], 1e-12 * std::abs(soft[i]));
}

}  // namespace
}  // namespace aleator::pde::elasticity
