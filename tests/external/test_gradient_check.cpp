// What is told of gradients that are not those of the values, and what is not.
#include "model/curvature.hpp"
#include "model/gradient_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/log.hpp"

namespace aleator::model {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// y = (exp(a) b, 1e6 c^2, rounding), with faults to choose.
class Faulty : public ForwardModel, private Adjoint, private Tangent {
 public:
  double factor = 1.0;            // of the gradient
  double sign_of_c = 1.0;         // of one entry
  double noise = 0.0, top = 1e9;  // of the values; rows with a above top fail
  double rounding = 0.0;          // of an output that is zero
  mutable int runs = 0;
  mutable GradientCheck check;

  Faulty() { shape_.inputs = 3, shape_.outputs = 3; }
  const Shape& shape() const override { return shape_; }
  const Adjoint* adjoint() const override { return this; }
  const Tangent* tangent() const override { return this; }
  RowStatus evaluate(ConstBatch u, Batch y) const override {
    RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      ++runs;
      y(row, 0) = std::exp(u(row, 0)) * u(row, 1) + noise * std::sin(1e7 * u(row, 1));
      y(row, 1) = 1e6 * u(row, 2) * u(row, 2);
      y(row, 2) = rounding * std::sin(1e7 * u(row, 1));
      if (u(row, 0) > top) status.failed.push_back({static_cast<int>(row), "too large"});
    }
    return status;
  }
  RowStatus evaluate_and_pullback(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du) const override {
    const RowStatus status = evaluate(u, y);
    const Batch dy("dy", u.extent(0), 3);
    cotangent(0, y, dy);
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      du(row, 0) = factor * dy(row, 0) * std::exp(u(row, 0)) * u(row, 1);
      du(row, 1) = factor * dy(row, 0) * std::exp(u(row, 0));
      du(row, 2) = factor * sign_of_c * dy(row, 1) * 2e6 * u(row, 2);
    }
    check.once(*this, u, "model 'faulty'");
    return status;
  }
  RowStatus evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      dy(row, 0) = factor * std::exp(u(row, 0)) * (u(row, 1) * du(row, 0) + du(row, 1));
      dy(row, 1) = factor * sign_of_c * 2e6 * u(row, 2) * du(row, 2);
      dy(row, 2) = 0.0;
    }
    return evaluate(u, y);
  }

 private:
  Shape shape_;
};

Batch point(double a, double b, double c) {
  const Batch u("u", 1, 3);
  u(0, 0) = a, u(0, 1) = b, u(0, 2) = c;
  return u;
}

TEST(GradientCheck, AWrongFactorAndOneWrongEntryAreSeen) {
  Faulty model;
  for (const Batch& u : {point(0.3, -2.0, 1e-3), point(0.0, 5.0, 0.7), point(-1.0, 1e4, 0.0)}) {
    model.factor = model.sign_of_c = 1.0;
    EXPECT_TRUE(gradient_doubt(model, u).is_known && tangent_doubt(model, u).is_known);
    EXPECT_THAT(gradient_doubt(model, u).text + tangent_doubt(model, u).text, IsEmpty());
    model.factor = 0.5;
    EXPECT_THAT(gradient_doubt(model, u).text, Not(IsEmpty()));
    EXPECT_THAT(tangent_doubt(model, u).text, Not(IsEmpty()));
    model.factor = 1.0, model.sign_of_c = -1.0;
    if (u(0, 2) == 0.0) continue;  // where c^2 is flat
    EXPECT_THAT(gradient_doubt(model, u).text, Not(IsEmpty()));
  }
}

// As a sensor on a boundary where the field is given.
TEST(GradientCheck, AnOutputThatIsRoundedAroundZeroHidesNothing) {
  Faulty model;
  model.rounding = 1e-17;
  EXPECT_TRUE(gradient_doubt(model, point(0.3, -2.0, 1e-3)).is_known);
  EXPECT_THAT(gradient_doubt(model, point(0.3, -2.0, 1e-3)).text, IsEmpty());
  model.factor = 0.5;
  EXPECT_THAT(gradient_doubt(model, point(0.3, -2.0, 1e-3)).text, Not(IsEmpty()));
}

