// Several models as one: outputs in order, parameters dealt, derivatives, rows that fail in one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "inverse/expression/model.hpp"
#include "inverse/model/joint.hpp"
#include "inverse/model/measured.hpp"
#include "inverse/model/pass_through.hpp"
#include "support/models.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using testing::HasSubstr;

std::shared_ptr<const model::ForwardModel> formulas(std::vector<std::string> parameters,
                                                    std::vector<std::string> outputs) {
  ExpressionModel::Params p;
  p.parameters = std::move(parameters), p.outputs = std::move(outputs);
  return std::make_shared<ExpressionModel>(p);
}

// (a b, a^2), (exp(b) c), (sqrt(c + a)) of (a, b, c).
JointModel three() {
  return {{{"first", "second", "third"}, {{0, 1}, {1, 2}, {2, 0}}},
          {formulas({"a", "b"}, {"a * b", "a ^ 2"}), formulas({"b", "c"}, {"exp(b) * c"}),
           formulas({"c", "a"}, {"sqrt(c + a)"})}};
}

TEST(JointModel, GivesTheOutputsOfEachModelInOrder) {
  const JointModel joint = three();
  EXPECT_EQ(joint.shape().inputs, 3);
  EXPECT_EQ(joint.shape().input_names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(joint.shape().output_names[2].substr(0, 7), "second.");
  const std::vector<double> y = test_models::outputs_at(joint, {2.0, 0.5, 7.0});
  const std::vector<double> exact{1.0, 4.0, std::exp(0.5) * 7.0, 3.0};
  ASSERT_EQ(y.size(), exact.size());
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], exact[i], 1e-14);
}

TEST(JointModel, DerivativesAreThoseOfAllModels) {
  const JointModel joint = three();
  const Batch u = test_models::rows_around({2.0, 0.5, 7.0}, 5);
  test_models::expect_dot_products(joint, u);
  test_models::expect_gradient(joint, u);
  test_models::expect_same_bits(joint, u);
}

// The density may couple outputs of different models: the cotangent sees all of them.
TEST(JointModel, TheCotangentSeesTheOutputsOfAllModels) {
  const JointModel joint = three();
  const Batch u = test_models::rows_around({2.0, 0.5, 7.0}, 40), y("y", 40, 4), du("du", 40, 3);
  const auto product = [](int, model::ConstBatch z, Batch dz) {  // of all outputs
    for (std::size_t row = 0; row < z.extent(0); ++row)
      for (int k = 0; k < 4; ++k) {
        dz(row, k) = 1.0;
        for (int l = 0; l < 4; ++l) dz(row, k) *= l == k ? 1.0 : z(row, l);
      }
  };
  ASSERT_TRUE(joint.adjoint()->evaluate_and_pullback(u, y, product, du).ok());
  for (int row = 0; row < 40; ++row) {
    const double a = u(row, 0), b = u(row, 1), c = u(row, 2);
    const auto f = [](double x, double v, double w) { return x * v * x * x * std::exp(v) * w * std::sqrt(w + x); };
    const double h = 1e-6;
    EXPECT_NEAR(du(row, 0), (f(a + h, b, c) - f(a - h, b, c)) / (2 * h), 1e-6 * std::abs(du(row, 0)));
    EXPECT_NEAR(du(row, 1), (f(a, b + h, c) - f(a, b - h, c)) / (2 * h), 1e-6 * std::abs(du(row, 1)));
    EXPECT_NEAR(du(row, 2), (f(a, b, c + h) - f(a, b, c - h)) / (2 * h), 1e-6 * std::abs(du(row, 2)));
  }
}

TEST(JointModel, ARowFailsWhereOneOfItsModelsDoes) {
  const JointModel joint = three();
  const Batch u = test_models::rows_around({2.0, 0.5, 7.0}, 4), y("y", 4, 4), du("du", 4, 3), sound("y", 4, 4);
  ASSERT_TRUE(joint.evaluate(u, sound).ok());
  u(1, 2) = -30.0;  // the root's
  u(3, 1) = 1e4;    // exp overflows, in the second model
  for (const bool with_gradient : {false, true}) {
    const model::RowStatus status = with_gradient
                                        ? joint.adjoint()->evaluate_and_pullback(u, y, test_models::same_weights, du)
                                        : joint.evaluate(u, y);
    ASSERT_EQ(status.failed.size(), 2u);
    EXPECT_EQ(status.failed[0].row, 1);
    EXPECT_THAT(status.failed[0].reason, HasSubstr("model 'third'"));
    EXPECT_EQ(status.failed[1].row, 3);
    EXPECT_THAT(status.failed[1].reason, HasSubstr("model 'second'"));
    for (int k = 0; k < 4; ++k) {
      EXPECT_TRUE(std::isnan(y(1, k)) && std::isnan(y(3, k)));
      EXPECT_EQ(y(0, k), sound(0, k));
      EXPECT_EQ(y(2, k), sound(2, k));
    }
  }
  EXPECT_TRUE(std::isnan(du(1, 0)) && std::isfinite(du(2, 0)));
}

