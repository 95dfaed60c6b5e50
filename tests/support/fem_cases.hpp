#pragma once
/// What      The finite element models on small meshes, rows of unknowns to try, and errors in L2.
#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "pde/elasticity/elasticity.hpp"
#include "pde/fem/engine.hpp"
#include "pde/helmholtz/helmholtz.hpp"
#include "pde/mesh_diffusion/mesh_diffusion.hpp"
#include "pde/steady_transport/steady_transport.hpp"
#include "support/mesh_text.hpp"

namespace aleator::pde::fem {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

inline deck::File curved_mesh(const std::vector<int>& cells) {
  return {"curved.msh", field::gmsh_2_2(field::curved_box(cells))};
}

using Ranks = std::shared_ptr<parallel::ProcessGrid>;

struct Case {
  std::string name;
  std::vector<double> centre;
  std::function<std::unique_ptr<model::ForwardModel>(Solver, Ranks)> build;
  std::unique_ptr<model::ForwardModel> make(Solver solver, const Ranks& ranks = nullptr) const {
    return build(solver, ranks);
  }
};

inline deck::File bent_mesh(const std::vector<int>& cells) {
  return {"bent.msh", field::gmsh_2_2(field::bent_box(cells, 0.2))};
}

inline Case diffusion_case(const std::vector<int>& cells) {
  const bool is_plane = cells.size() == 2;
  return {is_plane ? "diffusion" : "diffusion_in_space", std::vector<double>(is_plane ? 9 : 8, 1.5),
          [=](Solver solver, const Ranks& ranks) {
            mesh_diffusion::Params p;
            p.mesh = bent_mesh(cells), p.solver = solver, p.tolerance = 1e-13;
            p.unknown = Unknown::grid, p.grid = is_plane ? std::vector<int>{3, 3} : std::vector<int>{2, 2, 2};
            p.dirichlet = {{"left", 0.5}, {"bottom", 0.1}}, p.flux = {{"top", 0.3}}, p.robin = {{"right", {2.0, 0.7}}};
            p.source = 1.5, p.group_sources = {{"box", 0.5}}, p.fluxes = {"left", "bottom"};
            p.points = is_plane ? std::vector<std::vector<double>>{{0.3, 0.7}, {0.81, 0.4}}
                                : std::vector<std::vector<double>>{{0.3, 0.7, 0.2}, {0.81, 0.4, 0.9}};
            p.patches = {is_plane ? std::vector<double>{0.2, 0.6, 0.3, 0.9}
                                  : std::vector<double>{0.2, 0.6, 0.3, 0.9, 0.0, 1.0}};
            return mesh_diffusion::make(p, ranks);
          }};
}

// Beside a in two groups the flux at the top, u at the left, the exchange at the right and both kinds of sources.
inline Case loads_case() {
  return {"loads", {1.5, 1.4, 0.8, 1.3, 0.4, -0.7, 1.1}, [](Solver solver, const Ranks& ranks) {
            mesh_diffusion::Params p;
            p.mesh = bent_mesh({7, 6}), p.solver = solver, p.tolerance = 1e-13;
            p.dirichlet = {{"left", 9.0}, {"bottom", 0.2}}, p.flux = {{"top", 9.0}}, p.robin = {{"right", {9.0, 0.7}}};
            p.source = 9.0, p.group_sources = {{"box", 9.0}}, p.fluxes = {"left"};
            p.unknown = Unknown::grid, p.grid = {2, 1};
            p.also_unknown = {"flux.top", "source", "dirichlet.left", "group_sources.box", "robin.right"};
            p.points = {{0.3, 0.7}, {0.81, 0.4}};
            return mesh_diffusion::make(p, ranks);
          }};
}

inline Case elastic_case(const std::string& name, elasticity::Quantity quantity, elasticity::Plane plane,
                         const std::vector<int>& cells) {
  const bool is_plane = cells.size() == 2;
  const int unknowns = is_plane ? 4 : 8;
  std::vector<double> centre;
  if (quantity != elasticity::Quantity::ratio) centre.assign(unknowns, 2.0);
  if (quantity != elasticity::Quantity::modulus) centre.insert(centre.end(), unknowns, 0.3);
  return {
      name, centre, [=](Solver solver, const Ranks& ranks) {
        elasticity::Params p;
        p.mesh = bent_mesh(cells), p.solver = solver, p.tolerance = 1e-13, p.quantity = quantity, p.plane = plane;
        p.unknown = Unknown::grid, p.grid = is_plane ? std::vector<int>{2, 2} : std::vector<int>{2, 2, 2};
        p.modulus = 1.7, p.ratio = 0.25, p.fixed = {"left"}, p.fixed_y = {"bottom"}, p.reactions = {"left", "bottom"};
        p.body = is_plane ? std::vector<double>{0.1, -0.4} : std::vector<double>{0.1, -0.4, 0.2};
        p.traction = {{"right", is_plane ? std::vector<double>{0.5, 0.2} : std::vector<double>{0.5, 0.2, -0.1}}};
        p.points = is_plane ? std::vector<std::vector<double>>{{0.3, 0.7}, {0.81, 0.4}}
                            : std::vector<std::vector<double>>{{0.3, 0.7, 0.2}, {0.81, 0.4, 0.9}};
        return elasticity::make(p, ranks);
      }};
}

inline Case sound_case() {
  return {"helmholtz", std::vector<double>(4, 1.0), [](Solver, const Ranks& ranks) {
            helmholtz::Params p;
            p.mesh = bent_mesh({8, 8}), p.unknown = Unknown::grid, p.grid = {2, 2};
            p.frequency = 0.9, p.absorbing = {"left", "right", "top"}, p.soft = {"bottom"};
            p.sources = {{0.3, 0.4}, {0.7, 0.6}}, p.amplitude = 2.0, p.points = {{0.2, 0.8}, {0.77, 0.3}, {0.5, 0.9}};
            return helmholtz::make(p, ranks);
          }};
}

inline Case transport_case() {
  return {"transport",
          {0.35, 0.6, 2.0, 0.8, 0.4, 0.1, 0.2, 0.15, 0.1, 0.25, 0.1, 0.1, 0.2, 0.1, 0.3, 0.2, 0.25, 0.4},
          [](Solver solver, const Ranks& ranks) {
            steady_transport::Params p;
            p.mesh = bent_mesh({8, 8}), p.solver = solver, p.tolerance = 1e-13;
            p.quantities = {"point_source", "wind", "stream", "diffusivity"}, p.source_width = 0.15;
            p.unknown = Unknown::grid, p.grid = {2, 2}, p.stream_grid = {2, 2};
            p.wind = {0.3, -0.1}, p.stream = "0.05 * sin(3 * x) * y", p.source = "1 + x * y";
            p.dirichlet = {{"left", 0.5}}, p.closed = {"top"}, p.fluxes = {"left"};
            p.points = {{0.3, 0.7}, {0.81, 0.4}}, p.patches = {{0.2, 0.6, 0.3, 0.9}}, p.whole_field = true;
            return steady_transport::make(p, ranks);
          }};
}

inline Case transport_in_space_case() {
  return {"transport_in_space",
          {0.8, 0.4, -0.3, 0.3, 0.2, 0.25, 0.4, 0.3, 0.2, 0.25, 0.4},
          [](Solver solver, const Ranks& ranks) {
            steady_transport::Params p;
            p.mesh = bent_mesh({3, 3, 3}), p.solver = solver, p.tolerance = 1e-13;
            p.quantities = {"wind", "diffusivity"}, p.unknown = Unknown::grid, p.grid = {2, 2, 2};
            p.source = "1 + x * y * z", p.dirichlet = {{"bottom", 0.5}}, p.closed = {"top"};
            p.points = {{0.3, 0.7, 0.2}, {0.81, 0.4, 0.9}};
            return steady_transport::make(p, ranks);
          }};
}

inline std::vector<Case> all_cases() {
  using elasticity::Plane;
  using elasticity::Quantity;
  return {diffusion_case({6, 6}),
          diffusion_case({3, 3, 3}),
          loads_case(),
          elastic_case("modulus", Quantity::modulus, Plane::stress, {6, 6}),
          elastic_case("ratio", Quantity::ratio, Plane::strain, {6, 6}),
          elastic_case("both", Quantity::both, Plane::stress, {6, 6}),
          elastic_case("both_in_space", Quantity::both, Plane::stress, {3, 3, 3}),
          sound_case(),
          transport_case(),
          transport_in_space_case()};
}

inline double number(int row, int column) { return std::sin(1.0 + 12.9898 * row + 78.233 * column); }

inline Batch some_rows(const Case& c, int rows) {
  const Batch u("u", rows, c.centre.size());
  for (int row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < c.centre.size(); ++k)
      u(row, k) = c.centre[k] * (1.0 + 0.3 * number(row, static_cast<int>(k)));
  return u;
}

inline Batch random_batch(int rows, int columns, int salt) {
  const Batch b("b", rows, columns);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < columns; ++k) b(row, k) = number(row + 100 * salt, k);
  return b;
}

