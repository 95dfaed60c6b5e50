#include "sampler/weights.hpp"

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::sampler {
namespace {

double largest(const std::vector<double>& values) {
  double best = -std::numeric_limits<double>::infinity();
  for (const double value : values) best = std::max(best, value);
  if (!std::isfinite(best))
    throw core::NumericsError(
        "every member has likelihood zero: no model run succeeded, or the data rule out the whole prior");
  return best;
}

double share_of_increment(const std::vector<double>& log_likelihood, double top, double h) {
  double sum = 0.0, squares = 0.0;
  for (const double value : log_likelihood) {
    const double w = std::exp(h * (value - top));
    sum += w, squares += w * w;
  }
  return sum * sum / squares / static_cast<double>(log_likelihood.size());
}

}  // namespace

double effective_share(const std::vector<double>& log_weights) {
  return share_of_increment(log_weights, largest(log_weights), 1.0);
}

double increment_for_share(const std::vector<double>& log_likelihood, double share, double limit) {
  const double top = largest(log_likelihood);
  if (share_of_increment(log_likelihood, top, limit) >= share) return limit;
  // The share falls with h; log h lies between log(1e-18) and 0 for any likelihood. A bracket, so that the share is kept.
  const auto excess = [&](double log_h) { return share_of_increment(log_likelihood, top, std::exp(log_h)) - share; };
  double low = std::log(limit) - 42.0, high = std::log(limit);
  if (excess(low) <= 0.0) return std::exp(low);
  std::uintmax_t passes = 60;
  return std::exp(
      boost::math::tools::toms748_solve(excess, low, high, boost::math::tools::eps_tolerance<double>(46), passes)
          .first);
}

std::vector<std::int64_t> systematic_resampling(const std::vector<double>& log_weights, double u) {
  return systematic_resampling(log_weights, u, static_cast<std::int64_t>(log_weights.size()));
}

std::vector<std::int64_t> systematic_resampling(const std::vector<double>& log_weights, double u, std::int64_t places) {
  const double top = largest(log_weights);
  double total = 0.0;
  for (const double value : log_weights) total += std::exp(value - top);
  const std::int64_t members = static_cast<std::int64_t>(log_weights.size());
  std::vector<std::int64_t> source;
  source.reserve(static_cast<std::size_t>(places));
  double passed = 0.0;
  for (std::int64_t i = 0; i < members; ++i) {
    passed += std::exp(log_weights[static_cast<std::size_t>(i)] - top) / total;
    while (static_cast<std::int64_t>(source.size()) < places &&
           static_cast<double>(source.size()) + u <= passed * static_cast<double>(places))
      source.push_back(i);
  }
  while (static_cast<std::int64_t>(source.size()) < places)
    source.push_back(source.empty() ? members - 1 : source.back());  // rounding at the end
  return source;
}

}  // namespace aleator::sampler
