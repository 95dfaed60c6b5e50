#include "campaign/rows/forward_job.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "campaign/rows/rows_report.hpp"
#include "campaign/run/csv.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/progress.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/log.hpp"
#include "inverse/problem/parameter_order.hpp"
#include "io/data_table.hpp"
#include "io/json.hpp"
#include "io/results.hpp"

namespace aleator::campaign {
namespace {

std::string outputs_csv_header(const std::vector<std::string>& names) {
  std::string text = "row,status";
  for (const std::string& name : names) text += "," + csv_name(name);
  return text + "\n";
}

std::string outputs_csv(const parallel::Comm& comm, const parallel::RowLayout& layout, const RowResults& results) {
  std::string mine;
  for (int row = 0; row < layout.local_rows(); ++row) {
    const std::string& reason = results.reasons[static_cast<std::size_t>(row)];
    mine += fmt::format("{},{}", layout.first() + row, reason.empty() ? "ok" : csv_quoted(reason));
    for (std::size_t i = 0; i < results.values.extent(1); ++i) mine += "," + csv_number(results.values(row, i));
    mine += "\n";
  }
  return gather_text(comm, mine);
}

}  // namespace

deck::Schema<ForwardJob::Params> ForwardJob::schema() {
  deck::Schema<Params> s("Run a model at many parameters, with statistics of its outputs", "");
  s.reference("model", &Params::model, "model", "what to run").required();
  s.key("at", &Params::at, "",
        "table of parameters, one row for each run, columns in any order where the first line has their names; or give "
        "prior and samples")
      .example("\"parameters.txt\"");
  s.reference("prior", &Params::prior, "prior", "draws the rows from this prior instead of reading them");
  s.key("samples", &Params::samples, "1", "number of rows drawn from the prior", deck::at_least(1));
  s.choice("design", &Params::design, "how the rows are drawn from the prior",
           {{"random", prob::DesignKind::random, "independently"},
            {"latin_hypercube", prob::DesignKind::latin_hypercube,
             "each of as many equal strata of every latent coordinate holds one row"},
            {"sobol", prob::DesignKind::sobol,
             "Sobol' points with a random shift; best a power of two of them, and few latent coordinates"}});
  s.key("sobol_indices", &Params::sobol_indices, "",
        "true: also which parameters the outputs' variances come from, first order and total; takes samples x (factors "
        "+ 2) model runs, a factor being an independent parameter or part of the prior");
  s.key("second_order", &Params::second_order, "",
        "true: with sobol_indices, also what each pair of factors explains together beyond what each does alone; takes "
        "samples x (2 factors + 2) model runs");
  s.key("bootstrap", &Params::bootstrap, "1", "replicates behind the 95 % intervals of the indices",
        deck::at_least(20));
  s.only_with("sobol_indices", [](const Params& p) { return p.sobol_indices; });
  s.key("fields", &Params::fields, "1",
        "at how many of the first rows the model's fields are written, for ParaView; 1 if the model has fields",
        deck::at_least(0));
  add_failure_keys(s, "the row is counted, listed in failed_rows.csv and left out of the statistics");
  s.check("at", [](const Params& p) {
    if (p.at.empty() && p.prior.empty()) return std::string("no rows: give at, or prior and samples");
    return p.at.empty() || p.prior.empty() ? std::string() : std::string("at and prior exclude each other");
  });
  s.check("samples", [](const Params& p) {
    if (!p.prior.empty() && !p.samples) return std::string("how many rows to draw is not said: give samples");
    if (p.sobol_indices && p.samples && *p.samples < 16)
      return std::string("too few for Sobol' indices, which come from variances: at least 16");
    return p.prior.empty() && p.samples ? std::string("samples goes with prior; the table under at has its own rows")
                                        : std::string();
  });
  s.check("design", [](const Params& p) {
    return p.prior.empty() && p.design != prob::DesignKind::random
               ? std::string("design goes with prior; the table under at has its own rows")
               : std::string();
  });
  s.check("sobol_indices", [](const Params& p) {
    return p.sobol_indices && p.prior.empty()
               ? std::string("sobol_indices goes with prior: the indices need rows of a certain pattern")
               : std::string();
  });
  s.check("second_order", [](const Params& p) {
    return p.second_order && !p.sobol_indices ? std::string("goes with sobol_indices = true") : std::string();
  });
  return s;
}

ForwardJob::ForwardJob(const Params& params, Parts parts) : params_(params), parts_(std::move(parts)) {
  const model::Shape& shape = parts_.model->shape();
  if (parts_.prior == nullptr)
    table_ = io::read_rows(params_.at.text, params_.at.path, shape.inputs, shape.input_names, "model");
  else
    inverse::refuse_other_parameters(*parts_.prior, params_.prior, shape, params_.model);
  if (params_.sobol_indices) factors_ = factors_of(*parts_.prior, params_.prior, shape.input_names);
  if (params_.design == prob::DesignKind::sobol && parts_.prior != nullptr &&
      design_dimension() > prob::Design::most_sobol_dimensions)
    throw deck::KeyError("design",
                         fmt::format("sobol has points of at most {} coordinates; prior '{}' takes {}{}",
                                     prob::Design::most_sobol_dimensions, params_.prior, design_dimension(),
                                     params_.sobol_indices ? ", two for each of its own" : ""),
                         "design = \"latin_hypercube\"");
  if (params_.fields.value_or(0) > 0 && parts_.model->states() == nullptr)
    throw deck::KeyError("fields", fmt::format("model '{}' has no fields to write", params_.model),
                         "leave the key out");
}

std::int64_t ForwardJob::rows() const {
  if (!parts_.prior) return static_cast<std::int64_t>(table_.rows);
  return static_cast<std::int64_t>(*params_.samples) * runs_a_point();
}

std::int64_t ForwardJob::runs_a_point() const {
  return params_.sobol_indices ? prob::runs_a_point(static_cast<int>(factors_.size()), params_.second_order) : 1;
}

int ForwardJob::design_dimension() const { return (params_.sobol_indices ? 2 : 1) * parts_.prior->latent_dimension(); }

std::vector<prob::Variable> ForwardJob::variables() const {
  if (parts_.prior) return parts_.prior->variables(params_.prior);
  return {{"parameters", parts_.model->shape().inputs}};
}

kernels::Batch ForwardJob::parameters(const JobContext& context, const parallel::RowLayout& layout) const {
  if (parts_.prior == nullptr) return table_rows(table_, layout);
  const kernels::Rng rng(static_cast<std::uint64_t>(context.settings.seed));
  const prob::Design design(params_.design, *params_.samples, design_dimension(), rng);
  return params_.sobol_indices ? sensitivity_rows(*parts_.prior, factors_, design, layout, params_.second_order)
                               : design_rows(*parts_.prior, design, layout);
}

// Outputs of which the statistics are made; rows of Sobol' indices that share factors with others are NaN there.
kernels::Batch ForwardJob::independent_rows(const parallel::RowLayout& layout, const kernels::Batch& values) const {
  if (!params_.sobol_indices) return values;
  const kernels::Batch some("some", values.extent(0), values.extent(1));
  for (std::size_t row = 0; row < values.extent(0); ++row) {
    const std::int64_t member = (layout.first() + static_cast<std::int64_t>(row)) % runs_a_point();
    const bool is_independent = member == 0 || member == static_cast<std::int64_t>(factors_.size()) + 1;  // A, B
    for (std::size_t i = 0; i < values.extent(1); ++i) some(row, i) = is_independent ? values(row, i) : std::nan("");
  }
  return some;
}

JobEnd ForwardJob::run(const JobContext& context) {
  if (is_computed(context)) {
    draw_report_of(*this, context);
    return JobEnd::finished;
  }
  const parallel::RowLayout layout(rows(), context.comm);
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) io::make_directory(context.folder);
  });
  const kernels::Batch u = parameters(context, layout);
  RowResults results;
  const FailurePolicy policy{params_.on_failure, params_.retries};
  const std::vector<std::string>& inputs = parts_.model->shape().input_names;
  const auto list_failures = [&] {
    write_failed_rows(context, layout, u, parts_.prior || inputs.empty() ? prob::parameter_names(variables()) : inputs,
                      results);
  };
  try {
    if (!run_rows(context, model_at(*parts_.model, parts_.model_in_words, u), layout, policy, results))
      return JobEnd::stopped;
  } catch (const core::NumericsError& error) {  // of all ranks: on_failure = "stop"
    results.failed = context.comm.sum(std::count_if(results.reasons.begin(), results.reasons.end(),
                                                    [](const std::string& reason) { return !reason.empty(); }));
    list_failures();
    throw core::NumericsError(
        error.what() + (results.failed > 0 ? fmt::format("; {}/failed_rows.csv", context.folder) : std::string()));
  }
  list_failures();
  const std::vector<std::string> names = model::output_names(parts_.model->shape());
  const std::string csv = outputs_csv(context.comm, layout, results);
  write_text(context.comm, context.folder + "/outputs.csv", outputs_csv_header(names) + csv);
  if (results.failed == rows())
    throw core::NumericsError(fmt::format("every model run failed; {}/failed_rows.csv says why", context.folder));
  write_results(context, layout, u, results);
  const int shown = params_.fields.value_or(1);
  if (parts_.model->states() != nullptr && shown > 0)
    write_fields(
        context.comm, context.folder + "/fields",
        fields_of_rows(context.comm, *parts_.model, layout, u, results.reasons, shown, policy.retries_allowed()));
  std::vector<OutputIndices> indices;
  if (params_.sobol_indices) {
    const kernels::Rng rng(static_cast<std::uint64_t>(context.settings.seed));
    indices = sensitivity_of(context.comm, layout, results.values, names, static_cast<int>(factors_.size()),
                             params_.second_order, rng, params_.bootstrap);
    write_text(context.comm, context.folder + "/sobol_indices.csv", sensitivity_csv(indices, factors_));
    if (params_.second_order)
      write_text(context.comm, context.folder + "/sobol_pairs.csv", pairs_csv(indices, factors_));
  }
  write_summary(context, results,
                summarise_columns(context.comm, layout, independent_rows(layout, results.values), names), indices);
  remove_checkpoint(context);
  core::info("{} model runs: {}/outputs.csv, summary.json", count_text(rows()), context.folder);
  draw_report_of(*this, context);
  return JobEnd::finished;
}

