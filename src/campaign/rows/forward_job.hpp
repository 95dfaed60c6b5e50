#pragma once
/// What      job/forward: a model at many rows of parameters, given in a table or drawn from a prior, with the statistics of
///           its outputs: how the prior's uncertainty becomes that of the outputs.
/// Method    plain Monte Carlo: mean and its standard error sd / sqrt(rows), quantiles of the rows. Writes outputs.csv,
///           results.h5, summary.json, failed_rows.csv (where a row failed: its number, parameters, reason), the model's
///           fields at the first rows (fields.h5, fields.xdmf) and the report. With sobol_indices also the shares of the outputs'
///           variances that the parameters explain (sensitivity.hpp), from runs at samples (factors + 2) rows,
///           with second_order also the pairs of them, samples (2 factors + 2); the statistics are
///           then those of the two independent samples among them.
/// Parallel  collective; rows are shared out to the ranks. The files' bytes do not depend on ranks and threads.
/// Cost      one model run a row. Asked to stop, or now and then, it writes a checkpoint with the rows done so far.
/// Fails     KeyError when sizes do not fit; NumericsError when all rows fail, or one under on_failure = "stop".
#include <memory>
#include <optional>
#include <string>

#include "campaign/rows/rows.hpp"
#include "campaign/rows/sensitivity.hpp"
#include "campaign/run/job.hpp"
#include "model/forward_model.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {

class ForwardJob : public Job {
 public:
  struct Params {
    std::string model;
    deck::File at;
    std::string prior;
    std::optional<int> samples, fields;
    prob::DesignKind design = prob::DesignKind::random;
    bool sobol_indices = false, second_order = false;
    int bootstrap = 1000;
    OnRowFailure on_failure = OnRowFailure::reject;
    int retries = FailurePolicy().retries;
  };
  struct Parts {
    std::shared_ptr<const model::ForwardModel> model;
    std::shared_ptr<const prob::Prior> prior;  ///< null: rows of a table
    std::string text;                          ///< what they are, in words
    std::string model_in_words;                ///< "model 'darcy' (deck.toml:6)"
  };
  static deck::Schema<Params> schema();
  ForwardJob(const Params& params, Parts parts);
  JobEnd run(const JobContext& context) override;
  std::int64_t rows_at_once() const override { return rows(); }
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  std::int64_t rows() const;
  std::int64_t runs_a_point() const;
  int design_dimension() const;
  std::string group_of_parameters() const;
  std::string group_of_outputs() const;
  std::vector<prob::Variable> variables() const;
  kernels::Batch parameters(const JobContext& context, const parallel::RowLayout& layout) const;
  void write_results(const JobContext& context, const parallel::RowLayout& layout, kernels::ConstBatch u,
                     const RowResults& results) const;
  kernels::Batch independent_rows(const parallel::RowLayout& layout, const kernels::Batch& values) const;
  void write_summary(const JobContext& context, const RowResults& results, const std::vector<NamedSummary>& statistics,
                     const std::vector<OutputIndices>& indices) const;

  Params params_;
  Parts parts_;
  std::vector<Factor> factors_;  ///< of sobol_indices
  io::Table table_;
};

}  // namespace aleator::campaign
