// Fusion of sub-posteriors against products that are known.
#include "sampler/smc/fusion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/log.hpp"
#include "inverse/expression/target.hpp"
#include "inverse/problem/target.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Row;

class Quiet {  // a line a merge
 public:
  Quiet() { core::set_log_level(core::LogLevel::error); }
  ~Quiet() { core::set_log_level(core::LogLevel::info); }
};

// Sixteen sub-posteriors of x, each log f_c = -0.6 r - exp(-r), r = (x - m) / s: a Gumbel law with a long tail to the right.
struct Skewed {
  Row m = {-0.5, 0.3, 0.1, 0.9, -0.2, 0.6, 0.0, -0.8, 0.4, 0.2, -0.3, 1.1, -0.1, 0.5, 0.8, -0.6};
  Row s = {0.7, 1.2, 0.5, 1.5, 0.9, 0.8, 1.1, 1.3, 0.6, 1.0, 1.4, 0.9, 0.8, 1.2, 0.7, 1.0};
  static constexpr double low = -20.0, high = 60.0, mesh = 1e-3;  // where the laws are tabulated

  std::string term(std::size_t c) const {
    return fmt::format("-0.6 * (x - {:.17g}) / {:.17g} - exp(-(x - {:.17g}) / {:.17g})", m[c], s[c], m[c], s[c]);
  }
  double log_density(std::size_t c, double x) const {
    const double r = (x - m[c]) / s[c];
    return -0.6 * r - std::exp(-r);
  }
  std::shared_ptr<inverse::TargetProblem> problem(std::vector<std::string> terms = {}) const {
    for (std::size_t c = terms.size(); c < m.size(); ++c) terms.push_back(term(c));
    inverse::ExpressionTarget::Params target;
    target.parameters = {"x"}, target.terms = std::move(terms);
    inverse::TargetProblem::Params params;
    params.relative_to = inverse::TargetProblem::Reference::lebesgue;
    return std::make_shared<inverse::TargetProblem>(
        params, std::make_shared<prob::Normal>(prob::Normal::Params{1, {0.0}, {3.0}, {}}),
        std::make_shared<inverse::ExpressionTarget>(target));
  }
  // exp(f) on the mesh, normalised, with log of its integral.
  template <typename LogDensity>
  static std::pair<Row, double> tabulated(const LogDensity& f) {
    Row p;
    for (double x = low; x < high; x += mesh) p.push_back(f(x));
    const double top = *std::max_element(p.begin(), p.end());
    double sum = 0.0;
    for (double& value : p) sum += value = std::exp(value - top);
    for (double& value : p) value /= sum * mesh;
    return {p, top + std::log(sum * mesh)};
  }
  std::pair<Row, double> product() const {
    return tabulated([&](double x) {
      double sum = 0.0;
      for (std::size_t c = 0; c < m.size(); ++c) sum += log_density(c, x);
      return sum;
    });
  }
  // sum_c x_c / v_c / sum_c 1 / v_c of independent draws x_c ~ f_c, with the exact variances v_c.
  Row consensus(int draws) const {
    Row average(static_cast<std::size_t>(draws), 0.0);
    double precision = 0.0;
    for (std::size_t c = 0; c < m.size(); ++c) {
      const Row p = tabulated([&](double x) { return log_density(c, x); }).first;
      double mean = 0.0, square = 0.0;
      Row passed;
      for (std::size_t i = 0; i < p.size(); ++i) {
        const double x = low + mesh * static_cast<double>(i), mass = mesh * p[i];
        mean += mass * x, square += mass * x * x;
        passed.push_back((passed.empty() ? 0.0 : passed.back()) + mass);
      }
      const double weight = 1.0 / (square - mean * mean);
      precision += weight;
      for (int i = 0; i < draws; ++i) {
        const double u = kernels::Rng(5).uniform({kernels::Purpose::test, static_cast<std::int64_t>(c)}, i);
        const auto at = std::lower_bound(passed.begin(), passed.end(), u) - passed.begin();
        average[static_cast<std::size_t>(i)] += weight * (low + mesh * static_cast<double>(at));
      }
    }
    for (double& x : average) x /= precision;
    return average;
  }
};

// Integrated absolute distance 1/2 int |p^ - p|, p^ the draws' kernel density estimate (Silverman's width).
double absolute_distance(const Row& draws, const Row& p) {
  const auto n = static_cast<double>(draws.size());
  const double mean = std::accumulate(draws.begin(), draws.end(), 0.0) / n;
  double variance = 0.0;
  for (const double x : draws) variance += (x - mean) * (x - mean) / n;
  const double width = 1.06 * std::sqrt(variance) * std::pow(n, -0.2);
  Row estimate(p.size(), 0.0);
  for (const double draw : draws)
    for (auto i = static_cast<std::ptrdiff_t>((draw - 5.0 * width - Skewed::low) / Skewed::mesh),
              end = static_cast<std::ptrdiff_t>((draw + 5.0 * width - Skewed::low) / Skewed::mesh);
         i < end; ++i) {
      const double r = (Skewed::low + Skewed::mesh * static_cast<double>(i) - draw) / width;
      estimate[static_cast<std::size_t>(i)] += std::exp(-0.5 * r * r) / (n * width * std::sqrt(2.0 * M_PI));
    }
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += 0.5 * Skewed::mesh * std::abs(estimate[i] - p[i]);
  return sum;
}

