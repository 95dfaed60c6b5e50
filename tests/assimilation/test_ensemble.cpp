#include "assimilation/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assimilation/kalman/etkf.hpp"
#include "assimilation/kalman/transform.hpp"
#include "assimilation/scores.hpp"
#include "assimilation/support.hpp"

namespace aleator::assimilation {
namespace {

// Gaspari, Cohn 1999, eq. 4.10: 1 at 0, 5/24 at the half-width c, 0 from 2 c on; its curvature at 0 is that of the Gaussian
// exp(-r^2 / (2 radius^2)), which is what c = sqrt(10/3) radius means: -10/3 / c^2 = -1 / radius^2.
TEST(Taper, HasTheValuesOfGaspariAndCohn) {
  const double c = std::sqrt(10.0 / 3.0) * 2.0, small = 1e-3;
  EXPECT_EQ(taper(0.0, 2.0), 1.0);
  EXPECT_NEAR(taper(c, 2.0), 5.0 / 24.0, 1e-14);
  EXPECT_NEAR(taper(c * (1.0 + 1e-12), 2.0), 5.0 / 24.0, 1e-10);
  EXPECT_NEAR(taper(1.5 * c, 2.0), 4.0 - 4.0 / 9.0 - 7.5 + 3.75 + 135.0 / 64.0 - 81.0 / 32.0 + 81.0 / 128.0, 1e-14);
  EXPECT_EQ(taper(2.0 * c, 2.0), 0.0);
  for (double inside = 1e-16; inside < 1e-4; inside *= 1.5) EXPECT_GE(taper(2.0 * c * (1.0 - inside), 2.0), 0.0);
  EXPECT_NEAR((taper(small, 2.0) - 1.0) / (small * small), -1.0 / 8.0, 1e-3);
}

TEST(Distance, GoesAroundTheRing) {
  model::StateInfo info;
  info.coordinates = {{{0.0, 1.0, 2.0, 3.0, 4.0}, 5.0}, {{0.0, 0.0, 0.0, 0.0, 3.0}, 0.0}};
  info.observed = {{"", {{0, 0.5}, {1, -2.0}}}};
  EXPECT_EQ(distance(info, 1, 0), 0.0);
  EXPECT_EQ(distance(info, 3, 0), 2.0);
  EXPECT_DOUBLE_EQ(distance(info, 4, 0), std::sqrt(4.0 + 9.0));
}

TEST(Rotation, IsOrthogonalAndKeepsTheMean) {
  for (const int n : {2, 3, 24}) {
    const math::Matrix q = random_rotation(n, kernels::Rng(3), 7), product = math::multiply_transposed(q, q);
    for (int i = 0; i < n; ++i) {
      double row = 0.0, column = 0.0;
      for (int j = 0; j < n; ++j) {
        EXPECT_NEAR(product(i, j), i == j ? 1.0 : 0.0, 1e-13);
        row += q(i, j), column += q(j, i);
      }
      EXPECT_NEAR(row, 1.0, 1e-13);
      EXPECT_NEAR(column, 1.0, 1e-13);
    }
  }
}

// Uniform on the rotations that keep the mean: E Q = (1 1^T) / n, so off that the entries average to nothing.
TEST(Rotation, HasNoPreferredDirection) {
  constexpr int n = 4, draws = 4000;
  math::Matrix sum(n, n);
  for (int k = 0; k < draws; ++k) math::add_scaled(sum, 1.0 / draws, random_rotation(n, kernels::Rng(3), k));
  for (const double value : sum.a) EXPECT_NEAR(value, 0.25, 4.0 * 0.5 / std::sqrt(draws));
}

// Of many members with few states: what a rotation keeps, and E (Q a) (Q a)^T for a member: a^T a / n, off it
// -a^T a / (n (n - 1)). 4000 draws of products of normal size have errors of 1.4 a^T a / (n sqrt(4000)) at most.
TEST(Rotation, OfFewStatesIsThatOfAWholeRotation) {
  constexpr int n = 130, d = 2, draws = 4000;
  math::Matrix a(n, d);
  for (int j = 0; j < n; ++j) a(j, 0) = j - 0.5 * (n - 1), a(j, 1) = 1e-9 * (j % 2 == 0 ? 1.0 : -1.0);
  const math::Matrix before = math::transposed_multiply(a, a);
  math::Matrix same(d, d), other(d, d);
  double mean = 0.0;
  for (int k = 0; k < draws; ++k) {
    math::Matrix turned = a;
    rotate(turned, kernels::Rng(3), k);
    mean += turned(7, 0) / draws;
    for (int i = 0; i < d; ++i)
      for (int l = 0; l < d; ++l) {
        same(i, l) += turned(7, i) * turned(7, l) / draws;
        other(i, l) += turned(7, i) * turned(8, l) / draws;
      }
    if (k > 0) continue;
    const math::Matrix after = math::transposed_multiply(turned, turned);
    for (int i = 0; i < d; ++i) {
      double sum = 0.0;
      for (int j = 0; j < n; ++j) sum += turned(j, i);
      EXPECT_LT(std::abs(sum), 1e-12 * std::sqrt(before(i, i)));
      for (int l = 0; l < d; ++l)
        EXPECT_NEAR(after(i, l), before(i, l), 1e-13 * std::sqrt(before(i, i) * before(l, l)));
    }
  }
  for (int i = 0; i < d; ++i)
    for (int l = 0; l < d; ++l) {
      const double unit = std::sqrt(before(i, i) * before(l, l)) / n, error = 1.5 * unit / std::sqrt(draws);
      EXPECT_NEAR(same(i, l), before(i, l) / n, 4.0 * error);
      EXPECT_NEAR(other(i, l), -before(i, l) / (n * (n - 1.0)), 4.0 * error);
    }
  EXPECT_NEAR(mean, 0.0, 4.0 * std::sqrt(before(0, 0) / n / draws));
}

// With fewer data than members, as many, and more: T^2 (I + S S^T / (n - 1)) = I, and ((n - 1) I + S S^T) w = S delta + g.
TEST(Transform, IsTheSquareRootOfTheAnalysisCovariance) {
  constexpr int n = 9;
  for (const int p : {1, 3, 9, 20}) {
    math::Matrix s(n, p);
    std::vector<double> delta(static_cast<std::size_t>(p)), g(n);
    kernels::Rng(5).row_of_normals({}, 0, delta.data(), p);
    kernels::Rng(5).row_of_normals({}, 1, g.data(), n);
    for (int j = 0; j < n; ++j) kernels::Rng(6).row_of_normals({}, j, s.row(j), p);
    for (int j = 0; j < n; ++j) s(j, p - 1) *= 30.0;  // a precise datum
    math::Matrix total = math::multiply_transposed(s, s);
    math::add_to_diagonal(total, n - 1.0);
    const Transform t = transform_of(s, delta, g);
    const math::Matrix root = t.times(math::identity(n)), back = t.inverse_times(root),
                       one = math::multiply(math::multiply(root, root), total);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        EXPECT_NEAR(one(i, j) / (n - 1.0), i == j ? 1.0 : 0.0, 1e-9) << p;
        EXPECT_NEAR(root(i, j), root(j, i), 1e-14) << p;
        EXPECT_NEAR(back(i, j), i == j ? 1.0 : 0.0, 1e-10) << p;
      }
    std::vector<double> expected = math::multiply(s, delta);
    for (int j = 0; j < n; ++j) expected[j] += g[j];
    const std::vector<double> found = math::multiply(total, t.w);
    for (int j = 0; j < n; ++j) EXPECT_NEAR(found[j], expected[j], 1e-9) << p;
    EXPECT_NEAR(t.log_determinant, math::log_det_cholesky(math::cholesky(total)) - n * std::log(n - 1.0), 1e-10) << p;
  }
}

TEST(Inflation, WidensAboutTheMean) {
  std::vector<double> x{1.0, 2.0, 3.0, 8.0, 5.0, 5.0};
  inflate({x.data(), 3, 2}, 2.0);
  EXPECT_EQ(x, (std::vector<double>{-1.0, -1.0, 3.0, 11.0, 7.0, 5.0}));
}

// delta^T delta = p + a tr: with that innovation the estimate stays at a, whatever the gain.
TEST(Inflation, FollowsTheInnovations) {
  std::vector<double> x{-1.0, 0.0, 1.0};
  const Members members{x.data(), 3, 1};
  EnsembleParams params;
  params.adaptation = 0.5;
  Observed seen;
  seen.index = {0}, seen.anomalies = math::Matrix(3, 1);
  const auto factor_after = [&](double innovation) {
    seen.anomalies.a = x = {-1.0, 0.0, 1.0};
    seen.innovation = {innovation};
    double factor = std::sqrt(2.0);
    adapt_inflation(params, factor, members, seen);
    EXPECT_DOUBLE_EQ(x[2], factor);
    EXPECT_DOUBLE_EQ(seen.anomalies.a[2], factor);
    return factor;
  };
  EXPECT_NEAR(factor_after(std::sqrt(3.0)), std::sqrt(2.0), 1e-12);  // tr = 1, a = 2
  EXPECT_NEAR(factor_after(std::sqrt(5.0)), std::sqrt(3.0), 1e-12);  // half-way from 2 to 4
}

TEST(Scores, AgreeWithTheirDefinitions) {
  std::vector<double> x{0.3, -1.2, 2.0, 0.9, 5.0, 1.0};  // three members of two states
  const std::vector<double> w{0.2, 0.5, 0.3}, truth{1.0, 0.95};
  std::vector<double> histogram(4);
  const Members members{x.data(), 3, 2};
  for (const double* weights : {static_cast<const double*>(nullptr), w.data()}) {
    double crps = 0.0;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j) {
        const double wj = weights ? weights[j] : 1.0 / 3.0;
        crps += wj * std::abs(members[j][i] - truth[i]) / 2.0;
        for (int k = 0; k < 3; ++k)
          crps -= 0.5 * wj * (weights ? weights[k] : 1.0 / 3.0) * std::abs(members[j][i] - members[k][i]) / 2.0;
      }
    EXPECT_NEAR(crps_and_ranks(members, weights, truth.data(), histogram.data()), crps, 1e-14);
  }
  EXPECT_NEAR(histogram[0] + histogram[1] + histogram[2] + histogram[3], 4.0, 1e-14);
  const Moments m = moments_of(members, nullptr);
  EXPECT_NEAR(m.mean[0], 7.3 / 3.0, 1e-14);
  EXPECT_NEAR(
      m.variance[1],
      ((1.2 + 0.7 / 3) * (1.2 + 0.7 / 3) + (0.9 - 0.7 / 3) * (0.9 - 0.7 / 3) + (1 - 0.7 / 3) * (1 - 0.7 / 3)) / 2,
      1e-13);
}

