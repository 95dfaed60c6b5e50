// What holds for every ODE model: derivatives belong to the values, rows to themselves, and failures are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "ode/models.hpp"

namespace aleator::ode {
namespace {

class EveryOde : public testing::TestWithParam<int> {
 protected:
  const Case case_ = all_cases()[static_cast<std::size_t>(GetParam())];
  const model::ForwardModel& model_ = *case_.model;
  const int inputs_ = model_.shape().inputs, outputs_ = model_.shape().outputs;
};

std::string case_name(const testing::TestParamInfo<int>& info) {
  return all_cases()[static_cast<std::size_t>(info.param)].name;
}

bool equal_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// (w, J v) = (J^T w, v): exact up to rounding, since the adjoint is the transpose of the discrete steps.
TEST_P(EveryOde, AdjointAndTangentPassTheDotProductTest) {
  const int rows = 19;
  const Batch u = some_rows(case_, rows), v = some_rows(case_, rows), w = random_batch(rows, outputs_, 2);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < inputs_; ++k) v(row, k) *= number(row + 7, k);
  const Batch y("y", rows, outputs_), y_tangent("y", rows, outputs_), y_adjoint("y", rows, outputs_);
  const Batch dy("dy", rows, outputs_), du("du", rows, inputs_);
  ASSERT_TRUE(model_.evaluate(u, y).ok());
  ASSERT_TRUE(model_.tangent()->evaluate_and_pushforward(u, v, y_tangent, dy).ok());
  ASSERT_TRUE(model_.adjoint()->evaluate_and_pullback(u, y_adjoint, weights(w), du).ok());
  for (int row = 0; row < rows; ++row) {
    double left = 0.0, right = 0.0, size = 0.0;
    for (int i = 0; i < outputs_; ++i) {
      left += w(row, i) * dy(row, i), size += std::abs(w(row, i) * dy(row, i));
      EXPECT_TRUE(equal_bits(y(row, i), y_adjoint(row, i)));
      EXPECT_NEAR(y(row, i), y_tangent(row, i), 1e-11 * (1.0 + std::abs(y(row, i))));
    }
    for (int k = 0; k < inputs_; ++k) right += du(row, k) * v(row, k);
    EXPECT_NEAR(left, right, 1e-10 * size) << "row " << row;
  }
}

// Truncation (1e-4)^2 times a third derivative of order 1 to 100 (relative units), rounding 1e-16 / 1e-4.
TEST_P(EveryOde, GradientAgreesWithCentralDifferences) {
  const int rows = 2 * inputs_;
  constexpr double step = 2e-5;
  const Batch w = random_batch(1, outputs_, 3), u = some_rows(case_, 1), y("y", 1, outputs_), du("du", 1, inputs_);
  ASSERT_TRUE(model_.adjoint()->evaluate_and_pullback(u, y, weights(w), du).ok());
  const Batch moved("u", rows, inputs_), z("z", rows, outputs_);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < inputs_; ++k)
      moved(row, k) = u(0, k) * (1.0 + (row / 2 == k ? (row % 2 == 0 ? step : -step) : 0.0));
  ASSERT_TRUE(model_.evaluate(moved, z).ok());
  for (int k = 0; k < inputs_; ++k) {
    double difference = 0.0, size = 0.0;
    for (int i = 0; i < outputs_; ++i) {
      const double change = w(0, i) * (z(2 * k, i) - z(2 * k + 1, i)) / (2.0 * step * u(0, k));
      difference += change, size += std::abs(change) + 1e-3 * std::abs(w(0, i) * y(0, i) / u(0, k));
    }
    EXPECT_NEAR(du(0, k), difference, 1e-6 * size) << model_.shape().input_names[static_cast<std::size_t>(k)];
  }
}

