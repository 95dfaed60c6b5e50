#pragma once
/// What      Sound of one frequency: lap u + (omega / c)^2 u = -f, u complex, the speed c unknown by group, grid cell or element;
///           the real and imaginary part of u at receivers, for each source.
/// Method    P1 elements, time factor exp(-i omega t). Sides: hard (du/dn = 0) unless named; soft (u = 0); absorbing of first
///           order, du/dn = i omega / c u (Engquist, Majda 1977). With u = a + i b the symmetric real equations are
///           [K_r, -K_i; -K_i, -K_r] (a, b) = (f, 0), K_r = stiffness - omega^2 sum_e M_e / c_e^2, K_i = -omega sum_f B_f / c_f.
///           docs/theory/helmholtz.md.
/// Parallel  as fem::Engine.
/// Cost      as fem::Engine with a sparse LU factor of twice the nodes, shared by all sources.
/// Fails     set-up: KeyError for sides and groups that are not there, sources outside. Rows: c not positive; a frequency at a
///           resonance of a domain without absorbing sides; as fem::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/fem/build.hpp"

namespace aleator::pde::helmholtz {

struct Params : fem::MeshParams {
  double frequency = 1.0;
  std::vector<std::string> absorbing, soft;
  std::vector<std::vector<double>> sources;
  double amplitude = 1.0;
  deck::Table<deck::Word> petsc;
};

/// Functions of the place that a deck cannot write, in the first load: density of the source, and du/dn - i omega / c u on
/// absorbing sides (real, imaginary part).
struct Data {
  fem::SpaceFunction source;
  std::vector<fem::SpaceFunction> incoming;
};

deck::Schema<Params> schema();
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr,
                                          const Data& data = {});

}  // namespace aleator::pde::helmholtz