TEST(Forecast, InnovationsAreSeenInTheirStandardDeviations) {
  const LinearModel model = three_states();
  const Experiment experiment(model, statistics_of(model, 1, 0.3), parallel::Comm::self());
  Etkf filter;
  filter.params.members = 7;
  Etkf::State s = filter.init(experiment);
  const Batch data("data", 1, 2);
  data(0, 0) = missing, data(0, 1) = 2.5;
  const Cycle cycle{0, {0.0, 1.0}, data};
  const Members x = s.of(experiment, 0);
  double mean = 0.0, squares = 0.0;
  const auto mixed = [&](int j) { return x[j][1] + 0.5 * x[j][2]; };
  for (int j = 0; j < 7; ++j) mean += mixed(j) / 7;
  for (int j = 0; j < 7; ++j) squares += std::pow(mixed(j) - mean, 2) / 6;
  const double noise = experiment.statistics().noise_sd[1], own = 0.3 * 0.3 * (1.0 + 0.25 * 0.25);
  note_forecast(experiment, cycle, s);
  EXPECT_NEAR(s.innovation_ratio[0], std::pow(2.5 - mean, 2) / (squares + noise * noise), 1e-12);
  note_forecast(experiment, cycle, s, true);
  EXPECT_NEAR(s.innovation_ratio[0], std::pow(2.5 - mean, 2) / (squares + own + noise * noise), 1e-12);
}

