#include "campaign/rows/evaluate.hpp"

#include <fmt/format.h>

#include "campaign/rows/rows.hpp"
#include "campaign/run/csv.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/sampling/summary.hpp"
#include "core/log.hpp"
#include "io/data_table.hpp"
#include "io/files.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::campaign {
namespace {

std::string csv_header(const model::Problem& problem) {
  std::string text = "row,status,log_likelihood,log_prior,log_posterior";
  for (const std::string& name : problem.facts().output_names) text += "," + csv_name(name);
  return text + "\n";
}

io::Table read_rows(const model::Problem& problem, const deck::File& rows) {
  return io::read_rows(rows.text, rows.path, problem.parameter_dimension(), prob::parameter_names(problem.variables()),
                       "problem");
}

}  // namespace

std::string evaluate_rows(const parallel::Comm& comm, const model::Problem& problem, const deck::File& rows) {
  const io::Table table = read_rows(problem, rows);
  const parallel::RowLayout layout(static_cast<parallel::GlobalIndex>(table.rows), comm);
  const int local = layout.local_rows(), p = problem.outputs();
  const kernels::Batch u = table_rows(table, layout);
  model::Evaluation evaluation{kernels::Vector("log_likelihood", local), {}, kernels::Batch("outputs", local, p)};
  kernels::Vector log_prior("log_prior", local);
  model::RowStatus status;
  parallel::agree(comm, [&] { status = problem.evaluate_parameters(u, evaluation, log_prior); });
  std::vector<std::string> words(static_cast<std::size_t>(local), "ok");
  for (const model::FailedRow& failed : status.failed) words[failed.row] = csv_quoted(failed.reason);
  std::string mine;
  for (int row = 0; row < local; ++row) {
    const double log_likelihood = evaluation.log_likelihood(row);
    mine += fmt::format("{},{}", layout.first() + row, words[row]);
    for (const double value : {log_likelihood, log_prior(row), log_likelihood + log_prior(row)})
      mine += "," + csv_number(value);
    for (int i = 0; i < p; ++i) mine += "," + csv_number(evaluation.outputs(row, i));
    mine += "\n";
  }
  std::string text = csv_header(problem) + gather_text(comm, mine);
  comm.broadcast(text);
  return text;
}

deck::Schema<EvaluateJob::Params> EvaluateJob::schema() {
  deck::Schema<Params> s("Evaluate a problem at given parameters", "");
  s.reference("problem", &Params::problem, "problem", "what to evaluate").required();
  s.key("at", &Params::at, "",
        "table of parameters, one row for each evaluation; columns in any order where the first line has their names")
      .required();
  return s;
}

EvaluateJob::EvaluateJob(std::shared_ptr<model::Problem> problem, deck::File at)
    : problem_(std::move(problem)), at_(std::move(at)) {
  read_rows(*problem_, at_);
}

std::int64_t EvaluateJob::rows_at_once() const { return static_cast<std::int64_t>(read_rows(*problem_, at_).rows); }

JobEnd EvaluateJob::run(const JobContext& context) {
  const std::string path = context.folder + "/evaluations.csv";
  const std::string text = evaluate_rows(context.comm, *problem_, at_);
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) io::make_directory(context.folder);
  });
  write_text(context.comm, path, text);
  core::info("evaluations: {}", path);
  return JobEnd::finished;
}

bool EvaluateJob::is_finished(const std::string& folder, const RunSettings&) const {
  return io::file_exists(folder + "/evaluations.csv");
}

void EvaluateJob::report(const std::string& folder, const RunSettings&) const {
  core::info("{}/evaluations.csv: an evaluate job has no report page", folder);
}

}  // namespace aleator::campaign