// Rows in the pattern of Sobol' indices are no sample of the prior.
std::string ForwardJob::group_of_parameters() const {
  return parts_.prior && !params_.sobol_indices ? "prior" : "points";
}

std::string ForwardJob::group_of_outputs() const {
  return parts_.prior && !params_.sobol_indices ? "prior_predictive" : "predictions";
}

void ForwardJob::write_results(const JobContext& context, const parallel::RowLayout& layout, kernels::ConstBatch u,
                               const RowResults& results) const {
  const std::string of_parameters = group_of_parameters(), of_outputs = group_of_outputs();
  io::ResultsFile file = create_row_results(context.comm, context.folder + "/results.h5");
  define_rows(file, of_parameters, variables(), rows());
  file.define(of_outputs, "outputs",
              {{"chain", 1},
               {"draw", rows()},
               {"outputs_dim_0", parts_.model->shape().outputs, model::output_names(parts_.model->shape())}},
              {io::VariableInfo::Type::real, "", "model outputs, without noise; NaN where the run failed"});
  file.commit_layout();
  write_rows(file, of_parameters, variables(), layout, u);
  file.write_rows(of_outputs, "outputs", layout, results.values.data());
  file.flush();
}

void ForwardJob::write_summary(const JobContext& context, const RowResults& results,
                               const std::vector<NamedSummary>& statistics,
                               const std::vector<OutputIndices>& indices) const {
  io::Json out;
  out["deck"] = context.fingerprint;
  out["job"] = "forward";
  out["model"] = params_.model;
  out["prior"] = parts_.prior ? io::Json(params_.prior) : io::Json(nullptr);
  out["rows"] = rows();
  out["failed"] = results.failed;
  out["recovered_by_retry"] = results.recovered;
  out["outputs"] = io::Json::parse(statistics_json(statistics));
  if (params_.sobol_indices) {
    out["points"] = *params_.samples;
    out["sobol_indices"] = sensitivity_json(indices, factors_);
  }
  write_text(context.comm, context.folder + "/summary.json", io::text_of(out, 2) + "\n");
}