TEST_P(EveryOde, ARowsBitsDoNotDependOnItsPlaceOrItsCompany) {
  const int most = 35;
  const Batch all = some_rows(case_, most), y_all("y", most, outputs_), du_all("du", most, inputs_);
  const Batch ones("w", most, outputs_);
  Kokkos::deep_copy(ones, 1.0);
  ASSERT_TRUE(model_.adjoint()->evaluate_and_pullback(all, y_all, weights(ones), du_all).ok());
  for (const int rows : {1, 2, 7, 16, 17, 33}) {
    const Batch u("u", rows, inputs_), y("y", rows, outputs_), z("z", rows, outputs_), du("du", rows, inputs_);
    const auto source = [&](int row) { return (11 * row + rows) % most; };
    for (int row = 0; row < rows; ++row)
      for (int k = 0; k < inputs_; ++k) u(row, k) = all(source(row), k);
    ASSERT_TRUE(model_.evaluate(u, y).ok());
    ASSERT_TRUE(model_.adjoint()->evaluate_and_pullback(u, z, weights(ones), du).ok());
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < outputs_; ++i) {
        ASSERT_TRUE(equal_bits(y(row, i), y_all(source(row), i))) << rows << " rows, row " << row;
        ASSERT_TRUE(equal_bits(z(row, i), y_all(source(row), i)));
      }
      for (int k = 0; k < inputs_; ++k) ASSERT_TRUE(equal_bits(du(row, k), du_all(source(row), k)));
    }
  }
}

TEST_P(EveryOde, RowsThatCannotBeSolvedAreReportedAndLeaveTheOthersAlone) {
  const int rows = 20;
  const Batch good = some_rows(case_, rows), u = some_rows(case_, rows), w = random_batch(rows, outputs_, 4);
  const Batch y_good("y", rows, outputs_), y("y", rows, outputs_), g_good("g", rows, inputs_), g("g", rows, inputs_);
  u(3, 0) = std::numeric_limits<double>::quiet_NaN();
  u(17, inputs_ - 1) = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(model_.adjoint()->evaluate_and_pullback(good, y_good, weights(w), g_good).ok());
  const RowStatus status = model_.adjoint()->evaluate_and_pullback(u, y, weights(w), g);
  ASSERT_EQ(status.failed.size(), 2u);
  EXPECT_EQ(status.failed[0].row, 3);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr(model_.shape().input_names.front() + " = nan"));
  EXPECT_EQ(status.failed[1].row, 17);
  EXPECT_THAT(status.failed[1].reason, testing::HasSubstr(model_.shape().input_names.back() + " = inf"));
  for (int row = 0; row < rows; ++row) {
    const bool has_failed = row == 3 || row == 17;
    for (int i = 0; i < outputs_; ++i)
      ASSERT_TRUE(has_failed ? std::isnan(y(row, i)) : equal_bits(y(row, i), y_good(row, i)));
    for (int k = 0; k < inputs_; ++k)
      ASSERT_TRUE(has_failed ? std::isnan(g(row, k)) : equal_bits(g(row, k), g_good(row, k)));
  }
}

TEST_P(EveryOde, AnEmptyBatchIsFine) {
  const Batch u("u", 0, inputs_), y("y", 0, outputs_), g("g", 0, inputs_), w("w", 0, outputs_);
  EXPECT_TRUE(model_.evaluate(u, y).ok());
  EXPECT_TRUE(model_.adjoint()->evaluate_and_pullback(u, y, weights(w), g).ok());
}

INSTANTIATE_TEST_SUITE_P(Models, EveryOde, testing::Range(0, static_cast<int>(all_cases().size())), case_name);

std::string failure(const model::ForwardModel& model, std::vector<double> u) {
  const Batch in(u.data(), 1, u.size()), out("y", 1, model.shape().outputs);
  const RowStatus status = model.evaluate(in, out);
  return status.ok() ? "" : status.failed[0].reason;
}

TEST(OdeFailures, AStepThatIsTooLongIsToldWithWhatToTry) {
  // RK4 is unstable for ka h > 2.785: the gut grows by a factor over 10^7 a step.
  Pharmacokinetics::Params p;
  p.dt = 1.0, p.times = {200.0};
  p.observe = {"gut"};
  const auto model = Pharmacokinetics::make(p);
  EXPECT_EQ(failure(*model, {1.0, 3.0, 30.0}), "");
  EXPECT_THAT(failure(*model, {200.0, 3.0, 30.0}),
              testing::AllOf(testing::HasSubstr("not finite at t = 200"), testing::HasSubstr("dt = 1"),
                             testing::HasSubstr("try a dt ten times smaller")));
  Sir::Params s;
  s.unknown = {"infectious0"}, s.end = 10.0, s.observations = 10;
  EXPECT_THAT(failure(*Sir::make(s), {2000.0}), testing::HasSubstr("initial values do not fit"));
}

