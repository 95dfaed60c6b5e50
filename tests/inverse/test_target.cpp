#include "inverse/problem/target.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/target/model_target.hpp"
#include "prob/prior/dirichlet.hpp"
#include "prob/prior/log_normal.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/positive_laws.hpp"
#include "prob/prior/product.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using model::ConstBatch;
using model::Vector;
using Reference = TargetProblem::Reference;

// f(u) = -u_0^2 u_1 + sin u_0; NaN where u_1 > 20.
double f(double a, double b) { return b > 20.0 ? std::nan("") : -a * a * b + std::sin(a); }

class Curved : public model::Target, private model::TargetGradient, private model::TargetCurvature {
 public:
  explicit Curved(std::vector<prob::Variable> variables = {}) : variables_(std::move(variables)) {}
  int dimension() const override { return 2; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  model::RowStatus evaluate(ConstBatch u, Vector values) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row) values(row) = f(u(row, 0), u(row, 1));
    return {};
  }
  const model::TargetGradient* gradient() const override { return this; }
  const model::TargetCurvature* curvature() const override { return this; }

 private:
  model::RowStatus apply_hessian(ConstBatch u, ConstBatch v, Batch h) const override {
    model::RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      h(row, 0) = (-2.0 * u(row, 1) - std::sin(u(row, 0))) * v(row, 0) - 2.0 * u(row, 0) * v(row, 1);
      h(row, 1) = -2.0 * u(row, 0) * v(row, 0);
      if (u(row, 1) > 20.0) status.failed.push_back({static_cast<int>(row), "far out"});
    }
    return status;
  }
  model::RowStatus evaluate_with_gradient(ConstBatch u, Vector values, Batch gradient) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      gradient(row, 0) = -2.0 * u(row, 0) * u(row, 1) + std::cos(u(row, 0));
      gradient(row, 1) = -u(row, 0) * u(row, 0);
    }
    return evaluate(u, values);
  }
  std::vector<prob::Variable> variables_;
};

std::shared_ptr<const prob::Prior> normal_and_gamma() {
  return std::make_shared<prob::Product>(
      std::vector<prob::Product::Part>{{"a", std::make_shared<prob::Normal>(prob::Normal::Params{1, {0.5}, {2.0}, {}})},
                                       {"b", std::make_shared<prob::Gamma>(prob::Gamma::Params{1, {2.0}, {1.5}})}});
}

TargetProblem curved_problem(Reference reference, std::vector<prob::Variable> variables = {}) {
  TargetProblem::Params params;
  params.target = "curved", params.prior = "start", params.relative_to = reference;
  return {params, normal_and_gamma(), std::make_shared<Curved>(std::move(variables))};
}

model::Evaluation evaluated(const TargetProblem& problem, const Batch& z) {
  model::Evaluation e{Vector("l", z.extent(0)), Batch("g", z.extent(0), z.extent(1)), {}};
  problem.evaluate(z, e);
  return e;
}

Batch some_rows() {
  Batch z("z", 5, 2);
  for (int row = 0; row < 5; ++row)
    for (int k = 0; k < 2; ++k) z(row, k) = 1.5 * std::sin(1.0 + 3.0 * row + 1.7 * k);
  return z;
}

TEST(TargetProblem, WithLebesgueTheSamplersDensityIsThatOfTheTargetAlone) {
  // ll(z) + log p(u) = f(u): the prior cancels from N(z; 0, I) exp ll = p(u) |dT/dz| exp ll.
  const TargetProblem problem = curved_problem(Reference::lebesgue);
  const Batch z = some_rows(), u("u", 5, 2);
  problem.parameters(z, u);
  const model::Evaluation e = evaluated(problem, z);
  for (int row = 0; row < 5; ++row)
    EXPECT_NEAR(e.log_likelihood(row) + normal_and_gamma()->log_density(&u(row, 0)), f(u(row, 0), u(row, 1)), 1e-13);
}

TEST(TargetProblem, WithPriorTheTargetIsTheLogLikelihood) {
  const TargetProblem problem = curved_problem(Reference::prior);
  const Batch z = some_rows(), u("u", 5, 2);
  problem.parameters(z, u);
  const model::Evaluation e = evaluated(problem, z);
  for (int row = 0; row < 5; ++row) EXPECT_EQ(e.log_likelihood(row), f(u(row, 0), u(row, 1)));
}

