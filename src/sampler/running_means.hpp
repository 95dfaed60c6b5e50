#pragma once
/// What      Means of the parameters over all states a chain has visited, not only over the draws that are kept.
/// Method    sum of u = T(z) for each member; thinning then costs no accuracy of the means.
/// Parallel  add is local, means is collective (ordered sum).
/// Cost      one transport map a state.
/// Fails     -
#include <vector>

#include "io/archive.hpp"
#include "model/problem.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::sampler {

struct RunningMeans {
  kernels::Batch sum;  ///< local members x d
  double count = 0.0;  ///< states added

  void add(const model::Problem& problem, const kernels::Batch& position);
  void fields(io::Archive& archive, const parallel::RowLayout& layout);
};

/// Mean of every parameter, and its standard error from the scatter of the members' own means.
struct MeanEstimate {
  std::vector<double> mean, standard_error;
};
MeanEstimate estimate_means(const model::Context& context, const parallel::RowLayout& layout,
                            const RunningMeans& means);

}  // namespace aleator::sampler
