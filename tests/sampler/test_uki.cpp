// Unscented Kalman inversion: the closed forms it has for linear models, and the formulas of its papers for others.
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "inverse/expression/model.hpp"
#include "sampler/ensemble/uki.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using math::Matrix;
using test::Exact;
using test::Row;

/// The linear-Gaussian problem in latent coordinates: u = z.
test::LinearGaussian latent_problem() {
  test::LinearGaussian p = test::linear_gaussian();
  p.prior_covariance = math::identity(4);
  p.prior_mean.assign(4, 0.0);
  return p;
}

Matrix square(const Row& factor, int d) {
  Matrix a(d, d);
  a.a = factor;
  return math::multiply_transposed(a, a);
}

Matrix inverse(const Matrix& a) { return math::solve_cholesky(math::cholesky(a), math::identity(a.rows)); }

TEST(Uki, PrecisionOfALinearModelHasTheRateOfTheory) {
  // C_n^-1 = C^-1 + (1 - h)^n (I - C^-1) with C the posterior's covariance, for any h; the mean follows.
  const test::LinearGaussian p = latent_problem();
  const Exact exact = p.exact();
  const Matrix precision = inverse(exact.covariance);
  const auto problem = p.problem();
  for (const double h : {0.5, 0.3}) {
    Uki::Params params;
    params.members = 2, params.step = h, params.tolerance = 1e-13, params.max_iterations = 100;
    const Uki uki{params};
    const Context context = test::serial(1);
    Uki::State s = uki.init(*problem, context);
    for (int n = 1; n <= 6; ++n) {
      uki.step(*problem, context, s);
      const Matrix found = inverse(square(s.factor, 4));
      for (int i = 0; i < 4; ++i)
        for (int k = 0; k < 4; ++k)
          EXPECT_NEAR(found(i, k), precision(i, k) + std::pow(1.0 - h, n) * ((i == k ? 1.0 : 0.0) - precision(i, k)),
                      1e-10);
    }
    for (bool is_finished = false; !is_finished;) is_finished = uki.step(*problem, context, s).is_finished;
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(s.mean[k], exact.mean[k], 1e-10);
    for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(square(s.factor, 4).a[k], exact.covariance.a[k], 1e-10);
  }
}

// The model fails at both points of b: the step changes nothing, which is no rest.
TEST(Uki, DoesNotSettleWhereItSeesNothing) {
  inverse::ExpressionModel::Params model;
  model.parameters = {"a", "b"}, model.outputs = {"a", "b + 0 * sqrt(1.44 - b * b)"};
  inverse::GaussianLikelihood::Params likelihood{{"data.txt", "0.5 0.3"}, {0.1}, {}, true};
  const inverse::BayesProblem problem({}, {std::make_shared<inverse::ExpressionModel>(model),
                                           std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0}, {1.0}, {}}),
                                           std::make_shared<inverse::GaussianLikelihood>(likelihood)});
  Uki::Params params;
  params.members = 8, params.max_iterations = 40;
  const Uki uki{params};
  const Context context = test::serial(1);
  core::set_log_level(core::LogLevel::error);
  Uki::State s = uki.init(problem, context);
  while (!uki.step(problem, context, s).is_finished) continue;
  core::set_log_level(core::LogLevel::info);
  EXPECT_EQ(s.iteration, params.max_iterations);
}

TEST(Uki, InflationWidensTheGaussianAndLeavesItsMean) {
  const test::LinearGaussian p = latent_problem();
  const Exact exact = p.exact();
  const auto problem = p.problem();
  Uki::Params params;
  params.members = 2, params.inflation = 1.7, params.tolerance = 1e-13, params.max_iterations = 200;
  const Uki::State s = test::run_to_end(Uki{params}, *problem, test::serial(1));
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(s.mean[k], exact.mean[k], 1e-10);
  for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(square(s.factor, 4).a[k], 1.7 * 1.7 * exact.covariance.a[k], 1e-9);
}

