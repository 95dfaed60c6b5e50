// The models in time on regular grids as states for data assimilation: the same steps and observations as in evaluate(), rows of
// their own, places on the grid, failures told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/error.hpp"
#include "deck/diagnostics.hpp"
#include "model/state_space.hpp"
#include "pde/advection_diffusion/component.hpp"
#include "pde/burgers/burgers.hpp"
#include "pde/navier_stokes/component.hpp"
#include "pde/reaction_diffusion/reaction_diffusion.hpp"
#include "pde/transport/transport.hpp"
#include "pde/wave/wave.hpp"
#include "support/models.hpp"

namespace aleator::pde {
namespace {

using model::Batch;
using model::ForwardModel;
using model::StateSpace;
using test_models::number;

struct Case {
  std::string name;
  std::unique_ptr<ForwardModel> model;
  std::vector<double> centre;  // of the inputs
  double tolerance;            // of a step's restart: none, or that of a transform to the nodes and back
};

// Points at nodes and between them, and times that are no multiples of dt.
template <class Params>
Params timed(double dt) {
  Params p;
  p.dt = dt, p.times = {0.11, 0.3}, p.observe_nodes = {3, 9};
  return p;
}

Case burgers_case() {
  auto p = timed<burgers::Params>(0.01);
  p.mesh = 20, p.unknowns = 20, p.viscosity_is_unknown = true, p.viscosity = 0.02, p.points = {{0.33}};
  p.patches = {{0.02, 0.71}};
  std::vector<double> centre(20);
  for (int k = 0; k < 20; ++k) centre[k] = 0.5 + 0.5 * std::sin(0.1 * M_PI * k);
  centre.push_back(0.02);
  return {"burgers", burgers::make(p), centre, 0.0};
}

Case reaction_case(reaction_diffusion::Kind kind, std::vector<double> centre) {
  auto p = timed<reaction_diffusion::Params>(0.05);
  p.kind = kind, p.unknown = reaction_diffusion::Unknown::both, p.mesh = 6, p.cells = 6, p.points = {{0.33, 0.7}};
  p.patches = {{0.3, 1.0, 0.05, 0.11}};
  for (int k = 0; k < 36; ++k) centre.push_back(0.5 + 0.3 * std::sin(1.0 + 2.0 * k));
  return {"reaction_diffusion", reaction_diffusion::make(p), centre, 0.0};
}

template <class Params, class Make>
Case spectral_case(const std::string& name, const Make& make, Params p) {
  p.mesh = 12, p.length = 2.0, p.observe_every = 5, p.observe_nodes = {3, 9}, p.sensor_points = {{0.33, 1.71}};
  p.patches = {{0.4, 1.9, 0.0, 2.0}};
  std::vector<double> centre;
  for (int k = 0; k < 144; ++k) centre.push_back(0.3 + std::sin(0.1 * k * k));
  return {name, make(p, nullptr), centre, 1e-13};
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  all.push_back(burgers_case());
  all.push_back(reaction_case(reaction_diffusion::Kind::allen_cahn, {0.01, 1.2}));
  all.push_back(reaction_case(reaction_diffusion::Kind::fisher_kpp, {0.01, 1.2}));
  all.push_back(reaction_case(reaction_diffusion::Kind::gray_scott, {0.01, 0.005, 0.04, 0.06}));
  auto transport = timed<advection_diffusion::Params>(0.02);
  transport.wind = {0.7, -0.4}, transport.swirl = 0.5;
  all.push_back(spectral_case("advection_diffusion", advection_diffusion::make, transport));
  auto flow = timed<navier_stokes::Params>(0.02);
  flow.viscosity = 0.01, flow.forcing = 2.0, flow.forcing_waves = 2;
  all.push_back(spectral_case("navier_stokes", navier_stokes::make, flow));
  flow.observe = navier_stokes::Observed::velocity;
  all.push_back(spectral_case("navier_stokes, velocity", navier_stokes::make, flow));
  return all;
}

std::vector<double> seen_of(const StateSpace& space, const double* x) {
  std::vector<double> y;
  for (const model::LinearObservable& one : space.info().observed) {
    y.push_back(0.0);
    for (const auto& [i, weight] : one.weights) y.back() += weight * x[i];
  }
  return y;
}

// From the inputs' initial states through both times: what is observed of them is what the model gives.
TEST(PdeStates, AreObservedAsTheModelGivesIt) {
  for (const Case& one : all_cases()) {
    const StateSpace& space = *one.model->state_space();
    const int p = static_cast<int>(space.info().observed.size()), d = static_cast<int>(space.info().names.size());
    constexpr int rows = 5;
    const Batch u = test_models::rows_around(one.centre, rows), y("y", rows, 2 * p), x("x", rows, d);
    ASSERT_EQ(one.model->shape().outputs, 2 * p) << one.name;
    ASSERT_TRUE(one.model->evaluate(u, y).ok()) << one.name;
    ASSERT_TRUE(space.initial(u, x).ok()) << one.name;
    double from = 0.0;
    for (int k = 0; k < 2; ++k) {
      ASSERT_TRUE(space.advance({from, space.info().times[k]}, u, x).ok()) << one.name;
      from = space.info().times[k];
      for (int row = 0; row < rows; ++row) {
        const std::vector<double> seen = seen_of(space, &x(row, 0));
        for (int i = 0; i < p; ++i) {
          const bool is_sum = space.info().observed[i].name.find("patch") != std::string::npos;  // in another order
          EXPECT_NEAR(seen[i], y(row, k * p + i), one.tolerance + (is_sum ? 4e-16 : 0.0)) << one.name << ' ' << i;
        }
      }
    }
  }
}

// Without inputs: the coefficients and the initial state of the deck.
TEST(PdeStates, HaveTheDecksOwnValuesWithoutInputs) {
  auto p = timed<burgers::Params>(0.01);
  p.mesh = 20, p.unknowns = 20, p.viscosity_is_unknown = true, p.viscosity = 0.03,
  p.initial_state = {"sin(2 * pi * x)"};
  const auto burgers = burgers::make(p);
  const StateSpace& circle = *burgers->state_space();
  const Batch u("u", 1, 21), with("x", 1, 20), without("x", 1, 20);
  for (int i = 0; i < 20; ++i) {
    EXPECT_NEAR(circle.info().initial[i], std::sin(0.1 * M_PI * i), 1e-15);
    u(0, i) = circle.info().initial[i];
  }
  u(0, 20) = 0.03;
  ASSERT_TRUE(circle.initial(u, with).ok() && circle.initial({}, without).ok());
  ASSERT_TRUE(circle.advance({0.0, 0.2}, u, with).ok() && circle.advance({0.0, 0.2}, {}, without).ok());
  for (int i = 0; i < 20; ++i) EXPECT_NEAR(with(0, i), without(0, i), 1e-15);

  auto q = timed<reaction_diffusion::Params>(0.05);
  q.kind = reaction_diffusion::Kind::gray_scott, q.mesh = 4, q.initial_state = {"1 - x", "x * y"};
  const auto patterns = reaction_diffusion::make(q);
  const std::vector<double>& initial = patterns->state_space()->info().initial;
  EXPECT_DOUBLE_EQ(initial[6], 1.0 - 0.625);         // u at (0.625, 0.375)
  EXPECT_DOUBLE_EQ(initial[16 + 6], 0.625 * 0.375);  // v
  q.initial_state.clear(), q.background = 0.2, q.spots.clear();
  EXPECT_DOUBLE_EQ(reaction_diffusion::make(q)->state_space()->info().initial[0], 0.8);  // u = 1 - v

  auto s = timed<advection_diffusion::Params>(0.02);  // an unknown source, and a known beginning
  s.mesh = 12, s.unknown = spectral::Unknown::source, s.initial_state = {"1 + cos(2 * pi * (x - 2 * y))"};
  const auto source = advection_diffusion::make(s);
  const Batch none("u", 1, 144), y("y", 1, 4), x("x", 1, 144);
  std::copy_n(source->state_space()->info().initial.data(), 144, x.data());
  ASSERT_TRUE(source->evaluate(none, y).ok() && source->state_space()->advance({0.0, 0.11}, {}, x).ok());
  const std::vector<double> seen = seen_of(*source->state_space(), x.data());
  for (int k = 0; k < 2; ++k) EXPECT_NEAR(seen[k], y(0, k), 1e-14);
  const double decay = std::exp(-s.diffusivity * 20.0 * M_PI * M_PI * 0.11), at = 3.5 / 12 - 1.0 / 12;  // node 3
  EXPECT_NEAR(seen[0], 1.0 + decay * std::cos(2.0 * M_PI * (at - 0.11 * (s.wind[0] - 2.0 * s.wind[1]))), 1e-12);
}

// A constant flux of the mean is no vorticity, and waves above the cut-off are none of the state's.
TEST(PdeStates, OfATorusKeepWhatTheirModesKeep) {
  auto p = timed<navier_stokes::Params>(0.02);
  p.mesh = 12;
  const auto model = navier_stokes::make(p);
  const Batch x("x", 1, 144);
  for (int k = 0; k < 144; ++k) x(0, k) = 3.0 + (k % 2 == 0 ? 1.0 : -1.0);
  ASSERT_TRUE(model->state_space()->advance({0.0, 0.1}, {}, x).ok());
  for (int k = 0; k < 144; ++k) EXPECT_NEAR(x(0, k), 0.0, 1e-14);
}

// Periodic distances on the torus and the circle, none over the edge of the square; a field after the other.
TEST(PdeStates, LieOnTheirGrid) {
  for (const Case& one : all_cases()) {
    const model::StateInfo& info = one.model->state_space()->info();
    const bool is_square = one.name == "reaction_diffusion";
    ASSERT_EQ(info.coordinates.size(), info.grid.size()) << one.name;
    const double h = one.name == "burgers" ? 0.05 : 1.0 / 6, first = one.name == "burgers" ? 0.0 : 0.5 * h;
    const int n = info.grid[0];
    EXPECT_DOUBLE_EQ(info.coordinates[0].period, is_square ? 0.0 : n * h) << one.name;
    EXPECT_DOUBLE_EQ(info.coordinates[0].position[2], first + 2 * h) << one.name;
    if (info.grid.size() == 2) {
      EXPECT_DOUBLE_EQ(info.coordinates[1].position[2 + 3 * n], first + 3 * h) << one.name;
      EXPECT_EQ(info.names[2 + 3 * n], info.fields[0] + "_2_3");
    }
    for (const model::LinearObservable& seen : info.observed) EXPECT_GE(seen.place, 0) << one.name;
  }
  const Case patterns = reaction_case(reaction_diffusion::Kind::gray_scott, {});
  const model::StateInfo& info = patterns.model->state_space()->info();
  EXPECT_EQ(info.names.size(), 72u);
  EXPECT_EQ(info.observed[1].place, 36 + 3);  // points first, then the nodes; v is the second field
  EXPECT_DOUBLE_EQ(info.coordinates[0].position[36 + 3], 3.5 / 6);
}

// Every third node along x and y of a grid of 6 x 6, and a point between four of them.
TEST(PdeStates, ObserveNodesByTheirValueAndPointsBetween) {
  auto p = timed<advection_diffusion::Params>(0.02);
  p.mesh = 6, p.observe_every = 3, p.observe_nodes = {7}, p.sensor_points = {{0.5, 0.5}};
  const auto model = advection_diffusion::make(p);
  const auto& observed = model->state_space()->info().observed;
  ASSERT_EQ(observed.size(), 6u);
  const int nodes[] = {0, 3, 18, 21, 7};
  for (int k = 0; k < 5; ++k) {
    EXPECT_EQ(observed[1 + k].weights, (std::vector<std::pair<int, double>>{{nodes[k], 1.0}}));
    EXPECT_EQ(observed[1 + k].place, nodes[k]);
  }
  double sum = 0.0, wave = 0.0;  // of the constant field, and of cos 2 pi x
  for (const auto& [node, weight] : observed[0].weights)
    sum += weight, wave += weight * std::cos(2.0 * M_PI * (node % 6 + 0.5) / 6.0);
  EXPECT_NEAR(sum, 1.0, 1e-14);
  EXPECT_NEAR(wave, -1.0, 1e-14);
}

// Both the values at the centres of cells and the mean of the line between them are those of x, and beyond the last centre a
// field is constant; of a circle the line goes from the last point to the first.
TEST(PdeStates, PatchesAreMeansOfTheInterpolant) {
  auto p = timed<reaction_diffusion::Params>(0.05);
  p.mesh = 10, p.cells = 10, p.observe_nodes = {}, p.patches = {{0.23, 0.61, 0.17, 0.88}, {0.0, 1.0, 0.9, 1.0}};
  const auto square = reaction_diffusion::make(p);
  const auto seen = [](const ForwardModel& model, const auto& value) {
    std::vector<double> x;
    const model::StateInfo& info = model.state_space()->info();
    for (std::size_t k = 0; k < info.names.size(); ++k) x.push_back(value(info, k));
    return seen_of(*model.state_space(), x.data());
  };
  const std::vector<double> of_product = seen(*square, [](const model::StateInfo& info, std::size_t k) {
    return info.coordinates[0].position[k] + 3.0 * info.coordinates[1].position[k];
  });
  EXPECT_NEAR(of_product[0], 0.42 + 3.0 * 0.525, 1e-14);
  EXPECT_NEAR(of_product[1], 0.5 + 3.0 * (0.05 * 0.925 + 0.05 * 0.95) / 0.1, 1e-14);

  auto circle = timed<burgers::Params>(0.01);
  circle.mesh = 10, circle.unknowns = 10, circle.observe_nodes = {}, circle.patches = {{0.85, 1.0}, {0.9, 0.95}};
  const std::vector<double> of_node = seen(*burgers::make(circle), [](const model::StateInfo&, std::size_t k) {
    return k == 0 ? 1.0 : k == 9 ? 4.0 : 0.0;
  });
  EXPECT_NEAR(of_node[0], (0.05 * 0.5 * (2.0 + 4.0) + 0.1 * 0.5 * (4.0 + 1.0)) / 0.15, 1e-13);
  EXPECT_NEAR(of_node[1], 0.5 * (4.0 + 2.5), 1e-13);
}

TEST(PdeStates, ARowDoesNotSeeTheOthers) {
  for (const Case& one : all_cases()) {
    const StateSpace& space = *one.model->state_space();
    const auto d = space.info().names.size();
    constexpr int rows = 7;
    const Batch u = test_models::rows_around(one.centre, rows), all("x", rows, d), alone("x", 1, d);
    ASSERT_TRUE(space.initial(u, all).ok());
    const Batch own = Kokkos::subview(u, Kokkos::make_pair(4, 5), Kokkos::ALL);
    ASSERT_TRUE(space.initial(own, alone).ok());
    u(2, 0) = std::numeric_limits<double>::quiet_NaN();
    all(5, 1) = std::numeric_limits<double>::infinity();
    const model::RowStatus status = space.advance({0.0, 0.11}, u, all);
    ASSERT_TRUE(space.advance({0.0, 0.11}, own, alone).ok());
    for (std::size_t i = 0; i < d; ++i) EXPECT_EQ(all(4, i), alone(0, i)) << one.name;
    ASSERT_EQ(status.failed.size(), 2u) << one.name;
    EXPECT_EQ(status.failed[0].row, 2);
    EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("= nan is not finite"));
    EXPECT_EQ(status.failed[1].row, 5);
    EXPECT_TRUE(std::isnan(all(2, 3)) && std::isnan(all(5, 3)));
  }
}

TEST(PdeStates, SayWhichStepWouldDo) {
  const Case one = burgers_case();
  const Batch x("x", 1, 20);
  Kokkos::deep_copy(x, 50.0);
  const model::RowStatus status = one.model->state_space()->advance({0.0, 0.1}, {}, x);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("a step of 0.01 is unstable on this grid: set dt = "));
  wave::Params sound;
  sound.dt = 0.001, sound.times = {0.01}, sound.point_grid = 2;
  EXPECT_EQ(wave::make(sound)->state_space(), nullptr);  // its velocity is always unknown
}

