#pragma once
/// What      The deck's view of the diffusion model: its keys, and how they become a model.
/// Method    -
/// Parallel  local.
/// Cost      the model's set-up: milliseconds at 32 x 32.
/// Fails     KeyError for a mesh that the coefficient cells do not divide, no sensor, a sensor outside the domain.
#include <memory>
#include <optional>

#include "deck/schema.hpp"
#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/diffusion/box_diffusion.hpp"

namespace aleator::pde::diffusion {

/// How the equations are solved: a direct method for batches of small problems, an iterative one for large meshes, PETSc for
/// boxes in any dimension and decomposed domains.
enum class Solver { automatic, dissection, multigrid, petsc };

enum class PatchValue { integral, mean };

struct Params {
  int mesh = 32;
  int coefficients = 8;
  double source = 10.0;
  Solver solver = Solver::automatic;
  double tolerance = 1e-9;
  int max_iterations = 100;
  std::vector<double> source_box;
  std::vector<std::vector<double>> inclusions;
  double background = 1.0;
  std::vector<std::vector<double>> patches;
  PatchValue patch_value = PatchValue::integral;
  int sensor_grid = 0;
  std::vector<std::vector<double>> sensor_points;

  // What only the solver petsc can do.
  int dimension = 2;
  std::vector<double> lengths;
  std::vector<int> elements, cells;
  deck::Table<double> fixed, flux;
  deck::Table<std::vector<double>> exchange;
  std::vector<std::vector<double>> wells;
  std::vector<std::string> outflow;
  std::string kappa;
  std::optional<double> newton_start;
  int max_newton_steps = 30;
  Preconditioner preconditioner = Preconditioner::automatic;
  deck::Table<deck::Word> petsc;

  double length(int axis) const { return axis < static_cast<int>(lengths.size()) ? lengths[axis] : 1.0; }
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

// component_box.cpp: the keys of the solver petsc.
void add_box_keys(deck::Schema<Params>& s);
/// Whether the deck uses a key that only the solver petsc knows; its name, or empty.
std::string box_only_key(const Params& params);
/// What is wrong with x0, x1, y0, y1, … inside the domain, or empty.
std::string fault_of_box(const Params& params, const std::vector<double>& box);
BoxSetup box_setup_of(const Params& params);
BoxDiffusion::Control box_control_of(const Params& params);

}  // namespace aleator::pde::diffusion
