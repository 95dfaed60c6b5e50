#include "sampler/mcmc/ladder.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::sampler {

std::vector<double> geometric_ladder(double first, int count) {
  std::vector<double> temper(static_cast<std::size_t>(count), 0.0);
  const double low = std::log(std::min(first, 1.0 / (count - 1)));
  for (int k = 1; k < count; ++k) temper[k] = std::exp(count > 2 ? low * (count - 1 - k) / (count - 2) : 0.0);
  return temper;
}

std::vector<double> communication_barrier(const std::vector<double>& rejection) {
  constexpr double least = 1e-6;  // so that the barrier rises where every swap is accepted
  std::vector<double> barrier{0.0};
  for (const double r : rejection) barrier.push_back(barrier.back() + std::max(r, least));
  return barrier;
}

std::vector<double> equal_ladder(const std::vector<double>& temper, const std::vector<double>& barrier, int count) {
  std::vector<double> result(static_cast<std::size_t>(count), 0.0);
  std::size_t k = 0;
  for (int i = 1; i + 1 < count; ++i) {
    const double wanted = barrier.back() * i / (count - 1);
    while (k + 2 < barrier.size() && barrier[k + 1] < wanted) ++k;
    const double share = (wanted - barrier[k]) / (barrier[k + 1] - barrier[k]);
    // Where the log-likelihood behaves as that of a normal target, Lambda is linear in log beta.
    result[i] = k == 0 ? share * temper[1] : temper[k] * std::pow(temper[k + 1] / temper[k], share);
  }
  result.back() = 1.0;
  return result;
}

int temperatures_for(double barrier) { return std::max(3, static_cast<int>(std::ceil(2.0 * barrier)) + 1); }

}  // namespace aleator::sampler
