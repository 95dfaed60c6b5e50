// What an ensemble of Kalman inversion says of the error of its means, against the errors of many runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/random.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Exact;

// p data far from what the prior expects of d unknowns; the prior is N(0, I), so that u = z.
test::LinearGaussian far_data(int p, int d) {
  test::LinearGaussian out;
  const Batch a("a", p, d);
  kernels::Rng(5).normals({kernels::Purpose::test, 0}, 0, a);
  out.a = math::Matrix(p, d);
  std::copy_n(a.data(), p * d, out.a.a.begin());
  out.prior_covariance = math::identity(d);
  out.prior_mean.assign(d, 0.0), out.noise_sd.assign(p, 1.5);
  for (int i = 0; i < p; ++i) out.data.push_back(i % 2 == 0 ? 6.0 : -6.0);
  return out;
}

struct ErrorOfMeans {
  double stated = 0.0, naive = 0.0;  // root mean squares of errors over what members, and over what sd / sqrt(J), say
};

ErrorOfMeans error_of_means(const Eki& eki, const test::LinearGaussian& p) {
  constexpr int runs = 60;
  const auto problem = p.problem();
  const Exact exact = p.exact();
  ErrorOfMeans out;
  for (int run = 0; run < runs; ++run) {
    const Eki::State s = test::run_to_end(eki, *problem, test::serial(300 + static_cast<std::uint64_t>(run)));
    const Batch z = s.ensemble.position;
    const auto members = static_cast<int>(z.extent(0)), d = static_cast<int>(z.extent(1));
    for (int k = 0; k < d; ++k) {
      double mean = 0.0, plain = 0.0, moved = 0.0;
      for (int j = 0; j < members; ++j) mean += z(j, k) / members;
      for (int j = 0; j < members; ++j) {
        const double deviation = z(j, k) - mean;
        plain += deviation * deviation, moved += std::pow(s.influence[static_cast<std::size_t>(j)] * deviation, 2);
      }
      const double square = std::pow((mean - exact.mean[static_cast<std::size_t>(k)]) * members, 2) / (runs * d);
      out.stated += square / moved, out.naive += square / plain;
    }
  }
  return {std::sqrt(out.stated), std::sqrt(out.naive)};
}

TEST(Eki, MembersSayHowFarTheMeanIsOff) {
  Eki::Params params;
  params.members = 300;
  const ErrorOfMeans stochastic = error_of_means(Eki{params}, far_data(8, 20));
  EXPECT_GT(stochastic.naive, 2.0);
  EXPECT_NEAR(stochastic.stated, 1.0, 0.15);
  params.update = Eki::Update::square_root;  // overstated
  const ErrorOfMeans square_root = error_of_means(Eki{params}, far_data(8, 20));
  EXPECT_GT(square_root.naive, 1.5);
  EXPECT_GT(square_root.stated, 0.5);
  EXPECT_LT(square_root.stated, 1.15);
  params.update = Eki::Update::stochastic;  // the data speak of all unknowns
  EXPECT_NEAR(error_of_means(Eki{params}, far_data(20, 5)).stated, 1.0, 0.35);
}

}  // namespace
}  // namespace aleator::sampler
