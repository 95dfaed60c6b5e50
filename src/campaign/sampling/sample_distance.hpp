#pragma once
/// What      How far a run's draws are from the posterior's density, and from another run's draws.
/// Method    prob/discrepancy: kernelised Stein discrepancy in latent coordinates divided by the draws' standard deviations;
///           sliced Wasserstein distance in parameters, less the reference's medians and over its central 90 % in units of the
///           normal law's.
/// Parallel  stein_distance is collective, its numbers do not depend on the ranks; distance_to_run is serial.
/// Cost      a gradient a draw and n^2 d flops; reads the draws it compares.
/// Fails     UserError: a reference that is no results.h5 or has other variables.
#include <string>

#include "campaign/run/job.hpp"
#include "model/problem.hpp"
#include "parallel/row_layout.hpp"
#include "prob/discrepancy.hpp"

namespace aleator::campaign {

struct SteinDistance {
  int draws = 0;  ///< 0: not made
  prob::SteinDiscrepancy ksd;
  double edge_share = 0.0;  ///< of points half a standard deviation from draws: how many have density zero, or none
};
/// `parameters`: this rank's rows of u, of a problem that can be measured. One point beside each of a hundred draws is looked at
/// too.
/// Nothing where the run was asked to stop: the rows done so far are then in the folder of `job`, in `checkpoint`.
std::optional<SteinDistance> stein_distance(const JobContext& job, const model::Problem& problem,
                                            const model::Context& context, const parallel::RowLayout& layout,
                                            const model::Batch& parameters, const std::string& checkpoint);
/// Costs three maps there and back.
bool can_measure_stein(const model::Problem& problem);

struct RunDistance {
  int draws = 0;  ///< of each run; 0: not made
  double sliced_wasserstein = 0.0;
  double noise = 0.0;  ///< the same between as many draws of the reference and other draws of it; NaN: it has too few
};
/// `reference`: a results.h5 or the folder that holds it.
std::string results_of_run(const std::string& reference);
RunDistance distance_to_run(const std::string& results, const std::string& reference, const model::Problem& problem);

}  // namespace aleator::campaign
