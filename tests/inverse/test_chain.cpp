// Models one behind the other: outputs, derivatives, rows that fail in one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "deck/diagnostics.hpp"
#include "inverse/expression/model.hpp"
#include "inverse/model/chain.hpp"
#include "support/models.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using testing::HasSubstr;

ChainModel::Part formulas(const char* name, std::vector<std::string> parameters, std::vector<std::string> outputs) {
  ExpressionModel::Params p;
  p.parameters = std::move(parameters), p.outputs = std::move(outputs);
  return {name, std::make_shared<ExpressionModel>(p)};
}

// (v0 v1, exp(v2), v2) of v = (a b, sqrt(a), b - a).
ChainModel two() {
  return {formulas("first", {"a", "b"}, {"a * b", "sqrt(a)", "b - a"}),
          formulas("second", {"v[3]"}, {"v[0] * v[1]", "exp(v[2])", "log(3 - v[2])"})};
}

TEST(ChainModel, TheSecondTakesWhatTheFirstGives) {
  const ChainModel chain = two();
  EXPECT_EQ(chain.shape().input_names, (std::vector<std::string>{"a", "b"}));
  const std::vector<double> y = test_models::outputs_at(chain, {4.0, 1.5});
  const std::vector<double> exact{12.0, std::exp(-2.5), std::log(5.5)};
  ASSERT_EQ(y.size(), exact.size());
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], exact[i], 1e-14);
}

TEST(ChainModel, DerivativesAreThoseOfTheComposition) {
  const ChainModel chain = two();
  const Batch u = test_models::rows_around({4.0, 1.5}, 5);
  test_models::expect_dot_products(chain, u);
  test_models::expect_gradient(chain, u);
  test_models::expect_same_bits(chain, u);
}

TEST(ChainModel, OutputsInAnotherOrderThanTheParametersAreRefused) {
  const auto behind = formulas("behind", {"width", "height"}, {"width * height"});
  EXPECT_NO_THROW(refuse_other_order(formulas("first", {"a"}, {"width = a", "height = 2 * a"}), behind, 1));
  EXPECT_NO_THROW(refuse_other_order(formulas("first", {"a"}, {"x = a", "z = 2 * a"}), behind, 1));
  EXPECT_THROW(refuse_other_order(formulas("first", {"a"}, {"height = a", "width = 2 * a"}), behind, 1),
               deck::KeyError);
}

TEST(ChainModel, ARowFailsByTheFirstModelThatCannotBeComputed) {
  const ChainModel chain = two();
  const Batch u("u", 3, 2), y("y", 3, 3), du("du", 3, 2);
  u(0, 0) = 4.0, u(0, 1) = 1.5;
  u(1, 0) = -1.0, u(1, 1) = 1.5;  // sqrt(-1)
  u(2, 0) = 1.0, u(2, 1) = 9.0;   // log(-5)
  const auto ones = [](int, model::ConstBatch, Batch dy) { Kokkos::deep_copy(dy, 1.0); };
  for (const model::RowStatus& status :
       {chain.evaluate(u, y), chain.adjoint()->evaluate_and_pullback(u, y, ones, du)}) {
    ASSERT_EQ(status.failed.size(), 2u);
    EXPECT_EQ(status.failed[0].row, 1);
    EXPECT_THAT(status.failed[0].reason, HasSubstr("model 'first'"));
    EXPECT_THAT(status.failed[1].reason, HasSubstr("model 'second'"));
    EXPECT_TRUE(std::isfinite(y(0, 0)));
    EXPECT_TRUE(std::isnan(y(1, 1)) && std::isnan(y(2, 0)));
  }
  EXPECT_TRUE(std::isfinite(du(0, 0)) && std::isnan(du(1, 0)) && std::isnan(du(2, 1)));
}

}  // namespace
}  // namespace aleator::inverse
