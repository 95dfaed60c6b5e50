// Programs taken apart: the values of the tape to the bit, its gradients and tangents, in every lane.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "formulas.hpp"
#include "math/expression/scalar_program.hpp"

namespace aleator::math {
namespace {

constexpr int width = ScalarProgram::width;

// The samples of every lane, entry by entry, of rows (a, b).
struct Samples {
  Samples() {
    for (int lane = 0; lane < width; ++lane) {
      const double x = 0.3 + 0.05 * lane, y = 1.9 - 0.11 * lane;
      rows.push_back({x, y}), a[lane] = x, b[lane] = y;
    }
  }
  double a[width], b[width];
  std::vector<Values> rows;
};

void expect_near(double found, double expected, const std::string& text) {
  EXPECT_NEAR(found, expected, 1e-13 * (1.0 + std::abs(expected))) << text;
}

// A tape at one row: values, the gradient of dy . y (every `width`-th of dy), the tangent in direction (da, 0).
struct OfTape {
  OfTape(const Tape& tape, const Values& row, const double* dy, double da)
      : y(static_cast<std::size_t>(tape.results())), tangent(y.size()), gradient(2) {
    Values slopes, direction{da, 0.0};
    for (std::size_t i = 0; i < y.size(); ++i) slopes.push_back(dy[i * width]);
    const double *u[Tape::lanes], *w[Tape::lanes], *v[Tape::lanes];
    double *to_y[Tape::lanes], *to_gradient[Tape::lanes], *to_tangent[Tape::lanes];
    std::vector<Values> gradients(Tape::lanes, Values(2));
    for (int lane = 0; lane < Tape::lanes; ++lane) {
      u[lane] = row.data(), w[lane] = slopes.data(), v[lane] = direction.data();
      to_y[lane] = y.data(), to_gradient[lane] = gradients[static_cast<std::size_t>(lane)].data(),
      to_tangent[lane] = tangent.data();
    }
    Tape::Workspace work;
    tape.run(u, to_y, work);
    tape.push_forward(v, to_tangent, work);
    tape.pull_back(w, 2, to_gradient, work);
    gradient = gradients[0];
  }
  Values y, tangent, gradient;
};

const char* const texts[] = {"a * b + a / b - b",
                             "exp(a) * log(b) - sqrt(a)^3",
                             "sin(a) * cos(b) + tan(a) - abs(a - b)",
                             "-a * b / 3 + a * b / 3 - 2 * a * b",
                             "if(a < b, a * b, b) + min(a, b) * max(a, 2 * b)",
                             "log1p_exp(a) + inv_logit(b) + a^b + lgamma(b)",
                             "sum([a, b, a]^2 * [1, 2, 3]) - dot([a, b], [b, b])",
                             "norm(mat_vec([a, 1, b, 2, a, b], [b, a])) + norm(group_sum([a, b, a * b], [1, 0, 1], 2))",
                             "sum(recurrence(a, [b, a, 0.5], [1, a, b]))",
                             "[b, a, 3, a * b][[1, 0, 3, 2, 1]]",
                             "a"};

TEST(ScalarProgram, HasTheValuesOfTheTapeAndItsDerivatives) {
  const Samples at;
  for (const char* const text : texts) {
    const Formula f = formula(text);
    const int m = f.outputs();
    const auto program = ScalarProgram::of(f.tape(), {1, 1});
    ASSERT_NE(program, nullptr) << text;
    const double* const inputs[] = {at.a, at.b};
    std::vector<double> y(static_cast<std::size_t>(m * width)), dy(y.size()), tangent(y.size());
    ScalarProgram::Workspace w;
    program->run(inputs, y.data(), w);
    for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = std::cos(1.0 + static_cast<double>(i));
    double ga[width], gb[width];
    std::fill_n(ga, width, 2.0), std::fill_n(gb, width, 0.0);
    double* const gradients[] = {ga, gb};
    program->pull_back(inputs, dy.data(), gradients, w);
    const double* const directions[] = {at.b, nullptr};
    program->push_forward(inputs, directions, tangent.data(), w);

    for (int lane = 0; lane < width; ++lane) {  // the tape itself, eight times the same row
      const OfTape one(f.tape(), at.rows[static_cast<std::size_t>(lane)], dy.data() + lane, at.b[lane]);
      for (int i = 0; i < m; ++i) {
        const auto k = static_cast<std::size_t>(i);
        EXPECT_EQ(y[k * width + static_cast<std::size_t>(lane)], one.y[k]) << text << ", lane " << lane;
        expect_near(tangent[k * width + static_cast<std::size_t>(lane)], one.tangent[k], text);
      }
      expect_near(ga[lane] - 2.0, one.gradient[0], text);
      expect_near(gb[lane], one.gradient[1], text);
    }
  }
}

TEST(ScalarProgram, WhatIsNotWantedIsNotComputed) {
  const Samples at;
  const auto program = ScalarProgram::of(formula("a * b + exp(a)").tape(), {1, 1});
  const double* const inputs[] = {at.a, at.b};
  double y[width], dy[width], gb[width] = {};
  std::fill_n(dy, width, 1.0);
  ScalarProgram::Workspace w;
  program->run(inputs, y, w);
  double* const gradients[] = {nullptr, gb};
  program->pull_back(inputs, dy, gradients, w);
  for (int lane = 0; lane < width; ++lane) EXPECT_EQ(gb[lane], at.a[lane]);
}

TEST(ScalarProgram, TheBranchNotTakenCannotSpoilTheGradient) {
  double a[width], b[width], y[width], dy[width], ga[width] = {}, gb[width] = {};
  for (int lane = 0; lane < width; ++lane) a[lane] = lane % 2 == 0 ? -1.0 : 2.0, b[lane] = 0.0, dy[lane] = 1.0;
  const auto program = ScalarProgram::of(formula("if(a > 0, log(a), a) + 0 * sqrt(b)").tape(), {1, 1});
  const double* const inputs[] = {a, b};
  double* const gradients[] = {ga, gb};
  ScalarProgram::Workspace w;
  program->run(inputs, y, w);
  program->pull_back(inputs, dy, gradients, w);
  for (int lane = 0; lane < width; ++lane) {
    EXPECT_EQ(ga[lane], lane % 2 == 0 ? 1.0 : 0.5);
    EXPECT_EQ(gb[lane], 0.0);
  }
}

TEST(ScalarProgram, LongProgramsAndOtherOperationsAreLeftToTheTape) {
  EXPECT_EQ(ScalarProgram::of(formula("sum(rep(a, 5000) * range(5000)) + b").tape(), {1, 1}), nullptr);
  EXPECT_EQ(ScalarProgram::of(formula("log_sum_exp([a, b])").tape(), {1, 1}), nullptr);
}

}  // namespace
}  // namespace aleator::math
