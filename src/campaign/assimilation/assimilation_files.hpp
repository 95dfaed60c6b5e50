#pragma once
/// What      The files of job/assimilate: results.h5, summary.json, and the report drawn from them.
/// Method    Time means over the cycles after the spin-up and all replicates, with the standard error of a mean of correlated
///           numbers (prob/diagnostics). Reliability: chi^2 of the rank histogram against the uniform one over its bins, which
///           is near 1 only for independent ranks; of states and cycles that depend on each other it is a comparison.
/// Parallel  write_assimilation: collective; write_assimilation_report: rank 0.
/// Cost      linear in cycles x replicates.
/// Fails     UserError: a disk that is full, files that are missing.
#include <string>

#include "campaign/assimilation/assimilation_run.hpp"

namespace aleator::campaign {

struct AssimilationNames {
  std::string model, filter, component;
  int spin_up;
  const assimilation::Filter& algorithm;
};

void write_assimilation(const JobContext& context, const assimilation::Experiment& experiment,
                        const AssimilationRun& run, const AssimilationPlan& plan, const AssimilationNames& names);

/// `text`: model and filter in words.
void write_assimilation_report(const std::string& folder, const RunSettings& settings, const std::string& text);

}  // namespace aleator::campaign
