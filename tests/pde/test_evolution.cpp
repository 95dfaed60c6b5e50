// What holds for every evolution model: derivatives belong to the steps, rows to themselves, failures are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "deck/diagnostics.hpp"
#include "evolution_cases.hpp"

namespace aleator::pde::evolution {
namespace {

class EveryEvolution : public testing::TestWithParam<int> {
 protected:
  const Case case_ = all_cases()[static_cast<std::size_t>(GetParam())];
  const std::unique_ptr<model::ForwardModel> model_ = case_.make({case_.dt});
  const int inputs_ = model_->shape().inputs, outputs_ = model_->shape().outputs;
};

std::string case_name(const testing::TestParamInfo<int>& info) {
  return all_cases()[static_cast<std::size_t>(info.param)].name;
}

bool equal_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// (w, J v) = (J^T w, v) up to rounding, with either method.
TEST_P(EveryEvolution, AdjointAndTangentPassTheDotProductTest) {
  const int rows = 5;
  for (const Method method : {Method::rk4, Method::ssp_rk3}) {
    const auto model = case_.make({0.8 * case_.dt, method});
    const Batch u = some_rows(case_, rows), v = random_batch(rows, inputs_, 3), w = random_batch(rows, outputs_, 2);
    const Batch y("y", rows, outputs_), y_tangent("y", rows, outputs_), y_adjoint("y", rows, outputs_);
    const Batch dy("dy", rows, outputs_), du("du", rows, inputs_);
    ASSERT_TRUE(model->evaluate(u, y).ok());
    ASSERT_TRUE(model->tangent()->evaluate_and_pushforward(u, v, y_tangent, dy).ok());
    ASSERT_TRUE(model->adjoint()->evaluate_and_pullback(u, y_adjoint, weights(w), du).ok());
    for (int row = 0; row < rows; ++row) {
      double left = 0.0, right = 0.0, size = 0.0;
      for (int i = 0; i < outputs_; ++i) {
        left += w(row, i) * dy(row, i), size += std::abs(w(row, i) * dy(row, i));
        EXPECT_TRUE(equal_bits(y(row, i), y_adjoint(row, i)));
        EXPECT_TRUE(equal_bits(y(row, i), y_tangent(row, i)));
      }
      for (int k = 0; k < inputs_; ++k) right += du(row, k) * v(row, k);
      EXPECT_NEAR(left, right, 1e-10 * size) << "row " << row;
      EXPECT_GT(size, 0.0);
    }
  }
}

// Steps of 1e-5: truncation 1e-10 times third derivatives, rounding 1e-16 / 1e-5, both far below 1e-6.
TEST_P(EveryEvolution, GradientAgreesWithCentralDifferences) {
  const int rows = 2 * inputs_;
  constexpr double step = 1e-5;
  const Batch w = random_batch(1, outputs_, 3), u = some_rows(case_, 1), y("y", 1, outputs_), du("du", 1, inputs_);
  ASSERT_TRUE(model_->adjoint()->evaluate_and_pullback(u, y, weights(w), du).ok());
  const Batch moved("u", rows, inputs_), z("z", rows, outputs_);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < inputs_; ++k)
      moved(row, k) = u(0, k) * (1.0 + (row / 2 == k ? (row % 2 == 0 ? step : -step) : 0.0));
  ASSERT_TRUE(model_->evaluate(moved, z).ok());
  for (int k = 0; k < inputs_; ++k) {
    double difference = 0.0, size = 0.0;
    for (int i = 0; i < outputs_; ++i) {
      const double change = w(0, i) * (z(2 * k, i) - z(2 * k + 1, i)) / (2.0 * step * u(0, k));
      difference += change, size += std::abs(change) + 1e-3 * std::abs(w(0, i) * y(0, i) / u(0, k));
    }
    EXPECT_NEAR(du(0, k), difference, 1e-6 * size) << model_->shape().input_names[static_cast<std::size_t>(k)];
  }
}

// Errors against a step six times shorter: 2^order when a step is halved, and what the reference lacks.
TEST_P(EveryEvolution, ErrorsFallWithTheOrderOfTheMethod) {
  for (const auto& [method, order] : {std::pair(Method::rk4, 4.0), std::pair(Method::ssp_rk3, 3.0)}) {
    const auto at = [&, method = method](double dt) { return outputs_at(*case_.make({dt, method}), case_.centre); };
    const double dt = (method == Method::rk4 ? 0.15 : 0.1) * case_.dt;
    const std::vector<double> reference = at(dt / 12);
    const double coarse = distance(at(dt), reference), fine = distance(at(dt / 2), reference);
    EXPECT_NEAR(std::log2(coarse / fine), order, 0.1) << coarse << " " << fine;
  }
}

// Segments of steps instead of all of them: the same operations, the same bits.
TEST_P(EveryEvolution, LittleMemoryGivesTheSameBits) {
  const Batch u = some_rows(case_, 2), y("y", 2, outputs_), z("z", 2, outputs_), w = random_batch(2, outputs_, 1);
  const Batch g("g", 2, inputs_), h("h", 2, inputs_);
  const double dt = case_.dt / 8;
  double memory = 64.0;
  std::unique_ptr<model::ForwardModel> segmented;  // the least that is not refused
  for (double less = memory; less > 1e-4; less *= 0.8) try {
      segmented = case_.make({dt, Method::rk4, less});
      memory = less;
    } catch (const deck::KeyError& error) {
      EXPECT_EQ(error.key(), "memory");
      break;
    }
  ASSERT_TRUE(case_.make({dt})->adjoint()->evaluate_and_pullback(u, y, weights(w), g).ok());
  ASSERT_TRUE(segmented->adjoint()->evaluate_and_pullback(u, z, weights(w), h).ok());
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < outputs_; ++i) ASSERT_TRUE(equal_bits(y(row, i), z(row, i)));
    for (int k = 0; k < inputs_; ++k) ASSERT_TRUE(equal_bits(g(row, k), h(row, k)));
  }
  EXPECT_LT(memory, 2.0);
}

