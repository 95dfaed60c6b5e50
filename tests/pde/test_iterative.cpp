// Models whose rows are solved by iterations: rows that failed for want of them get more when they are computed again.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "pde/cavity/component.hpp"
#include "pde/diffusion/component.hpp"
#include "support/fem_cases.hpp"
#include "support/models.hpp"

namespace aleator::pde {
namespace {

using model::Batch;

struct ModelsOf {
  std::string name;
  std::unique_ptr<model::ForwardModel> hasty, patient;  ///< with few iterations, and with many
  double centre;
};

diffusion::Params few_cells(diffusion::Solver solver) {
  diffusion::Params p;
  p.mesh = 32, p.coefficients = 2, p.sensor_grid = 2, p.solver = solver, p.tolerance = 1e-11;
  return p;
}

std::vector<ModelsOf> all_models() {
  std::vector<ModelsOf> all;
  const auto add = [&all](const std::string& name, auto p, auto set, double centre, auto make) {
    auto more = p;
    set(p, false), set(more, true);
    all.push_back({name, make(p), make(more), centre});
  };
  const auto iterations = [](auto& p, bool are_many) { p.max_iterations = are_many ? 1000 : 2; };
  const auto ranks = std::make_shared<parallel::ProcessGrid>();
  const auto diffusion_model = [&](const diffusion::Params& p) { return diffusion::make(p, ranks); };
  add("multigrid", few_cells(diffusion::Solver::multigrid), iterations, 1.0, diffusion_model);
  diffusion::Params box = few_cells(diffusion::Solver::petsc);
  box.preconditioner = diffusion::Preconditioner::boomeramg;
  add("petsc", box, iterations, 1.0, diffusion_model);
  box.preconditioner = diffusion::Preconditioner::cholmod, box.kappa = "1 + u^2";
  const auto newton_steps = [](auto& p, bool are_many) { p.max_newton_steps = are_many ? 50 : 1; };
  add("newton", box, newton_steps, 1.0, diffusion_model);
  mesh_diffusion::Params mesh;
  mesh.mesh = fem::curved_mesh({12, 12}), mesh.solver = fem::Solver::iterative, mesh.tolerance = 1e-11;
  mesh.points = {{0.3, 0.7}}, mesh.dirichlet = {{"left", 0.0}}, mesh.source = 1.0;
  add("mesh", mesh, iterations, 1.0, [&](const mesh_diffusion::Params& p) { return mesh_diffusion::make(p, ranks); });
  cavity::Params cavity;
  cavity.mesh = 24, cavity.points = {{0.4, 0.6}};
  add("cavity", cavity, iterations, 0.004, cavity::make);
  return all;
}

TEST(IterativeModels, ARowThatFailedGetsMoreIterations) {
  for (const ModelsOf& models : all_models()) {
    SCOPED_TRACE(models.name);
    const model::ForwardModel& hasty = *models.hasty;
    const int d = hasty.shape().inputs, outputs = hasty.shape().outputs;
    const Batch u = test_models::rows_around(std::vector<double>(static_cast<std::size_t>(d), models.centre), 2),
                y("y", 2, outputs), exact("exact", 2, outputs), du("du", 2, d), exact_du("du", 2, d);
    ASSERT_TRUE(models.patient->adjoint()->evaluate_and_pullback(u, exact, test_models::same_weights, exact_du).ok());
    ASSERT_EQ(hasty.evaluate_again(u, y, 0).failed.size(), 2U);
    ASSERT_TRUE(hasty.evaluate_again(u, y, 4).ok());
    for (int row = 0; row < 2; ++row)
      for (int k = 0; k < outputs; ++k) EXPECT_NEAR(y(row, k), exact(row, k), 1e-6 * std::fabs(exact(row, k)));
    ASSERT_TRUE(hasty.adjoint()->evaluate_and_pullback_again(u, y, test_models::same_weights, du, 4).ok());
    for (int row = 0; row < 2; ++row)
      for (int k = 0; k < d; ++k)
        EXPECT_NEAR(du(row, k), exact_du(row, k), 1e-6 * (1e-3 + std::fabs(exact_du(row, k))));
    const auto shown = hasty.states()->states_again(&u(0, 0), 4), sought = models.patient->states()->states(&u(0, 0));
    ASSERT_EQ(shown.size(), sought.size());
    for (std::size_t k = 0; k < shown.back().values.size(); ++k)
      EXPECT_NEAR(shown.back().values[k], sought.back().values[k], 1e-6);
    EXPECT_THROW(hasty.states()->states(&u(0, 0)), core::NumericsError);
    EXPECT_EQ(hasty.evaluate(u, y).failed.size(), 2U) << "the next rows get no more";
  }
}

}  // namespace
}  // namespace aleator::pde
