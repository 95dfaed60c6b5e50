#include "sampler/smc/tempering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "kernels/elementary.hpp"

namespace aleator::sampler {
namespace {

// 1 / (1 + e^(sign (r - log w))): how far a particle lies on the other level's side.
std::vector<double> crossings(const std::vector<double>& log_weights, double log_ratio, double sign) {
  std::vector<double> share(log_weights.size());
  for (std::size_t i = 0; i < share.size(); ++i) share[i] = sign * (log_weights[i] - log_ratio);
  kernels::logistic(share.data(), static_cast<std::int64_t>(share.size()), share.data());
  return share;
}

// The two levels' particles seen from the ratio r of their normalising constants.
struct Bridge {
  double log_ratio = 0.0;
  std::vector<double> up, down;  // a_i of the particles before, b_j of those after
  double excess = 0.0;           // sum a - sum b, 0 at the estimate
  double slope = 0.0;            // - d excess / d log r

  Bridge(const std::vector<double>& before, const std::vector<double>& after, double log_ratio)
      : log_ratio(log_ratio), up(crossings(before, log_ratio, 1.0)), down(crossings(after, log_ratio, -1.0)) {
    for (const double a : up) excess += a, slope += a * (1.0 - a);
    for (const double b : down) excess -= b, slope += b * (1.0 - b);
  }
};

// Of all model runs: the levels to come, about even in log beta, cost what this one did.
double share_done(const Level& level, std::int64_t runs, const TemperedState& s) {
  const double before = s.temper - level.increment, first_growth = 3.0;
  const double growth = before > 0.0 ? s.temper / before : first_growth;
  const double levels_left = -std::log(s.temper) / std::log(growth);
  const double done = static_cast<double>(s.model_evaluations);
  return done / (done + levels_left * static_cast<double>(runs));
}

// Newton's method for Bennett's equation, in a bracket that holds its root: excess falls with r.
Bridge bridge_between(const std::vector<double>& before, const std::vector<double>& after, double guess) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto* weights : {&before, &after})
    for (const double value : *weights)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  const double margin = std::log(static_cast<double>(before.size())) + 1.0;
  low -= margin, high += margin;
  double at = guess;
  for (int pass = 0;; ++pass) {
    Bridge bridge(before, after, at);
    (bridge.excess > 0.0 ? low : high) = at;
    const double step = bridge.excess / bridge.slope;
    if (std::abs(step) < 1e-12 || high - low < 1e-12 || pass >= 100) return bridge;
    at = at + step > low && at + step < high ? at + step : 0.5 * (low + high);
  }
}

}  // namespace

void TemperedState::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("temper", temper);
  archive.field("log_scale", log_scale);
  archive.field("moves", moves);
  archive.field("evidence_influence", evidence_influence);
  archive.field("remembered", remembered);
}

void begin_genealogy(std::int64_t particles, BaseState& s) {
  s.log_evidence = 0.0;
  for (std::int64_t i = 0; i < particles; ++i) s.ancestors.push_back(i);
}

// Resampling is systematic, so descendants stand side by side and the number of the M places that a group of share x gets is
// floor(M x) or ceil(M x): variance f (1 - f), f = frac(M x).
Genealogy genealogy_of(const std::vector<std::int64_t>& ancestors, const Weights& weights, std::int64_t places) {
  const double members = static_cast<double>(ancestors.size()), count = static_cast<double>(places);
  Genealogy g;
  double groups = 0.0;
  for (std::size_t begin = 0, end; begin < ancestors.size(); begin = end) {
    double share = 0.0;
    for (end = begin; end < ancestors.size() && ancestors[end] == ancestors[begin]; ++end) share += weights.share[end];
    const double expected = share * count, fraction = expected - std::floor(expected);
    g.spread += (share - 1.0 / members) * (share - 1.0 / members);
    g.rounding += fraction * (1.0 - fraction) / (count * count);
    ++groups;
  }
  g.spread += (members - groups) / (members * members);  // ancestors without descendants
  return g;
}

// The relative variance, which being small is the variance of the logarithm.
double evidence_error(const Genealogy& genealogy, std::size_t particles, double rounding) {
  const double j = static_cast<double>(particles);
  return std::sqrt(std::max(0.0, genealogy.spread * j / (j - 1.0) - rounding));
}

void begin_tempering(std::int64_t particles, TemperedState& s) {
  begin_genealogy(particles, s);
  s.evidence_influence.assign(static_cast<std::size_t>(particles), 0.0);
}

Level reweight(const Context& context, double ess_share, TemperedState& s) {
  Level level;
  level.ancestors = s.ancestors;
  level.log_weights = s.ensemble.all_log_likelihoods(context);
  level.increment = increment_for_share(level.log_weights, ess_share, 1.0 - s.temper);
  for (double& value : level.log_weights) value *= level.increment;
  level.weights = normalised(level.log_weights);
  s.temper = 1.0 - s.temper - level.increment < 1e-12 ? 1.0 : s.temper + level.increment;
  return level;
}

void add_bridge(const Context& context, const Level& level, TemperedState& s) {
  std::vector<double> after = s.ensemble.all_log_likelihoods(context);
  for (double& value : after) value *= level.increment;
  const double members = static_cast<double>(after.size());
  const Bridge bridge = bridge_between(level.log_weights, after, level.weights.log_sum - std::log(members));
  s.log_evidence += bridge.log_ratio;
  double mean = 0.0, squares = 0.0;
  for (const double a : bridge.up) mean += a / members;
  for (std::size_t i = 0; i < after.size(); ++i) {
    s.evidence_influence[static_cast<std::size_t>(level.ancestors[i])] += (bridge.up[i] - mean) / bridge.slope;
    s.evidence_influence[static_cast<std::size_t>(s.ancestors[i])] -= (bridge.down[i] - mean) / bridge.slope;
  }
  for (const double value : s.evidence_influence) squares += value * value;
  // Deviations from a mean over few families are too small; one family has none, and nothing to tell an error from.
  const double families = effective_ancestors(s.ancestors);
  const double few = families > 1.0 ? families / (families - 1.0) : std::numeric_limits<double>::quiet_NaN();
  s.log_evidence_standard_error = std::sqrt(squares * few);
}

void take_descendants(const std::vector<std::int64_t>& source, const Context& context, BaseState& s) {
  std::vector<std::int64_t> ancestors(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) ancestors[i] = s.ancestors[static_cast<std::size_t>(source[i])];
  s.ensemble.take(source, context);
  s.ancestors = std::move(ancestors);
}

StepInfo end_level(const Level& level, const LevelReport& report, int max_levels, const TemperedState& s) {
  const bool is_done = s.temper >= 1.0;
  if (!is_done && s.iteration >= max_levels)
    throw core::NumericsError(
        fmt::format("after {} temperatures the likelihood's exponent is {:.3g}, not 1: the prior and the data are far "
                    "apart; raise max_levels or particles",
                    s.iteration, s.temper));
  StepInfo info;
  info.is_draw = info.is_finished = is_done;
  info.phase = "tempering";
  info.progress = is_done ? 1.0 : share_done(level, report.runs, s);
  info.numbers = {{"temper", s.temper},
                  {"acceptance", report.acceptance},
                  {"scale", std::exp(s.log_scale)},
                  {"log_evidence", s.log_evidence},
                  {"log_evidence_standard_error", s.log_evidence_standard_error}};
  return info;
}

}  // namespace aleator::sampler
