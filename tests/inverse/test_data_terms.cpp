// Likelihoods, models and problems of some data alone: the parts of a partition add up to the whole.
#include <gtest/gtest.h>

#include "inverse/expression/model.hpp"
#include "inverse/expression/target.hpp"
#include "inverse/likelihood/counts.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/negative_binomial.hpp"
#include "inverse/likelihood/student_t.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/model/measured.hpp"
#include "inverse/model/pass_through.hpp"
#include "inverse/problem/bayes.hpp"
#include "inverse/problem/target.hpp"
#include "prob/prior/log_normal.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using model::Vector;
using Values = std::vector<double>;
using ModelPointer = std::shared_ptr<const model::ForwardModel>;
using LikelihoodPointer = std::shared_ptr<const model::Likelihood>;

const deck::File data = {"data.txt", "0.3 1.1 0.2 2.4 0.9\n"}, counts = {"counts.txt", "1 0 2 1 0\n"};

// Five outputs of two parameters.
ModelPointer line() {
  return std::make_shared<LinearModel>(Values{1.0, 0.3, 0.2, 0.7, 0.5, 0.1, 0.4, 1.2, 0.6, 0.2}, 5, 2);
}

ModelPointer formula() {
  ExpressionModel::Params params;
  params.parameters = {"a", "b"};
  params.data = {"x.csv", "x\n0.1\n0.4\n0.9\n1.3\n2.0\n"};
  params.outputs = {"a * exp(-b * x)"};
  return std::make_shared<ExpressionModel>(params);
}

class Whole : public model::ForwardModel, private model::Adjoint {  // a model that cannot do less
 public:
  const model::Shape& shape() const override { return model_->shape(); }
  model::RowStatus evaluate(model::ConstBatch u, Batch y) const override { return model_->evaluate(u, y); }
  const model::Adjoint* adjoint() const override { return model_->adjoint(); }

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, Batch y, const model::Cotangent& c,
                                         Batch du) const override {
    return model_->adjoint()->evaluate_and_pullback(u, y, c, du);
  }
  ModelPointer model_ = line();
};

BayesProblem problem_of(ModelPointer model, const LikelihoodPointer& likelihood) {
  if (likelihood->parameters() > 0) model = std::make_shared<PassThrough>(model, 1);
  const int d = model->shape().inputs;
  return {{}, {model, std::make_shared<prob::LogNormal>(prob::LogNormal::Params{d, {0.2}, {0.6}, true}), likelihood}};
}

// {log-likelihood, gradient}
Values evaluated(const model::Problem& problem, const Values& z) {
  model::Evaluation e{Vector("l", 1), Batch("g", 1, z.size()), {}};
  EXPECT_TRUE(problem.evaluate(model::ConstBatch(z.data(), 1, z.size()), e).empty());
  Values all{e.log_likelihood(0)};
  all.insert(all.end(), e.gradient.data(), e.gradient.data() + z.size());
  return all;
}

template <class OfData>
void expect_parts_add_up(const OfData& problem, const std::string& name) {
  ASSERT_EQ(problem.terms(), 5) << name;
  Values z(static_cast<std::size_t>(problem.dimension()), 0.3);
  z[0] = -0.4;
  const Values whole = evaluated(problem, z);
  Values sum(whole.size(), 0.0);
  for (const std::vector<int>& part : {std::vector<int>{1, 4}, {0}, {2, 3}}) {
    const Values some = evaluated(*problem.only(part), z);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += some[k];
  }
  for (std::size_t k = 0; k < sum.size(); ++k)
    EXPECT_NEAR(sum[k], whole[k], 1e-12 * (1.0 + std::abs(whole[k]))) << name << ", " << k;
}

TEST(DataTerms, OfAPartitionAddUpToTheWholeForEveryLikelihood) {
  const Values sd = {0.5, 0.2, 0.9, 0.4, 1.3};
  using PLink = PoissonLikelihood::Link;
  using BLink = BinomialLikelihood::Link;
  const std::vector<std::pair<std::string, LikelihoodPointer>> likelihoods = {
      {"gaussian", std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{data, sd, {}, true})},
      {"relative", std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{data, sd, {}, false})},
      {"gaussian, scale", std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{data, sd, {}, true, true})},
      {"student", std::make_shared<StudentTLikelihood>(StudentTLikelihood::Params{data, sd, 4.0, false})},
      {"student, scale", std::make_shared<StudentTLikelihood>(StudentTLikelihood::Params{data, sd, 4.0, true})},
      {"poisson", std::make_shared<PoissonLikelihood>(PoissonLikelihood::Params{counts, PLink::log})},
      {"poisson, identity", std::make_shared<PoissonLikelihood>(PoissonLikelihood::Params{counts, PLink::identity})},
      {"negative binomial, shape", std::make_shared<NegativeBinomialLikelihood>(NegativeBinomialLikelihood::Params{
                                       counts, {}, true, NegativeBinomialLikelihood::Link::log})},
      {"binomial",
       std::make_shared<BinomialLikelihood>(BinomialLikelihood::Params{counts, {3, 2, 2, 5, 4}, BLink::logit})}};
  for (const auto& [name, likelihood] : likelihoods) {
    expect_parts_add_up(problem_of(line(), likelihood), name);
    expect_parts_add_up(problem_of(formula(), likelihood), name + ", formula");
    expect_parts_add_up(problem_of(std::make_shared<Whole>(), likelihood), name + ", whole model");
  }
}

