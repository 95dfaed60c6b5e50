#include "campaign/rows/prior_job.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "campaign/rows/rows_report.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/progress.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/log.hpp"
#include "io/json.hpp"
#include "io/results.hpp"

namespace aleator::campaign {
namespace {

constexpr std::size_t most_listed = 100000;  // parameters in summary.json

}  // namespace

deck::Schema<PriorSampleJob::Params> PriorSampleJob::schema() {
  deck::Schema<Params> s("Draw from a prior, with statistics and pictures", "");
  s.reference("prior", &Params::prior, "prior", "what to draw from").required();
  s.key("samples", &Params::samples, "1", "number of draws", deck::at_least(1));
  s.key("fields", &Params::fields, "1",
        "how many draws of a prior that is a field, or has parts that are, are written as fields, for ParaView; 4 if "
        "there are any",
        deck::at_least(0));
  s.choice("on_failure", &Params::on_failure, "what a draw that is not finite means",
           {{"reject", OnRowFailure::reject, "it is counted, listed in failed_rows.csv and left out of the statistics"},
            {"stop", OnRowFailure::stop, "the run ends with exit code 3"}})
      .may_change();
  return s;
}

PriorSampleJob::PriorSampleJob(const Params& params, std::shared_ptr<const prob::Prior> prior, std::string text)
    : params_(params), prior_(std::move(prior)), text_(std::move(text)) {
  if (params_.fields.value_or(0) > 0 && prob::field_parts(*prior_, params_.prior).empty())
    throw deck::KeyError("fields", fmt::format("prior '{}' is no field", params_.prior), "leave the key out");
}

JobEnd PriorSampleJob::run(const JobContext& context) {
  if (is_computed(context)) {
    draw_report_of(*this, context);
    return JobEnd::finished;
  }
  const parallel::RowLayout layout(params_.samples, context.comm);
  const std::vector<prob::Variable> variables = prior_->variables(params_.prior);
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) io::make_directory(context.folder);
  });
  const kernels::Rng rng(static_cast<std::uint64_t>(context.settings.seed));
  RowResults results;
  if (!run_rows(context, draws_of(*prior_, params_.prior, rng, {kernels::Purpose::prior_sample}, layout), layout,
                {params_.on_failure, 0}, results))
    return JobEnd::stopped;
  const kernels::Batch& u = results.values;
  write_failed_rows(context, layout, kernels::Batch(), {}, results);  // a failed draw is NaN
  io::ResultsFile file = create_row_results(context.comm, context.folder + "/results.h5");
  define_rows(file, "prior", variables, params_.samples);
  file.commit_layout();
  write_rows(file, "prior", variables, layout, u);
  file.flush();
  const std::vector<NamedSummary> statistics =
      summarise_columns(context.comm, layout, u, prob::parameter_names(variables));
  if (!prob::field_parts(*prior_, params_.prior).empty()) write_pictures(context, layout, u, statistics);
  io::Json out;
  out["deck"] = context.fingerprint;
  out["job"] = "prior_sample";
  out["prior"] = params_.prior;
  out["samples"] = params_.samples;
  out["failed"] = results.failed;
  out["latent_coordinates"] = prior_->latent_dimension();
  for (const prob::FieldPart& part : prob::field_parts(*prior_, params_.prior)) {
    const std::vector<double>& modes = part.spectrum.eigenvalues;
    if (modes.empty()) continue;
    const double kept = std::accumulate(modes.begin(), modes.end(), 0.0) / part.spectrum.total;
    out["modes"][part.name] = {{"eigenvalues", modes}, {"kept", kept}};
  }
  // Of a field of millions of cells moments.h5 has the numbers, in a hundredth of the space.
  const bool is_listed = statistics.size() <= most_listed || prob::field_parts(*prior_, params_.prior).empty();
  out["parameters"] = is_listed ? io::Json::parse(statistics_json(statistics)) : io::Json::object();
  write_text(context.comm, context.folder + "/summary.json", io::text_of(out, 2) + "\n");
  remove_checkpoint(context);
  core::info("{} draws of prior '{}': {}/results.h5, summary.json", count_text(params_.samples), params_.prior,
             context.folder);
  draw_report_of(*this, context);
  return JobEnd::finished;
}

void PriorSampleJob::write_pictures(const JobContext& context, const parallel::RowLayout& layout, kernels::ConstBatch u,
                                    const std::vector<NamedSummary>& statistics) const {
  const int shown = std::min(params_.fields.value_or(4), params_.samples), d = prior_->dimension();
  const std::vector<prob::FieldPart> parts = prob::field_parts(*prior_, params_.prior);
  std::vector<io::FieldSet> sets;
  for (int row = 0; row < shown; ++row) {
    const int owner = layout.owner(row);
    std::vector<double> values(static_cast<std::size_t>(d));
    if (owner == context.comm.rank()) {
      const auto local = static_cast<std::size_t>(row - layout.first());
      values.assign(&u(local, 0), &u(local, 0) + d);
    }
    context.comm.broadcast(values.data(), values.size(), owner);
    if (!context.comm.is_root() || !std::isfinite(values[0])) continue;  // a failed draw is NaN
    sets.push_back({fmt::format("draw {}", row), static_cast<double>(row), {}});
    for (const prob::FieldPart& part : parts) sets.back().fields.push_back(picture_of(part, part.name, values.data()));
  }
  if (shown > 0) write_fields(context.comm, context.folder + "/fields", sets);
  write_fields(context.comm, context.folder + "/moments", {moments_of(parts, statistics, params_.samples > 1)});
}

void PriorSampleJob::report(const std::string& folder, const RunSettings& settings) const {
  report::RowsPage page;
  page.base = head_of_page(folder, settings);
  const io::Json summary = read_summary(folder);
  const std::int64_t failed = summary.at("failed");
  page.base.problem_text = text_;
  page.base.main.parameters = statistics_of(summary.at("parameters"));
  page.headline = fmt::format("{} draws from prior '{}' of {} parameter{}. {}", count_text(params_.samples),
                              params_.prior, count_text(prior_->dimension()), prior_->dimension() == 1 ? "" : "s",
                              largest_in_words(page.base.main.parameters, "parameter"));
  page.tiles = {{count_text(params_.samples), "draws"},
                {count_text(prior_->dimension()), "parameters"},
                {count_text(prior_->latent_dimension()), "latent coordinates"},
                {error_of_means(params_.samples - failed), "standard error of a mean, relative to the sd"}};
  if (failed > 0)
    page.warnings.push_back(fmt::format(
        "{} of {} draws are not finite and left out of all statistics; their numbers are in failed_rows.csv.",
        count_text(failed), count_text(params_.samples)));
  if (summary.contains("modes"))
    for (const auto& [field, modes] : summary.at("modes").items())
      page.spectra.push_back({field, modes.at("eigenvalues"), modes.at("kept")});
  add_samples(folder, "prior", prior_->variables(params_.prior), page);
  add_fields(folder, page);
  finish_page(folder, page);
}

}  // namespace aleator::campaign
