// What all finite element models have in common: derivatives, rows, solvers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fem_cases.hpp"

namespace aleator::pde::fem {
namespace {

class FemModels : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Fem, FemModels, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST_P(FemModels, AdjointAndTangentPassTheDotProductTest) {
  const auto model = GetParam().make(Solver::direct);
  const int rows = 2, inputs = model->shape().inputs, outputs = model->shape().outputs;
  const Batch u = some_rows(GetParam(), rows), direction = random_batch(rows, inputs, 1),
              w = random_batch(rows, outputs, 2);
  const Batch y("y", rows, outputs), dy("dy", rows, outputs), du("du", rows, inputs);
  ASSERT_TRUE(model->tangent()->evaluate_and_pushforward(u, direction, y, dy).ok());
  ASSERT_TRUE(model->adjoint()->evaluate_and_pullback(u, y, weights(w), du).ok());
  for (int row = 0; row < rows; ++row) {
    double left = 0.0, right = 0.0, size = 0.0;
    for (int i = 0; i < outputs; ++i) left += w(row, i) * dy(row, i), size += std::abs(w(row, i) * dy(row, i));
    for (int k = 0; k < inputs; ++k) right += du(row, k) * direction(row, k);
    EXPECT_NEAR(left, right, 1e-10 * size);
    EXPECT_GT(size, 1e-3);
  }
}

TEST_P(FemModels, GradientAgreesWithCentralDifferences) {
  const auto model = GetParam().make(Solver::direct);
  const int inputs = model->shape().inputs, outputs = model->shape().outputs;
  const Batch u = some_rows(GetParam(), 1), w = random_batch(1, outputs, 2), y("y", 1, outputs), du("du", 1, inputs);
  ASSERT_TRUE(model->adjoint()->evaluate_and_pullback(u, y, weights(w), du).ok());
  double size = 0.0;
  for (int k = 0; k < inputs; ++k) size = std::max(size, std::abs(du(0, k)));
  for (int k = 0; k < inputs; ++k) {
    const double step = 1e-5 * u(0, k);
    double value[2];
    for (const int side : {0, 1}) {
      std::vector<double> at(u.data(), u.data() + inputs);
      at[k] += side == 0 ? -step : step;
      const std::vector<double> out = outputs_at(*model, at);
      value[side] = 0.0;
      for (int i = 0; i < outputs; ++i) value[side] += w(0, i) * out[i];
    }
    EXPECT_NEAR(du(0, k), (value[1] - value[0]) / (2.0 * step), 1e-6 * size) << k;
  }
}

// Also behind a row that fails, in another batch, and by the multigrid, whose hierarchy must not remember earlier rows.
TEST_P(FemModels, ARowsBitsDoNotDependOnItsCompany) {
  for (const Solver solver : {Solver::direct, Solver::iterative}) {
    const auto model = GetParam().make(solver);
    const int inputs = model->shape().inputs, outputs = model->shape().outputs;
    const Batch u = some_rows(GetParam(), 4), y("y", 4, outputs);
    u(1, inputs - 1) = -2.0;
    const RowStatus status = model->evaluate(u, y);
    ASSERT_EQ(status.failed.size(), 1u);
    EXPECT_EQ(status.failed[0].row, 1);
    EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("-2"));
    EXPECT_TRUE(std::isnan(y(1, 0)));
    for (const int row : {3, 0, 2}) {
      const auto other = GetParam().make(solver);
      const std::vector<double> alone = outputs_at(row == 0 ? *model : *other, {&u(row, 0), &u(row, 0) + inputs});
      for (int i = 0; i < outputs; ++i) EXPECT_EQ(alone[i], y(row, i)) << row << " " << i;
    }
  }
}

TEST_P(FemModels, TheMultigridFindsWhatTheFactorFinds) {
  const Batch u = some_rows(GetParam(), 1);
  const std::vector<double> at(u.data(), u.data() + u.extent(1));
  const std::vector<double> direct = outputs_at(*GetParam().make(Solver::direct), at),
                            iterative = outputs_at(*GetParam().make(Solver::iterative), at);
  for (std::size_t i = 0; i < direct.size(); ++i) EXPECT_NEAR(direct[i], iterative[i], 1e-9) << i;
}

// The whole world as one group, against every rank alone. The mesh is cut across both, so that a wrong place shows.
class FemModelsMpi : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Fem, FemModelsMpi, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST_P(FemModelsMpi, OnOneGroupTheAnswersAreThoseOfOneRank) {
  const parallel::Comm world = parallel::Comm::world();
  const auto group = std::make_shared<parallel::ProcessGrid>(world, world.size());
  for (const Solver solver : {Solver::direct, Solver::iterative}) {
    const auto shared = GetParam().make(solver, group), alone = GetParam().make(Solver::direct);
    const int rows = 2, inputs = shared->shape().inputs, outputs = shared->shape().outputs;
    const Batch u = some_rows(GetParam(), rows), w = random_batch(rows, outputs, 2);
    const Batch y("y", rows, outputs), du("du", rows, inputs), z("z", rows, outputs), dz("dz", rows, inputs);
    ASSERT_TRUE(shared->adjoint()->evaluate_and_pullback(u, y, weights(w), du).ok());
    ASSERT_TRUE(alone->adjoint()->evaluate_and_pullback(u, z, weights(w), dz).ok());
    std::vector<double> mine;
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < outputs; ++i) EXPECT_NEAR(y(row, i), z(row, i), 1e-9) << row << " " << i;
      for (int k = 0; k < inputs; ++k) EXPECT_NEAR(du(row, k), dz(row, k), 1e-8) << row << " " << k;
      mine.insert(mine.end(), &y(row, 0), &y(row, 0) + outputs);
    }
    // The same bits on every rank, or the copies of a sampler's state would part.
    for (const double value : mine) EXPECT_EQ(world.max(value), world.min(value));
    // Rows that fail do so on all ranks.
    u(0, inputs - 1) = -2.0;
    EXPECT_EQ(world.sum(static_cast<std::int64_t>(shared->evaluate(u, y).failed.size())), world.size());
  }
  ASSERT_FALSE(group->models().empty());
  EXPECT_GT(group->models().front().unknowns, 0);
}

