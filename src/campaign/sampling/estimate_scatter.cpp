#include "campaign/sampling/estimate_scatter.hpp"

#include <cmath>

#include "model/sequence.hpp"

namespace aleator::campaign {

double estimate_scatter(const model::Problem& problem, const std::vector<double>& u) {
  constexpr int estimates = 32;
  if (model::sequence_of(problem) == nullptr) return std::nan("");
  const kernels::Batch rows = kernels::new_batch(estimates, static_cast<int>(u.size()));
  for (int row = 0; row < estimates; ++row)
    for (std::size_t k = 0; k < u.size(); ++k) rows(row, k) = u[k] * (1.0 + 1e-15 * row);
  model::Evaluation at{kernels::Vector("log_likelihood", estimates), {}, {}};
  const kernels::Vector log_prior("log_prior", estimates);
  if (!problem.evaluate_parameters(rows, at, log_prior).ok()) return std::nan("");
  double mean = 0.0, squares = 0.0;
  for (int row = 0; row < estimates; ++row) mean += at.log_likelihood(row) / estimates;
  for (int row = 0; row < estimates; ++row) squares += std::pow(at.log_likelihood(row) - mean, 2);
  return std::sqrt(squares / (estimates - 1));
}

}  // namespace aleator::campaign
