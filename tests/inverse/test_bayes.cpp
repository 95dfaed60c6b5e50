#include "inverse/problem/bayes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/model/linear.hpp"
#include "prob/prior/log_normal.hpp"
#include "prob/prior/normal.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using model::ConstBatch;
using model::Vector;
constexpr double inf = std::numeric_limits<double>::infinity();

// y = u, but fails where u_0 > 1, overflows to NaN unnoticed where u_0 < -1, and to infinity where u_1 > 1. Where u_1 < -1 the
// first attempt has no slope.
class FragileModel : public model::ForwardModel, private model::Adjoint {
 public:
  explicit FragileModel(int inputs = 2) { shape_.inputs = inputs, shape_.outputs = 2; }
  const model::Shape& shape() const override { return shape_; }
  const model::Adjoint* adjoint() const override { return this; }
  model::RowStatus evaluate(ConstBatch u, Batch y) const override {
    model::RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      const bool has_failed = u(row, 0) > 1.0;
      if (has_failed) status.failed.push_back({static_cast<int>(row), "no convergence"});
      y(row, 0) = has_failed || u(row, 0) < -1.0 ? std::numeric_limits<double>::quiet_NaN() : u(row, 0);
      y(row, 1) = u(row, 1) > 1.0 ? inf : u(row, 1);
    }
    return status;
  }

 private:
  model::RowStatus evaluate_and_pullback(ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                         Batch du) const override {
    return evaluate_and_pullback_again(u, y, cotangent, du, 0);
  }
  model::RowStatus evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du,
                                               int attempt) const override {
    const model::RowStatus status = evaluate(u, y);
    const Batch dy("dy", u.extent(0), 2);
    cotangent(0, y, dy);
    for (std::size_t row = 0; row < u.extent(0); ++row)
      for (std::size_t k = 0; k < u.extent(1); ++k) du(row, k) = k < 2 ? dy(row, k) : 0.0;
    for (std::size_t row = 0; row < u.extent(0) && attempt == 0; ++row)
      if (u(row, 1) < -1.0) du(row, 1) = std::numeric_limits<double>::quiet_NaN();
    return status;
  }
  model::Shape shape_;
};

// Two equal parameters from one latent coordinate.
class TwinPrior : public prob::Prior {
 public:
  int dimension() const override { return 2; }
  int latent_dimension() const override { return 1; }
  void to_parameters(const double* z, double* u) const override { u[0] = u[1] = z[0]; }
  void to_latent(const double* u, double* z) const override { z[0] = 0.5 * (u[0] + u[1]); }
  void pullback(const double*, const double* g_u, double* g_z) const override { g_z[0] = g_u[0] + g_u[1]; }
  double log_density(const double* u) const override { return -0.5 * u[0] * u[0]; }
};

const deck::File two_data = {"data.txt", "0.5 0.25\n"};

BayesProblem fragile_problem(BayesProblem::OnFailure on_failure, int inputs = 2) {
  BayesProblem::Params params;
  params.model = "fragile", params.prior = "theta", params.on_failure = on_failure;
  return BayesProblem(params,
                      {std::make_shared<FragileModel>(inputs),
                       std::make_shared<prob::Normal>(prob::Normal::Params{inputs, {0.0}, {1.0}, {}}),
                       std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{two_data, {1.0}, {}, true})});
}

BayesProblem linear_problem(std::shared_ptr<const prob::Prior> prior) {
  const std::vector<double> matrix = {1.0, 2.0, 3.0, -1.0, 0.5, 4.0};
  return BayesProblem(
      {}, {std::make_shared<LinearModel>(matrix, 2, 3), std::move(prior),
           std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{two_data, {0.5, 2.0}, {}, true})});
}

Batch latent_rows(int rows, int d) {
  Batch z("z", rows, d);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < d; ++k) z(row, k) = std::sin(1.0 + 3.0 * row + 1.7 * k);
  return z;
}

