#include "campaign/sampling/sample_distance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "campaign/rows/row_run.hpp"
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

// Standard deviation of each column over all ranks' rows; 1 where nothing varies.
std::vector<double> deviations(const parallel::Comm& comm, const Batch& z) {
  const std::vector<double> all = parallel::gather_rows(comm, std::vector<double>(z.data(), z.data() + z.size()));
  const std::size_t d = z.extent(1), n = all.size() / d;
  std::vector<double> sds;
  for (std::size_t k = 0; k < d; ++k) {
    double mean = 0.0, squares = 0.0;
    for (std::size_t row = 0; row < n; ++row) mean += all[row * d + k] / static_cast<double>(n);
    for (std::size_t row = 0; row < n; ++row) squares += (all[row * d + k] - mean) * (all[row * d + k] - mean);
    sds.push_back(squares > 0.0 ? std::sqrt(squares / static_cast<double>(n)) : 1.0);
  }
  return sds;
}

// Of each row whether it has a density and a slope, its gradient (else 0), and whether a point beside it has no density: Stein's
// identity is integration by parts, and fails where a density ends at an edge without having become small.
struct SteinRows {
  const model::Problem& problem;
  const model::Context& context;
  const parallel::RowLayout& layout;
  Batch z;
  std::vector<double> sds;

  static constexpr std::int64_t looked_at = 100;  // points beside rows
  std::int64_t stride() const { return std::max<std::int64_t>(1, layout.rows() / looked_at); }
  bool is_looked_at(int row) const { return (layout.first() + row) % stride() == 0; }
  std::size_t columns() const { return z.extent(1) + 2; }

  void fill_gradients(int first, const Batch& values) const {
    const int rows = static_cast<int>(values.extent(0)), d = static_cast<int>(z.extent(1));
    model::Evaluation evaluation{model::Vector("log_likelihood", rows), Batch("gradient", rows, d), {}};
    problem.evaluate(Kokkos::subview(z, Kokkos::make_pair(first, first + rows), Kokkos::ALL), evaluation);
    for (int row = 0; row < rows; ++row) {
      bool is_sound = std::isfinite(evaluation.log_likelihood(row));
      for (int k = 0; k < d; ++k)
        is_sound = is_sound && std::isfinite(z(first + row, k)) && std::isfinite(evaluation.gradient(row, k));
      values(row, 0) = is_sound ? 1.0 : 0.0;
      for (int k = 0; k < d; ++k) values(row, 1 + k) = is_sound ? evaluation.gradient(row, k) : 0.0;
    }
  }

  void look_beside(int first, const Batch& values) const {
    constexpr std::int64_t step_of_edges = 3;  // steps 0 to 2 make data (sampler_run_facts.cpp)
    constexpr double way = 0.5;                // standard deviations
    std::vector<int> chosen;
    for (int row = 0; row < static_cast<int>(values.extent(0)); ++row)
      if (is_looked_at(first + row)) chosen.push_back(row);
    const Batch beside("beside", chosen.size(), z.extent(1));
    std::vector<double> normals(z.extent(1));
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const int row = first + chosen[i];
      context.rng.row_of_normals({kernels::Purpose::jitter, step_of_edges}, layout.first() + row, normals.data(),
                                 static_cast<int>(normals.size()));
      for (std::size_t k = 0; k < normals.size(); ++k) beside(i, k) = z(row, k) + way * sds[k] * normals[k];
    }
    model::Evaluation evaluation{model::Vector("log_likelihood", chosen.size()), {}, {}};
    problem.evaluate(beside, evaluation);
    for (std::size_t i = 0; i < chosen.size(); ++i)
      values(chosen[i], columns() - 1) = std::isfinite(evaluation.log_likelihood(i)) ? 0.0 : 1.0;
  }

  RowWork work(const std::string& checkpoint) const {
    RowWork all{"Stein discrepancy", static_cast<int>(columns()), "", {}, {}, {}};
    all.checkpoint = checkpoint, all.tells_failures = false, all.is_followed = true;
    all.run = [this](int first, const Batch& values) {
      fill_gradients(first, values);
      look_beside(first, values);
      return model::RowStatus{};
    };
    return all;
  }
};

}  // namespace