// y = 2 u, but only for rows that have failed twice.
class Stubborn : public model::ForwardModel, private model::Adjoint {
 public:
  Stubborn() { shape_.inputs = shape_.outputs = 1; }
  const model::Shape& shape() const override { return shape_; }
  const model::Adjoint* adjoint() const override { return this; }
  model::RowStatus evaluate(model::ConstBatch u, Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, Batch y, int attempt) const override {
    model::RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      y(row, 0) = attempt < 2 ? std::nan("") : 2.0 * u(row, 0);
      if (attempt < 2) status.failed.push_back({static_cast<int>(row), "too early"});
    }
    return status;
  }

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                         Batch du) const override {
    return evaluate_and_pullback_again(u, y, cotangent, du, 0);
  }
  model::RowStatus evaluate_and_pullback_again(model::ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                               Batch du, int attempt) const override {
    const model::RowStatus status = evaluate_again(u, y, attempt);
    const Batch dy("dy", u.extent(0), 1);
    if (status.ok()) cotangent(0, y, dy);
    for (std::size_t row = 0; row < u.extent(0); ++row) du(row, 0) = 2.0 * dy(row, 0);
    return status;
  }
  model::Shape shape_;
};

// (2 a, 2 b, c) of (a, b, c), the first and the last of them measured.
TEST(JointModel, RowsThatFailedAreComputedAgainThroughEveryWrapper) {
  const auto stubborn = std::make_shared<Stubborn>();
  const auto joint =
      std::make_shared<JointModel>(JointModel::Params{{"first", "second"}, {{0}, {1}}},
                                   std::vector<std::shared_ptr<const model::ForwardModel>>{stubborn, stubborn});
  const Measured some(std::make_shared<PassThrough>(joint, 1), {0, 2});
  const Batch u = test_models::rows_around({2.0, 0.5, 7.0}, 3), y("y", 3, 2), du("du", 3, 3);
  const Batch w = test_models::random_batch(3, 2, 1);
  for (const int attempt : {0, 1, 2}) {
    const std::size_t failures = attempt < 2 ? 3 : 0;
    EXPECT_EQ(some.evaluate_again(u, y, attempt).failed.size(), failures);
    EXPECT_EQ(some.adjoint()->evaluate_and_pullback_again(u, y, test_models::weights(w), du, attempt).failed.size(),
              failures);
  }
  for (int row = 0; row < 3; ++row) {
    EXPECT_EQ(y(row, 0), 2.0 * u(row, 0));
    EXPECT_EQ(y(row, 1), u(row, 2));
    EXPECT_EQ(du(row, 0), 2.0 * w(row, 0));
    EXPECT_EQ(du(row, 1), 0.0);
    EXPECT_EQ(du(row, 2), w(row, 1));
  }
}

TEST(JointModel, RefusesParametersThatDoNotFit) {
  const auto a = formulas({"a", "b"}, {"a * b"}), b = formulas({"c"}, {"c"});
  EXPECT_THROW(JointModel({{"first", "first"}, {}}, {a, a}), deck::KeyError);
  const JointModel clash({{"one", "two"}, {{0}, {1}}}, {formulas({"k"}, {"k"}), formulas({"k"}, {"2 * k"})});
  EXPECT_EQ(clash.shape().input_names, (std::vector<std::string>{"one.k", "two.k"}));
  const auto complaint = [&](const std::vector<std::vector<double>>& inputs, const std::string& key) {
    try {
      JointModel({{"first", "second"}, inputs}, {a, b});
    } catch (const deck::KeyError& error) {
      EXPECT_EQ(error.key(), key);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(complaint({}, "models"), HasSubstr("'first' takes 2 parameters and 'second' 1"));
  EXPECT_THAT(complaint({{0, 1}}, "inputs"), HasSubstr("1 lists for 2 models"));
  EXPECT_THAT(complaint({{0, 1}, {1, 2}}, "inputs"), HasSubstr("gives model 'second' 2 parameters, but it takes 1"));
  EXPECT_THAT(complaint({{0, 1}, {3}}, "inputs"), HasSubstr("no model takes parameter 2"));
  EXPECT_THAT(complaint({{0, 0.5}, {1}}, "inputs"), HasSubstr("0.5 is no number"));
}

}  // namespace
}  // namespace aleator::inverse