double log_likelihood_at(const BayesProblem& problem, const Batch& z, int row, int k, double shift) {
  Batch moved("moved", 1, z.extent(1));
  for (std::size_t j = 0; j < z.extent(1); ++j) moved(0, j) = z(row, j);
  moved(0, k) += shift;
  model::Evaluation result{Vector("log_likelihood", 1), {}, {}};
  problem.evaluate(moved, result);
  return result.log_likelihood(0);
}

TEST(BayesProblem, GradientAgreesWithCentralDifferencesThroughPriorAndModel) {
  const std::vector<std::vector<double>> covariance = {{2.0, 0.6, -0.3}, {0.6, 1.5, 0.4}, {-0.3, 0.4, 0.8}};
  const auto normal = std::make_shared<prob::Normal>(prob::Normal::Params{3, {0.1}, {1.0}, covariance});
  const auto log_normal = std::make_shared<prob::LogNormal>(prob::LogNormal::Params{3, {-0.5}, {0.3, 0.5, 0.2}, true});
  for (const std::shared_ptr<const prob::Prior>& prior :
       {std::shared_ptr<const prob::Prior>(normal), std::shared_ptr<const prob::Prior>(log_normal)}) {
    const BayesProblem problem = linear_problem(prior);
    ASSERT_TRUE(problem.has_gradient());
    const Batch z = latent_rows(4, 3);
    model::Evaluation result{Vector("log_likelihood", 4), Batch("gradient", 4, 3), {}};
    problem.evaluate(z, result);
    for (int row = 0; row < 4; ++row)
      for (int k = 0; k < 3; ++k) {  // h^2 + 1e-16 / h with h = 1e-5, times values below 100
        const double difference =
            (log_likelihood_at(problem, z, row, k, 1e-5) - log_likelihood_at(problem, z, row, k, -1e-5)) / 2e-5;
        EXPECT_NEAR(result.gradient(row, k), difference, 1e-7 * (1.0 + std::abs(difference)));
      }
  }
}

TEST(BayesProblem, ValueDoesNotDependOnWhetherAGradientIsAskedFor) {
  const BayesProblem problem =
      linear_problem(std::make_shared<prob::LogNormal>(prob::LogNormal::Params{3, {0.0}, {1.0}, true}));
  const Batch z = latent_rows(5, 3), u("u", 5, 3), y("y", 5, 2);
  model::Evaluation plain{Vector("a", 5), {}, {}},
      full{Vector("b", 5), Batch("gradient", 5, 3), Batch("outputs", 5, 2)};
  problem.evaluate(z, plain);
  problem.evaluate(z, full);
  problem.parameters(z, u);
  problem.parts().model->evaluate(u, y);
  for (int row = 0; row < 5; ++row) {
    EXPECT_EQ(plain.log_likelihood(row), full.log_likelihood(row));
    EXPECT_EQ(full.outputs(row, 1), y(row, 1));
    EXPECT_EQ(u(row, 2), std::exp(z(row, 2)));
  }
}

TEST(Shape, EveryOutputHasANameOfItsOwn) {
  model::Shape shape;
  shape.outputs = 4, shape.output_names = {"u(0.5)", "u(1)", "u(0.5)"};
  EXPECT_EQ(model::output_names(shape), (std::vector<std::string>{"u(0.5)", "u(1)", "u(0.5) (2)", "y[3]"}));
}

TEST(BayesProblem, ARowWithoutASlopeIsTriedAgain) {
  Batch z("z", 2, 2);
  z(1, 1) = -2.0;
  for (const auto on_failure : {BayesProblem::OnFailure::reject, BayesProblem::OnFailure::retry}) {
    const BayesProblem problem = fragile_problem(on_failure);
    model::Evaluation result{Vector("log_likelihood", 2), Batch("gradient", 2, 2), {}};
    problem.evaluate(z, result);
    const bool is_retried = on_failure == BayesProblem::OnFailure::retry;
    const std::vector<std::string> listed = problem.take_failures();
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].find("sound when computed again") != std::string::npos, is_retried) << listed[0];
    EXPECT_EQ(std::isfinite(result.log_likelihood(1)), is_retried);
    EXPECT_EQ(result.gradient(1, 1), is_retried ? 2.25 : 0.0);  // (0.25 - z_1) / 1
    EXPECT_EQ(result.gradient(0, 1), 0.25);
  }
}

