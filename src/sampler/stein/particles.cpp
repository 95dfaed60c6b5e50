#include "sampler/stein/particles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::sampler {

Batch all_rows(const Context& context, const Batch& mine, std::int64_t particles) {
  Batch all("all", particles, mine.extent(1));
  const std::vector<double> values =
      parallel::gather_rows(context.comm, std::vector<double>(mine.data(), mine.data() + mine.size()));
  std::copy(values.begin(), values.end(), all.data());
  return all;
}

Batch scores_of(const Ensemble& e) {
  const int d = static_cast<int>(e.position.extent(1));
  const Batch score("score", e.rows(), d), gradient = e.gradient, z = e.position;
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d; ++k) score(row, k) = gradient(row, k) - z(row, k);
  });
  return score;
}

double median_length_scale(const Batch& z) {
  const int n = std::min(512, static_cast<int>(z.extent(0)));
  std::vector<double> squares;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < i; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < z.extent(1); ++k) sum += (z(i, k) - z(j, k)) * (z(i, k) - z(j, k));
      squares.push_back(sum);
    }
  const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
  std::nth_element(squares.begin(), middle, squares.end());
  return std::sqrt(std::max(*middle, 1e-300) / (2.0 * std::log(static_cast<double>(z.extent(0)) + 1.0)));
}

void require_a_likelihood(const Context& context, const Ensemble& e, std::int64_t steps, const std::string& method) {
  const std::vector<double> log_likelihood = e.all_log_likelihoods(context);
  if (!std::isfinite(*std::max_element(log_likelihood.begin(), log_likelihood.end())))
    throw core::NumericsError(
        steps == 0 ? method +
                         ": all particles have likelihood zero where the prior drew them: take more, or a prior "
                         "nearer to the data"
                   : fmt::format("{}: after step {} all particles have likelihood zero: they have run away; take a "
                                 "shorter step",
                                 method, steps));
}

}  // namespace aleator::sampler
