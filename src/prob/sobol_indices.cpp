#include "prob/sobol_indices.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::prob {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Of a point, all sums that the indices are made of: f(A) + f(B), their squares, three for each factor, one for each pair.
std::size_t terms_of(int factors, bool with_pairs) {
  return 2 + 3 * static_cast<std::size_t>(factors) + static_cast<std::size_t>(with_pairs ? pairs_of(factors) : 0);
}

std::vector<double> point_terms(const std::vector<double>& runs, int factors, bool with_pairs, double centre) {
  const auto width = static_cast<std::size_t>(runs_a_point(factors, with_pairs)), points = runs.size() / width;
  std::vector<double> terms;
  terms.reserve(points * terms_of(factors, with_pairs));
  for (std::size_t j = 0; j < points; ++j) {
    const double *const f = &runs[j * width], *const g = f + factors + 1;  // A and its variants, B and its variants
    const double a = f[0] - centre, b = g[0] - centre;
    terms.insert(terms.end(), {a + b, a * a + b * b});
    for (int i = 1; i <= factors; ++i) {
      const double moved = f[i] - f[0];
      terms.insert(terms.end(), {b * moved, moved, 0.5 * moved * moved});
    }
    for (int i = 1; with_pairs && i <= factors; ++i)
      for (int k = i + 1; k <= factors; ++k)
        terms.push_back(0.5 * ((g[i] - g[0]) * (f[k] - f[0]) + (g[k] - g[0]) * (f[i] - f[0])));
  }
  return terms;
}

// S_1, T_1, S_2, T_2, …, then those of the pairs, from the sums over n points.
void shares(const double* sums, double n, int factors, bool with_pairs, double* out) {
  const double mean = sums[0] / (2.0 * n), variance = sums[1] / (2.0 * n) - mean * mean;
  for (int i = 0; i < factors; ++i) {
    const double* const of_factor = sums + 2 + 3 * i;
    out[2 * i] = variance > 0.0 ? (of_factor[0] - mean * of_factor[1]) / n / variance : undefined;
    out[2 * i + 1] = variance > 0.0 ? of_factor[2] / n / variance : undefined;
  }
  for (int p = 0; with_pairs && p < pairs_of(factors); ++p)
    out[2 * factors + p] = variance > 0.0 ? sums[2 + 3 * factors + p] / n / variance : undefined;
}

EstimatedShare with_interval(double value, std::vector<double> replicates) {
  constexpr double outside = 0.025;
  if (replicates.empty() || !std::isfinite(value)) return {value, undefined, undefined};
  std::sort(replicates.begin(), replicates.end());
  const auto at = [&](double p) {
    return replicates[static_cast<std::size_t>(p * static_cast<double>(replicates.size() - 1) + 0.5)];
  };
  return {value, at(outside), at(1.0 - outside)};
}

}  // namespace

SobolIndices sobol_indices(const std::vector<double>& runs, int factors, bool with_pairs, const kernels::Rng& rng,
                           int replicates) {
  const auto width = static_cast<std::size_t>(runs_a_point(factors, with_pairs)), points = runs.size() / width;
  const auto own = static_cast<std::size_t>(factors),
             pairs = static_cast<std::size_t>(with_pairs ? pairs_of(factors) : 0);
  const std::size_t count = terms_of(factors, with_pairs), shown = 2 * own + pairs;
  constexpr EstimatedShare unknown{undefined, undefined, undefined};
  SobolIndices indices{std::vector<SobolIndex>(own, {unknown, unknown}), std::vector<EstimatedShare>(pairs, unknown)};
  if (points < 2) return indices;
  double centre = 0.0;
  for (std::size_t j = 0; j < points; ++j) centre += runs[j * width] + runs[j * width + own + 1];
  const std::vector<double> terms =
      point_terms(runs, factors, with_pairs, centre / (2.0 * static_cast<double>(points)));
  std::vector<double> sums(count, 0.0), values(shown), replicated(static_cast<std::size_t>(replicates) * shown);
  for (std::size_t j = 0; j < points; ++j)
    for (std::size_t t = 0; t < count; ++t) sums[t] += terms[j * count + t];
  shares(sums.data(), static_cast<double>(points), factors, with_pairs, values.data());
  kernels::for_each_row(replicates, [&](int replicate) {
    std::vector<double> again(count, 0.0);
    for (std::size_t j = 0; j < points; ++j) {
      const double u = rng.uniform({kernels::Purpose::sensitivity, replicate}, static_cast<std::int64_t>(j));
      const auto drawn = std::min(static_cast<std::size_t>(u * static_cast<double>(points)), points - 1);
      for (std::size_t t = 0; t < count; ++t) again[t] += terms[drawn * count + t];
    }
    shares(again.data(), static_cast<double>(points), factors, with_pairs,
           &replicated[static_cast<std::size_t>(replicate) * shown]);
  });
  const auto column = [&](std::size_t k) {
    std::vector<double> of_k;
    for (std::size_t r = 0; r < static_cast<std::size_t>(replicates); ++r)
      if (std::isfinite(replicated[r * shown + k])) of_k.push_back(replicated[r * shown + k]);
    return of_k;
  };
  for (std::size_t i = 0; i < own; ++i)
    indices.factors[i] = {with_interval(values[2 * i], column(2 * i)),
                          with_interval(values[2 * i + 1], column(2 * i + 1))};
  for (std::size_t k = 2 * own; k < shown; ++k) indices.pairs[k - 2 * own] = with_interval(values[k], column(k));
  return indices;
}

}  // namespace aleator::prob