// The way back from parameters must lead to the draw itself: of priors with more coordinates than parameters, or that are
// conditioned, it leads to another with the same parameters.
bool can_measure_stein(const model::Problem& problem) {
  const auto* const inverse = dynamic_cast<const model::LatentInverse*>(&problem);
  if (!problem.has_gradient() || inverse == nullptr) return false;
  constexpr int tries = 3;
  constexpr double enough = 1e-3;  // of the distance, relative
  const Batch z("z", tries, problem.dimension()), back("back", tries, problem.dimension()),
      u("u", tries, problem.parameter_dimension());
  kernels::Rng(1).normals({kernels::Purpose::jitter}, 0, z);
  problem.parameters(z, u);
  inverse->latent(u, back);
  for (int row = 0; row < tries; ++row) {
    double apart = 0.0, whole = 0.0;
    for (std::size_t k = 0; k < z.extent(1); ++k) {
      apart += (back(row, k) - z(row, k)) * (back(row, k) - z(row, k));
      whole += z(row, k) * z(row, k);
    }
    if (!(apart <= enough * enough * whole)) return false;
  }
  return true;
}

std::optional<SteinDistance> stein_distance(const JobContext& job, const model::Problem& problem,
                                            const model::Context& context, const parallel::RowLayout& layout,
                                            const model::Batch& parameters, const std::string& checkpoint) {
  const int rows = layout.local_rows(), d = problem.dimension();
  const Batch z("z", rows, d);
  dynamic_cast<const model::LatentInverse&>(problem).latent(parameters, z);
  const SteinRows stein{problem, context, layout, z, deviations(context.comm, z)};
  RowResults results;
  if (!run_rows(job, stein.work(checkpoint), layout, {}, results)) return {};
  std::vector<double> mine;  // z and the score of rows that have one
  std::int64_t looked_at = 0, outside = 0;
  for (int row = 0; row < rows; ++row) {
    const double* const values = &results.values(row, 0);
    if (stein.is_looked_at(row)) ++looked_at, outside += values[d + 1] > 0.0 ? 1 : 0;
    if (values[0] == 0.0) continue;
    mine.insert(mine.end(), &z(row, 0), &z(row, 0) + d);
    for (int k = 0; k < d; ++k) mine.push_back(values[1 + k] - z(row, k));
  }
  const std::vector<double> all = parallel::gather_rows(context.comm, mine);
  const std::size_t n = all.size() / (2 * static_cast<std::size_t>(d));
  SteinDistance distance;
  if (n < 2) return distance;
  const Batch x("x", n, d), score("score", n, d);
  for (int k = 0; k < d; ++k) {
    const double sd = stein.sds[static_cast<std::size_t>(k)];
    const auto value = [&](std::size_t row) {
      return all[2 * row * static_cast<std::size_t>(d) + static_cast<std::size_t>(k)];
    };
    double mean = 0.0;
    for (std::size_t row = 0; row < n; ++row) mean += value(row) / static_cast<double>(n);
    for (std::size_t row = 0; row < n; ++row) {
      x(row, k) = (value(row) - mean) / sd;
      score(row, k) = sd * all[(2 * row + 1) * static_cast<std::size_t>(d) + static_cast<std::size_t>(k)];
    }
  }
  distance.draws = static_cast<int>(n), distance.ksd = prob::stein_discrepancy(x, score);
  const std::int64_t all_looked_at = std::max<std::int64_t>(1, context.comm.sum(looked_at));
  distance.edge_share = static_cast<double>(context.comm.sum(outside)) / static_cast<double>(all_looked_at);
  return distance;
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
