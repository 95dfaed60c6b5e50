#include "sampler/stein/particles.hpp"

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

void require_a_likelihood(const Context& context, const Ensemble& e, const std::string& method) {
  const std::vector<double> log_likelihood = e.all_log_likelihoods(context);
  if (!std::isfinite(*std::max_element(log_likelihood.begin(), log_likelihood.end())))
    throw core::NumericsError(method + ": every particle has likelihood zero");
}

}  // namespace aleator::sampler