TEST_P(FemModels, PicturesHaveTheSizeOfTheMesh) {
  const auto model = GetParam().make(Solver::direct);
  const std::vector<model::GridField> fields = model->states()->states(GetParam().centre.data());
  ASSERT_GE(fields.size(), 2u);
  for (const model::GridField& field : fields) {
    ASSERT_NE(field.mesh, nullptr);
    const auto d = static_cast<std::size_t>(field.mesh->dimension);
    EXPECT_EQ(field.values.size(),
              field.is_at_nodes ? field.mesh->points.size() / d : field.mesh->corners.size() / (d + 1));
  }
  EXPECT_FALSE(fields.front().is_at_nodes);
  EXPECT_TRUE(fields.back().is_at_nodes);
}

// PETSc does not clean up after a factorisation that failed within a solve.
TEST(FemFailures, ManyRowsThatCannotBeFactorisedLeaveTheOthersAlone) {
  elasticity::Params p;
  p.cells = {40, 40}, p.unknown = Unknown::grid, p.grid = {2, 1}, p.points = {{0.3, 0.5}}, p.fixed = {"right"};
  p.traction = {{"left", {1.0, 0.0}}};
  const auto model = elasticity::make(p);
  constexpr int rows = 7;
  const Batch u("u", rows, 2), y("y", rows, 2);
  for (int row = 0; row < rows; ++row) u(row, 0) = row % 3 == 0 ? 1.0 : 1e18, u(row, 1) = 1.0;
  const model::RowStatus status = model->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 4u);
  for (const model::FailedRow& failed : status.failed) EXPECT_NE(failed.row % 3, 0);
  for (const int row : {3, 6})
    for (int i = 0; i < 2; ++i) EXPECT_EQ(y(row, i), y(0, i));
}

TEST(FemObservation, TheWholeFieldIsThatOfThePictures) {
  mesh_diffusion::Params p;
  p.cells = {5, 4}, p.dirichlet = {{"left", 1.0}}, p.source = 3.0, p.whole_field = true, p.points = {{0.4, 0.5}};
  const auto model = mesh_diffusion::make(p);
  const std::vector<double> y = outputs_at(*model, {2.0});
  const std::vector<double> picture = model->states()->states(std::vector<double>{2.0}.data()).back().values;
  ASSERT_EQ(y.size(), 1 + picture.size());
  EXPECT_EQ(std::vector<double>(y.begin() + 1, y.end()), picture);
  EXPECT_EQ(model->shape().output_names[3], "u at node 2");
}

TEST(FemOptions, SolversOfPetscAreChosenByTheDeck) {
  mesh_diffusion::Params p;
  p.cells = {8, 8}, p.dirichlet = {{"left", 1.0}}, p.points = {{0.5, 0.5}}, p.solver = Solver::iterative;
  p.petsc = {{"pc_type", {"jacobi"}}, {"ksp_max_it", {"2"}}};
  try {
    outputs_at(*mesh_diffusion::make(p), {1.0});
    FAIL() << "converged";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no convergence after 2 iterations"));
  }
}

}  // namespace
}  // namespace aleator::pde::fem
