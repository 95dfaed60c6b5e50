#pragma once
/// What      Log-likelihood, log-prior and outputs at given parameters: `aleator evaluate` and job/evaluate.
/// Method    rows of a table of parameters u (not latent); written as CSV with 17 digits.
/// Parallel  collective; the rows are shared out to the ranks.
/// Cost      one model run a row.
/// Fails     UserError for a table of the wrong width or with text in it; rows that cannot be evaluated (nan, inf, a
///           coefficient that is not positive) say so in the column `status`.
#include <memory>
#include <string>

#include "campaign/run/job.hpp"
#include "model/problem.hpp"

namespace aleator::campaign {

/// The CSV text, on every rank.
std::string evaluate_rows(const parallel::Comm& comm, const model::Problem& problem, const deck::File& rows);

/// job/evaluate: the same from a deck; writes evaluations.csv in the run folder.
class EvaluateJob : public Job {
 public:
  struct Params {
    std::string problem;
    deck::File at;
  };
  static deck::Schema<Params> schema();
  EvaluateJob(std::shared_ptr<model::Problem> problem, deck::File at);
  JobEnd run(const JobContext& context) override;
  std::int64_t rows_at_once() const override;
  bool is_finished(const std::string& folder, const RunSettings& settings) const override;
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  std::shared_ptr<model::Problem> problem_;
  deck::File at_;
};

}  // namespace aleator::campaign