TEST(DataTerms, ComeCheaperWhereTheModelCanDoLess) {
  const auto likelihood = std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{data, {0.5}, {}, true});
  EXPECT_TRUE(problem_of(line(), likelihood).are_cheaper_in_parts());
  EXPECT_TRUE(problem_of(formula(), likelihood).are_cheaper_in_parts());
  EXPECT_FALSE(problem_of(std::make_shared<Whole>(), likelihood).are_cheaper_in_parts());
}

TEST(DataTerms, WithMissingDataAreThoseThatAreThere) {
  const auto likelihood = std::make_shared<GaussianLikelihood>(
      GaussianLikelihood::Params{{"data.txt", "0.3 NA 0.2 2.4 NA 0.9 1.0\n"}, {0.5}, {}, true});
  ExpressionModel::Params params;
  params.parameters = {"a", "b"};
  params.outputs = {"a * exp(-b * range(7))"};
  const auto model =
      std::make_shared<Measured>(std::make_shared<ExpressionModel>(params), likelihood->places().measured);
  const BayesProblem problem = problem_of(model, likelihood);
  EXPECT_TRUE(problem.are_cheaper_in_parts());
  expect_parts_add_up(problem, "missing");
}

double density(const model::Likelihood& likelihood, const std::vector<double>& y) {
  const Vector out("out", 1);
  likelihood.log_density(model::ConstBatch(y.data(), 1, y.size()), out);
  return out(0);
}

// A likelihood of data drawn anew, and of some of the data, is the one that would be read from a file of them.
template <typename Likelihood, typename Make>
void expect_copies(const Make& of_file, const std::string& name) {
  const std::vector<double> two = {1.0, 0.4}, one = {0.4};
  const Likelihood some(of_file("3 NA 1\n", {4.0, 9.0, 2.0}));
  const auto other = some.with_data({2.0, 0.0});
  ASSERT_NE(other, nullptr) << name;
  EXPECT_EQ(density(*other, two), density(Likelihood(of_file("2 NA 0\n", {4.0, 9.0, 2.0})), two)) << name;
  const auto places = dynamic_cast<const PartlyMeasured&>(*other).places();
  EXPECT_EQ(places.measured, (std::vector<int>{0, 2})) << name;
  EXPECT_EQ(places.of, 3) << name;
  EXPECT_EQ(some.with_data({2.0, 0.0, 1.0}), nullptr) << name;
  const auto last = some.only({1});
  EXPECT_EQ(last->outputs(), 1) << name;
  EXPECT_EQ(density(*last, one), density(Likelihood(of_file("1\n", {2.0})), one)) << name;
  EXPECT_TRUE(dynamic_cast<const PartlyMeasured&>(*last).places().measured.empty()) << name;
}

TEST(Likelihoods, OtherDataAndSomeOfThemHaveTheDensityOfTheirFile) {
  using Row = std::vector<double>;
  expect_copies<GaussianLikelihood>(
      [](const std::string& data, const Row& sd) {
        return GaussianLikelihood::Params{{"d.txt", data}, sd, {}};
      },
      "gaussian");
  expect_copies<StudentTLikelihood>(
      [](const std::string& data, const Row& scale) {
        return StudentTLikelihood::Params{{"d.txt", data}, scale};
      },
      "student_t");
  expect_copies<PoissonLikelihood>(
      [](const std::string& data, const Row&) {
        return PoissonLikelihood::Params{{"d.txt", data}};
      },
      "poisson");
  expect_copies<NegativeBinomialLikelihood>(
      [](const std::string& data, const Row&) {
        return NegativeBinomialLikelihood::Params{{"d.txt", data}, 2.0};
      },
      "negative_binomial");
  expect_copies<BinomialLikelihood>(
      [](const std::string& data, const Row& trials) {
        return BinomialLikelihood::Params{{"d.txt", data}, {trials.begin(), trials.end()}};
      },
      "binomial");
}

