#include "sampler/stein/identities.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {

SteinIdentities stein_identities(const Batch& z, const Batch& score) {
  SteinIdentities out;
  const int d = static_cast<int>(z.extent(1));
  double farthest = 0.0;
  for (int k = 0; k < d; ++k) {
    double count = 0.0, mean = 0.0, sum = 0.0, squares = 0.0, product = 0.0;
    for (std::size_t j = 0; j < z.extent(0); ++j) {
      const double s = score(j, k);
      if (!std::isfinite(s)) continue;
      ++count, mean += z(j, k), sum += s, squares += s * s, product += s * z(j, k);
    }
    if (squares == 0.0) continue;
    const double mean_score = std::abs(sum) / std::sqrt(count * squares);
    if (mean_score > out.mean_score) out.mean_score = mean_score, out.at_mean_score = k;
    const double variance = -(product - sum * mean / count) / count;
    const double off = variance > 0.0 ? std::abs(std::log(variance)) : HUGE_VAL;
    if (off > farthest) farthest = off, out.variance = variance, out.at_variance = k;
  }
  return out;
}

void warn_of_identities(const Context& context, const Ensemble& ensemble, const std::string& method) {
  const std::int64_t particles = ensemble.layout.rows();
  const SteinIdentities found = stein_identities(all_rows(context, ensemble.position, particles),
                                                 all_rows(context, scores_of(ensemble), particles));
  // 4 standard errors of independent draws of a normal law, and what would be worth a word.
  const double chance = 4.0 / std::sqrt(static_cast<double>(particles));
  if (found.mean_score > std::max(0.25, chance))
    core::warn(
        "{}: the particles have not settled: the mean of their scores along z_{} is {:.2g} of its root mean square, of "
        "a sample of the posterior it is 0. Take more iterations, or sampler/polish.",
        method, found.at_mean_score, found.mean_score);
  if (std::abs(found.variance - 1.0) > std::max(0.3, std::sqrt(2.0) * chance))
    core::warn(
        "{}: the particles lie too {} along z_{}: the mean of score times distance from their mean is {:.2g}, of a "
        "sample of the posterior it is -1. Take more particles or iterations, or sampler/polish.",
        method, found.variance > 1.0 ? "wide" : "close", found.at_variance, -found.variance);
}

}  // namespace aleator::sampler
