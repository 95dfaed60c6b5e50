#include "prob/sobol_indices.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::prob {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Of a point, all sums that the indices are made of: f(A) + f(B), their squares, then three for each factor.
std::size_t terms_of(int factors) { return 2 + 3 * static_cast<std::size_t>(factors); }

std::vector<double> point_terms(const std::vector<double>& runs, int factors, double centre) {
  const std::size_t width = static_cast<std::size_t>(factors) + 2, points = runs.size() / width;
  std::vector<double> terms;
  terms.reserve(points * terms_of(factors));
  for (std::size_t j = 0; j < points; ++j) {
    const double* const f = &runs[j * width];
    const double a = f[0] - centre, b = f[width - 1] - centre;
    terms.insert(terms.end(), {a + b, a * a + b * b});
    for (int i = 0; i < factors; ++i) {
      const double moved = f[i + 1] - f[0];
      terms.insert(terms.end(), {b * moved, moved, 0.5 * moved * moved});
    }
  }
  return terms;
}

// S_1, T_1, S_2, T_2, … from the sums over n points.
void shares(const double* sums, double n, int factors, double* out) {
  const double mean = sums[0] / (2.0 * n), variance = sums[1] / (2.0 * n) - mean * mean;
  for (int i = 0; i < factors; ++i) {
    const double* const of_factor = sums + 2 + 3 * i;
    out[2 * i] = variance > 0.0 ? (of_factor[0] - mean * of_factor[1]) / n / variance : undefined;
    out[2 * i + 1] = variance > 0.0 ? of_factor[2] / n / variance : undefined;
  }
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

std::vector<SobolIndex> sobol_indices(const std::vector<double>& runs, int factors, const kernels::Rng& rng,
                                      int replicates) {
  const std::size_t width = static_cast<std::size_t>(factors) + 2, points = runs.size() / width;
  const std::size_t count = terms_of(factors), shown = 2 * static_cast<std::size_t>(factors);
  std::vector<SobolIndex> indices(static_cast<std::size_t>(factors),
                                  {{undefined, undefined, undefined}, {undefined, undefined, undefined}});
  if (points < 2) return indices;
  double centre = 0.0;
  for (std::size_t j = 0; j < points; ++j) centre += runs[j * width] + runs[(j + 1) * width - 1];
  const std::vector<double> terms = point_terms(runs, factors, centre / (2.0 * static_cast<double>(points)));
  std::vector<double> sums(count, 0.0), values(shown), replicated(static_cast<std::size_t>(replicates) * shown);
  for (std::size_t j = 0; j < points; ++j)
    for (std::size_t t = 0; t < count; ++t) sums[t] += terms[j * count + t];
  shares(sums.data(), static_cast<double>(points), factors, values.data());
  kernels::for_each_row(replicates, [&](int replicate) {
    std::vector<double> again(count, 0.0);
    for (std::size_t j = 0; j < points; ++j) {
      const double u = rng.uniform({kernels::Purpose::sensitivity, replicate}, static_cast<std::int64_t>(j));
      const auto drawn = std::min(static_cast<std::size_t>(u * static_cast<double>(points)), points - 1);
      for (std::size_t t = 0; t < count; ++t) again[t] += terms[drawn * count + t];
    }
    shares(again.data(), static_cast<double>(points), factors,
           &replicated[static_cast<std::size_t>(replicate) * shown]);
  });
  const auto column = [&](std::size_t k) {
    std::vector<double> of_k;
    for (std::size_t r = 0; r < static_cast<std::size_t>(replicates); ++r)
      if (std::isfinite(replicated[r * shown + k])) of_k.push_back(replicated[r * shown + k]);
    return of_k;
  };
  for (std::size_t i = 0; i < indices.size(); ++i)
    indices[i] = {with_interval(values[2 * i], column(2 * i)), with_interval(values[2 * i + 1], column(2 * i + 1))};
  return indices;
}

}  // namespace aleator::prob
