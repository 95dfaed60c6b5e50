#pragma once
/// What      The evolution models with small grids, and rows of unknowns to try.
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pde/burgers/burgers.hpp"
#include "pde/reaction_diffusion/reaction_diffusion.hpp"
#include "pde/transport/transport.hpp"
#include "pde/wave/wave.hpp"
#include "support/models.hpp"

namespace aleator::pde::evolution {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;
using test_models::distance;
using test_models::number;
using test_models::outputs_at;
using test_models::random_batch;
using test_models::weights;

/// Steps, and what of the common keys a test changes.
struct Steps {
  double dt;
  Method method = Method::rk4;
  double memory = 256.0;
  std::shared_ptr<parallel::ProcessGrid> ranks = nullptr;
};

struct Case {
  std::string name;
  double dt;  ///< about half of what is stable
  std::vector<double> centre;
  std::function<std::unique_ptr<model::ForwardModel>(const Steps&)> make;
};

inline void apply(const Steps& steps, CommonParams& p) {
  p.dt = steps.dt, p.method = steps.method, p.memory = steps.memory;
}

inline Case burgers_case() {
  Case c{"burgers", 0.006, {}, [](const Steps& steps) {
           burgers::Params p;
           apply(steps, p);
           p.mesh = 40, p.unknowns = 8, p.viscosity_is_unknown = true;
           p.times = {0.15, 0.36}, p.points = {{0.03}, {0.4}, {0.77}, {0.99}}, p.patches = {{0.07, 0.64}, {0.5, 0.51}};
           return burgers::make(p, steps.ranks);
         }};
  for (int k = 0; k < 8; ++k) c.centre.push_back(0.8 + std::sin(0.25 * M_PI * k));
  c.centre.push_back(0.02);
  return c;
}

inline Case burgers_plane_case() {
  Case c{"burgers_plane", 0.02, {}, [](const Steps& steps) {
           burgers::Params p;
           apply(steps, p);
           p.dimension = 2, p.mesh = 12, p.unknowns = 4, p.viscosity_is_unknown = true;
           p.times = {0.3, 0.7}, p.points = {{0.03, 0.5}, {0.4, 0.99}, {0.77, 0.2}, {0.99, 0.97}};
           p.patches = {{0.0, 1.0, 0.0, 1.0}, {0.9, 1.0, 0.03, 0.95}};
           return burgers::make(p, steps.ranks);
         }};
  for (int k = 0; k < 32; ++k) c.centre.push_back(0.4 + 0.6 * std::sin(1.0 + 2.0 * k));
  c.centre.push_back(0.03);
  return c;
}

inline Case reaction_case(const std::string& name, reaction_diffusion::Kind kind, std::vector<double> coefficients) {
  using namespace reaction_diffusion;
  Case c{
      name, 0.06, std::move(coefficients), [kind](const Steps& steps) {
        Params p;
        apply(steps, p);
        p.kind = kind, p.unknown = Unknown::both, p.mesh = 12, p.cells = 3;
        p.times = {0.7, 1.9}, p.points = {{0.03, 0.5}, {0.4, 0.99}, {0.77, 0.2}}, p.patches = {{0.1, 0.9, 0.02, 0.97}};
        return make(p, steps.ranks);
      }};
  for (int k = 0; k < 9; ++k) c.centre.push_back(0.5 + 0.3 * std::sin(1.0 + 2.0 * k));
  return c;
}

inline Case wave_case() {
  return {"wave", 0.02, {1.0, 1.2, 0.9, 0.8}, [](const Steps& steps) {
            wave::Params p;
            apply(steps, p);
            p.mesh = 20, p.cells = 2, p.sponge = 0.2, p.sponge_rate = 20.0;
            p.sources = {{0.3, 0.4}, {0.62, 0.77}}, p.frequency = 2.0;
            p.times = {0.6, 1.1}, p.points = {{0.23, 0.5}, {0.4, 0.79}, {0.77, 0.22}};
            p.patches = {{0.51, 0.52, 0.2, 0.8}};
            return wave::make(p, steps.ranks);
          }};
}

inline Case transport_case(const std::string& name, const std::vector<std::string>& outflow) {
  Case c{name, 0.004, {0.8, 0.3, 0.02}, [outflow](const Steps& steps) {
           transport::Params p;
           apply(steps, p);
           p.quantities = {"wind", "diffusivity", "stream", "point_source", "source", "initial"};
           p.mesh = {12, 16}, p.lengths = {1.0, 1.5}, p.cells = 2, p.stream_grid = {2, 1}, p.source_width = 0.2;
           p.wind = {0.3, -0.1}, p.stream = "0.1 * sin(3 * x) * y", p.source = "1 + x * y";
           p.dirichlet = {{"left", 0.5}}, p.closed = {"top"};
           p.times = {0.12, 0.27}, p.points = {{0.03, 0.5}, {0.4, 1.49}, {0.77, 0.2}, {0.6, 0.9}};
           p.patches = {{0.3, 0.7, 0.1, 1.5}}, p.outflow = outflow;
           return transport::make(p, steps.ranks);
         }};
  c.centre.insert(c.centre.end(), {0.1, 0.2, 0.15, 0.2, 0.3, 0.1, 0.4, 0.6, 2.0});
  for (int k = 0; k < 8; ++k) c.centre.push_back(0.5 + 0.3 * std::sin(1.0 + 2.0 * k));
  return c;
}

inline std::vector<Case> all_cases() {
  using reaction_diffusion::Kind;
  return {burgers_case(),
          burgers_plane_case(),
          reaction_case("fisher_kpp", Kind::fisher_kpp, {0.01, 1.0}),
          reaction_case("allen_cahn", Kind::allen_cahn, {0.01, 1.0}),
          reaction_case("gray_scott", Kind::gray_scott, {0.01, 0.005, 0.5, 0.3}),
          wave_case(),
          transport_case("transport", {}),
          transport_case("transport_with_outflow", {"right", "bottom", "left"})};
}

inline Batch some_rows(const Case& c, int rows) { return test_models::rows_around(c.centre, rows); }

}  // namespace aleator::pde::evolution
