#pragma once
/// What      The numbers a sampler reports on its way (acceptance, temper, misfit), thinned to what a plot can show.
/// Method    the first 50 records, then at most one for each thousandth of the way, and the last: every step of samplers that
///           take few.
/// Parallel  the same on every rank.
/// Cost      -
/// Fails     -
#include <map>
#include <string>
#include <vector>

#include "io/archive.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {

struct History {
  std::vector<std::string> names;
  std::vector<std::vector<double>> values;  ///< one array a name; NaN where a record lacks it
  std::vector<double> iteration, evaluations;
  double last_progress = -1.0;
  std::vector<double> error_evaluations, error;  ///< relative squared error of the means so far, against model runs

  void add(const sampler::StepInfo& info, const sampler::BaseState& state);
  /// The number of that name in the last record; NaN: none has it.
  double last(const std::string& name) const;
  void fields(io::Archive& archive);
  std::string json() const;
};

}  // namespace aleator::campaign
