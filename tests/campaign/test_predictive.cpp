#include "campaign/sampling/predictive.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "inverse/likelihood/counts.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/student_t.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/problem/bayes.hpp"
#include "prob/prior/normal.hpp"

namespace aleator::campaign {
namespace {

// `rows` data sets of `width` normals with standard deviation `sd` and mean `shift`.
std::vector<double> normals(std::int64_t step, int rows, int width, double sd = 1.0, double shift = 0.0) {
  const kernels::Batch x("x", rows, width);
  kernels::Rng(17).normals({kernels::Purpose::test, step}, 0, x);
  std::vector<double> values(x.data(), x.data() + x.size());
  for (double& value : values) value = shift + sd * value;
  return values;
}

TEST(PredictiveCheck, IsUniformWhenDataAndReplicatesAreAlike) {
  // Exchangeable samples: the p-value is uniform on 1/40, ..., 1, mean 0.5125, sd 0.2886; so are the places of single data
  // about 1/2. Four standard errors: a false alarm in 16 000.
  const int problems = 400, n = 39, data = 5;
  double p = 0.0, pit = 0.0, small = 0.0;
  for (int i = 0; i < problems; ++i) {
    const PredictiveCheck c = check_prediction(normals(2 * i, 1, data), normals(2 * i + 1, n, data));
    EXPECT_EQ(c.draws, n);
    p += c.p_value / problems, pit += c.pit[2] / problems, small += c.p_value <= 0.1001 ? 1.0 / problems : 0.0;
  }
  EXPECT_NEAR(p, 0.5125, 4 * 0.2886 / std::sqrt(problems));
  EXPECT_NEAR(pit, 0.5, 4 * 0.2886 / std::sqrt(problems));
  EXPECT_NEAR(small, 0.1, 4 * std::sqrt(0.09 / problems));
}

TEST(PredictiveCheck, SeesAShiftAndANoiseThatIsTooLargeOrTooSmall) {
  const std::vector<double> replicates = normals(1, 199, 50);
  EXPECT_LE(check_prediction(normals(2, 1, 50, 1.0, 1.0), replicates).p_value, 0.01);
  EXPECT_LE(check_prediction(normals(3, 1, 50, 2.0), replicates).p_value, 0.01);
  EXPECT_GE(check_prediction(normals(4, 1, 50, 0.3), replicates).p_value, 0.99);
  std::vector<double> one = normals(5, 1, 50, 0.5);  // but for one datum well inside
  one[31] = -9.0;
  const PredictiveCheck c = check_prediction(one, replicates);
  EXPECT_EQ(c.extreme, 31);
  EXPECT_DOUBLE_EQ(c.pit[31], 0.5 / 200.0);  // below all 199
}

TEST(PredictiveCheck, ByHandWithTiesAndFailedRows) {
  const double undefined = std::numeric_limits<double>::quiet_NaN();
  // One datum, 2, among 1, 2, 2, 3 and a failed row: one below, two ties.
  const PredictiveCheck c = check_prediction({2.0}, {1.0, 2.0, undefined, 2.0, 3.0});
  EXPECT_EQ(c.draws, 4);
  EXPECT_EQ(c.failed, 1);
  const double v = 0.5 * 0.61803398874989484820;
  EXPECT_DOUBLE_EQ(c.pit[0], (1.0 + v * 3.0) / 5.0);
  EXPECT_DOUBLE_EQ(c.mean[0], 2.0);
  EXPECT_DOUBLE_EQ(c.q50[0], 2.0);
  EXPECT_DOUBLE_EQ(c.p_value, 1.0);  // the datum lies on the mean: all replicates are as far
  EXPECT_DOUBLE_EQ(check_prediction({3.0}, {1.0, 2.0, 2.0, 2.0}).p_value,
                   (1.0 + 1.0) / 5.0);  // only 1 is as far from 2
  EXPECT_EQ(check_prediction({3.0}, {undefined, 1.0}).draws, 1);
  EXPECT_TRUE(check_prediction({3.0}, {undefined, 1.0}).pit.empty());
}

TEST(PredictiveCheck, DataWithoutScatterDoNotCount) {
  // The first datum is the same in all replicates and in the data.
  const PredictiveCheck c = check_prediction({4.0, 0.5}, {4.0, 0.0, 4.0, 1.0, 4.0, 2.0});
  EXPECT_EQ(c.extreme, 1);
  EXPECT_DOUBLE_EQ(c.pit[0], 0.5 * 0.61803398874989484820);
  EXPECT_TRUE(std::isfinite(c.p_value));
}

// Yes/no data of a right model: the middles of the ranks would all lie about two numbers.
TEST(PredictiveCheck, PlacesOfCountsAreUniform) {
  constexpr int data = 600, replicates = 200;
  const auto yes = [](int row, int column) {
    return kernels::Rng(8).uniform({kernels::Purpose::test, row}, column) < 0.3 ? 1.0 : 0.0;
  };
  std::vector<double> observed, drawn;
  for (int i = 0; i < data; ++i) observed.push_back(yes(0, i));
  for (int s = 1; s <= replicates; ++s)
    for (int i = 0; i < data; ++i) drawn.push_back(yes(s, i));
  const PredictiveCheck c = check_prediction(observed, drawn);
  for (int tenth = 0; tenth < 10; ++tenth) {
    const auto inside =
        std::count_if(c.pit.begin(), c.pit.end(), [&](double pit) { return static_cast<int>(10.0 * pit) == tenth; });
    EXPECT_NEAR(static_cast<double>(inside), 60.0, 4.0 * std::sqrt(60.0)) << tenth;
  }
}

// 60 data of one parameter u: outputs are all u.
template <typename Likelihood>
inverse::BayesProblem repeated(typename Likelihood::Params params, const std::vector<double>& data) {
  std::string table;
  for (const double value : data) table += fmt::format("{:.17g}\n", value);
  params.data = {"data.txt", table};
  return {
      {},
      {std::make_shared<inverse::LinearModel>(std::vector<double>(data.size(), 1.0), static_cast<int>(data.size()), 1),
       std::make_shared<prob::Normal>(prob::Normal::Params{1, {0.0}, {1.0}, {}}),
       std::make_shared<Likelihood>(params)}};
}

// Without a folder, so never stopped.
Predicted predicted(const model::Problem& problem, const model::Context& context, const parallel::RowLayout& layout,
                    const ParametersOf& parameters_of, std::int64_t step) {
  const RunSettings settings;
  StopWatch watch(context.comm, settings);
  return predict({context.comm, settings, watch, "", "deck"}, problem, context, layout, parameters_of, step, "")
      .value();
}

// Replicates at 100 draws u, which scatter little as those of a posterior do.
PredictiveCheck check_at(const model::Problem& problem, double u, std::int64_t step = 7) {
  const parallel::RowLayout layout(100, parallel::Comm::self());
  const std::vector<double> scatter = normals(11, 100, 1, 0.02);
  const auto parameters_of = [&](const parallel::RowLayout& part) {
    const model::Batch rows("u", part.local_rows(), 1);
    for (int row = 0; row < part.local_rows(); ++row)
      rows(row, 0) = u + scatter[static_cast<std::size_t>(part.first() + row)];
    return rows;
  };
  const model::Context context{parallel::Comm::self(), kernels::Rng(5)};
  return check_prediction(problem.facts(), predicted(problem, context, layout, parameters_of, step));
}

// Data of the model itself pass, those that are too scattered or too regular do not.
template <typename Likelihood>
void expect_faults_found(const typename Likelihood::Params& params, double u, double scattered, double regular) {
  const std::vector<double> any(60, regular);
  const auto model = repeated<Likelihood>(params, any);
  const std::vector<double> outputs(60, u);
  const kernels::Rng rng(23);
  double sum = 0.0;
  constexpr int sets = 20;
  for (int set = 0; set < sets; ++set) {
    const std::vector<double> own = model.simulate(outputs.data(), rng, {kernels::Purpose::test, 3}, set);
    sum += check_at(repeated<Likelihood>(params, own), u).p_value_log_likelihood / sets;
  }
  EXPECT_NEAR(sum, 0.5, 4.0 * 0.2887 / std::sqrt(sets));  // uniform but for ties
  std::vector<double> wild = any;
  for (std::size_t i = 0; i < wild.size(); ++i) wild[i] += i % 2 == 0 ? scattered : -scattered;
  EXPECT_LE(check_at(repeated<Likelihood>(params, wild), u).p_value_log_likelihood, 0.01);
  EXPECT_GE(check_at(repeated<Likelihood>(params, any), u).p_value_log_likelihood, 0.99);
}

TEST(PredictiveCheck, OfTheLogLikelihoodFindsFaultsOfEveryLikelihoodThatDraws) {
  inverse::GaussianLikelihood::Params gaussian;
  gaussian.sd = {1.0};
  expect_faults_found<inverse::GaussianLikelihood>(gaussian, 0.0, 2.0, 0.0);
  inverse::StudentTLikelihood::Params student;
  student.degrees_of_freedom = 1.0;  // no moment exists
  expect_faults_found<inverse::StudentTLikelihood>(student, 0.0, 6.0, 0.0);
  inverse::PoissonLikelihood::Params poisson;
  expect_faults_found<inverse::PoissonLikelihood>(poisson, std::log(10.0), 6.0, 10.0);
  inverse::BinomialLikelihood::Params binomial;
  binomial.trials = {20};
  expect_faults_found<inverse::BinomialLikelihood>(binomial, 0.0, 5.0, 10.0);
}

// So many parameters that the rows are run in parts: each has its own parameters and random numbers.
TEST(Predictive, PartsOfTheDrawsAreThoseOfTheWhole) {
  constexpr int d = 1 << 15, draws = 20, most = 8;  // rows at a time
  std::vector<double> first_only(d, 0.0);
  first_only[0] = 1.0;
  inverse::GaussianLikelihood::Params noise;
  noise.data = {"data.txt", "0.5\n"}, noise.sd = {0.1};
  const inverse::BayesProblem problem({}, {std::make_shared<inverse::LinearModel>(first_only, 1, d),
                                           std::make_shared<prob::Normal>(prob::Normal::Params{d, {0.0}, {1.0}, {}}),
                                           std::make_shared<inverse::GaussianLikelihood>(noise)});
  const model::Context context{parallel::Comm::self(), kernels::Rng(5)};
  int parts = 0;
  const auto parameters_of = [&](const parallel::RowLayout& part) {
    ++parts;
    EXPECT_LE(part.local_rows(), most);
    const model::Batch rows("u", part.local_rows(), d);
    for (int row = 0; row < part.local_rows(); ++row) rows(row, 0) = static_cast<double>(part.first() + row);
    return rows;
  };
  const Predicted found =
      predicted(problem, context, parallel::RowLayout(draws, parallel::Comm::self()), parameters_of, 7);
  EXPECT_GE(parts, 3);
  for (int row = 0; row < draws; ++row) {
    const double y = row;
    EXPECT_EQ(found.outputs[static_cast<std::size_t>(row)], y);
    EXPECT_EQ(found.data[static_cast<std::size_t>(row)],
              problem.simulate(&y, context.rng, {kernels::Purpose::observation_noise, 7}, row)[0]);
  }
}

// Two data and an unknown scale, which passes through the model as its last output.
TEST(Predictive, ParametersOfTheLikelihoodAreNoOutputs) {
  inverse::GaussianLikelihood::Params noise;
  noise.data = {"data.txt", "0.5 0.7\n"}, noise.sd = {0.1}, noise.unknown_scale = true;
  const std::vector<double> g = {1.0, 0.0, 2.0, 0.0, 0.0, 1.0};
  const inverse::BayesProblem problem({}, {std::make_shared<inverse::LinearModel>(g, 3, 2),
                                           std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0}, {1.0}, {}}),
                                           std::make_shared<inverse::GaussianLikelihood>(noise)});
  EXPECT_EQ(problem.outputs(), 3);
  const model::Context context{parallel::Comm::self(), kernels::Rng(5)};
  const auto parameters_of = [](const parallel::RowLayout& part) {
    const model::Batch rows("u", part.local_rows(), 2);
    for (int row = 0; row < part.local_rows(); ++row) rows(row, 0) = 1.0 + row, rows(row, 1) = 0.3;
    return rows;
  };
  const Predicted found = predicted(problem, context, parallel::RowLayout(2, parallel::Comm::self()), parameters_of, 7);
  EXPECT_EQ(found.outputs, (std::vector<double>{1.0, 2.0, 2.0, 4.0}));
}

}  // namespace
}  // namespace aleator::campaign
