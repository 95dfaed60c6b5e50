#include "campaign/evaluate.hpp"

#include <fmt/format.h>

#include <cmath>

#include "campaign/run_folder.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::campaign {
namespace {

std::string csv_quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, "\"");
  return "\"" + text + "\"";
}

// "nan" whatever its sign, which says nothing.
std::string csv_number(double value) { return std::isnan(value) ? "nan" : fmt::format("{:.17g}", value); }

std::string csv_header(const inverse::BayesProblem& problem) {
  std::string text = "row,status,log_likelihood,log_prior,log_posterior";
  for (const std::string& name : problem.parts().model->shape().output_names)
    text += "," + (name.find(',') == std::string::npos ? name : csv_quoted(name));
  return text + "\n";
}

io::Table read_rows(const inverse::BayesProblem& problem, const deck::File& rows) {
  io::Table table = io::parse_table(rows.text, rows.path, io::NonFinite::allowed);  // such rows fail, the others do not
  const std::size_t d = static_cast<std::size_t>(problem.parameter_dimension());
  if (table.columns != d && table.columns * table.rows == d)
    table.rows = 1, table.columns = d;  // one vector, written over several lines
  if (table.columns != d)
    throw core::UserError(fmt::format(
        "{}: {} numbers a row, but the problem has {} parameters; write one row of {} numbers for each evaluation",
        rows.path, table.columns, d, d));
  return table;
}

}  // namespace

std::string evaluate_rows(const parallel::Comm& comm, const inverse::BayesProblem& problem, const deck::File& rows) {
  const io::Table table = read_rows(problem, rows);
  const parallel::RowLayout layout(static_cast<parallel::GlobalIndex>(table.rows), comm);
  const int local = layout.local_rows(), d = problem.parameter_dimension(), p = problem.outputs();
  kernels::Batch u("u", local, d);
  for (int row = 0; row < local; ++row)
    for (int k = 0; k < d; ++k)
      u(row, k) = table(static_cast<std::size_t>(layout.first() + row), static_cast<std::size_t>(k));
  model::Evaluation evaluation{kernels::Vector("log_likelihood", local), {}, kernels::Batch("outputs", local, p)};
  kernels::Vector log_prior("log_prior", local);
  const model::RowStatus status = problem.evaluate_parameters(u, evaluation, log_prior);
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
  std::string text = csv_header(problem);
  for (int rank = 0; rank < comm.size(); ++rank) {
    std::string part = mine;
    comm.broadcast(part, rank);
    text += part;
  }
  return text;
}

deck::Schema<EvaluateJob::Params> EvaluateJob::schema() {
  deck::Schema<Params> s("Evaluate a problem at given parameters", "");
  s.reference("problem", &Params::problem, "problem", "what to evaluate").required();
  s.key("at", &Params::at, "", "table of parameters, one row for each evaluation").required();
  return s;
}

EvaluateJob::EvaluateJob(std::shared_ptr<inverse::BayesProblem> problem, deck::File at)
    : problem_(std::move(problem)), at_(std::move(at)) {
  read_rows(*problem_, at_);
}

JobEnd EvaluateJob::run(const JobContext& context) {
  const std::string path = context.folder + "/evaluations.csv";
  const std::string text = evaluate_rows(context.comm, *problem_, at_);
  parallel::agree(context.comm, [&] {
    if (context.comm.is_root()) io::make_directory(context.folder);
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