TEST(Uki, DrawsAreThoseOfThePosterior) {
  Uki::Params params;
  params.members = 4000;
  const auto problem = test::linear_gaussian().problem();
  const Exact exact = test::linear_gaussian().exact();
  BaseState s = test::run_to_end(Uki{params}, *problem, test::serial(5));
  for (std::int64_t i = 0; i < params.members; ++i) s.ancestors.push_back(i);  // independent draws
  EXPECT_LT(test::largest_particle_z(s, *problem, exact), 4.0);
  params.max_iterations = 2;  // too few: the same check refuses it
  core::set_log_level(core::LogLevel::error);
  s = test::run_to_end(Uki{params}, *problem, test::serial(5));
  core::set_log_level(core::LogLevel::info);
  for (std::int64_t i = 0; i < params.members; ++i) s.ancestors.push_back(i);
  EXPECT_GT(test::largest_particle_z(s, *problem, exact), 4.0);
}

TEST(Uki, MinimumIsLeastSquares) {
  // alpha = 1: the weighted least squares solution, which knows nothing of the prior. alpha < 1 lies between it and zero.
  const test::LinearGaussian p = latent_problem();
  Matrix normal(4, 4);
  Row right(4, 0.0);
  for (int i = 0; i < 6; ++i) {
    const double weight = 1.0 / (p.noise_sd[static_cast<std::size_t>(i)] * p.noise_sd[static_cast<std::size_t>(i)]);
    for (int k = 0; k < 4; ++k) {
      right[static_cast<std::size_t>(k)] += weight * p.a(i, k) * p.data[static_cast<std::size_t>(i)];
      for (int l = 0; l < 4; ++l) normal(k, l) += weight * p.a(i, k) * p.a(i, l);
    }
  }
  const Row expected = math::solve_cholesky(math::cholesky(normal), right);
  Uki::Params params;
  params.goal = Uki::Goal::minimum, params.members = 2, params.tolerance = 1e-12, params.max_iterations = 200;
  const Uki::State s = test::run_to_end(Uki{params}, *p.problem(), test::serial(1));
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(s.mean[k], expected[k], 1e-9);
  params.alpha = 0.5;
  const Uki::State held = test::run_to_end(Uki{params}, *p.problem(), test::serial(1));
  EXPECT_LT(math::dot(held.mean, held.mean), math::dot(expected, expected));
}

// y = (u_0^2, u_0 u_1, sin u_1): curved, so that the bend of the sigma points matters; fails where u_1 > limit.
class Curved : public model::ForwardModel {
 public:
  explicit Curved(double limit) : limit_(limit) { shape_.inputs = 2, shape_.outputs = 3; }
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(ConstBatch u, Batch y) const override {
    model::RowStatus status;
    for (std::size_t r = 0; r < u.extent(0); ++r) {
      y(r, 0) = u(r, 0) * u(r, 0), y(r, 1) = u(r, 0) * u(r, 1), y(r, 2) = std::sin(u(r, 1));
      if (u(r, 1) <= limit_) continue;
      for (int i = 0; i < 3; ++i) y(r, i) = std::nan("");
      status.failed.push_back({static_cast<int>(r), "beyond the limit"});
    }
    return status;
  }

 private:
  double limit_;
  model::Shape shape_;
};

const Row curved_data = {0.7, 0.4, 0.5}, curved_sd = {0.3, 0.2, 0.4};

inverse::BayesProblem curved_problem(double limit) {
  inverse::BayesProblem::Params params;
  params.on_failure = inverse::BayesProblem::OnFailure::reject;
  return {params, inverse::BayesProblem::Parts{
                      std::make_shared<Curved>(limit),
                      std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0}, {1.0}, {}}),
                      std::make_shared<inverse::GaussianLikelihood>(inverse::GaussianLikelihood::Params{
                          {"data.txt", test::table(curved_data, 1)}, curved_sd, {}, true})}};
}