// y_0 = exp(a) b at a = 1e-3 and b = 1e12: d2y / da2 = y, d2y / da db = exp(a), each to the 1e-5 of differences.
TEST(Curvature, DifferencesSuitInputsOfAllSizes) {
  const Faulty model;
  const Batch u = point(1e-3, 1e12, 1.0), dy("dy", 1, 3), v("v", 1, 3), h("h", 1, 3);
  dy(0, 0) = 1.0, v(0, 0) = 1.0;
  ASSERT_TRUE(hessian_by_differences(*model.adjoint(), u, dy, v, h).ok());
  EXPECT_NEAR(h(0, 0) / (1e12 * std::exp(1e-3)), 1.0, 1e-5);
  EXPECT_NEAR(h(0, 1) / std::exp(1e-3), 1.0, 1e-5);
  v(0, 0) = 0.0, v(0, 1) = 1.0;
  ASSERT_TRUE(hessian_by_differences(*model.adjoint(), u, dy, v, h).ok());
  EXPECT_NEAR(h(0, 0) / std::exp(1e-3), 1.0, 1e-5);
}

// An input that is 0 but for rounding leaves a step to the others.
TEST(Curvature, DifferencesMoveInputsBesideOneNearZero) {
  const Faulty model;
  const Batch u = point(1e-12, 1.0, 1.0), dy("dy", 1, 3), v("v", 1, 3), h("h", 1, 3);
  dy(0, 0) = 1.0, v(0, 0) = v(0, 1) = 1.0;
  ASSERT_TRUE(hessian_by_differences(*model.adjoint(), u, dy, v, h).ok());
  EXPECT_NEAR(h(0, 0), 2.0, 1e-5);
  EXPECT_NEAR(h(0, 1), 1.0, 1e-5);
  u(0, 0) = 1.0, v(0, 1) = 1e-14;  // and an entry of v that is rounding leaves the step as it is
  ASSERT_TRUE(hessian_by_differences(*model.adjoint(), u, dy, v, h).ok());
  EXPECT_NEAR(h(0, 0), std::exp(1.0), 1e-5);
}

TEST(GradientCheck, NoiseAndFailuresLeaveItOpen) {
  Faulty model;
  model.noise = 0.5, model.factor = 3.0;
  EXPECT_FALSE(gradient_doubt(model, point(0.3, -2.0, 1e-3)).is_known);
  model.noise = 0.0, model.top = 0.3;  // fails on one side
  EXPECT_FALSE(gradient_doubt(model, point(0.3, -2.0, 1e-3)).is_known);
}

TEST(GradientCheck, AModelIsTriedOnceAndToldOfOnce) {
  const std::string log = testing::TempDir() + "gradient_check.txt";
  std::filesystem::remove(log);
  core::set_log_file(log);
  Faulty model;
  model.factor = 2.0;
  const Batch u = point(0.3, -2.0, 1e-3), y("y", 1, 2), du("du", 1, 3);
  const auto ask = [&] {
    model.runs = 0;
    model.evaluate_and_pullback(
        u, y, [](int, ConstBatch, Batch dy) { dy(0, 0) = dy(0, 1) = 1.0; }, du);
    return model.runs;
  };
  EXPECT_EQ(ask(), 10);
  EXPECT_EQ(ask(), 1);
  Faulty other;  // nothing to tell of at a point that says nothing: the next may
  other.top = 0.3;
  for (const int runs : {10, 10, 10, 1}) {
    other.runs = 0;
    other.evaluate_and_pullback(
        u, y, [](int, ConstBatch, Batch dy) { dy(0, 0) = dy(0, 1) = 1.0; }, du);
    EXPECT_EQ(other.runs, runs);
  }
  core::set_log_file("");
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("model 'faulty': at u = (0.3, -2, 0.001) the gradient gives"));
  EXPECT_EQ(text.str().find("model 'faulty'"), text.str().rfind("model 'faulty'"));
}

}  // namespace
}  // namespace aleator::model