TEST(TargetProblem, GradientAgreesWithCentralDifferences) {
  for (const Reference reference : {Reference::prior, Reference::lebesgue}) {
    const TargetProblem problem = curved_problem(reference);
    ASSERT_TRUE(problem.has_gradient());
    const Batch z = some_rows();
    const model::Evaluation e = evaluated(problem, z);
    for (int row = 0; row < 5; ++row)
      for (int k = 0; k < 2; ++k) {
        Batch above("above", 1, 2), below("below", 1, 2);
        for (int j = 0; j < 2; ++j) above(0, j) = below(0, j) = z(row, j);
        above(0, k) += 1e-5, below(0, k) -= 1e-5;
        const double slope =
            (evaluated(problem, above).log_likelihood(0) - evaluated(problem, below).log_likelihood(0)) / 2e-5;
        EXPECT_NEAR(e.gradient(row, k), slope, 1e-8 * (1.0 + std::abs(slope)));
      }
  }
}

TEST(TargetProblem, HessianAgreesWithCentralDifferencesOfTheGradient) {
  for (const Reference reference : {Reference::prior, Reference::lebesgue}) {
    const TargetProblem problem = curved_problem(reference);
    ASSERT_NE(problem.hessian(), nullptr);
    const Batch z = some_rows(), v("v", 5, 2), h("h", 5, 2), above("above", 5, 2), below("below", 5, 2);
    for (int row = 0; row < 5; ++row)
      for (int k = 0; k < 2; ++k) {
        v(row, k) = std::cos(2.0 * row + 5.0 * k);
        above(row, k) = z(row, k) + 1e-5 * v(row, k), below(row, k) = z(row, k) - 1e-5 * v(row, k);
      }
    EXPECT_TRUE(problem.hessian()->multiply_hessian(z, v, h).ok());
    const model::Evaluation up = evaluated(problem, above), down = evaluated(problem, below);
    for (int row = 0; row < 5; ++row)
      for (int k = 0; k < 2; ++k) {
        const double product = -(up.gradient(row, k) - down.gradient(row, k)) / 2e-5;
        EXPECT_NEAR(h(row, k), product, 1e-7 * (1.0 + std::abs(product)));
      }
  }
}

// f(u) = -(ln u - ln 2e-9)^2 / 0.02 - ln u: a law of lengths of atoms.
class Tiny : public model::Target, private model::TargetGradient, private model::TargetCurvature {
 public:
  int dimension() const override { return 1; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  model::RowStatus evaluate(ConstBatch u, Vector values) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      const double x = std::log(u(row, 0) / 2e-9);
      values(row) = -x * x / 0.02 - std::log(u(row, 0));
    }
    return {};
  }
  const model::TargetGradient* gradient() const override { return this; }
  const model::TargetCurvature* curvature() const override { return this; }

 private:
  model::RowStatus evaluate_with_gradient(ConstBatch u, Vector values, Batch gradient) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row)
      gradient(row, 0) = -(100.0 * std::log(u(row, 0) / 2e-9) + 1.0) / u(row, 0);
    return evaluate(u, values);
  }
  model::RowStatus apply_hessian(ConstBatch u, ConstBatch v, Batch h) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row)
      h(row, 0) = (100.0 * std::log(u(row, 0) / 2e-9) - 99.0) / (u(row, 0) * u(row, 0)) * v(row, 0);
    return {};
  }
  std::vector<prob::Variable> variables_;
};

TEST(TargetProblem, HessiansDoNotHangOnTheUnits) {
  TargetProblem::Params params;
  params.relative_to = Reference::lebesgue;
  prob::LogNormal::Params law;
  law.mean_log = {std::log(1e-9)}, law.sd_log = {1.0};
  const TargetProblem problem(params, std::make_shared<prob::LogNormal>(law), std::make_shared<Tiny>());
  const Batch z("z", 1, 1), v("v", 1, 1), h("h", 1, 1);
  z(0, 0) = 0.8, v(0, 0) = 1.0;
  ASSERT_TRUE(problem.hessian()->multiply_hessian(z, v, h).ok());
  EXPECT_NEAR(h(0, 0), 99.0, 1e-4);  // of -log L = (z - ln 2)^2 / 0.02 - z^2 / 2
}

