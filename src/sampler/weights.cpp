#include "sampler/weights.hpp"

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "kernels/elementary.hpp"

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

// Of w = exp(h (l - top)) over members first, first + stride, ...: sums of w, w^2, and their derivatives by h, those of
// w (l - top) and 2 w^2 (l - top). Eight sums in step, so that the order of the additions does not depend on the machine.
struct Sums {
  double w = 0.0, squares = 0.0, d_w = 0.0, d_squares = 0.0;
  double members = 0.0;

  double share() const { return w * w / squares / members; }
  double slope_of_log_share() const { return 2.0 * d_w / w - d_squares / squares; }
};

double total(const double (&sums)[8]) {
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

Sums sums_of(const std::vector<double>& log_likelihood, double top, double h, std::size_t stride = 1) {
  constexpr std::size_t at_once = 512, lanes = 8;
  double excess[at_once], w[at_once], s[4][lanes] = {};
  Sums sums;
  for (std::size_t first = 0; first < log_likelihood.size(); first += at_once * stride) {
    std::size_t count = 0;
    for (std::size_t i = first; i < log_likelihood.size() && count < at_once; i += stride, ++count) {
      excess[count] = std::max(log_likelihood[i] - top, -1e300);  // a member without likelihood adds 0, not NaN
      w[count] = h * excess[count];
    }
    sums.members += static_cast<double>(count);
    kernels::exponentials(w, static_cast<std::int64_t>(count), w);
    for (; count % lanes != 0; ++count) w[count] = excess[count] = 0.0;
    for (std::size_t i = 0; i < count; i += lanes)
      for (std::size_t l = 0; l < lanes; ++l) {
        const double v = w[i + l], d = v * excess[i + l];
        s[0][l] += v, s[1][l] += v * v, s[2][l] += d, s[3][l] += 2.0 * v * d;
      }
  }
  sums.w = total(s[0]), sums.squares = total(s[1]), sums.d_w = total(s[2]), sums.d_squares = total(s[3]);
  return sums;
}

// The share falls with h; log h lies between log(1e-18) and 0 for any likelihood. A bracket, so that the share is kept.
double bracketed_increment(const std::vector<double>& log_likelihood, double top, double share, double limit,
                           std::size_t stride) {
  const auto excess = [&](double log_h) {
    return sums_of(log_likelihood, top, std::exp(log_h), stride).share() - share;
  };
  if (excess(std::log(limit)) >= 0.0) return limit;
  double low = std::log(limit) - 42.0, high = std::log(limit);
  if (excess(low) <= 0.0) return std::exp(low);
  std::uintmax_t passes = 60;
  return std::exp(
      boost::math::tools::toms748_solve(excess, low, high, boost::math::tools::eps_tolerance<double>(46), passes)
          .first);
}

}  // namespace

double effective_share(const std::vector<double>& log_weights) {
  return sums_of(log_weights, largest(log_weights), 1.0).share();
}

double increment_for_share(const std::vector<double>& log_likelihood, double share, double limit) {
  const double top = largest(log_likelihood);
  constexpr std::size_t few = 4096;
  const std::size_t stride = log_likelihood.size() / few;
  // Where few members have a likelihood, every stride-th may be none of them.
  if (stride >= 2 && sums_of(log_likelihood, top, limit, stride).share() > 0.0) {
    double h = bracketed_increment(log_likelihood, top, share, limit, stride);
    for (int pass = 0; pass < 8; ++pass) {  // Newton for log share(h); it converges in three passes or not at all
      const Sums sums = sums_of(log_likelihood, top, h);
      const double excess = std::log(sums.share() / share);
      if (std::abs(excess) < 1e-11 || (h == limit && excess >= 0.0)) return h;
      h -= excess / sums.slope_of_log_share();
      if (!(h > 0.0)) break;
      h = std::min(h, limit);
    }
  }
  return bracketed_increment(log_likelihood, top, share, limit, 1);
}

Weights normalised(const std::vector<double>& log_weights) {
  const double top = largest(log_weights);
  Weights weights;
  weights.share.resize(log_weights.size());
  for (std::size_t i = 0; i < log_weights.size(); ++i) weights.share[i] = log_weights[i] - top;
  kernels::exponentials(weights.share.data(), static_cast<std::int64_t>(log_weights.size()), weights.share.data());
  double sum = 0.0;
  for (const double value : weights.share) sum += value;
  for (double& value : weights.share) value /= sum;
  weights.log_sum = top + std::log(sum);
  return weights;
}

std::vector<std::int64_t> systematic_resampling(const std::vector<double>& log_weights, double u) {
  return systematic_resampling(log_weights, u, static_cast<std::int64_t>(log_weights.size()));
}

std::vector<std::int64_t> systematic_resampling(const std::vector<double>& log_weights, double u, std::int64_t places) {
  return systematic_resampling(normalised(log_weights), u, places);
}

std::vector<std::int64_t> systematic_resampling(const Weights& weights, double u, std::int64_t places) {
  const std::int64_t members = static_cast<std::int64_t>(weights.share.size());
  std::vector<std::int64_t> source;
  source.reserve(static_cast<std::size_t>(places));
  double passed = 0.0;
  for (std::int64_t i = 0; i < members; ++i) {
    passed += weights.share[static_cast<std::size_t>(i)];
    while (static_cast<std::int64_t>(source.size()) < places &&
           static_cast<double>(source.size()) + u <= passed * static_cast<double>(places))
      source.push_back(i);
  }
  while (static_cast<std::int64_t>(source.size()) < places)
    source.push_back(source.empty() ? members - 1 : source.back());  // rounding at the end
  return source;
}

double effective_ancestors(std::vector<std::int64_t> ancestors) {
  if (!std::is_sorted(ancestors.begin(), ancestors.end())) std::sort(ancestors.begin(), ancestors.end());
  const auto members = static_cast<double>(ancestors.size());
  double squares = 0.0;
  for (std::size_t begin = 0, end; begin < ancestors.size(); begin = end) {
    for (end = begin; end < ancestors.size() && ancestors[end] == ancestors[begin];) ++end;
    squares += static_cast<double>(end - begin) * static_cast<double>(end - begin);
  }
  return members * members / squares;  // NaN of none
}

}  // namespace aleator::sampler