/// The cotangent with given values: the gradient of sum_i w_i y_i.
inline model::Cotangent weights(const Batch& w) {
  return [w](int first, ConstBatch y, Batch dy) {
    for (std::size_t row = 0; row < y.extent(0); ++row)
      for (std::size_t i = 0; i < y.extent(1); ++i) dy(row, i) = w(first + static_cast<int>(row), i);
  };
}

inline std::vector<double> outputs_at(const model::ForwardModel& model, const std::vector<double>& u) {
  const Batch in("u", 1, u.size()), out("y", 1, model.shape().outputs);
  for (std::size_t k = 0; k < u.size(); ++k) in(0, k) = u[k];
  const RowStatus status = model.evaluate(in, out);
  if (!status.ok()) throw std::runtime_error(status.failed[0].reason);
  return std::vector<double>(out.data(), out.data() + out.extent(1));
}

/// Norm in L2 of solution - exact for one field of the first load, by a rule of degree 2 on every element.
inline double l2_error(const Engine& engine, const std::vector<double>& theta, int field, const SpaceFunction& exact) {
  const Layout& layout = engine.equation().layout();
  const field::Mesh& mesh = *layout.mesh;
  const std::vector<double> u = engine.solution(theta.data());
  const int d = mesh.dimension, corners = d + 1, quadrature = corners;
  const double far = d == 2 ? 2.0 / 3.0 : 0.5854101966249685, near = (1.0 - far) / d;  // weights of the rule's points
  double square = 0.0;
  for (int e = 0; e < mesh.element_count(); ++e)
    for (int q = 0; q < quadrature; ++q) {
      double value = 0.0, x[3] = {};
      for (int c = 0; c < corners; ++c) {
        const double w = c == q ? far : near;
        const int node = mesh.element(e)[c];
        value += w * u[static_cast<std::size_t>(node * layout.fields() + field)];
        for (int a = 0; a < d; ++a) x[a] += w * mesh.point(node)[a];
      }
      square += mesh.volume(e) / quadrature * std::pow(value - exact(x), 2);
    }
  return std::sqrt(square);
}

}  // namespace aleator::pde::fem