TEST(Measured, GivesGradientsOnManyThreads) {
  // 64 rows are tiles on several threads (the test runs with two), where the likelihood's gradient is asked for; with an
  // unknown scale also behind the outputs.
  for (const bool has_unknown_scale : {false, true}) {
    const auto likelihood = std::make_shared<GaussianLikelihood>(
        GaussianLikelihood::Params{{"data.txt", "0.3 NA 0.2 2.4 NA 0.9 1.0\n"}, {0.5}, {}, true, has_unknown_scale});
    ExpressionModel::Params params;
    params.parameters = {"a", "b"};
    params.outputs = {"a * exp(-b * range(7))"};
    const BayesProblem problem =
        problem_of(std::make_shared<Measured>(std::make_shared<ExpressionModel>(params), likelihood->places().measured),
                   likelihood);
    constexpr int rows = 64;
    const auto d = static_cast<std::size_t>(problem.dimension());
    const Batch z("z", rows, d);
    model::Evaluation e{Vector("l", rows), Batch("g", rows, d), {}};
    for (std::size_t i = 0; i < z.size(); ++i) z.data()[i] = std::sin(2.0 * static_cast<double>(i));
    problem.evaluate(z, e);
    for (std::size_t row = 0; row < rows; ++row) {
      const Values alone = evaluated(problem, Values(&z(row, 0), &z(row, 0) + d));
      EXPECT_EQ(alone[0], e.log_likelihood(row));
      for (std::size_t k = 0; k < d; ++k) EXPECT_EQ(alone[1 + k], e.gradient(row, k));
    }
  }
}

TEST(DataTerms, AreNoneWhereTheNoiseIsCorrelated) {
  const deck::File covariance = {"c.txt", "1 .5 0 0 0\n.5 1 0 0 0\n0 0 1 0 0\n0 0 0 1 0\n0 0 0 0 1\n"};
  const BayesProblem problem =
      problem_of(line(), std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{data, {}, covariance, true}));
  EXPECT_EQ(problem.terms(), 0);
  EXPECT_EQ(model::data_terms_of(problem), nullptr);
}

// Three formulas, one of them an array of three.
ExpressionTarget::Params sum_of_five() {
  ExpressionTarget::Params params;
  params.parameters = {"a", "b"};
  params.data = {"x.csv", "x\n0.1\n0.4\n0.9\n"};
  params.terms = {"-a^2", "-(a * x - b)^2", "-exp(b) - a"};
  return params;
}

TEST(DataTerms, OfATargetAreItsFormulasEntries) {
  ExpressionTarget::Params one = sum_of_five();
  one.log_density = "-a^2 - sum((a * x - b)^2) - exp(b) - a", one.terms.clear();
  for (const auto reference : {TargetProblem::Reference::prior, TargetProblem::Reference::lebesgue}) {
    TargetProblem::Params params;
    params.relative_to = reference;
    const auto prior = std::make_shared<prob::LogNormal>(prob::LogNormal::Params{2, {0.2}, {0.6}, true});
    const TargetProblem sum(params, prior, std::make_shared<ExpressionTarget>(sum_of_five())),
        whole(params, prior, std::make_shared<ExpressionTarget>(one));
    EXPECT_EQ(model::data_terms_of(whole), nullptr);  // one term is no sum
    expect_parts_add_up(sum, "sum");
    expect_parts_add_up(dynamic_cast<const TargetProblem&>(*sum.only({0, 1, 2, 3, 4})), "part");
    const Values z = {-0.4, 0.3}, by_terms = evaluated(sum, z), at_once = evaluated(whole, z);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(by_terms[k], at_once[k], 1e-13 * (1.0 + std::abs(at_once[k])));
  }
}

// y fails where a > 0.
class FailsAbove : public model::ForwardModel {
 public:
  const model::Shape& shape() const override { return model_->shape(); }
  model::RowStatus evaluate(model::ConstBatch u, Batch y) const override {
    model::RowStatus status = model_->evaluate(u, y);
    for (std::size_t row = 0; row < u.extent(0); ++row)
      if (u(row, 0) > 1.0) status.failed.push_back({static_cast<int>(row), "above"});
    return status;
  }

 private:
  ModelPointer model_ = line();
};

TEST(DataTerms, FailedRowsOfAPartAreCountedByTheWhole) {
  const auto likelihood = std::make_shared<GaussianLikelihood>(GaussianLikelihood::Params{data, {0.5}, {}, true});
  const auto prior = std::make_shared<prob::LogNormal>(prob::LogNormal::Params{2, {0.2}, {0.6}, true});
  for (const auto on_failure : {BayesProblem::OnFailure::reject, BayesProblem::OnFailure::impute}) {
    BayesProblem::Params params;
    params.on_failure = on_failure;
    const BayesProblem whole(params, {std::make_shared<FailsAbove>(), prior, likelihood});
    const auto part = whole.only({1, 3});
    const Batch z("z", 3, 2);
    z(0, 0) = -3.0, z(1, 0) = 2.0, z(2, 0) = 3.0;
    model::Evaluation e{Vector("l", 3), {}, {}};
    EXPECT_EQ(part->evaluate(z, e), (std::vector<int>{1, 2}));
    EXPECT_FALSE(part->imputes_failures());  // a part has no ensemble to impute from
    EXPECT_EQ(whole.take_failure_counts().rejected, 2);
    EXPECT_EQ(whole.take_failures().size(), 2U);
    EXPECT_EQ(whole.take_failure_counts().rejected, 0);
    whole.with_data(Values(5, 0.1))->evaluate(z, e);  // a problem of its own
    EXPECT_EQ(whole.take_failures().size(), 0U);
  }
}

}  // namespace
}  // namespace aleator::inverse