template <class Work>
std::string message(const std::string& key, const Work& work) {
  try {
    work();
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), key);
    return error.what();
  }
  return "";
}

TEST(PdeStates, RefusePatchesThatAreNone) {
  auto p = timed<burgers::Params>(0.01);
  p.mesh = 20, p.patches = {{0.1, 0.2, 0.3, 0.4}};
  EXPECT_EQ(message("patches", [&] { burgers::make(p); }), "patch 1 = [0.1, 0.2, 0.3, 0.4] has 4 numbers, not 2");
  p.patches = {{0.1, 0.2}, {0.5, 1.5}};
  EXPECT_EQ(message("patches", [&] { burgers::make(p); }), "patch 2 = [0.5, 1.5] reaches out of the domain [0, 1]");
  p.patches = {{0.5, 0.5}};
  EXPECT_EQ(message("patches", [&] { burgers::make(p); }), "patch 1 = [0.5, 0.5] has no extent along x");
  auto flow = timed<navier_stokes::Params>(0.02);
  flow.patches = {{0.0, 1.0, 0.5, 0.2}};
  EXPECT_EQ(message("patches", [&] { navier_stokes::make(flow); }), "patch 1 = [0, 1, 0.5, 0.2] has no extent along y");
  transport::Params plume;
  plume.dt = 0.001, plume.times = {0.1}, plume.outflow = {"left"};
  EXPECT_THAT(transport::make(plume)->state_space()->info().objection, testing::HasSubstr("leave it out"));
}

TEST(PdeStates, RefuseNodesAndFormulasThatAreNone) {
  auto p = timed<burgers::Params>(0.01);
  p.mesh = 20, p.observe_nodes = {4, 20};
  EXPECT_EQ(message("observe_nodes", [&] { burgers::make(p); }), "there is no node 20 on a grid of 20");
  p.observe_nodes = {4}, p.observe_every = 2;
  EXPECT_EQ(message("observe_nodes", [&] { burgers::make(p); }), "node 4 is observed already");
  p.observe_nodes = {}, p.initial_state = {"sin(x", "x"};
  EXPECT_EQ(message("initial_state", [&] { burgers::make(p); }), "2 formulas for 1 fields");
  p.initial_state = {"sin(y)"};
  EXPECT_THAT(message("initial_state", [&] { burgers::make(p); }), testing::HasSubstr("'y'"));
  p.initial_state = {"1 / x"};
  EXPECT_EQ(message("initial_state", [&] { burgers::make(p); }), "is inf at (0)");
}

}  // namespace
}  // namespace aleator::pde
