#pragma once
/// What      The keys that all finite element models have in common: the mesh, where the unknowns are, observation, the solver.
/// Method    -
/// Parallel  local.
/// Cost      -
/// Fails     see build.hpp.
#include <string>
#include <vector>

#include "deck/schema.hpp"
#include "field/mesh/mesh_keys.hpp"

namespace aleator::pde::fem {

enum class Solver { automatic, direct, iterative };

struct SolverParams {
  Solver solver = Solver::automatic;
  double tolerance = 1e-10;
  int max_iterations = 500;
  deck::Table<deck::Word> petsc;
};

/// What one unknown is the value of.
enum class Unknown { groups, grid, elements };

struct MeshParams : field::MeshKeys {
  Unknown unknown = Unknown::groups;
  std::vector<std::string> groups;
  deck::Table<double> known;
  std::vector<int> grid;
  std::vector<std::vector<double>> points, patches;
  bool whole_field = false;
};

/// What is wrong with the keys together, or empty.
std::string fault_of_unknowns(const MeshParams& params);
/// `more`: sides that a model observes by a key of its own, and that key; none: empty.
std::string fault_of_observation(const MeshParams& params, const std::vector<std::string>& more, const char* key);

template <class Params>
void add_mesh_keys(deck::Schema<Params>& s) {
  field::add_mesh_keys(s);
  s.choice("unknown", &MeshParams::unknown, "where each unknown is the coefficient",
           {{"groups", Unknown::groups, "one for each group of elements"},
            {"grid", Unknown::grid, "one for each cell of a grid over the box around the mesh, x fastest"},
            {"elements", Unknown::elements, "one for each element, in the mesh's order"}})
      .key("groups", &MeshParams::groups, "",
           "unknown = \"groups\": the groups whose coefficient is unknown, in this order; all that are not known, if "
           "empty")
      .key("known", &MeshParams::known, "", "unknown = \"groups\": coefficient of each other group, {name = value}",
           deck::positive())
      .key("grid", &MeshParams::grid, "1",
           "unknown = \"grid\": cells along x, y (and z); an element belongs to the cell of its centre",
           deck::between(1, 4096))
      .key("points", &MeshParams::points, "1", "points [x, y] or [x, y, z] of observation")
      .example("[[0.5, 0.5]]")
      .key("patches", &MeshParams::patches, "1",
           "boxes [x0, x1, y0, y1] (and z0, z1): the mean over the elements whose centre lies in them is observed, "
           "after the points")
      .key("whole_field", &MeshParams::whole_field, "",
           "whether the field is observed at every node of the mesh, after points and patches")
      .check("unknown", fault_of_unknowns);
}

template <class Params>
void add_solver_keys(deck::Schema<Params>& s) {
  s.choice(
       "solver", &SolverParams::solver, "how the equations are solved",
       {{"automatic", Solver::automatic,
         "direct up to 300 000 unknowns of the equations in two dimensions, 30 000 in three"},
        {"direct", Solver::direct,
         "sparse Cholesky or LU factor (CHOLMOD, KLU; MUMPS where ranks share a row), for loads, adjoint and tangent"},
        {"iterative", Solver::iterative,
         "conjugate gradients, or GMRES where the equations are not symmetric, with algebraic multigrid"}})
      .key("tolerance", &SolverParams::tolerance, "1", "iterative: of the residual, relative", deck::inside(0, 1))
      .only_with("a solver that iterates", [](const Params& p) { return p.solver != Solver::direct; })
      .key("max_iterations", &SolverParams::max_iterations, "1", "iterative: after which a row fails",
           deck::at_least(1))
      .only_with("a solver that iterates", [](const Params& p) { return p.solver != Solver::direct; })
      .key("petsc", &SolverParams::petsc, "",
           "options of PETSc for this solver, without leading dash: {ksp_rtol = 1e-8, pc_type = \"gamg\"}");
}

}  // namespace aleator::pde::fem
