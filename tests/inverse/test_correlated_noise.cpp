// Noise correlated over times and places: its square roots against dense matrices that are written down here.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/markov_noise.hpp"
#include "math/dense.hpp"

namespace aleator::inverse {
namespace {

using Row = std::vector<double>;
using Correlation = GaussianLikelihood::Correlation;

// Matern's correlation with nu = m - 1/2 at distance r over the length (Rasmussen, Williams 2006, eq. 4.17).
double matern(int m, double r) {
  const double s = std::sqrt(2.0 * m - 1.0) * r;
  return std::exp(-s) * (m == 1 ? 1.0 : m == 2 ? 1.0 + s : 1.0 + s + s * s / 3.0);
}

// R by its definition.
math::Matrix covariance_of(const MarkovNoise& noise) {
  const int p = static_cast<int>(noise.sd.size());
  math::Matrix r(p, p);
  for (int i = 0; i < p; ++i)
    for (int j = 0; j < p; ++j) {
      const double near = std::abs(noise.positions[i] - noise.positions[j]) / noise.length;
      const double rho = noise.groups[i] == noise.groups[j] ? matern(noise.states, near) : 0.0;
      r(i, j) = noise.sd[i] * noise.sd[j] * ((1.0 - noise.nugget) * rho + (i == j ? noise.nugget : 0.0));
    }
  return r;
}

using Operation = void (NoiseFactor::*)(const double*, double*) const;

math::Matrix matrix_of(const NoiseFactor& factor, Operation operation, int p) {
  math::Matrix columns(p, p);
  for (int k = 0; k < p; ++k) {
    Row unit(static_cast<std::size_t>(p), 0.0);
    unit[k] = 1.0;
    (factor.*operation)(unit.data(), unit.data());  // in place
    for (int i = 0; i < p; ++i) columns(i, k) = unit[i];
  }
  return columns;
}

double largest_difference(const math::Matrix& a, const math::Matrix& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.a.size(); ++i) largest = std::max(largest, std::abs(a.a[i] - b.a[i]));
  return largest;
}

class Markov : public testing::TestWithParam<std::tuple<int, double>> {};

TEST_P(Markov, IsASquareRootOfTheDenseCovariance) {
  // Two groups, places out of order and at distances from 0.02 to 9 lengths. The condition of R is below 1e7.
  const auto [states, nugget] = GetParam();
  MarkovNoise noise{states, 0.7, nugget, {}, {0.3, 2.0, 0.1, 1.1, 0.9, 7.3, 0.5, 1.4, 0.2, 1.114, 0.6, 3.0}, {}};
  for (int i = 0; i < 12; ++i) noise.sd.push_back(0.5 + 0.1 * i), noise.groups.push_back(i % 3 == 0 ? 5 : 2);
  const math::Matrix r = covariance_of(noise);
  const auto factor = markov_noise(noise);
  const math::Matrix l = matrix_of(*factor, &NoiseFactor::multiply, 12),
                     w = matrix_of(*factor, &NoiseFactor::solve, 12),
                     w_transposed = matrix_of(*factor, &NoiseFactor::solve_transposed, 12);
  EXPECT_LT(largest_difference(math::multiply_transposed(l, l), r), 1e-13);
  EXPECT_LT(largest_difference(math::multiply(w, l), math::identity(12)), 1e-11);
  EXPECT_LT(largest_difference(w_transposed, math::transpose(w)), 1e-9);  // entries of some 1e3
  EXPECT_NEAR(factor->log_determinant(), 0.5 * math::log_det_cholesky(math::cholesky(r)), 1e-10);
  EXPECT_EQ(factor->only({0, 1}), nullptr);
}
INSTANTIATE_TEST_SUITE_P(Noise, Markov, testing::Combine(testing::Values(1, 2, 3), testing::Values(0.0, 0.2, 1.0)));

TEST(MarkovNoise, OfAHundredThousandDataIsAnAutoregression) {
  // rho^k over steps of one: (x_i - rho x_i-1) / sqrt(1 - rho^2) are independent. 1e5 squared doubles would be 80 GB.
  const int p = 100000;
  const double rho = std::exp(-1.0 / 50.0);
  MarkovNoise noise{1, 50.0, 0.0, Row(p, 0.3), Row(p), std::vector<int>(p, 0)};
  Row x(p), w(p);
  for (int i = 0; i < p; ++i) noise.positions[i] = i, x[i] = std::sin(0.01 * i) + 0.2 * std::cos(1.7 * i);
  const auto factor = markov_noise(noise);
  factor->solve(x.data(), w.data());
  double squares = 0.0, expected = x[0] * x[0];
  for (int i = 1; i < p; ++i) expected += std::pow(x[i] - rho * x[i - 1], 2) / (1.0 - rho * rho);
  for (const double value : w) squares += value * value;
  EXPECT_NEAR(squares / (expected / 0.09), 1.0, 1e-10);
  EXPECT_NEAR(factor->log_determinant(), p * std::log(0.3) + 0.5 * (p - 1) * std::log(1.0 - rho * rho), 1e-6);
}

TEST(MarkovNoise, RefusesDataThatFollowFromOthers) {
  const MarkovNoise twice{2, 1.0, 0.0, {1.0, 1.0}, {0.5, 0.5}, {0, 0}};
  EXPECT_THROW(markov_noise(twice), core::NumericsError);
  MarkovNoise apart = twice;
  apart.groups = {0, 1};
  EXPECT_NO_THROW(markov_noise(apart));
  apart = twice, apart.nugget = 1e-6;
  EXPECT_NO_THROW(markov_noise(apart));
}

double density(const model::Likelihood& likelihood, const Row& y) {
  const model::Vector out("out", 1);
  likelihood.log_density(model::ConstBatch(y.data(), 1, y.size()), out);
  return out(0);
}

Row gradient(const model::Likelihood& likelihood, const Row& y) {
  const model::Batch dy("dy", 1, y.size());
  likelihood.gradient(model::ConstBatch(y.data(), 1, y.size()), dy);
  return {dy.data(), dy.data() + y.size()};
}

deck::File table_of(const math::Matrix& r) {
  std::string text;
  for (std::size_t i = 0; i < r.a.size(); ++i) text += fmt::format("{:.17g}{}", r.a[i], (i + 1) % r.cols ? " " : "\n");
  return {"covariance.txt", text};
}

GaussianLikelihood::Params six_data() {
  GaussianLikelihood::Params params{{"data.txt", "1 2 0.5 -1 0.3 0.9\n"}, {0.5, 0.6, 0.7, 0.8, 0.9, 1.0}, {}};
  params.correlation_length = {1.3}, params.nugget = 0.1;
  return params;
}

// The likelihood `params` says, against that of the table of its covariance: rho(i, j) of the data there are.
template <typename Rho>
void expect_same(const GaussianLikelihood::Params& params, const Row& sd, Rho&& rho) {
  const int p = static_cast<int>(sd.size());
  math::Matrix r(p, p);
  for (int i = 0; i < p; ++i)
    for (int j = 0; j < p; ++j) r(i, j) = sd[i] * sd[j] * (i == j ? 1.0 : (1.0 - params.nugget) * rho(i, j));
  const GaussianLikelihood correlated(params);
  Row y;
  for (int i = 0; i < p; ++i) y.push_back(0.4 * i - 0.7);
  GaussianLikelihood::Params dense{{"data.txt", ""}, {}, table_of(r), true, params.unknown_scale};
  for (const double d : correlated.data()) dense.data.text += fmt::format("{:.17g}\n", d);
  const GaussianLikelihood expected(dense);
  if (params.unknown_scale) y.push_back(1.7);
  EXPECT_NEAR(density(correlated, y), density(expected, y), 1e-11);
  const Row g = gradient(correlated, y), g_expected = gradient(expected, y);
  for (std::size_t i = 0; i < g.size(); ++i) EXPECT_NEAR(g[i], g_expected[i], 1e-10) << i;
  EXPECT_EQ(correlated.only({0}), nullptr);
}

TEST(CorrelatedNoise, IsThatOfItsCovariance) {
  GaussianLikelihood::Params params = six_data();
  for (const bool unknown_scale : {false, true}) {
    params.unknown_scale = unknown_scale;
    for (int m = 1; m <= 3; ++m) {
      params.correlation = Correlation::matern, params.nu = m - 0.5;
      expect_same(params, params.sd, [m](int i, int j) { return matern(m, std::abs(i - j) / 1.3); });
    }
    params.correlation = Correlation::exponential;
    expect_same(params, params.sd, [](int i, int j) { return std::exp(-std::abs(i - j) / 1.3); });
    params.correlation = Correlation::squared_exponential;
    expect_same(params, params.sd, [](int i, int j) { return std::exp(-0.5 * std::pow((i - j) / 1.3, 2)); });
  }
}

TEST(CorrelatedNoise, KnowsPlacesGroupsAndMissingData) {
  GaussianLikelihood::Params params = six_data();
  params.correlation = Correlation::exponential, params.groups = {4, 2};
  const auto ar = [](double distance) { return std::exp(-std::abs(distance) / 1.3); };
  // Without positions the data of each group are counted by themselves.
  expect_same(params, params.sd, [&](int i, int j) { return i % 2 == j % 2 ? ar((i - j) / 2) : 0.0; });
  const Row t = {0.3, 0.1, 2.0, 0.9, 1.0, 0.2};
  params.positions = {"t.txt", "0.3\n0.1\n2\n0.9\n1\n0.2\n"};
  expect_same(params, params.sd, [&](int i, int j) { return i % 2 == j % 2 ? ar(t[i] - t[j]) : 0.0; });
  params.groups.clear(), params.data.text = "1 NA 0.5 -1 NA 0.9";
  const Row some = {0.3, 2.0, 0.9, 0.2};
  expect_same(params, {0.5, 0.7, 0.8, 1.0}, [&](int i, int j) { return ar(some[i] - some[j]); });
  params.positions = {};  // the missing ones keep their places
  const Row places = {0, 2, 3, 5};
  expect_same(params, {0.5, 0.7, 0.8, 1.0}, [&](int i, int j) { return ar(places[i] - places[j]); });
}

TEST(CorrelatedNoise, TakesPlacesFromColumnsAndInTheSpace) {
  GaussianLikelihood::Params params = six_data();
  params.correlation = Correlation::exponential;
  params.data = {"data.csv", "t,x,a,b\n0.5,1,1,2\n0.2,3,0.5,-1\n0.9,5,0.3,0.9\n"};
  params.column = {"a", "b"}, params.position_column = {"t"}, params.groups = {0, 1};
  const Row t = {0.5, 0.2, 0.9}, x = {1, 3, 5};
  expect_same(params, params.sd,
              [&](int i, int j) { return i % 2 == j % 2 ? std::exp(-std::abs(t[i / 2] - t[j / 2]) / 1.3) : 0.0; });
  params.position_column = {"t", "x"}, params.correlation_length = {0.4, 2.0};  // along two coordinates: dense
  expect_same(params, params.sd, [&](int i, int j) {
    return i % 2 == j % 2 ? std::exp(-std::hypot((t[i / 2] - t[j / 2]) / 0.4, (x[i / 2] - x[j / 2]) / 2.0)) : 0.0;
  });
}

TEST(CorrelatedNoise, SimulatesDataOfItsCovariance) {
  GaussianLikelihood::Params params = six_data();
  params.correlation = Correlation::matern;
  const GaussianLikelihood likelihood(params);
  const int rows = 20000;
  const Row y(6, 1.0);
  double product = 0.0;  // of data 1 and 2: sd_1 sd_2 0.9 rho(1)
  for (int row = 0; row < rows; ++row) {
    const Row d = likelihood.simulate(y.data(), kernels::Rng(3), {kernels::Purpose::observation_noise}, row);
    product += (d[1] - 1.0) * (d[2] - 1.0) / rows;
  }
  const double expected = 0.6 * 0.7 * 0.9 * matern(2, 1.0 / 1.3);
  EXPECT_NEAR(product, expected, 5.0 * std::sqrt((0.36 * 0.49 + expected * expected) / rows));
}

std::string refusal(const GaussianLikelihood::Params& params) {
  try {
    const GaussianLikelihood likelihood(params);
  } catch (const deck::KeyError& error) {
    return error.key() + ": " + error.what();
  }
  return "";
}

TEST(CorrelatedNoise, RefusesWhatItCannotBe) {
  GaussianLikelihood::Params params = six_data();
  params.correlation = Correlation::exponential, params.nugget = 0.0;
  EXPECT_EQ(refusal(params), "");
  params.groups = {1, 2, 3, 4};
  EXPECT_THAT(refusal(params), testing::HasSubstr("groups: gives 4 labels for 6 data"));
  params.groups.clear(), params.positions = {"t.txt", "1\n2\n"};
  EXPECT_THAT(refusal(params), testing::HasSubstr("positions: t.txt has 2 rows for 6 data"));
  params.positions = {"t.txt", "1\n2\n2\n3\n4\n5\n"};
  EXPECT_THAT(refusal(params), testing::HasSubstr("correlation: makes the noise's covariance singular"));
  params.positions = {"t.txt", "1\n2\nnan\n3\n4\n5\n"};
  EXPECT_THAT(refusal(params), testing::HasSubstr("positions: the position of datum 3 is not a finite number"));
  params = six_data(), params.correlation = Correlation::squared_exponential, params.sd = {1.0};
  params.correlation_length = {1.0, 2.0};
  EXPECT_THAT(refusal(params), testing::HasSubstr("correlation_length"));
  params.correlation_length = {1.0};
  params.data.text = "";
  for (int i = 0; i < 5000; ++i) params.data.text += "1\n";
  EXPECT_THAT(refusal(params), testing::HasSubstr("correlation: of 5000"));
}

}  // namespace
}  // namespace aleator::inverse
