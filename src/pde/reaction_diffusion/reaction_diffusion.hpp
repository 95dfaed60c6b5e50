#pragma once
/// What      Reaction and diffusion on a square without flux through its boundary: u_t = D lap u + R(u).
/// Method    Cells, five-point Laplacian, second order. fisher_kpp: R = r u (1 - u); allen_cahn: R = r u (1 - u^2); gray_scott:
///           two fields, R_u = -u v^2 + F (1 - u), R_v = u v^2 - (F + k) v. Unknown: the initial field, constant on c x c blocks
///           (of v for gray_scott, with u = 1 - v), the coefficients, or both, coefficients first.
/// Parallel  as evolution::Engine.
/// Cost      12 to 25 flops a cell and f.
/// Fails     coefficients below zero; as evolution::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/evolution/params.hpp"

namespace aleator::pde::reaction_diffusion {

enum class Kind { fisher_kpp, allen_cahn, gray_scott };
enum class Unknown { initial, coefficients, both };

struct Params : evolution::CommonParams {
  Kind kind = Kind::fisher_kpp;
  int mesh = 32;
  double length = 1.0;
  Unknown unknown = Unknown::coefficients;
  int cells = 8;
  double diffusivity = 0.001;
  double second_diffusivity = 0.0005;
  double rate = 1.0;
  double feed = 0.04;
  double kill = 0.06;
  double background = 0.0;
  std::vector<std::vector<double>> spots = {{0.5, 0.5, 0.1, 0.5}};
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

}  // namespace aleator::pde::reaction_diffusion