TEST_P(EveryEvolution, ARowsBitsDoNotDependOnItsPlaceOrItsCompany) {
  const int most = 9;
  const Batch all = some_rows(case_, most), y_all("y", most, outputs_), g_all("g", most, inputs_);
  const Batch w = random_batch(1, outputs_, 1);
  const auto same = [&](int, ConstBatch y, Batch dy) {
    for (std::size_t row = 0; row < y.extent(0); ++row)
      for (int i = 0; i < outputs_; ++i) dy(row, i) = w(0, i);
  };
  ASSERT_TRUE(model_->adjoint()->evaluate_and_pullback(all, y_all, same, g_all).ok());
  for (const int rows : {1, 2, 5}) {
    const Batch u("u", rows, inputs_), y("y", rows, outputs_), z("z", rows, outputs_), g("g", rows, inputs_);
    const auto source = [&](int row) { return (4 * row + rows) % most; };
    for (int row = 0; row < rows; ++row)
      for (int k = 0; k < inputs_; ++k) u(row, k) = all(source(row), k);
    ASSERT_TRUE(model_->evaluate(u, y).ok());
    ASSERT_TRUE(model_->adjoint()->evaluate_and_pullback(u, z, same, g).ok());
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < outputs_; ++i) {
        ASSERT_TRUE(equal_bits(y(row, i), y_all(source(row), i)));
        ASSERT_TRUE(equal_bits(z(row, i), y_all(source(row), i)));
      }
      for (int k = 0; k < inputs_; ++k) ASSERT_TRUE(equal_bits(g(row, k), g_all(source(row), k)));
    }
  }
}

TEST_P(EveryEvolution, RowsThatCannotBeSolvedAreReportedAndLeaveTheOthersAlone) {
  const int rows = 4;
  const Batch good = some_rows(case_, rows), u = some_rows(case_, rows), w = random_batch(rows, outputs_, 4);
  const Batch y_good("y", rows, outputs_), y("y", rows, outputs_), g_good("g", rows, inputs_), g("g", rows, inputs_);
  u(1, 0) = std::numeric_limits<double>::quiet_NaN();
  for (int k = 0; k < inputs_; ++k) u(3, k) *= 1e6;
  ASSERT_TRUE(model_->adjoint()->evaluate_and_pullback(good, y_good, weights(w), g_good).ok());
  const RowStatus status = model_->adjoint()->evaluate_and_pullback(u, y, weights(w), g);
  ASSERT_EQ(status.failed.size(), 2u);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr(model_->shape().input_names.front() + " = nan"));
  EXPECT_EQ(status.failed[1].row, 3);
  EXPECT_THAT(status.failed[1].reason,
              testing::AnyOf(testing::HasSubstr("set dt = "), testing::HasSubstr("too long by a factor"),
                             testing::HasSubstr("not finite")));
  for (int row = 0; row < rows; ++row)
    for (int i = 0; i < outputs_; ++i)
      ASSERT_TRUE(row % 2 == 1 ? std::isnan(y(row, i)) : equal_bits(y(row, i), y_good(row, i)));
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < inputs_; ++k)
      ASSERT_TRUE(row % 2 == 1 ? std::isnan(g(row, k)) : equal_bits(g(row, k), g_good(row, k)));
}

TEST_P(EveryEvolution, StatesAreFinitePicturesOfTheStartAndTheEnd) {
  const std::vector<model::GridField> fields = model_->states()->states(case_.centre.data());
  int starts = 0, ends = 0;
  for (const model::GridField& field : fields) {
    std::size_t size = 1;
    for (const int cells : field.cells) size *= static_cast<std::size_t>(cells);
    EXPECT_EQ(field.values.size(), size) << field.name;
    for (const double value : field.values) ASSERT_TRUE(std::isfinite(value)) << field.name;
    starts += field.name.find("_start") != std::string::npos ? 1 : 0;
    ends += field.name.find("_end") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(starts, 0);
  EXPECT_EQ(starts, ends);
  EXPECT_THROW(model_->states()->states(std::vector<double>(case_.centre.size(), NAN).data()), core::NumericsError);
}

TEST_P(EveryEvolution, AnEmptyBatchIsFine) {
  const Batch u("u", 0, inputs_), y("y", 0, outputs_), g("g", 0, inputs_), w("w", 0, outputs_);
  EXPECT_TRUE(model_->evaluate(u, y).ok());
  EXPECT_TRUE(model_->adjoint()->evaluate_and_pullback(u, y, weights(w), g).ok());
}

INSTANTIATE_TEST_SUITE_P(Models, EveryEvolution, testing::Range(0, static_cast<int>(all_cases().size())), case_name);

}  // namespace
}  // namespace aleator::pde::evolution