// On a circle arcs longer than a quarter or so are no distances that a taper may be taken of; their chords are.
TEST(Taper, OfChordsIsACorrelationOfAnyRadius) {
  model::StateInfo info;
  model::Coordinate ring;
  ring.period = 40.0;
  for (int i = 0; i < 40; ++i) {
    info.names.push_back("x"), ring.position.push_back(i);
    info.observed.push_back({"x", {{i, 1.0}}});
  }
  info.coordinates = {ring};
  for (const double radius : {3.0, 8.0, 15.0}) {
    math::Matrix c(40, 40);
    for (int i = 0; i < 40; ++i)
      for (int k = 0; k < 40; ++k) c(i, k) = taper(distance(info, i, k, Along::chord), radius);
    math::add_to_diagonal(c, 1e-9);
    EXPECT_NO_THROW(math::cholesky(c)) << radius;
  }
  EXPECT_NEAR(distance(info, 0, 1, Along::chord), 1.0, 2e-3);
  EXPECT_EQ(distance(info, 0, 39), 1.0);
}

TEST(Scores, CountTheMembersBelowTheTruth) {
  std::vector<double> x{0.0, 1.0, 2.0, 3.0};
  std::vector<double> histogram(5);
  for (const double truth : {-1.0, 0.5, 0.6, 3.5}) crps_and_ranks({x.data(), 4, 1}, nullptr, &truth, histogram.data());
  EXPECT_EQ(histogram, (std::vector<double>{1.0, 2.0, 0.0, 0.0, 1.0}));
  // Weights 0.9 and 0.1: the truth has the rank 1.8 of two members, between the bins 1 and 2.
  std::vector<double> two{0.0, 1.0}, parts(3);
  const std::vector<double> weights{0.9, 0.1};
  const double between = 0.5;
  crps_and_ranks({two.data(), 2, 1}, weights.data(), &between, parts.data());
  EXPECT_NEAR(parts[0], 0.0, 1e-15);
  EXPECT_NEAR(parts[1], 0.2, 1e-14);
  EXPECT_NEAR(parts[2], 0.8, 1e-14);
  // 51 ranks, each as often as the others, fill 20 bins evenly.
  std::vector<double> many(50), even(static_cast<std::size_t>(rank_bins(50)));
  for (int j = 0; j < 50; ++j) many[static_cast<std::size_t>(j)] = j;
  for (double truth = -0.5; truth < 50.0; truth += 1.0)
    crps_and_ranks({many.data(), 50, 1}, nullptr, &truth, even.data());
  for (const double count : even) EXPECT_NEAR(count, 51.0 / 20.0, 1e-12);
}

}  // namespace
}  // namespace aleator::assimilation
