#include "campaign/sampling/sample_distance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "campaign/sampling/predictive.hpp"
#include "core/error.hpp"
#include "io/files.hpp"
#include "io/results.hpp"
#include "model/latent_inverse.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {
namespace {

using kernels::Batch;

// Rows [first, first + stride, ...] of x.
Batch every(const Batch& x, std::size_t first, std::size_t stride) {
  const std::size_t rows = (x.extent(0) - first + stride - 1) / stride;
  const Batch chosen("chosen", rows, x.extent(1));
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < x.extent(1); ++k) chosen(row, k) = x(first + row * stride, k);
  return chosen;
}

// Location and width of each column of the reference: median, and central 90 % over that of the normal law.
struct Scale {
  double centre, width;
};
std::vector<Scale> scales_of(const Batch& x) {
  constexpr double normal_width = 3.2897;
  std::vector<Scale> scales;
  std::vector<double> column(x.extent(0));
  const auto at = [&column](double share) {
    return column[static_cast<std::size_t>(share * static_cast<double>(column.size() - 1))];
  };
  for (std::size_t k = 0; k < x.extent(1); ++k) {
    for (std::size_t row = 0; row < column.size(); ++row) column[row] = x(row, k);
    std::sort(column.begin(), column.end());
    const double width = (at(0.95) - at(0.05)) / normal_width;
    scales.push_back({at(0.5), width > 0.0 ? width : 1.0});
  }
  return scales;
}

void rescale(const Batch& x, const std::vector<Scale>& scales) {
  for (std::size_t row = 0; row < x.extent(0); ++row)
    for (std::size_t k = 0; k < x.extent(1); ++k) x(row, k) = (x(row, k) - scales[k].centre) / scales[k].width;
}

std::int64_t draws_in(const io::ResultsReader& reader, const std::string& path, const model::Problem& problem) {
  std::int64_t draws = 0;
  for (const prob::Variable& variable : problem.variables()) {
    const std::vector<std::int64_t> shape =
        reader.has("posterior", variable.name) ? reader.shape("posterior", variable.name) : std::vector<std::int64_t>();
    if (shape.size() < 2 || (shape.size() > 2 ? shape[2] : 1) != variable.size)
      throw core::UserError(fmt::format(
          "{}: no {} value{} of '{}' a draw; reference_run must be a run of a problem with the same parameters", path,
          variable.size, variable.size == 1 ? "" : "s", variable.name));
    draws = shape[0] * shape[1];
  }
  return draws;
}

// Stein's identity is integration by parts: it fails where a density ends at an edge without having become small.
double edge_share(const model::Problem& problem, const model::Context& context, const parallel::RowLayout& layout,
                  const Batch& z, const std::vector<double>& sds) {
  constexpr std::int64_t looked_at = 100, step_of_edges = 3;  // steps 0 to 2 make data (sampler_run.cpp)
  constexpr double way = 0.5;                                 // standard deviations
  const std::int64_t stride = std::max<std::int64_t>(1, layout.rows() / looked_at);
  std::vector<int> chosen;
  for (int row = 0; row < layout.local_rows(); ++row)
    if ((layout.first() + row) % stride == 0) chosen.push_back(row);
  const Batch beside("beside", chosen.size(), z.extent(1));
  std::vector<double> normals(z.extent(1));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    context.rng.row_of_normals({kernels::Purpose::jitter, step_of_edges}, layout.first() + chosen[i], normals.data(),
                               static_cast<int>(normals.size()));
    for (std::size_t k = 0; k < normals.size(); ++k) beside(i, k) = z(chosen[i], k) + way * sds[k] * normals[k];
  }
  model::Evaluation evaluation{model::Vector("log_likelihood", chosen.size()), {}, {}};
  sampler::evaluate(problem, beside, evaluation, context);
  std::int64_t outside = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) outside += std::isfinite(evaluation.log_likelihood(i)) ? 0 : 1;
  const auto all = context.comm.sum(static_cast<std::int64_t>(chosen.size()));
  return static_cast<double>(context.comm.sum(outside)) / static_cast<double>(std::max<std::int64_t>(1, all));
}

}  // namespace

