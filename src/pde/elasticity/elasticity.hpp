#pragma once
/// What      Linear elasticity, plane or in space: -div sigma(v) = body, Young's modulus and/or Poisson's ratio unknown by group,
///           grid cell or element, and loads; displacements and reaction forces are observed.
/// Method    sigma = lambda div(v) I + 2 mu eps(v), P1 elements; lambda = E nu / ((1 + nu)(1 - 2 nu)), mu = E / (2 (1 + nu)), in
///           plane stress lambda = E nu / (1 - nu^2). A = sum_e lambda_e L_e + mu_e M_e. docs/theory/elasticity.md.
/// Parallel  as fem::Engine.
/// Cost      as fem::Engine; 72 (288) entries a triangle (tetrahedron). With solver iterative, rigid motions go to the multigrid.
/// Fails     set-up: KeyError for sides and groups that are not there, supports that leave a rigid motion free. Rows: E not
///           positive, nu not in (-1, 1/2); as fem::Engine. P1 elements are too stiff (they lock) for nu close to 1/2 in plane
///           strain and in space.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/fem/build.hpp"

namespace aleator::pde::elasticity {

enum class Plane { stress, strain };
enum class Quantity { modulus, ratio, both };

struct Params : fem::MeshParams, fem::SolverParams {
  Plane plane = Plane::stress;
  Quantity quantity = Quantity::modulus;
  double modulus = 1.0;
  double ratio = 0.3;
  std::vector<std::string> fixed, fixed_x, fixed_y, fixed_z;
  deck::Table<std::vector<double>> displacement, traction;
  std::vector<double> body;
  std::vector<std::string> reactions;
  std::vector<std::string> also_unknown;
};

/// Functions of the place that a deck cannot write: component d of the body force, and of the displacement on all sides that
/// are under the key displacement.
struct Data {
  std::vector<fem::SpaceFunction> body, displacement;
};

deck::Schema<Params> schema();
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr,
                                          const Data& data = {});

}  // namespace aleator::pde::elasticity
