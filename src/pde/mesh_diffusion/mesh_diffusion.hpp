#pragma once
/// What      -div(a grad u) = f on a mesh of triangles or tetrahedra, a unknown by group, grid cell or element; fluxes through
///           sides, their coefficients of exchange and sources too.
/// Method    P1 elements, exact integrals; on sides u = g, a du/dn = g (inwards), or a du/dn = h (u_out - u).
///           docs/theory/finite_elements.md.
/// Parallel  as fem::Engine.
/// Cost      as fem::Engine; 9 (16) entries a triangle (tetrahedron).
/// Fails     set-up: KeyError for sides and groups that are not there, conditions that leave u undetermined. Rows: a not
///           positive; as fem::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/fem/build.hpp"

namespace aleator::pde::mesh_diffusion {

struct Params : fem::MeshParams, fem::SolverParams {
  deck::Table<double> dirichlet, flux;
  deck::Table<std::vector<double>> robin;
  double source = 0.0;
  deck::Table<double> group_sources;
  std::vector<std::vector<double>> point_sources;
  std::vector<std::string> fluxes;
  std::vector<std::string> also_unknown;
};

/// Functions of the place that a deck cannot write, added to what it says: for programs.
struct Data {
  fem::SpaceFunction source, dirichlet;  ///< dirichlet: the values on all sides under the key dirichlet
};

deck::Schema<Params> schema();
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr,
                                          const Data& data = {});

}  // namespace aleator::pde::mesh_diffusion
