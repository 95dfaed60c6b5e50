// Tables of dear quantiles against the quantiles themselves, over laws from peaked at a bound to nearly normal.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "math/special.hpp"
#include "prob/prior/positive_laws.hpp"
#include "prob/prior/quantile_table.hpp"
#include "prob/prior/real_laws.hpp"

namespace aleator::prob {
namespace {

Tail tail_at(double z) { return {math::normal_cdf(-std::abs(z)), z < 0.0}; }

template <typename Law>
QuantileTable table_of(const Law& law) {
  return QuantileTable([&law](double z) { return law.stretched(tail_at(z)); });
}

// u = Q(Phi(z)) to 1e-13 of its stretched value, hence of u itself (or of its scale) up to that value; most intervals are tables.
template <typename Law>
void expect_close(const Law& law, double least_share, const std::string& what, double scale = 0.0) {
  const QuantileTable table = table_of(law);
  EXPECT_GE(table.share(), least_share) << what;
  const Independent<Law> prior({law});
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> anywhere(-9.0, 9.0);
  for (int k = 0; k < 2000; ++k) {
    const double z = anywhere(random), exact = law.quantile(tail_at(z)), s = std::abs(law.stretched(tail_at(z)));
    double u = 0.0;
    prior.to_parameters(&z, &u);
    if (std::isfinite(s))
      ASSERT_NEAR(u, exact, 3e-13 * std::max(1.0, s) * std::max(scale, std::abs(exact)) + 1e-300)
          << what << " at z = " << z;
    else
      ASSERT_EQ(u, exact) << what << " at z = " << z;
  }
}

TEST(QuantileTable, GivesGammaLaws) {
  for (const double shape : {0.5, 1.0, 2.5, 30.0, 1000.0}) {
    expect_close(GammaLaw(shape, 3.0), 0.9, "gamma " + std::to_string(shape));
    expect_close(InverseGammaLaw(shape, 3.0), 0.9, "inverse gamma " + std::to_string(shape));
  }
  expect_close(GammaLaw(0.02, 3.0), 0.0, "gamma 0.02");  // underflows in the lower tail
}

TEST(QuantileTable, GivesStudentAndBetaLaws) {
  for (const double dof : {1.0, 2.0, 3.5, 7.0, 40.0}) {
    const StudentTLaw law(dof, 5.0, 0.1);
    EXPECT_GE(table_of(law).share(), 0.9) << dof;
    const StudentTLaw standard(dof, 0.0, 1.0);
    expect_close(standard, 0.9, "student " + std::to_string(dof), 1.0);
  }
  for (const auto& [a, b] : {std::pair(1.0, 1.0), std::pair(2.0, 5.0), std::pair(0.5, 0.5), std::pair(40.0, 3.0)})
    expect_close(BetaLaw(a, b), 0.9, "beta " + std::to_string(a));
}

TEST(QuantileTable, SlopesFitTheValues) {
  const Independent<GammaLaw> prior({GammaLaw(1.7, 0.4)});
  const double one = 1.0, h = 1e-4;
  for (double z = -5.0; z < 5.0; z += 0.37) {
    double slope = 0.0, up = 0.0, down = 0.0, latent = 0.0;
    prior.pullback(&z, &one, &slope);
    const double above = z + h, below = z - h;
    prior.to_parameters(&above, &up), prior.to_parameters(&below, &down);
    EXPECT_NEAR(slope, (up - down) / (2.0 * h), 1e-7 * slope) << z;
    prior.to_parameters(&z, &up), prior.to_latent(&up, &latent);
    EXPECT_NEAR(latent, z, 1e-11);
  }
}

// Equal laws share a table, and a parameter's bits do not depend on its company; too many laws do without.
TEST(QuantileTable, BitsDependOnTheLawAlone) {
  std::vector<GammaLaw> few{GammaLaw(2.0, 1.0), GammaLaw(5.0, 1.0), GammaLaw(2.0, 1.0)}, many;
  for (int k = 0; k < 65; ++k) many.emplace_back(2.0 + k, 1.0);
  const Independent<GammaLaw> alone({GammaLaw(2.0, 1.0)}), together(few), crowd(many);
  std::vector<double> z(65, 0.3), u(65);
  double one = 0.0;
  alone.to_parameters(z.data(), &one);
  together.to_parameters(z.data(), u.data());
  EXPECT_EQ(u[0], one);
  EXPECT_EQ(u[2], one);
  crowd.to_parameters(z.data(), u.data());
  for (std::size_t k = 0; k < many.size(); ++k) EXPECT_EQ(u[k], many[k].quantile(tail_at(0.3)));
}

TEST(QuantileTable, WhatIsNotSmoothIsNotUsed) {
  const QuantileTable step([](double z) { return z < 0.1 ? 0.0 : 1.0; });
  double s = 0.0;
  EXPECT_FALSE(step.evaluate(0.2, s));
  EXPECT_TRUE(step.evaluate(2.2, s));
  EXPECT_NEAR(s, 1.0, 1e-14);
  EXPECT_FALSE(step.evaluate(8.6, s));
  EXPECT_FALSE(step.evaluate(std::nan(""), s));
}

}  // namespace
}  // namespace aleator::prob
