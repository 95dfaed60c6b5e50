#pragma once
/// What      Transport by wind and diffusion in a rectangle, c_t + div(v c - kappa grad c) = f: what is unknown of the initial
///           concentration, sources, wind and diffusivity, from later concentrations.
/// Method    Finite volumes with the exponentially fitted fluxes of Scharfetter and Gummel (1969): concentrations stay positive
///           at any Peclet number; second order, first where |v| h > 2 kappa. v = wind + (psi_y, -psi_x), psi given at the
///           corners of cells: no divergence but rounding. Sides: open (the wind takes out what is there and brings nothing
///           in), closed, or c given. docs/theory/transport.md.
/// Parallel  as evolution::Engine.
///           Observed: c, and what leaves through sides.
/// Cost      13 flops a cell and f; coefficients of the faces once a row, an exponential each.
/// Fails     set-up: KeyError for quantities and formulas that are none. Rows: kappa not positive; as evolution::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/evolution/params.hpp"

namespace aleator::pde::transport {

struct Params : evolution::CommonParams {
  std::vector<std::string> quantities = {"initial"};
  std::vector<int> mesh = {32, 32};
  std::vector<double> lengths = {1.0};
  int cells = 4;
  double diffusivity = 0.01;
  std::vector<double> wind = {0.0, 0.0};
  std::string stream = "0", source = "0";
  std::vector<int> stream_grid;
  double source_width = 0.0;
  deck::Table<double> dirichlet;
  std::vector<std::string> closed, outflow;
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

}  // namespace aleator::pde::transport