TEST(Uki, OneStepOfACurvedModelIsThePapersFormula) {
  // Kalman's gain of the augmented data (data, 0) from weighted sums over the sigma points, as Huang et al. write it.
  const double h = 0.5, c = std::sqrt(2.0), weight = 1.0 / (2.0 * c * c);
  const Row m = {0.3, -0.2};
  Matrix factor(2, 2);
  factor.a = {0.6, 0.0, 0.2, 0.5};
  const auto outputs = [](const Row& u) { return Row{u[0] * u[0], u[0] * u[1], std::sin(u[1]), u[0], u[1]}; };
  const Row centre = outputs(m);
  Matrix c_uy(2, 5), c_yy(5, 5), c_uu = math::multiply_transposed(factor, factor);
  for (double& value : c_uu.a) value /= 1.0 - h;
  for (int j = 0; j < 2; ++j)
    for (const double sign : {1.0, -1.0}) {
      Row u = m;
      for (int k = 0; k < 2; ++k) u[static_cast<std::size_t>(k)] += sign * c * factor(k, j) / std::sqrt(1.0 - h);
      const Row y = outputs(u);
      for (int i = 0; i < 5; ++i) {
        const double dy = y[static_cast<std::size_t>(i)] - centre[static_cast<std::size_t>(i)];
        for (int k = 0; k < 2; ++k)
          c_uy(k, i) += weight * (u[static_cast<std::size_t>(k)] - m[static_cast<std::size_t>(k)]) * dy;
        for (int k = 0; k < 5; ++k)
          c_yy(i, k) += weight * dy * (y[static_cast<std::size_t>(k)] - centre[static_cast<std::size_t>(k)]);
      }
    }
  for (int i = 0; i < 5; ++i) c_yy(i, i) += (i < 3 ? std::pow(curved_sd[static_cast<std::size_t>(i)], 2) : 1.0) / h;
  const Matrix gain = math::transpose(math::solve_cholesky(math::cholesky(c_yy), math::transpose(c_uy)));
  Row miss = {curved_data[0] - centre[0], curved_data[1] - centre[1], curved_data[2] - centre[2], -m[0], -m[1]};
  const Row shift = math::multiply(gain, miss);
  math::add_scaled(c_uu, -1.0, math::multiply_transposed(gain, c_uy));

  const auto problem = curved_problem(1e9);
  Uki::Params params;
  params.members = 2, params.max_iterations = 10;
  const Uki uki{params};
  Uki::State s = uki.init(problem, test::serial(1));
  s.mean = m, s.factor = factor.a;
  uki.step(problem, test::serial(1), s);
  for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(s.mean[k], m[k] + shift[k], 1e-12);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(square(s.factor, 2).a[k], c_uu.a[k], 1e-12);
}

TEST(Uki, GoesOnWherePointsFail) {
  // The posterior lies away from where the model fails, and points there do not keep the mean from it.
  core::set_log_level(core::LogLevel::error);
  Uki::Params params;
  params.members = 50;
  const Uki::State whole = test::run_to_end(Uki{params}, curved_problem(1e9), test::serial(1)),
                   cut = test::run_to_end(Uki{params}, curved_problem(1.2), test::serial(1));
  core::set_log_level(core::LogLevel::info);
  for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(cut.mean[k], whole.mean[k], 0.05);
}

TEST(Uki, ObjectsToManyCoordinates) {
  test::LinearGaussian p;
  const int d = Uki::largest_dimension + 1;
  p.a = Matrix(1, d), p.prior_covariance = math::identity(d), p.prior_mean.assign(d, 0.0);
  p.noise_sd = {1.0}, p.data = {0.0};
  EXPECT_NE(Uki{Uki::Params{}}.objection(*p.problem()), "");
  EXPECT_EQ(Uki{Uki::Params{}}.objection(*test::linear_gaussian().problem()), "");
}

}  // namespace
}  // namespace aleator::sampler