TEST(BayesProblem, FailedRowsHaveLikelihoodZeroAndDisturbNoOther) {
  const BayesProblem problem = fragile_problem(BayesProblem::OnFailure::reject);
  const Batch z("z", 5, 2);
  z(1, 0) = 2.0;   // the model says that it failed
  z(2, 0) = -2.0;  // the model does not notice
  z(3, 1) = 3.0;   // an output is infinite: else likelihood zero without a word
  model::Evaluation result{Vector("log_likelihood", 5), Batch("gradient", 5, 2), {}};
  EXPECT_EQ(problem.evaluate(z, result), (std::vector<int>{1, 2, 3}));
  const std::vector<std::string> lines = problem.take_failures();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[2].find("\"output y[1] is inf\""), std::string::npos) << lines[2];
  const double expected = -0.5 * (0.25 + 0.0625) - std::log(2.0 * M_PI);
  for (const int row : {0, 4}) {
    EXPECT_NEAR(result.log_likelihood(row), expected, 1e-14);
    EXPECT_DOUBLE_EQ(result.gradient(row, 0), 0.5);
  }
  for (const int row : {1, 2, 3}) {
    EXPECT_EQ(result.log_likelihood(row), -inf);
    EXPECT_EQ(result.gradient(row, 0), 0.0);
    EXPECT_EQ(result.gradient(row, 1), 0.0);
  }
}

TEST(BayesProblem, FailedRowsDisturbNoOtherWhereTheLatentCoordinatesAreFewerThanTheParameters) {
  const BayesProblem problem(
      {}, {std::make_shared<FragileModel>(), std::make_shared<TwinPrior>(),
           std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{two_data, {1.0}, {}, true})});
  EXPECT_EQ(problem.dimension(), 1);
  EXPECT_EQ(problem.parameter_dimension(), 2);
  const Batch z("z", 2, 1), gradient("gradient", 2, 1);
  z(0, 0) = 2.0, z(1, 0) = 0.75;  // the first fails
  model::Evaluation evaluation{Vector("log_likelihood", 2), gradient, {}};
  EXPECT_EQ(problem.evaluate(z, evaluation), std::vector<int>{0});
  EXPECT_EQ(gradient(0, 0), 0.0);
  EXPECT_NEAR(gradient(1, 0), (0.5 - 0.75) + (0.25 - 0.75), 1e-14);  // y = u, sd 1
}

// 70 rows of 65 536 parameters are treated in five parts.
TEST(BayesProblem, RowsOfLargeFieldsAreThoseOfEachAlone) {
  const int rows = 70, d = 65536;
  const BayesProblem problem = fragile_problem(BayesProblem::OnFailure::reject, d);
  const Batch z("z", rows, d);
  for (int row = 0; row < rows; ++row) z(row, 0) = row % 30 == 5 ? 2.0 : 0.01 * row, z(row, 1) = -0.01 * row;
  model::Evaluation all{Vector("log_likelihood", rows), Batch("gradient", rows, d), Batch("outputs", rows, 2)};
  EXPECT_EQ(problem.evaluate(z, all), (std::vector<int>{5, 35, 65}));
  for (int row = 0; row < rows; ++row) {
    model::Evaluation one{Vector("log_likelihood", 1), Batch("gradient", 1, d), Batch("outputs", 1, 2)};
    problem.evaluate(Kokkos::subview(z, Kokkos::make_pair(row, row + 1), Kokkos::ALL), one);
    EXPECT_EQ(all.log_likelihood(row), one.log_likelihood(0)) << row;
    EXPECT_EQ(all.gradient(row, 1), one.gradient(0, 1)) << row;
    EXPECT_EQ(all.outputs(row, 1), -0.01 * row) << row;
  }
}