bool can_measure_stein(const model::Problem& problem) {
  return problem.has_gradient() && dynamic_cast<const model::LatentInverse*>(&problem) != nullptr;
}

SteinDistance stein_distance(const model::Problem& problem, const model::Context& context,
                             const parallel::RowLayout& layout, const model::Batch& parameters) {
  if (!can_measure_stein(problem)) return {};
  const int rows = layout.local_rows(), d = problem.dimension();
  const Batch z("z", rows, d);
  model::Evaluation evaluation{model::Vector("log_likelihood", rows), Batch("gradient", rows, d), {}};
  dynamic_cast<const model::LatentInverse&>(problem).latent(parameters, z);
  sampler::evaluate(problem, z, evaluation, context);
  std::vector<double> mine;  // z and the score of rows that have one
  for (int row = 0; row < rows; ++row) {
    bool is_sound = std::isfinite(evaluation.log_likelihood(row));
    for (int k = 0; k < d; ++k)
      is_sound = is_sound && std::isfinite(z(row, k)) && std::isfinite(evaluation.gradient(row, k));
    if (!is_sound) continue;
    mine.insert(mine.end(), &z(row, 0), &z(row, 0) + d);
    for (int k = 0; k < d; ++k) mine.push_back(evaluation.gradient(row, k) - z(row, k));
  }
  const std::vector<double> all = parallel::gather_rows(context.comm, mine);
  const std::size_t n = all.size() / (2 * static_cast<std::size_t>(d));
  if (n < 2) return {};
  const Batch x("x", n, d), score("score", n, d);
  std::vector<double> sds;
  for (int k = 0; k < d; ++k) {
    const auto value = [&](std::size_t row) {
      return all[2 * row * static_cast<std::size_t>(d) + static_cast<std::size_t>(k)];
    };
    double mean = 0.0, squares = 0.0;
    for (std::size_t row = 0; row < n; ++row) mean += value(row) / static_cast<double>(n);
    for (std::size_t row = 0; row < n; ++row) squares += (value(row) - mean) * (value(row) - mean);
    const double sd = squares > 0.0 ? std::sqrt(squares / static_cast<double>(n)) : 1.0;
    sds.push_back(sd);
    for (std::size_t row = 0; row < n; ++row) {
      x(row, k) = (value(row) - mean) / sd;
      score(row, k) = sd * all[(2 * row + 1) * static_cast<std::size_t>(d) + static_cast<std::size_t>(k)];
    }
  }
  return {static_cast<int>(n), prob::stein_discrepancy(x, score), edge_share(problem, context, layout, z, sds)};
}

std::string results_of_run(const std::string& reference) {
  return io::file_exists(reference + "/results.h5") ? reference + "/results.h5" : reference;
}

RunDistance distance_to_run(const std::string& results, const std::string& reference, const model::Problem& problem) {
  constexpr std::int64_t most = 1000;
  const std::string path = results_of_run(reference);
  const std::int64_t ours = draws_in(io::ResultsReader(results), results, problem),
                     theirs = draws_in(io::ResultsReader(path), path, problem), n = std::min({most, ours, theirs});
  const bool has_noise = theirs >= 2 * n;
  const auto read = [&](const std::string& file, std::int64_t rows) {
    return posterior_parameters(file, problem, rows, parallel::RowLayout(rows, 0, 1));
  };
  const Batch run = read(results, n), twice = read(path, has_noise ? 2 * n : n);
  const std::vector<Scale> scales = scales_of(twice);
  rescale(run, scales), rescale(twice, scales);
  RunDistance distance;
  distance.draws = static_cast<int>(n);
  const Batch first = has_noise ? every(twice, 0, 2) : twice;
  distance.sliced_wasserstein = prob::sliced_wasserstein(run, first);
  distance.noise = has_noise ? prob::sliced_wasserstein(first, every(twice, 1, 2)) : std::nan("");
  return distance;
}

}  // namespace aleator::campaign
