#pragma once
/// What      job/prior_sample: draws from a prior, to see what it says before any data.
/// Method    u = T(z), z ~ N(0, I): with one seed the draws are those of the group `prior` of job/sample and those at which
///           job/forward runs. Writes results.h5, summary.json, the report, and for a prior that is a field, or has parts
///           that are, fields.h5 and moments.h5 (mean and sd) with their .xdmf.
/// Parallel  collective; draws are shared out to the ranks. The files' bytes do not depend on ranks and threads.
/// Cost      the prior's map a draw; all draws are held in memory. Asked to stop, or now and then, it writes a checkpoint.
/// Fails     KeyError when fields are asked of a prior that is no field; NumericsError for a draw that is not finite
///           under on_failure = "stop".
#include <memory>
#include <optional>
#include <string>

#include "campaign/rows/rows.hpp"
#include "campaign/run/job.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {

class PriorSampleJob : public Job {
 public:
  struct Params {
    std::string prior;
    int samples = 1000;
    std::optional<int> fields;
    OnRowFailure on_failure = OnRowFailure::reject;
  };
  static deck::Schema<Params> schema();
  /// `text`: the prior in words.
  PriorSampleJob(const Params& params, std::shared_ptr<const prob::Prior> prior, std::string text);
  JobEnd run(const JobContext& context) override;
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  void write_pictures(const JobContext& context, const parallel::RowLayout& layout, kernels::ConstBatch u,
                      const std::vector<NamedSummary>& statistics) const;

  Params params_;
  std::shared_ptr<const prob::Prior> prior_;
  std::string text_;
};

}  // namespace aleator::campaign