void ForwardJob::report(const std::string& folder, const RunSettings& settings) const {
  report::RowsPage page;
  page.base = head_of_page(folder, settings);
  const io::Json summary = read_summary(folder);
  const std::int64_t failed = summary.at("failed"), recovered = summary.value("recovered_by_retry", std::int64_t{0});
  page.base.problem_text = parts_.text, page.base.row_word = "output";
  page.base.main.parameters = statistics_of(summary.at("outputs"));
  page.headline = parts_.prior ? fmt::format("Model '{}' was run at {} parameter vectors drawn from prior '{}'",
                                             params_.model, count_text(rows()), params_.prior)
                               : fmt::format("Model '{}' was run at the {} parameter vectors of a table", params_.model,
                                             count_text(rows()));
  page.headline += failed == 0 ? "; every run succeeded." : fmt::format("; {} runs failed.", count_text(failed));
  if (recovered > 0) page.headline += fmt::format(" {} were sound when computed again.", count_text(recovered));
  page.headline += " " + largest_in_words(page.base.main.parameters, "output");
  if (failed > 0)
    page.warnings.push_back(
        fmt::format("{} of {} model runs failed. They are left out of all statistics, which are then those of the "
                    "parameters at which the model works; the reasons are in failed_rows.csv.",
                    count_text(failed), count_text(rows())));
  page.tiles = {{count_text(rows()), "model runs"},
                {count_text(failed), "failed"},
                {count_text(parts_.model->shape().outputs), "outputs"},
                {error_of_means(rows() - failed), "standard error of a mean, relative to the sd"}};
  if (params_.sobol_indices) {
    page.headline += fmt::format(
        " The rows are {} points, each with {} variants that share parameters; the statistics are those of two "
        "independent rows a point.",
        count_text(*params_.samples), runs_a_point());
    page.shares = shares_in(summary.at("sobol_indices"));
    page.pairs = pairs_in(summary.at("sobol_indices"));
    page.tiles[3].first = error_of_means(2 * static_cast<std::int64_t>(*params_.samples));
  }
  add_samples(folder, group_of_outputs(), {{"outputs", parts_.model->shape().outputs}}, page);
  add_fields(folder, page);
  finish_page(folder, page);
}

}  // namespace aleator::campaign
