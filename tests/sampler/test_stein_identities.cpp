// How far particles are from the posterior, by Stein's identities: on normal laws the exact answer is known.
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "sampler/stein/identities.hpp"
#include "sampler/stein/particles.hpp"
#include "sampler/stein/svgd.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

// Two coordinates at the quantiles of N(shift, sd^2) and of N(0, 1); scores of a standard normal law.
SteinIdentities of_normal(double shift, double sd, double scale = 1.0) {
  const int particles = 4000;
  const Batch z = kernels::new_batch(particles, 2), score = kernels::new_batch(particles, 2);
  const boost::math::normal standard;
  for (int j = 0; j < particles; ++j) {
    const double x = boost::math::quantile(standard, (j + 0.5) / particles);
    z(j, 0) = scale * x, z(j, 1) = scale * (shift + sd * (j % 2 == 0 ? x : -x));
    for (int k = 0; k < 2; ++k) score(j, k) = -z(j, k) / (scale * scale);
  }
  return stein_identities(z, score);
}

TEST(SteinIdentities, HoldForTheLawItself) {
  const SteinIdentities found = of_normal(0.0, 1.0);
  EXPECT_LT(found.mean_score, 1e-3);
  EXPECT_NEAR(found.variance, 1.0, 2e-3);  // the quantiles' own
}

TEST(SteinIdentities, TellTheDistanceAndTheVarianceInAnyUnits) {
  for (const double scale : {1.0, 1e-3, 1e4}) {
    const SteinIdentities found = of_normal(0.75, 0.5, scale);
    EXPECT_EQ(found.at_mean_score, 1);
    EXPECT_NEAR(found.mean_score, 0.75 / std::sqrt(0.75 * 0.75 + 0.25), 1e-3);
    EXPECT_EQ(found.at_variance, 1);
    EXPECT_NEAR(found.variance, 0.25, 1e-3);
  }
}

TEST(SteinIdentities, PassOverScoresThatAreNotFinite) {
  const Batch z = kernels::new_batch(3, 1), score = kernels::new_batch(3, 1);
  z(0, 0) = 1.0, z(1, 0) = -1.0, z(2, 0) = 50.0;
  score(0, 0) = -1.0, score(1, 0) = 1.0, score(2, 0) = std::nan("");
  const SteinIdentities found = stein_identities(z, score);
  EXPECT_EQ(found.mean_score, 0.0);
  EXPECT_EQ(found.variance, 1.0);
}

SteinIdentities after(int iterations) {
  Svgd::Params params;
  params.members = 250, params.iterations = iterations;
  const auto problem = test::linear_gaussian().problem();
  const Context context = test::serial(4);
  const Ensemble e = test::run_to_end(Svgd{params}, *problem, context).ensemble;
  return stein_identities(e.position, scores_of(e));
}

TEST(SteinIdentities, TellASettledDescentFromOneThatIsOnItsWay) {
  const SteinIdentities on_its_way = after(5), settled = after(400);
  EXPECT_GT(on_its_way.mean_score, 0.25);
  EXPECT_LT(settled.mean_score, 0.05);
  EXPECT_NEAR(settled.variance, 1.0, 0.2);
}

}  // namespace
}  // namespace aleator::sampler