TEST(OdeFailures, ValuesOutsideTheirDomainAreToldByName) {
  Pharmacokinetics::Params p;
  p.times = {1.0};
  const auto model = Pharmacokinetics::make(p);
  EXPECT_THAT(failure(*model, {1.0, 3.0, 0.0}), testing::HasSubstr("volume = 0 is not positive and finite"));
  EXPECT_THAT(failure(*model, {-1.0, 3.0, 30.0}), testing::HasSubstr("ka = -1 is not finite and not negative"));
}

TEST(OdeFailures, TheLogarithmOfNothingIsAFailedRow) {
  Pharmacokinetics::Params p;
  p.times = {1.0}, p.transform = Transform::log, p.unknown = {"dose"};
  const auto model = Pharmacokinetics::make(p);
  EXPECT_EQ(failure(*model, {1.0}), "");
  EXPECT_THAT(failure(*model, {0.0}), testing::HasSubstr("log concentration(1) has no value"));
}

TEST(OdeTrajectories, RunFromTheInitialStateToTheLastObservation) {
  const Case c = lotka_volterra_case("", Transform::log, 0.05);  // from t = 1 to 6
  const std::vector<model::GridField> fields = c.model->states()->states(c.centre.data());
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[1].name, "predators");
  EXPECT_DOUBLE_EQ(fields[1].origin[0], 1.0);
  EXPECT_DOUBLE_EQ(fields[1].origin[0] + fields[1].spacing[0] * fields[1].cells[0], 6.0);
  EXPECT_EQ(fields[1].values.front(), 4.0);
  // Both end at t = 6, by steps of 0.025 and of 0.0476: (0.05)^4 = 6e-6 and a factor.
  EXPECT_NEAR(std::log(fields[1].values.back()), outputs_at(*c.model, c.centre)[12], 1e-5);
  EXPECT_THROW(c.model->states()->states(std::vector<double>(6, -1.0).data()), core::NumericsError);

  const Case ring = lorenz96_case("", 12, 0.025);
  const std::vector<model::GridField> picture = ring.model->states()->states(ring.centre.data());
  ASSERT_EQ(picture.size(), 1u);
  EXPECT_EQ(picture[0].cells, (std::vector<int>{11, 200}));
  ASSERT_EQ(picture[0].values.size(), 12u * 201u);
  EXPECT_EQ(picture[0].values[5], ring.centre[6]);  // x_5 at the start
}

// x' = -x^3, x(0) = c: with c = 30 and dt = 0.1 the first step is 100 times too long; x(t) = (c^-2 + 2 t)^-1/2.
TEST(OdeEngine, RowsThatFailedAreSolvedWithShorterSteps) {
  Expression::Params p;
  p.states = {"x"}, p.rates = {"-x^3"}, p.initial = {"c"}, p.parameters = {{"c", 30.0}}, p.dt = 0.1, p.times = {0.5};
  const auto model = Expression::make(p);
  const Batch u("u", 1, 1), y("y", 1, 1), du("du", 1, 1), w("w", 1, 1);
  u(0, 0) = 30.0, w(0, 0) = 1.0;
  EXPECT_FALSE(model->evaluate(u, y).ok());
  EXPECT_FALSE(model->evaluate_again(u, y, 1).ok());
  ASSERT_TRUE(model->evaluate_again(u, y, 5).ok());
  const double exact = 1.0 / std::sqrt(1.0 / 900.0 + 1.0);
  EXPECT_NEAR(y(0, 0), exact, 1e-6);
  y(0, 0) = 0.0;
  ASSERT_TRUE(model->adjoint()->evaluate_and_pullback_again(u, y, weights(w), du, 5).ok());
  EXPECT_NEAR(y(0, 0), exact, 1e-6);
  EXPECT_NEAR(du(0, 0), std::pow(exact / 30.0, 3), 1e-9);
}

TEST(OdeEngine, AMapHasNoShorterSteps) {
  const auto model = Expression::make(map_as_formulas(1.0));
  const Batch u("u", 1, 4), y("y", 1, model->shape().outputs), again("y", 1, model->shape().outputs);
  const double values[] = {1.2, 0.5, 0.1, 0.7};
  std::copy_n(values, 4, u.data());
  ASSERT_TRUE(model->evaluate(u, y).ok());
  ASSERT_TRUE(model->evaluate_again(u, again, 2).ok());
  for (std::size_t k = 0; k < y.extent(1); ++k) EXPECT_TRUE(equal_bits(y(0, k), again(0, k)));
}

}  // namespace
}  // namespace aleator::ode
