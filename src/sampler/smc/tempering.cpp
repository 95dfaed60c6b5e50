#include "sampler/smc/tempering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace aleator::sampler {

void TemperedState::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("temper", temper);
  archive.field("log_scale", log_scale);
  archive.field("moves", moves);
  archive.field("rounding", rounding);
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

Weights reweight(const Context& context, double ess_share, std::int64_t places, TemperedState& s) {
  std::vector<double> log_weights = s.ensemble.all_log_likelihoods(context);
  const double h = increment_for_share(log_weights, ess_share, 1.0 - s.temper);
  for (double& value : log_weights) value *= h;
  Weights weights = normalised(log_weights);
  s.log_evidence += weights.log_sum - std::log(static_cast<double>(s.ancestors.size()));
  s.temper = 1.0 - s.temper - h < 1e-12 ? 1.0 : s.temper + h;
  const Genealogy genealogy = genealogy_of(s.ancestors, weights, places);
  s.log_evidence_standard_error = evidence_error(genealogy, s.ancestors.size(), s.rounding);
  s.rounding += genealogy.rounding;
  return weights;
}

void take_descendants(const std::vector<std::int64_t>& source, const Context& context, BaseState& s) {
  std::vector<std::int64_t> ancestors(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) ancestors[i] = s.ancestors[static_cast<std::size_t>(source[i])];
  s.ensemble.take(source, context);
  s.ancestors = std::move(ancestors);
}

StepInfo end_level(double acceptance, int max_levels, const TemperedState& s) {
  const bool is_done = s.temper >= 1.0;
  if (!is_done && s.iteration >= max_levels)
    throw core::NumericsError(
        fmt::format("after {} temperatures the likelihood's exponent is {:.3g}, not 1: the prior and the data are far "
                    "apart; raise max_levels or particles",
                    s.iteration, s.temper));
  StepInfo info;
  info.is_draw = info.is_finished = is_done;
  info.phase = "tempering";
  info.progress =
      is_done ? 1.0 : std::max(0.0, 1.0 + std::log10(s.temper) / 6.0) * 0.95;  // levels are about even in log beta
  info.numbers = {{"temper", s.temper},
                  {"acceptance", acceptance},
                  {"scale", std::exp(s.log_scale)},
                  {"log_evidence", s.log_evidence},
                  {"log_evidence_standard_error", s.log_evidence_standard_error}};
  return info;
}

}  // namespace aleator::sampler
