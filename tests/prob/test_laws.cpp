// Laws at the ends of what numbers can hold, and what priors say of themselves.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "prob/prior/closed_laws.hpp"
#include "prob/prior/dirichlet.hpp"
#include "prob/prior/hierarchical.hpp"
#include "prob/prior/log_normal.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/product.hpp"

namespace aleator::prob {
namespace {

using Row = std::vector<double>;

Row to_parameters(const Prior& prior, const Row& z) {
  Row u(static_cast<std::size_t>(prior.dimension()));
  prior.to_parameters(z.data(), u.data());
  return u;
}

// A density that falls from its mode at one end: P(U < u) = 2 u - u^2 there, P(U > u) = (1 - u)^2 at the other.
TEST(TriangularPrior, KeepsItsRelativeAccuracyWhereTheModeIsAnEnd) {
  const double p = 1.1285884059538405e-19;
  const Triangular falling({1, {0.0}, {0.0}, {1.0}}), rising({1, {0.0}, {1.0}, {1.0}});
  EXPECT_NEAR(to_parameters(falling, {-9.0})[0] / (0.5 * p), 1.0, 1e-13);
  EXPECT_NEAR(to_parameters(rising, {-9.0})[0] / std::sqrt(p), 1.0, 1e-13);
  for (const double z : {-9.0, -3.0, 0.0, 3.0})
    for (const Prior* prior : {static_cast<const Prior*>(&falling), static_cast<const Prior*>(&rising)}) {
      const double u = to_parameters(*prior, {z})[0];
      double back = 0.0;
      prior->to_latent(&u, &back);
      if (u < 1.0) {
        EXPECT_NEAR(back, z, 1e-6) << z;
      }
    }
}

TEST(LogUniformPrior, MaySpanAllNumbers) {
  const LogUniform prior({1, {1e-160}, {1e160}});
  EXPECT_NEAR(to_parameters(prior, {0.0})[0], 1.0, 1e-12);
  for (const double z : {-6.0, -1.0, 2.0, 4.0}) {
    const double u = to_parameters(prior, {z})[0];
    double back = 0.0;
    prior.to_latent(&u, &back);
    EXPECT_NEAR(back, z, 1e-9);
    EXPECT_NEAR(prior.log_density(&u), -std::log(u) - std::log(320.0 * std::log(10.0)), 1e-11);
  }
}

TEST(DirichletPrior, KnowsWhatDoesNotLieOnTheSimplex) {
  const Dirichlet prior({{2.0, 0.7, 1.3}});
  const Row percent = {30.0, 50.0, 20.0}, shares = {0.3, 0.5, 0.2};
  Row z(2);
  prior.to_latent(percent.data(), z.data());
  EXPECT_TRUE(std::isnan(z[0]) && std::isnan(z[1]));
  prior.to_latent(shares.data(), z.data());
  EXPECT_TRUE(std::isfinite(z[0]) && std::isfinite(z[1]));
}

TEST(Priors, SayWhetherTheyHaveANormalisedDensity) {
  EXPECT_TRUE(LogNormal({2, {0.2}, {0.6}, true}).has_density());
  EXPECT_FALSE(LogNormal({2, {0.2}, {0.6}, false}).has_density());
  EXPECT_FALSE(Dirichlet({{2.0, 0.7, 1.3}}).has_density());
  const auto relative = std::make_shared<LogNormal>(LogNormal::Params{1, {0.2}, {0.6}, false});
  const auto normal = std::make_shared<Normal>(Normal::Params{1, {0.0}, {1.0}, {}});
  EXPECT_FALSE(Product({{"a", normal}, {"b", relative}}).has_density());
  EXPECT_TRUE(Product({{"a", normal}, {"b", normal}}).has_density());
}

TEST(HierarchicalPrior, RefusesAStandardDeviationThatMayBeNegative) {
  const auto normal = std::make_shared<Normal>(Normal::Params{1, {0.0}, {1.0}, {}});
  const auto positive = std::make_shared<LogNormal>(LogNormal::Params{1, {0.2}, {0.6}, true});
  const auto make = [](const std::shared_ptr<const Prior>& sd) {
    return Hierarchical({{}, 3, "theta", "", "tau", 0.0, 1.0}, {{"tau", sd}});
  };
  EXPECT_THROW(make(normal), deck::KeyError);
  EXPECT_NO_THROW(make(positive));
}

}  // namespace
}  // namespace aleator::prob
