#pragma once
/// What      job/assimilate: follows a model in time with observations of it, by a filter: a twin experiment (truth and
///           observations made from the seed) or the observations of a file.
/// Method    truth and members start from N(m, initial_sd^2), or m + draws of a prior, m the model's initial state after
///           `warm_up`; at the model's observation times y = H x + N(0, noise_sd^2), or, of a file, y of any density
///           given x. The first replicate is the experiment of
///           the seed, the others of seeds made of it. Writes results.h5 (scores in time, rank histogram, the last states),
///           summary.json, the report; checkpoint as job/sample.
/// Parallel  as assimilation::Experiment; the files' bytes do not depend on ranks and threads.
/// Cost      the filter's; 8 doubles a cycle and replicate are kept.
/// Fails     KeyError when sizes or times do not fit; NumericsError, with the cycle, when the ensemble collapses or diverges:
///           the last good one is in the checkpoint.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assimilation/filter.hpp"
#include "assimilation/observations.hpp"
#include "campaign/run/job.hpp"
#include "model/forward_model.hpp"

namespace aleator::campaign {

class AssimilateJob : public Job {
 public:
  struct Params : assimilation::ObservationParams {
    std::string model, filter, initial_perturbation;
    std::vector<double> initial_sd = {1.0};
    double warm_up = 0.0;
    int replicates = 1;
    std::optional<int> spin_up;
    int shown_cycles = 200;
  };
  struct Parts {
    std::shared_ptr<const model::ForwardModel> model;
    std::shared_ptr<assimilation::Filter> filter;
    std::shared_ptr<const prob::Prior> initial_perturbation;  ///< or null
    std::string component;                                    ///< "filter/letkf"
    std::string text;                                         ///< what they are, in words
  };
  static deck::Schema<Params> schema();
  AssimilateJob(const Params& params, Parts parts);
  JobEnd run(const JobContext& context) override;
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  assimilation::Statistics statistics(const JobContext& context) const;

  Params params_;
  Parts parts_;
  std::vector<double> times_;
  std::vector<double> data_;  // of a file, [time][observable], NaN where missing; else empty
  std::shared_ptr<const assimilation::ObservationDensity> density_;
};

}  // namespace aleator::campaign
