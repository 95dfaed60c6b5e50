#include "campaign/rows/simulate_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "campaign/report/format.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/log.hpp"
#include "inverse/problem/parameter_order.hpp"
#include "io/json.hpp"

namespace aleator::campaign {
namespace {

// One number a line, or a picture's rows one a line, below a comment.
std::string number_table(const std::string& comment, const std::vector<double>& values, int columns) {
  std::string text = "# " + comment + "\n";
  for (std::size_t i = 0; i < values.size(); ++i)
    text += fmt::format("{:.17g}{}", values[i], (i + 1) % static_cast<std::size_t>(columns) == 0 ? "\n" : " ");
  return text;
}

double root_mean_square(const std::vector<double>& values) {
  double squares = 0.0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// What a block says, files by their text.
std::map<std::string, std::string> contents(const deck::ParsedBlock& parsed) {
  std::map<std::string, std::string> all;
  for (const auto& [key, value] : parsed.component->schema->write(parsed.params)) all[key] = value;
  for (const auto& [key, file] : parsed.component->schema->files(parsed.params))
    all[key] = file.text + deck::split_array_path(file.path).array;
  return all;
}

bool is_constant(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

}  // namespace

std::string inverse_crime(const deck::Deck& deck, const std::string& model, const std::string& inversion) {
  const char* const consequence =
      "the inversion then knows the model error of the data (the inverse crime) and looks better than it is";
  if (model == inversion)
    return fmt::format("the data come from model '{}', which is also the one to be inverted: {}", model, consequence);
  const deck::ParsedBlock &made = deck.block("model", model), &inverted = deck.block("model", inversion);
  if (made.block.type != inverted.block.type) return {};
  const std::map<std::string, std::string> a = contents(made), b = contents(inverted);
  // What a discretisation hangs on; a type without any such key is a map whose blocks are compared whole.
  std::string same;
  bool has_mesh = false;
  for (const char* const key : {"mesh", "cells", "elements", "degree", "levels", "steps", "step", "time_step", "dt"}) {
    if (a.count(key) == 0) continue;
    has_mesh = true;
    if (a.at(key) != b.at(key)) return {};
    constexpr std::size_t most_shown = 60;  // a file is its text
    same += (same.empty() ? "" : ", ") +
            (a.at(key).size() > most_shown ? fmt::format("the same {}", key) : fmt::format("{} = {}", key, a.at(key)));
  }
  if (!has_mesh && a != b) return {};
  return fmt::format(
      "models '{}' and '{}' are both {} {}: {}; make the data with a finer mesh, best one whose nodes are not those of "
      "the other",
      model, inversion, made.block.type, has_mesh ? "with " + same : "with the same values", consequence);
}

deck::Schema<SimulateJob::Params> SimulateJob::schema() {
  deck::Schema<Params> s("Simulate measurements of a known truth, with noise", "");
  s.reference("model", &Params::model, "model", "makes the data: G").required();
  s.key("truth", &Params::truth, "", "table of the true parameters; or give prior").example("\"truth.txt\"");
  s.reference("prior", &Params::prior, "prior", "draws the truth from this prior instead of reading it");
  s.key("noise_sd", &Params::noise_sd, "as the outputs",
        "standard deviation of the noise: one value or one for each output", deck::positive())
      .example("0.01");
  s.key("relative_noise", &Params::relative_noise, "1",
        "standard deviation of the noise relative to the root mean square of all outputs, instead of noise_sd",
        deck::at_least(0));
  s.reference(
      "inversion_model", &Params::inversion_model, "model",
      "the model that is to be inverted; a warning is given when it is too close to the one that makes the data");
  s.choice(
      "on_failure", &Params::on_failure, "what it means when the model fails at the truth",
      {{"stop", OnRowFailure::stop, "the run ends with exit code 3"},
       {"retry", OnRowFailure::retry, "it is run again, with tighter settings where the model has them; then stop"},
       {"reject", OnRowFailure::reject,
        "the prior's next draw is the truth; those passed over are listed in failed_rows.csv"}});
  s.may_change();
  s.key("retries", &Params::retries, "1", "how often the model is run again", deck::at_least(1))
      .may_change()
      .only_with("on_failure = \"retry\"", [](const Params& p) { return p.on_failure == OnRowFailure::retry; });
  s.check("on_failure", [](const Params& p) {
    return p.on_failure == OnRowFailure::reject && p.prior.empty()
               ? std::string("on_failure = \"reject\" draws another truth: it needs prior")
               : std::string();
  });
  s.check("truth", [](const Params& p) {
    if (p.truth.empty() && p.prior.empty()) return std::string("no truth: give truth or prior");
    return p.truth.empty() || p.prior.empty() ? std::string() : std::string("truth and prior exclude each other");
  });
  s.check("noise_sd", [](const Params& p) {
    if (p.noise_sd.empty() && p.relative_noise == 0.0)
      return std::string("the noise is not given: set noise_sd or relative_noise");
    return p.noise_sd.empty() || p.relative_noise == 0.0
               ? std::string()
               : std::string("noise_sd and relative_noise exclude each other");
  });
  return s;
}

SimulateJob::SimulateJob(const Params& params, Parts parts) : params_(params), parts_(std::move(parts)) {
  const model::Shape& shape = parts_.model->shape();
  if (parts_.prior == nullptr)
    truth_ = io::read_point(params_.truth.text, params_.truth.path, shape.inputs, shape.input_names, "model");
  else
    inverse::refuse_other_parameters(*parts_.prior, params_.prior, shape, params_.model);
  if (!params_.noise_sd.empty()) noise_sd_ = prob::spread(params_.noise_sd, shape.outputs, "noise_sd", "outputs");
  if (parts_.inversion_model != nullptr && parts_.inversion_model->shape().outputs != shape.outputs)
    throw deck::KeyError("inversion_model",
                         fmt::format("model '{}' gives {} outputs, but the data have {}", params_.inversion_model,
                                     parts_.inversion_model->shape().outputs, shape.outputs),
                         "both models must observe the same things");
}

// Another step of the stream than that of job/prior_sample and job/sample: the truth is none of their draws.
kernels::Batch SimulateJob::truth(const JobContext& context, std::int64_t draw) const {
  constexpr std::int64_t step_of_truths = 1;
  const parallel::RowLayout one(1, 0, 1);
  if (parts_.prior == nullptr) return table_rows({1, truth_.size(), truth_}, one);
  const kernels::Rng rng(static_cast<std::uint64_t>(context.settings.seed));
  return draw_rows(*parts_.prior, rng, {kernels::Purpose::prior_sample, step_of_truths},
                   parallel::RowLayout(draw + 1, 0, 1).part(static_cast<int>(draw), 1));
}

std::string SimulateJob::clean_outputs(const JobContext& context, const kernels::Batch& u,
                                       std::vector<double>& clean) const {
  std::string reason;
  parallel::agree(context.comm, [&] {
    const kernels::Batch y("y", 1, parts_.model->shape().outputs);
    const int retries = FailurePolicy{params_.on_failure, params_.retries}.retries_allowed();
    for (int attempt = 0; attempt <= retries; ++attempt) {
      const model::RowStatus status = parts_.model->evaluate_again(u, y, attempt);
      clean.assign(y.data(), y.data() + y.size());
      const bool is_finite = std::all_of(clean.begin(), clean.end(), [](double value) { return std::isfinite(value); });
      reason = !status.ok() ? status.failed[0].reason : is_finite ? "" : "the outputs are not finite";
      if (reason.empty()) return;
    }
  });
  return reason;
}

kernels::Batch SimulateJob::working_truth(const JobContext& context, std::vector<double>& clean) const {
  constexpr int most_draws = 100;
  const bool may_reject = params_.on_failure == OnRowFailure::reject;
  const std::string path = context.folder + "/failed_rows.csv";
  std::string failed;
  const auto list_failed = [&] {
    const std::string head = failed_rows_head(prob::parameter_names(parts_.prior->variables(params_.prior)));
    write_text(context.comm, path, head + failed);
  };
  for (int draw = 0;; ++draw) {
    kernels::Batch u = truth(context, draw);
    const std::string reason = clean_outputs(context, u, clean);
    if (reason.empty() && draw == 0) return u;
    if (reason.empty()) {
      list_failed();
      core::warn("{} failed at {} truth{} before the one that is used: {}", parts_.model_in_words, draw,
                 draw == 1 ? "" : "s", path);
      return u;
    }
    if (!may_reject) throw core::NumericsError(fmt::format("{} fails at the truth: {}", parts_.model_in_words, reason));
    failed += failed_row(draw, u.data(), u.size(), reason);
    if (draw + 1 < most_draws) continue;
    list_failed();
    throw core::NumericsError(fmt::format("{} fails at the truth: {} (and at the {} before it: {})",
                                          parts_.model_in_words, reason, draw, path));
  }
}

std::vector<double> SimulateJob::standard_deviations(const std::vector<double>& clean) const {
  if (!noise_sd_.empty()) return noise_sd_;
  const double sd = params_.relative_noise * root_mean_square(clean);
  if (!(sd > 0))
    throw core::NumericsError(
        "relative_noise: all outputs at the truth are zero, so the noise would be none; set noise_sd");
  return std::vector<double>(clean.size(), sd);
}

void SimulateJob::write_tables(const JobContext& context, const kernels::Batch& u, const std::vector<double>& clean,
                               const std::vector<double>& data, const std::vector<double>& sd) const {
  const model::Shape& shape = parts_.model->shape();
  const std::vector<double> truth(u.data(), u.data() + u.size());
  const std::vector<int> picture = shape.input_grid();
  const std::string noise =
      is_constant(sd) ? fmt::format("sd = {:.17g}", sd.front()) : std::string("sd of each: summary.json");
  const auto write = [&](const char* file, const std::string& comment, const std::vector<double>& values, int columns) {
    write_text(context.comm, context.folder + "/" + file, number_table(comment, values, columns));
  };
  write("data.txt",
        fmt::format("simulated outputs of model '{}' with Gaussian noise, {}, seed {}", params_.model, noise,
                    context.settings.seed),
        data, 1);
  write("clean.txt", fmt::format("outputs of model '{}' at the truth, without noise", params_.model), clean, 1);
  write("truth.txt", fmt::format("the parameters of model '{}' from which data.txt was made", params_.model), truth,
        picture.size() == 2 ? picture[1] : 1);
  io::Json out;
  out["deck"] = context.fingerprint;
  out["job"] = "simulate_data";
  out["model"] = params_.model;
  out["seed"] = context.settings.seed;
  out["data"] = data.size();
  out["parameters"] = truth.size();
  out["noise_sd"] = is_constant(sd) ? io::Json(sd.front()) : io::Json(sd);
  out["signal_to_noise"] = root_mean_square(clean) / root_mean_square(sd);
  out["warning"] = parts_.warning.empty() ? io::Json(nullptr) : io::Json(parts_.warning);
  write_text(context.comm, context.folder + "/summary.json", io::text_of(out, 2) + "\n");
}

JobEnd SimulateJob::run(const JobContext& context) {
  if (is_computed(context)) {
    draw_report_of(*this, context);
    return JobEnd::finished;
  }
  if (context.watch.poll() == StopWatch::Order::stop) return JobEnd::cut_short;
  if (!parts_.warning.empty()) core::warn("{}", parts_.warning);
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) io::make_directory(context.folder);
  });
  std::vector<double> clean;
  const kernels::Batch u = working_truth(context, clean);
  std::vector<io::FieldSet> fields;
  parallel::agree(context.comm, [&] {
    fields = fields_of_rows(parallel::Comm::self(), *parts_.model, parallel::RowLayout(1, 0, 1), u, {""}, 1,
                            FailurePolicy{params_.on_failure, params_.retries}.retries_allowed());
  });
  for (io::FieldSet& set : fields) set.label = "truth";
  const std::vector<double> sd = standard_deviations(clean);
  const kernels::Batch noise("noise", 1, clean.size());
  kernels::Rng(static_cast<std::uint64_t>(context.settings.seed))
      .normals({kernels::Purpose::observation_noise}, 0, noise);
  std::vector<double> data = clean;
  for (std::size_t i = 0; i < data.size(); ++i) data[i] += sd[i] * noise(0, i);
  if (!fields.empty()) write_fields(context.comm, context.folder + "/fields", fields);
  write_tables(context, u, clean, data, sd);
  core::info("{} data: {}/data.txt; in a deck: data = \"{}\"{}", data.size(), context.folder,
             std::filesystem::absolute(context.folder + "/data.txt").lexically_normal().string(),
             is_constant(sd) ? fmt::format(", sd = {:.6g}", sd.front()) : "");
  draw_report_of(*this, context);
  return JobEnd::finished;
}