TEST(BayesProblem, OnFailureStopNamesTheModelAndThePoint) {
  const BayesProblem problem = fragile_problem(BayesProblem::OnFailure::stop);
  const Batch z("z", 2, 2);
  model::Evaluation result{Vector("log_likelihood", 2), {}, {}};
  EXPECT_NO_THROW(problem.evaluate(z, result));
  z(1, 0) = 1.25;
  try {
    problem.evaluate(z, result);
    FAIL() << "nothing was thrown";
  } catch (const core::NumericsError& error) {
    const std::string message = error.what();
    for (const char* part : {"fragile", "1.25, 0", "no convergence", "on_failure"})
      EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(BayesProblem, ZeroRowsAreAllowed) {
  const BayesProblem problem = fragile_problem(BayesProblem::OnFailure::stop);
  model::Evaluation result{Vector("log_likelihood", 0), Batch("gradient", 0, 2), {}};
  EXPECT_TRUE(problem.evaluate(Batch("z", 0, 2), result).empty());
}

TEST(BayesProblem, RefusesPartsThatDoNotFit) {
  const auto model = std::make_shared<LinearModel>(std::vector<double>(6, 1.0), 2, 3);
  const auto make = [&](int parameters, const std::string& data, const std::string& reference) {
    BayesProblem::Params params;
    if (!reference.empty()) params.reference_mean = {"mean.txt", reference};
    return BayesProblem(
        params,
        {model, std::make_shared<prob::Normal>(prob::Normal::Params{parameters, {0.0}, {1.0}, {}}),
         std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{{"data.txt", data}, {1.0}, {}, true})});
  };
  EXPECT_NO_THROW(make(3, "1 2\n", "1 2 3\n"));
  EXPECT_THROW(make(2, "1 2\n", ""), deck::KeyError);
  EXPECT_THROW(make(3, "1 2 3\n", ""), deck::KeyError);
  EXPECT_THROW(make(3, "1 2\n", "1 2\n"), deck::KeyError);
}

TEST(BayesProblem, EvaluatesAtParametersForComparisonWithPublishedValues) {
  const BayesProblem problem =
      linear_problem(std::make_shared<prob::LogNormal>(prob::LogNormal::Params{3, {4.0}, {2.0}, false}));
  const Batch u("u", 2, 3);
  for (int k = 0; k < 3; ++k) u(0, k) = 1.0, u(1, k) = 10.0;
  model::Evaluation result{Vector("log_likelihood", 2), {}, Batch("outputs", 2, 2)};
  const Vector log_prior("log_prior", 2);
  EXPECT_TRUE(problem.evaluate_parameters(u, result, log_prior).ok());
  EXPECT_DOUBLE_EQ(result.outputs(0, 0), 6.0);
  EXPECT_NEAR(log_prior(0), 0.0, 1e-13);
  EXPECT_NEAR(log_prior(1), -3.0 * std::log(10.0) * std::log(10.0) / 8.0, 1e-12);
  ASSERT_TRUE(problem.has_parameter_gradient());
  model::Evaluation with_slope{Vector("log_likelihood", 2), Batch("gradient", 2, 3), {}};
  u(1, 0) = -1.0;  // outside the support
  problem.evaluate_parameters(u, with_slope, log_prior);
  const auto at = [&](int k, double step) {
    const Batch v("v", 1, 3);
    for (int i = 0; i < 3; ++i) v(0, i) = 1.0 + (i == k ? step : 0.0);
    model::Evaluation e{Vector("log_likelihood", 1), {}, {}};
    const Vector prior("log_prior", 1);
    problem.evaluate_parameters(v, e, prior);
    return e.log_likelihood(0) + prior(0);
  };
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(with_slope.gradient(0, k), (at(k, 1e-5) - at(k, -1e-5)) / 2e-5, 1e-6) << k;
    EXPECT_EQ(with_slope.gradient(1, k), 0.0) << k;
  }
  const double misfit = std::pow((0.5 - 6.0) / 0.5, 2) + std::pow((0.25 - 3.5) / 2.0, 2);
  EXPECT_NEAR(result.log_likelihood(0), -0.5 * misfit - std::log(2.0 * M_PI) - std::log(0.5) - std::log(2.0), 1e-12);
}

}  // namespace
}  // namespace aleator::inverse