TEST(TargetProblem, AProductThatCannotBeComputedIsReturned) {
  const Batch z("z", 2, 2), v("v", 2, 2), h("h", 2, 2);
  z(1, 1) = 8.0, v(0, 0) = v(1, 0) = 1.0;  // b far above 20
  const model::RowStatus status = curved_problem(Reference::prior).hessian()->multiply_hessian(z, v, h);
  ASSERT_EQ(status.failed.size(), 1U);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_EQ(status.failed[0].reason, "far out");
}

TEST(TargetProblem, ParametersOfADensityThatIsNotANumberAreNamed) {
  TargetProblem::Params params;
  params.target = "curved", params.prior = "start", params.on_failure = OnFailure::stop;
  const TargetProblem problem(params, normal_and_gamma(), std::make_shared<Curved>());
  Batch z("z", 1, 2), u("u", 1, 2);
  z(0, 1) = 9.0;
  problem.parameters(z, u);
  ASSERT_GT(u(0, 1), 20.0);
  try {
    evaluated(problem, z);
    FAIL();
  } catch (const core::NumericsError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("target 'curved' failed at u = (a = 0.5, b = "), std::string::npos) << text;
    EXPECT_NE(text.find("the log-density is not a number"), std::string::npos) << text;
  }
}

TEST(TargetProblem, TakesTheTargetsNamesFromOneBlockAndRefusesOthersThatDiffer) {
  EXPECT_NO_THROW(curved_problem(Reference::prior, {{"a", 1}, {"b", 1}}));
  EXPECT_THROW(curved_problem(Reference::prior, {{"b", 1}, {"a", 1}}), deck::KeyError);
  const auto start = std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0}, {1.0}, {}});
  const TargetProblem problem(TargetProblem::Params{}, start,
                              std::make_shared<Curved>(std::vector<prob::Variable>{{"x", 1}, {"y", 1}}));
  ASSERT_EQ(problem.variables().size(), 2u);
  EXPECT_EQ(problem.variables()[1].name, "y");
}

TEST(TargetProblem, TablesOfKnownParametersAreReadByTheTargetsNames) {
  TargetProblem::Params params;
  params.target = "curved", params.prior = "p";
  params.reference_mean = {"known.csv", "b,a\n5,1\n"};
  const auto two = std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0}, {1.0}, {}});
  const TargetProblem problem(params, two, std::make_shared<Curved>(std::vector<prob::Variable>{{"a"}, {"b"}}));
  EXPECT_EQ(problem.facts().reference_mean, (std::vector<double>{1.0, 5.0}));
}

TEST(TargetProblem, RefusesSizesThatDoNotFitAndReferencesWithoutADensity) {
  const auto three = std::make_shared<prob::Normal>(prob::Normal::Params{3, {0.0}, {1.0}, {}});
  EXPECT_THROW(TargetProblem(TargetProblem::Params{}, three, std::make_shared<Curved>()), deck::KeyError);
  TargetProblem::Params params;
  params.relative_to = Reference::lebesgue;
  const auto shares = std::make_shared<prob::Dirichlet>(prob::Dirichlet::Params{{1.0, 1.0}});
  EXPECT_THROW(TargetProblem(params, shares, std::make_shared<Curved>()), deck::KeyError);
}

TEST(ModelTarget, IsTheModelsOutputWithItsGradient) {
  const auto model = std::make_shared<LinearModel>(std::vector<double>{2.0, -3.0}, 1, 2);
  const ModelTarget target({"line"}, model);
  Batch u("u", 2, 2), g("g", 2, 2);
  Vector values("values", 2);
  u(0, 0) = 1.0, u(0, 1) = 4.0, u(1, 0) = -1.0;
  ASSERT_NE(target.gradient(), nullptr);
  target.gradient()->evaluate_with_gradient(u, values, g);
  EXPECT_EQ(values(0), -10.0);
  EXPECT_EQ(values(1), -2.0);
  EXPECT_EQ(g(1, 0), 2.0);
  EXPECT_EQ(g(1, 1), -3.0);
  EXPECT_THROW(ModelTarget({"line"}, std::make_shared<LinearModel>(std::vector<double>{1.0, 2.0}, 2, 1)),
               deck::KeyError);
}

}  // namespace
}  // namespace aleator::inverse
