// Stein variational Newton: its Hessians, its steps where they are known, its posteriors, and iterations beside SVGD's.
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "sampler/elliptic.hpp"
#include "sampler/hessian/particle_precisions.hpp"
#include "sampler/hessian_cases.hpp"
#include "sampler/stein/svgd.hpp"
#include "sampler/stein/svn.hpp"

namespace aleator::sampler {
namespace {

using test::Exact;
using test::linear_gaussian;
using test::Row;
using test::without_tangent;
using test::WithoutFactor;

// I + H with H of the data.
math::Matrix exact_precision() {
  math::Matrix n = test::exact_hessian(linear_gaussian());
  math::add_to_diagonal(n, 1.0);
  return n;
}

TEST(ParticlePrecisions, AreTheHessianByTangentsAndByAdjoints) {
  const math::Matrix exact = exact_precision();
  const Context context = test::serial(1);
  const auto expect = [&](const Problem& problem, RunCount price) {
    const Ensemble e = Ensemble::from_prior(3, false, problem, context);
    RunCount count;
    const Batch packed = precisions_of(problem, context, e.position, count);
    const math::Matrix mean = mean_precision(context, e.layout, packed);
    for (int row = 0; row < 3; ++row) {
      const math::Matrix n = unpacked(&packed(row, 0), 4);
      for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(n.a[i], exact.a[i], 1e-7);
    }
    for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(mean.a[i], exact.a[i], 1e-7);
    EXPECT_EQ(count.runs, 3 * price.runs);
    EXPECT_EQ(count.gradients, 3 * price.gradients);
  };
  expect(*linear_gaussian().problem(), {4, 0});  // d tangents
  expect(without_tangent(), {6, 6});             // p adjoints
}

/// Members at chosen places, evaluated.
Svn::State started(const Svn& svn, const Problem& problem, const Context& context, const Batch& z) {
  Svn::State s = svn.init(problem, context);
  Kokkos::deep_copy(s.ensemble.position, z);
  model::Evaluation evaluation{s.ensemble.log_likelihood, s.ensemble.gradient, {}};
  evaluate(problem, s.ensemble.position, evaluation, context);
  return s;
}

TEST(Svn, IsNewtonsMethodForParticlesThatAreAlone) {
  // Of particles that do not feel each other, and of particles at one place, a whole step is Newton's: to the mean of a
  // linear-Gaussian posterior.
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(1);
  const Exact exact = linear_gaussian().exact();
  Svn::Params params;
  params.members = 2, params.step = 1.0, params.largest_move = 1e9;
  for (const double distance : {0.0, 400.0}) {
    const Batch z("z", 2, 4);
    for (int k = 0; k < 4; ++k) z(0, k) = 1.0 + k, z(1, k) = z(0, k) + distance;
    Svn::State s = started({params}, *problem, context, z);
    Svn{params}.step(*problem, context, s);
    const Row u = test::parameters_of(*problem, s.ensemble.position);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(u[i], exact.mean[i % 4], 1e-5) << distance;
  }
}

TEST(Svn, TakesTheStepsOfTheDefinition) {
  // phi_i and H_i by their sums in z, with the kernel's gradients written out; N = M is known.
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(1);
  const math::Matrix n = exact_precision();
  constexpr int members = 5, d = 4;
  Svn::Params params;
  params.members = members, params.step = 0.3, params.largest_move = 1e9;
  const Batch z("z", members, d);
  context.rng.normals({kernels::Purpose::test}, 0, z);
  for (std::size_t i = 0; i < z.size(); ++i) z.data()[i] *= 0.3;
  Svn::State s = started({params}, *problem, context, z);
  const Batch gradient("gradient", members, d);
  Kokkos::deep_copy(gradient, s.ensemble.gradient);
  Svn{params}.step(*problem, context, s);
  for (int i = 0; i < members; ++i) {
    Row phi(d, 0.0);
    math::Matrix h(d, d);
    for (int j = 0; j < members; ++j) {
      Row r(d);
      for (int k = 0; k < d; ++k) r[static_cast<std::size_t>(k)] = z(i, k) - z(j, k);
      const Row m_r = math::multiply(n, r);
      const double kernel = std::exp(-0.5 * math::dot(r, m_r) / d);
      for (std::size_t k = 0; k < d; ++k) {
        const int column = static_cast<int>(k);
        phi[k] += (kernel * (gradient(j, column) - z(j, column)) + kernel * m_r[k] / d) / members;
        for (std::size_t l = 0; l < d; ++l)
          h(column, static_cast<int>(l)) +=
              kernel * kernel * (n(column, static_cast<int>(l)) + m_r[k] * m_r[l] / (d * d)) / members;
      }
    }
    const Row q = math::solve_cholesky(math::cholesky(h), phi);
    for (int k = 0; k < d; ++k)
      EXPECT_NEAR(s.ensemble.position(i, k), z(i, k) + 0.3 * q[static_cast<std::size_t>(k)], 1e-6);
  }
}

/// Largest error of a mean, and of a standard deviation, in posterior standard deviations.
struct Errors {
  double mean = 0.0, sd = 0.0;
  double worst() const { return std::max(mean, sd); }
};

template <typename State>
Errors errors_of(const State& s, const Problem& problem, const Exact& exact) {
  const Row u = test::parameters_of(problem, s.ensemble.position);
  const std::size_t d = exact.mean.size(), n = u.size() / d;
  Errors errors;
  for (std::size_t k = 0; k < d; ++k) {
    double mean = 0.0, squares = 0.0;
    for (std::size_t j = 0; j < n; ++j) mean += u[j * d + k] / static_cast<double>(n);
    for (std::size_t j = 0; j < n; ++j) squares += std::pow(u[j * d + k] - mean, 2) / static_cast<double>(n);
    const double sd = std::sqrt(exact.covariance(static_cast<int>(k), static_cast<int>(k)));
    errors.mean = std::max(errors.mean, std::abs(mean - exact.mean[k]) / sd);
    errors.sd = std::max(errors.sd, std::abs(std::sqrt(squares) / sd - 1.0));
  }
  return errors;
}

TEST(Svn, MatchesTheLinearGaussianPosterior) {
  // Its fixed point has the exact mean and a spread too small by O(d / J).
  Svn::Params params;
  params.members = 250;
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  const Svn::State s = test::run_to_end(Svn{params}, *problem, test::serial(4));
  const Errors errors = errors_of(s, *problem, exact);
  EXPECT_LT(errors.mean, 0.03);
  EXPECT_LT(errors.sd, 0.04);
  EXPECT_LT(s.iteration, 30);
  EXPECT_EQ(s.model_evaluations, 250 * (1 + s.iteration * (1 + 4)));
  EXPECT_EQ(s.gradient_evaluations, 250 * (1 + s.iteration));
}

TEST(Svgd, MatchesTheLinearGaussianPosteriorInTheHessiansMetric) {
  Svgd::Params params;
  params.members = 250, params.iterations = 400, params.metric = Svgd::Metric::hessian;
  const auto problem = linear_gaussian().problem();
  const Svgd::State s = test::run_to_end(Svgd{params}, *problem, test::serial(4));
  const Errors errors = errors_of(s, *problem, linear_gaussian().exact());
  EXPECT_LT(errors.mean, 0.05);
  EXPECT_LT(errors.sd, 0.1);
  EXPECT_EQ(s.model_evaluations, 250 * (1 + 400 * (1 + 4)));
}

TEST(Svn, NeedsFewerIterationsThanGradientDescentOnACurvedPosterior) {
  const auto problem = test::elliptic_problem();
  const Exact exact = test::elliptic_exact();
  Svn::Params newton;
  newton.members = 128, newton.step = 1.0;
  const Svn::State s = test::run_to_end(Svn{newton}, *problem, test::serial(1));
  EXPECT_LT(errors_of(s, *problem, exact).worst(), 0.1);
  EXPECT_LT(s.iteration, 100);
  for (const auto metric : {Svgd::Metric::identity, Svgd::Metric::covariance, Svgd::Metric::hessian}) {
    double best = 1e9;
    for (const double step : {0.05, 0.1, 0.3}) {
      Svgd::Params descent;
      descent.members = 128, descent.metric = metric, descent.step = step;
      descent.iterations = static_cast<int>(2 * s.iteration);
      best = std::min(best,
                      errors_of(test::run_to_end(Svgd{descent}, *problem, test::serial(1)), *problem, exact).worst());
    }
    EXPECT_GT(best, 0.1) << static_cast<int>(metric);
  }
}

TEST(Svn, ObjectsToProblemsWithoutAHessian) {
  const Svn svn{Svn::Params{}};
  EXPECT_EQ(svn.objection(*linear_gaussian().problem()), "");
  EXPECT_NE(svn.objection(WithoutFactor(*linear_gaussian().problem())).find("Gauss-Newton"), std::string::npos);
  test::LinearGaussian wide;
  wide.a = math::Matrix(1, 300, 1.0), wide.prior_covariance = math::identity(300), wide.prior_mean.assign(300, 0.0);
  wide.noise_sd = {1.0}, wide.data = {0.0};
  EXPECT_NE(svn.objection(*wide.problem()).find("300"), std::string::npos);
}

}  // namespace
}  // namespace aleator::sampler
