#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "field_helpers.hpp"
#include "math/dense.hpp"
#include "prob/field/circulant.hpp"
#include "prob/field/karhunen_loeve.hpp"
#include "prob/field/matern_spde.hpp"

// What every prior on a field must hold: inverse, transposed map, density, bits.
namespace aleator::prob {
namespace {

struct Case {
  std::string name;
  std::shared_ptr<const Prior> prior;
};

std::shared_ptr<const Prior> matern(std::vector<int> cells, double alpha, Transform transform) {
  MaternSpde::Params p;
  p.cells = std::move(cells), p.alpha = alpha, p.transform = transform;
  p.range = p.cells.size() == 2 ? Row{0.3, 0.7} : Row{0.4}, p.lengths = {1.5}, p.sd = 0.7, p.mean = {0.2};
  return std::make_shared<MaternSpde>(p);
}

// As many coordinates as cells.
std::vector<Case> square_cases() {
  return {{"line", matern({9}, 1.3, Transform::none)},
          {"plane", matern({5, 4}, 2.0, Transform::none)},
          {"solid", matern({3, 4, 2}, 2.7, Transform::none)},
          {"log-normal plane", matern({4, 5}, 1.5, Transform::exp)}};
}

std::shared_ptr<const Prior> karhunen_loeve(std::vector<int> cells, int modes, Transform transform) {
  KarhunenLoeve::Params p;
  p.cells = std::move(cells), p.modes = modes, p.transform = transform;
  p.correlation_lengths = p.cells.size() == 2 ? Row{0.6, 0.9} : Row{0.5}, p.sd = 0.7, p.mean = {0.2};
  return std::make_shared<KarhunenLoeve>(p);
}

std::shared_ptr<const Prior> found_on_grid() {
  KarhunenLoeve::Params p;
  p.cells = {8, 7}, p.modes = 6, p.covariance = KarhunenLoeve::Form::matern, p.correlation_lengths = {0.2, 0.3};
  return std::make_shared<KarhunenLoeve>(p);
}

std::vector<Case> few_coordinate_cases() {
  return {{"modes on a line", karhunen_loeve({12}, 5, Transform::none)},
          {"modes on a plane", karhunen_loeve({7, 9}, 11, Transform::none)},
          {"modes found on the grid", found_on_grid()},
          {"log-normal modes in a solid", karhunen_loeve({4, 5, 6}, 20, Transform::exp)}};
}

std::shared_ptr<const Prior> circulant(std::vector<int> cells, Covariance covariance, Transform transform) {
  Circulant::Params p;
  p.cells = std::move(cells), p.covariance = covariance, p.transform = transform, p.nu = 0.8;
  p.correlation_lengths = p.cells.size() == 2 ? Row{0.2, 0.3} : Row{0.12}, p.sd = 0.7, p.mean = {0.2};
  return std::make_shared<Circulant>(p);
}

std::vector<Case> many_coordinate_cases() {
  return {{"embedded line", circulant({11}, Covariance::squared_exponential, Transform::none)},
          {"embedded plane", circulant({6, 5}, Covariance::matern, Transform::none)},
          {"embedded solid", circulant({3, 2, 4}, Covariance::exponential, Transform::none)},
          {"log-normal embedded plane", circulant({4, 1}, Covariance::matern, Transform::exp)}};
}

std::vector<Case> all_cases() {
  std::vector<Case> all = square_cases();
  for (const Case& c : many_coordinate_cases()) all.push_back(c);
  for (const Case& c : few_coordinate_cases()) all.push_back(c);
  return all;
}

TEST(Fields, LatentCoordinatesComeBack) {
  std::vector<Case> cases = square_cases();
  for (const Case& c : few_coordinate_cases()) cases.push_back(c);
  for (const Case& c : cases) {
    const Row z = wave(c.prior->latent_dimension()), back = to_latent(*c.prior, to_parameters(*c.prior, z));
    for (std::size_t k = 0; k < z.size(); ++k) EXPECT_NEAR(back[k], z[k], 1e-11) << c.name;
  }
}

TEST(Fields, FieldsComeBackFromTheLeastOfManyCoordinates) {
  for (const Case& c : many_coordinate_cases()) {
    const Row z = wave(c.prior->latent_dimension()), u = to_parameters(*c.prior, z), least = to_latent(*c.prior, u);
    const Row back = to_parameters(*c.prior, least);
    for (std::size_t i = 0; i < u.size(); ++i) EXPECT_NEAR(back[i], u[i], 1e-11) << c.name;
    EXPECT_LT(math::dot(least, least), math::dot(z, z)) << c.name;
  }
}

TEST(Fields, PullbackIsTheTransposedJacobian) {
  for (const Case& c : all_cases()) {
    const Row z = wave(c.prior->latent_dimension()), g_u = wave(c.prior->dimension(), 3.0);
    const Row g_z = pullback(*c.prior, z, g_u), expected = math::transposed_multiply(jacobian(*c.prior, z), g_u);
    for (std::size_t k = 0; k < z.size(); ++k) EXPECT_NEAR(g_z[k], expected[k], 1e-8) << c.name;
  }
}

TEST(Fields, PullbackPassesTheDotProductTest) {
  // Linear maps: g . (T(z) - T(0)) = z . T' g, to rounding.
  for (const Case& c : all_cases()) {
    if (c.name.find("log-normal") != std::string::npos) continue;
    const Row z = wave(c.prior->latent_dimension()), g_u = wave(c.prior->dimension(), 3.0);
    const Row u = to_parameters(*c.prior, z), m = to_parameters(*c.prior, Row(z.size(), 0.0));
    double left = 0.0;
    for (std::size_t i = 0; i < u.size(); ++i) left += g_u[i] * (u[i] - m[i]);
    EXPECT_NEAR(left, math::dot(z, pullback(*c.prior, z, g_u)), 1e-12) << c.name;
  }
}

TEST(Fields, DensityIsThatOfTheTransportedNormal) {
  // log p(u) + log |du/dz| = log N(z; 0, I); the Jacobian by central differences, error 1e-10 an entry.
  for (const Case& c : square_cases()) {
    const Row z = wave(c.prior->latent_dimension()), u = to_parameters(*c.prior, z);
    const math::Matrix j = jacobian(*c.prior, z);
    const double log_det = 0.5 * math::log_det_cholesky(math::cholesky(math::multiply_transposed(j, j)));
    const double latent = -0.5 * math::dot(z, z) - 0.5 * static_cast<double>(z.size()) * std::log(2.0 * M_PI);
    EXPECT_NEAR(c.prior->log_density(u.data()) + log_det, latent, 1e-6) << c.name;
  }
}

TEST(Fields, LogNormalFieldsArePositiveAndSaySo) {
  const auto prior = matern({4, 5}, 1.5, Transform::exp), normal = matern({4, 5}, 1.5, Transform::none);
  Row u = to_parameters(*prior, wave(20));
  const Row x = to_parameters(*normal, wave(20));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(u[i], std::exp(x[i]));
  u[7] = -0.1;
  EXPECT_EQ(prior->log_density(u.data()), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(to_latent(*prior, u)[0]));
}

TEST(Fields, AMeanForEachCellIsAdded) {
  MaternSpde::Params p;
  p.cells = {3, 2}, p.mean = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(to_parameters(MaternSpde(p), Row(6, 0.0)), p.mean);
  p.mean = {1, 2};
  EXPECT_THROW(MaternSpde{p}, deck::KeyError);
  p.mean = {0}, p.cells = {3, 2, 1, 1};
  EXPECT_THROW(MaternSpde{p}, deck::KeyError);
}

TEST(Fields, ARowsBitsDoNotDependOnWhereItLies) {
  for (const Case& c : all_cases()) {
    const Row z = wave(c.prior->latent_dimension()), u = to_parameters(*c.prior, z);
    for (int shift = 1; shift < 9; ++shift) {  // every alignment within a cache line
      Row z_at(z.size() + 8), u_at(u.size() + 8);
      std::copy(z.begin(), z.end(), z_at.begin() + shift - 1);
      c.prior->to_parameters(z_at.data() + shift - 1, u_at.data() + shift - 1);
      for (std::size_t i = 0; i < u.size(); ++i) EXPECT_EQ(u_at[i + shift - 1], u[i]) << c.name;
    }
  }
}

}  // namespace
}  // namespace aleator::prob
