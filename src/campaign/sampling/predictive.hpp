#pragma once
/// What      Predictive checks: could the model with parameters from the posterior, or the prior, have made the data?
/// Method    For draws u_s, s = 1 ... n, data x_s are replicated from the likelihood at y_s = G(u_s) (prior: Box 1980; posterior:
///           Rubin 1984, Gelman, Meng, Stern 1996). The data x and the x_s are n + 1 samples, exchangeable when the model is
///           right (for the prior exactly; the posterior has seen the data, which makes its checks mild). Datum by datum the
///           place among the replicates, PIT_i = (#{x_si < x_i} + 1/2) / (n + 1), and where replicates equal the datum
///           (counts) (#{x_si < x_i} + v_i (#{x_si = x_i} + 1)) / (n + 1) with v_i spread evenly over (0, 1), so that the places
///           of a right model are uniform (Czado, Gneiting, Held 2009); over all data
///           T(x) = mean_i ((x_i - m_i) / s_i)^2 with mean m and sd s of all n + 1, and
///           p = (1 + #{T(x_s) >= T(x)}) / (n + 1). And a check that knows the law of the noise: with the discrepancy
///           D(x, u) = - log p(x | u), p = (1 + #{D(x_s, u_s) >= D(x, u_s)}) / (n + 1) (Gelman, Meng, Stern 1996, equation 8).
/// Parallel  collective; the numbers do not depend on the ranks.
/// Cost      a model run a draw, a likelihood of new data each, n x data doubles on every rank.
/// Fails     NumericsError as the model under on_failure = "stop"; draws whose model run fails are left out.
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "campaign/run/job.hpp"
#include "model/problem.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {

/// Draws that are run through the model again; 0: none.
struct PredictiveDraws {
  int posterior = 0, prior = 0;
};

/// How many are run: not more than there are, and no more data than memory holds easily.
PredictiveDraws predictive_draws(const PredictiveDraws& wanted, const sampler::Plan& plan,
                                 const model::Problem& problem);
/// Outputs of the model that are compared with data: without the parameters of the likelihood that pass through it.
int predicted_outputs(const model::Problem& problem);
/// Whether the problem has data and draws data from its likelihood.
bool can_replicate(const model::Problem& problem);

/// What the draws predict, row by row; rows whose model run failed are NaN.
struct Predicted {
  std::vector<double> outputs;
  std::vector<double> data;  ///< replicated; empty where the problem cannot draw any
  std::vector<double>
      log_densities;  ///< of every row, of the data and of the replicate; empty where they are not known
};
/// Rows of u, for a part of this rank's rows.
using ParametersOf = std::function<model::Batch(const parallel::RowLayout& part)>;
/// This rank's rows are run a few megabytes of parameters at a time. `step` tells the replicates of posterior and prior apart.
/// Nothing where the run was asked to stop: the rows done so far are then in the folder of `job`, in `checkpoint`.
std::optional<Predicted> predict(const JobContext& job, const model::Problem& problem, const model::Context& context,
                                 const parallel::RowLayout& layout, const ParametersOf& parameters_of,
                                 std::int64_t step, const std::string& checkpoint);

struct PredictiveCheck {
  int draws = 0, failed = 0;  ///< replicates, and draws left out
  double p_value = 0.0;
  double p_value_log_likelihood = std::numeric_limits<double>::quiet_NaN();  ///< with D
  double outside = 0.0;                          ///< share of the data outside the central 90 % of their replicates
  int extreme = -1;                              ///< the datum deepest in a tail; -1: none varies
  std::vector<double> pit, mean, q05, q50, q95;  ///< datum by datum
};
/// `replicates`: rows of as many numbers as data; fewer than two sound rows give draws < 2 and no numbers.
PredictiveCheck check_prediction(const std::vector<double>& data, const std::vector<double>& replicates);
/// The same, and the p-value of the log-likelihood; `extreme` by its number among all data.
PredictiveCheck check_prediction(const model::ProblemFacts& facts, const Predicted& predicted);

/// Parameters of `draws` draws spread evenly over those in results.h5: the rows of `layout`.
model::Batch posterior_parameters(const std::string& results, const model::Problem& problem, std::int64_t draws,
                                  const parallel::RowLayout& layout);

}  // namespace aleator::campaign