void SimulateJob::report(const std::string& folder, const RunSettings& settings) const {
  report::RowsPage page;
  page.base = head_of_page(folder, settings);
  const io::Json summary = read_summary(folder);
  const auto table = [&folder](const char* file) { return io::read_table(folder + "/" + file).values; };
  page.noisy = table("data.txt"), page.clean = table("clean.txt");
  page.base.problem_text = parts_.text;
  const double ratio = summary.at("signal_to_noise");
  page.headline =
      fmt::format("{} data simulated with model '{}' at {}. The noise is {} of the signal.", page.noisy.size(),
                  params_.model, parts_.prior ? fmt::format("a draw from prior '{}'", params_.prior) : "a given truth",
                  report::percent(1.0 / ratio));
  if (!parts_.warning.empty()) page.warnings.push_back(parts_.warning);
  page.tiles = {{fmt::format("{}", page.noisy.size()), "data"},
                {fmt::format("{}", summary.at("parameters").get<std::size_t>()), "parameters"},
                {report::number(ratio), "signal / noise (root mean squares)"}};
  if (summary.at("noise_sd").is_number())
    page.tiles.emplace_back(report::number(summary.at("noise_sd").get<double>(), 2), "sd of the noise");
  add_fields(folder, page);
  finish_page(folder, page);
}

}  // namespace aleator::campaign
