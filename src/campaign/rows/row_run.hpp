#pragma once
/// What      Computes many rows, batch by batch, with what the deck says about rows that fail, and goes on from a checkpoint.
/// Method    Batches grow until one takes about a second; between them the run may stop. A row's numbers depend on that row
///           alone, so a resumed run, on any ranks, gives the bits of an uninterrupted one.
/// Parallel  collective; rows are shared out to the ranks.
/// Cost      the rows' work; a checkpoint holds the rows computed so far.
/// Fails     NumericsError for a failed row under `stop`; UserError for a checkpoint of another deck.
#include <functional>
#include <string>
#include <vector>

#include "campaign/run/job.hpp"
#include "deck/schema.hpp"
#include "kernels/random.hpp"
#include "model/forward_model.hpp"
#include "parallel/row_layout.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {

enum class OnRowFailure { reject, retry, stop };

struct FailurePolicy {
  OnRowFailure on_failure = OnRowFailure::reject;
  int retries = 2;
  int retries_allowed() const { return on_failure == OnRowFailure::retry ? retries : 0; }
};

/// The keys on_failure and retries; `rejected`: what becomes of a row under `reject`.
template <class Params>
void add_failure_keys(deck::Schema<Params>& s, const char* rejected) {
  s.choice("on_failure", &Params::on_failure, "what a row that cannot be computed means",
           {{"reject", OnRowFailure::reject, rejected},
            {"retry", OnRowFailure::retry,
             "it is computed again, with tighter settings where the model has them; then reject"},
            {"stop", OnRowFailure::stop, "the run ends with exit code 3"}})
      .may_change()
      .key("retries", &Params::retries, "1", "how often a failed row is computed again", deck::at_least(1))
      .may_change()
      .only_with("on_failure = \"retry\"", [](const Params& p) { return p.on_failure == OnRowFailure::retry; });
}

/// How rows come to be.
struct RowWork {
  std::string what;  ///< "model 'darcy' (deck.toml:6)"
  int columns = 0;
  std::string undefined;  ///< why a row with a number that is not finite has failed
  /// Fills y with this rank's rows from `first` on.
  std::function<model::RowStatus(int first, model::Batch y)> run;
  /// The attempt-th time for rows that failed; null: the same again.
  std::function<model::RowStatus(const std::vector<int>& rows, model::Batch y, int attempt)> run_again;
  std::function<std::string(int row)> where;  ///< what a row stands for, in words; null: its number says all
  int at_once = 0;  ///< rows that run side by side where they are long work; 0: as many as threads
  std::string checkpoint = "checkpoint.h5";  ///< in the job's folder
  bool tells_failures = true;                ///< in a warning
  bool is_followed = false;                  ///< by other work: long work then leaves a checkpoint when it is done
};
/// Outputs of a model at the rows u.
RowWork model_at(const model::ForwardModel& model, std::string what, kernels::ConstBatch u);
/// Latent coordinates of the rows from `first` on, a row of the whole.
using FillLatent = std::function<void(std::int64_t first, kernels::Batch z)>;
/// u = T(z), row by row; `first_row`: that of u in the whole.
void transform_rows(const prob::Prior& prior, std::int64_t first_row, const FillLatent& fill, const kernels::Batch& u);
/// Draws u = T(z), z ~ N(0, I) of the stream.
RowWork draws_of(const prob::Prior& prior, const std::string& name, const kernels::Rng& rng, kernels::Stream stream,
                 const parallel::RowLayout& layout);

struct RowResults {
  kernels::Batch values;                   ///< NaN in failed rows
  std::vector<std::string> reasons;        ///< of failure; empty: the row is sound
  std::vector<std::string> retried;        ///< why a sound row had to be computed again; empty: it had not
  std::int64_t failed = 0, recovered = 0;  ///< on all ranks; recovered: sound when computed again
};

/// False when the run was asked to stop before all rows were done: a checkpoint then lies in the folder of `context`, if it has
/// one. A row whose numbers are not finite has failed.
bool run_rows(const JobContext& context, const RowWork& work, const parallel::RowLayout& layout, FailurePolicy policy,
              RowResults& results);
/// The checkpoint is of no more use. Collective.
void remove_checkpoint(const JobContext& context, const std::string& checkpoint = RowWork().checkpoint);

/// A line of failed_rows.csv: number, n parameters, reason; and the line above them.
std::string failed_row(std::int64_t row, const double* u, std::size_t n, const std::string& reason);
std::string failed_rows_head(const std::vector<std::string>& names);
/// Every failed row with the columns of `u`, in failed_rows.csv; nothing without any. Collective.
void write_failed_rows(const JobContext& context, const parallel::RowLayout& layout, kernels::ConstBatch u,
                       const std::vector<std::string>& names, const RowResults& results);

}  // namespace aleator::campaign
