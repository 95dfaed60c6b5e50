#pragma once
/// What      Steady transport by wind and diffusion, div(v c - kappa grad c) = f, on a mesh: what is unknown of sources,
///           diffusivity and velocity, from concentrations.
/// Method    Edge-averaged finite elements (Xu, Zikatanov 1999): P1 elements whose flux along each edge is the exponentially
///           fitted one of Scharfetter and Gummel, so that concentrations do not oscillate at any Peclet number where the mesh
///           is Delaunay. v = wind + (psi_y, -psi_x), constant on an element; psi linear on it, so that v is free of divergence
///           to rounding. Sides: c given; closed; open: the wind takes out what is there and brings nothing in.
///           docs/theory/transport.md.
/// Parallel  as fem::Engine.
/// Cost      as fem::Engine with an LU factor; 4 coefficients an edge of an element.
/// Fails     set-up: KeyError for sides and groups that are not there, formulas that are none, c that nothing determines. Rows:
///           kappa not positive; as fem::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/fem/build.hpp"

namespace aleator::pde::steady_transport {

struct Params : fem::MeshParams, fem::SolverParams {
  std::vector<std::string> quantities = {"source"};
  double diffusivity = 0.01;
  std::vector<double> wind = {0.0};
  std::string stream = "0", source = "0";
  std::vector<int> stream_grid;
  double source_width = 0.0;
  deck::Table<double> dirichlet;
  std::vector<std::string> closed, fluxes;
};

/// Functions of the place that a deck cannot write: the values on all sides under the key dirichlet.
struct Data {
  fem::SpaceFunction dirichlet;
};

deck::Schema<Params> schema();
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr,
                                          const Data& data = {});

}  // namespace aleator::pde::steady_transport