Fusion fusion(int parts, int particles) {
  Fusion::Params params;
  params.parts = parts, params.particles = particles;
  return {params};
}

Row fused(const Problem& problem, const Fusion& algorithm, std::uint64_t seed) {
  return test::parameters_of(problem, test::run_to_end(algorithm, problem, test::serial(seed)).ensemble.position);
}

TEST(Fusion, OfSixteenSkewedSubPosteriorsIsTheirProductWhereConsensusAveragingIsNot) {
  const Quiet quiet;
  const Skewed skewed;
  const auto [p, log_evidence] = skewed.product();
  const auto problem = skewed.problem();
  // 4000 independent draws of p lie at 0.016 of it; of eight runs those of fusion at 0.030 in the mean, at most at 0.051.
  double distance = 0.0;
  for (const std::uint64_t seed : {1, 2, 3, 4})
    distance += absolute_distance(fused(*problem, fusion(16, 4000), seed), p) / 4.0;
  EXPECT_LT(distance, 0.05);
  EXPECT_GT(absolute_distance(skewed.consensus(4000), p), 0.5);
}

// A density that is not of the product: another part's twice, and one that is missing.
TEST(Fusion, ACheckOfTheProductRefusesOthers) {
  const Quiet quiet;
  const Skewed skewed;
  const Row p = skewed.product().first;
  const auto twice = skewed.problem({skewed.term(1)});
  EXPECT_GT(absolute_distance(fused(*twice, fusion(16, 4000), 1), p), 0.05);
  const auto missing = skewed.problem({"0 * x"});
  EXPECT_GT(absolute_distance(fused(*missing, fusion(8, 4000), 1), p), 0.05);
}

// z-scores of means, covariances and the evidence from the scatter of runs.
double largest_z_of_runs(const Problem& problem, const Fusion& algorithm, const test::Exact& exact, int runs) {
  std::vector<Row> moments;
  for (int n = 0; n < runs; ++n) {
    const auto s = test::run_to_end(algorithm, problem, test::serial(100 + static_cast<std::uint64_t>(n)));
    Row mean = test::mean_moments(problem, s.ensemble, exact);
    mean.push_back(std::exp(s.log_evidence - exact.log_evidence) - 1.0);
    moments.push_back(mean);
  }
  return test::largest_z_of_runs(moments);
}

// Four parameters, six data in three parts, one of which is merged a level later. 15 moments and t of 23 degrees of freedom:
// 4.5 is passed by chance with probability 0.003.
TEST(Fusion, ReachesTheLinearGaussianPosteriorAndEvidence) {
  const Quiet quiet;
  const test::LinearGaussian linear = test::linear_gaussian();
  EXPECT_LT(largest_z_of_runs(*linear.problem(), fusion(3, 1000), linear.exact(), 24), 4.5);
}

TEST(Fusion, OfOnePartIsSmcOfTheWholePosterior) {
  const Quiet quiet;
  const test::LinearGaussian linear = test::linear_gaussian();
  EXPECT_LT(largest_z_of_runs(*linear.problem(), fusion(1, 500), linear.exact(), 24), 4.5);
}

// Two normal densities 12 standard deviations apart: pairs have far to go, weights collapse without a mesh that follows them.
TEST(Fusion, BringsFarSubPosteriorsTogether) {
  const Quiet quiet;
  inverse::ExpressionTarget::Params target;
  target.parameters = {"x"}, target.terms = {"-(x - 6)^2 / 2", "-(x + 6)^2 / 2"};
  inverse::TargetProblem::Params params;
  params.relative_to = inverse::TargetProblem::Reference::lebesgue;
  const inverse::TargetProblem problem(params,
                                       std::make_shared<prob::Normal>(prob::Normal::Params{1, {0.0}, {5.0}, {}}),
                                       std::make_shared<inverse::ExpressionTarget>(target));
  // exp(-36) N(x; 0, 1/2) sqrt(pi)
  test::Exact exact{{0.0}, math::Matrix(1, 1), -36.0 + 0.5 * std::log(M_PI)};
  exact.covariance(0, 0) = 0.5;
  EXPECT_LT(largest_z_of_runs(problem, fusion(2, 1000), exact, 24), 4.5);
}

TEST(Fusion, ObjectsToWhatItCannotDo) {
  const auto problem = test::linear_gaussian().problem();
  EXPECT_EQ(fusion(6, 1000).objection(*problem), "");
  EXPECT_EQ(fusion(7, 1000).objection(*problem), "6 data cannot be dealt into 7 parts; set parts = 6 or less");
  EXPECT_NE(fusion(2, 7).objection(*problem), "");
  EXPECT_NE(fusion(1, 1000).objection(*Skewed().problem()->only({0})), "");
  Fusion few = fusion(16, 100);
  few.params.max_steps = 1;
  const Quiet quiet;
  EXPECT_THROW(test::run_to_end(few, *Skewed().problem(), test::serial(1)), core::NumericsError);
}

}  // namespace
}  // namespace aleator::sampler
