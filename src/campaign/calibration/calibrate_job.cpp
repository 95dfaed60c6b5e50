#include "campaign/calibration/calibrate_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/calibration/calibration_files.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/sampling/summary.hpp"
#include "core/log.hpp"
#include "io/archive.hpp"
#include "io/files.hpp"

namespace aleator::campaign {
namespace {

constexpr int most_parameters = 64;

// A seed of its own for each simulation's sampler.
std::uint64_t seed_of(std::int64_t seed, std::int64_t simulation) {
  return kernels::seed_of_part(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(simulation), 0x5BC);
}

}  // namespace

deck::Schema<CalibrateJob::Params> CalibrateJob::schema() {
  deck::Schema<Params> s("Simulation-based calibration: is the posterior right for data the model itself makes?",
                         "Talts et al. 2018; Säilynoja, Bürkner, Vehtari 2022");
  s.reference("problem", &Params::problem, "problem",
              "whose posterior is sampled; its data are replaced by simulated ones")
      .required();
  s.reference("sampler", &Params::sampler, "sampler", "how; it runs once for each simulation, so keep it short")
      .required();
  s.reference("data_from", &Params::data_from, "problem",
              "the problem that draws the truths and simulates the data; without it the problem itself. Another noise "
              "or model there shows what that error does to the posterior");
  s.key("simulations", &Params::simulations, "1", "L, how many data sets", deck::at_least(20));
  s.key("ranks", &Params::ranks, "1",
        "draws of each posterior among which the truth is ranked, spread evenly over all; best ranks + 1 a multiple of "
        "20",
        deck::at_least(4));
  s.key("significance", &Params::significance, "1",
        "calibration is refused when uniform ranks would be as uneven in less than this share of all experiments",
        deck::between(0.0, 1.0));
  return s;
}

CalibrateJob::CalibrateJob(const Params& params, Parts parts) : params_(params), parts_(std::move(parts)) {
  const model::Problem& truth = *parts_.data_from;
  const std::string key = params_.data_from.empty() ? "problem" : "data_from";
  const std::vector<double> y(static_cast<std::size_t>(truth.outputs()), 1.0);
  if (truth.outputs() == 0 ||
      truth.simulate(y.data(), kernels::Rng(0), {kernels::Purpose::observation_noise}, 0).empty())
    throw deck::KeyError(key, "data cannot be drawn from this problem's likelihood",
                         "take problem/bayes with another likelihood than likelihood/log_density");
  if (parts_.problem->with_data(truth.facts().data) == nullptr)
    throw deck::KeyError(
        "problem", "the data of this problem cannot be replaced by simulated ones",
        "take problem/bayes with another likelihood than likelihood/log_density and as many data as data_from has");
  if (truth.parameter_dimension() != parts_.problem->parameter_dimension())
    throw deck::KeyError("data_from", "has another number of parameters than the problem");
  if (const std::string objection = parts_.sampler.sampler->objection(*parts_.problem); !objection.empty())
    throw deck::KeyError("sampler",
                         fmt::format("{} ({}) {}", parts_.sampler.name, parts_.sampler.component, objection));
  const sampler::Plan plan = parts_.sampler.sampler->plan();
  const std::int64_t all = plan.members * plan.draws;
  if (all < params_.ranks)
    throw deck::KeyError("ranks",
                         fmt::format("{} are wanted, but the sampler makes only {} draws", params_.ranks, all));
  chosen_.resize(static_cast<std::size_t>(plan.draws));
  for (std::int64_t i = 0; i < params_.ranks; ++i) {
    const std::int64_t at = (2 * i + 1) * all / (2 * params_.ranks);
    chosen_[static_cast<std::size_t>(at % plan.draws)].push_back(at / plan.draws);
  }
  const int d = parts_.problem->parameter_dimension(), shown = std::min(d, most_parameters);
  for (int i = 0; i < shown; ++i)
    shown_.push_back(shown == d ? i : static_cast<int>(static_cast<std::int64_t>(i) * (d - 1) / (shown - 1)));
}

void CalibrateJob::State::fields(io::Archive& archive) {
  archive.field("done", done);
  archive.field("model_evaluations", model_evaluations);
  archive.field("redrawn", redrawn);
  archive.field("seconds", seconds);
  archive.field("ranks", ranks);
}

std::vector<std::string> CalibrateJob::quantity_names() const {
  const std::vector<std::string> all = prob::parameter_names(parts_.problem->variables());
  std::vector<std::string> names;
  for (const int k : shown_) names.push_back(all[static_cast<std::size_t>(k)]);
  const bool is_taken = std::find(names.begin(), names.end(), "log_likelihood") != names.end();
  names.emplace_back(is_taken ? "log_likelihood of the data" : "log_likelihood");
  return names;
}

CalibrateJob::Truth CalibrateJob::draw_truth(const JobContext& context, std::int64_t simulation,
                                             std::int64_t& redrawn) const {
  const model::Problem& from = *parts_.data_from;
  const kernels::Rng rng(static_cast<std::uint64_t>(context.settings.seed));
  const kernels::Batch z("z", 1, from.dimension()), u("u", 1, from.parameter_dimension());
  model::Evaluation at_truth{kernels::Vector("log_likelihood", 1), {}, kernels::Batch("outputs", 1, from.outputs())};
  const kernels::Vector unused("log_prior", 1);
  const auto is_sound = [&](const model::Problem& problem, model::Evaluation& result) {
    bool has_failed = false;
    parallel::agree(context.comm, [&] { has_failed = !problem.evaluate_parameters(u, result, unused).ok(); });
    return !context.comm.any(has_failed);
  };
  constexpr int most_tries = 100;
  for (int attempt = 0; attempt < most_tries; ++attempt, ++redrawn) {
    rng.row_of_normals({kernels::Purpose::prior_sample, attempt}, simulation, &z(0, 0), from.dimension());
    from.parameters(z, u);
    if (!is_sound(from, at_truth)) continue;
    std::vector<double> data =
        from.simulate(&at_truth.outputs(0, 0), rng, {kernels::Purpose::observation_noise}, simulation);
    context.comm.broadcast(data.data(), data.size());  // a model may give every rank another answer
    Truth truth{{}, parts_.problem->with_data(data)};
    model::Evaluation posterior{at_truth.log_likelihood, {}, kernels::Batch("outputs", 1, truth.problem->outputs())};
    if (!is_sound(*truth.problem, posterior)) continue;
    for (const int k : shown_) truth.quantities.push_back(u(0, k));
    truth.quantities.push_back(at_truth.log_likelihood(0));
    context.comm.broadcast(truth.quantities.data(), truth.quantities.size());
    return truth;
  }
  throw core::NumericsError(
      fmt::format("simulation {}: the model failed at {} draws from the prior in a row", simulation, most_tries));
}

void CalibrateJob::count(const Truth& truth, std::int64_t draw, std::vector<std::int64_t>& below,
                         std::vector<std::int64_t>& at) const {
  if (draw >= static_cast<std::int64_t>(chosen_.size())) return;
  const sampler::Ensemble& e = parts_.sampler.sampler->state().ensemble;
  const kernels::Batch u("u", 1, parts_.problem->parameter_dimension());
  for (const std::int64_t member : chosen_[static_cast<std::size_t>(draw)]) {
    const std::int64_t row = member - e.layout.first();
    if (row < 0 || row >= e.rows()) continue;
    truth.problem->parameters(Kokkos::subview(e.position, Kokkos::make_pair(row, row + 1), Kokkos::ALL), u);
    for (std::size_t q = 0; q < truth.quantities.size(); ++q) {
      const double value = q < shown_.size() ? u(0, shown_[q]) : e.log_likelihood(row);
      below[q] += value < truth.quantities[q], at[q] += value == truth.quantities[q];
    }
  }
}

bool CalibrateJob::simulate(const JobContext& context, Progress& progress, State& state) const {
  std::int64_t redrawn = 0;
  const Truth truth = draw_truth(context, state.done, redrawn);
  const model::Context run{context.comm, kernels::Rng(seed_of(context.settings.seed, state.done))};
  sampler::Sampler& sampler = *parts_.sampler.sampler;
  std::vector<std::int64_t> below(truth.quantities.size(), 0), at = below;
  sampler.init(*truth.problem, run);
  for (std::int64_t draw = 0;;) {
    sampler::StepInfo info = sampler.step(*truth.problem, run);
    if (info.is_draw) count(truth, draw++, below, at);
    if (info.is_finished) break;
    info.progress = (static_cast<double>(state.done) + info.progress) / params_.simulations;
    info.phase = fmt::format("simulation {}", state.done + 1);
    progress.update(info, state.model_evaluations + sampler.state().model_evaluations);
    const StopWatch::Order order = context.watch.poll();
    if (order == StopWatch::Order::stop) return false;
    if (order == StopWatch::Order::checkpoint) state.is_checkpoint_due = true;
  }
  const kernels::Rng rng(static_cast<std::uint64_t>(context.settings.seed));
  for (std::size_t q = 0; q < below.size(); ++q) {
    const double ties = static_cast<double>(context.comm.sum(at[q]));
    const double toss = rng.uniform({kernels::Purpose::jitter}, state.done, static_cast<std::uint32_t>(q));
    state.ranks.push_back(context.comm.sum(below[q]) + static_cast<std::int64_t>(std::min(ties, toss * (ties + 1.0))));
  }
  state.model_evaluations += sampler.state().model_evaluations, state.redrawn += redrawn;
  ++state.done;
  return true;
}

void CalibrateJob::resume_or_begin(const JobContext& context, State& state) const {
  const std::string path = context.folder + "/checkpoint.h5";
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) io::make_directory(context.folder);
  });
  if (!exists(context.comm, path)) return;
  io::ArchiveReader archive(context.comm, path);
  check_owner(archive, context, context.folder);
  state.fields(archive);
  core::info("calibration: resumed after {} of {} simulations", state.done, params_.simulations);
}

void CalibrateJob::save(const JobContext& context, State& state) const {
  io::ArchiveWriter archive(context.comm, context.folder + "/checkpoint.h5");
  check_owner(archive, context, context.folder);
  state.fields(archive);
  archive.commit();
  context.watch.checkpoint_written();
}

JobEnd CalibrateJob::run(const JobContext& context) {
  if (is_computed(context)) {
    draw_report_of(*this, context);
    return JobEnd::finished;
  }
  State state;
  resume_or_begin(context, state);
  const double seconds_before = state.seconds - context.watch.seconds();
  Progress progress("calibration", static_cast<double>(state.done) / params_.simulations);
  while (state.done < params_.simulations) {
    const bool is_done = simulate(context, progress, state);
    state.seconds = seconds_before + context.watch.seconds();
    const StopWatch::Order order = is_done ? context.watch.poll() : StopWatch::Order::stop;
    if (order == StopWatch::Order::go_on && !state.is_checkpoint_due) continue;
    save(context, state);
    state.is_checkpoint_due = false;
    if (order != StopWatch::Order::stop) continue;
    progress.end();
    return JobEnd::stopped;
  }
  progress.end();
  finish(context, state);
  draw_report_of(*this, context);
  return JobEnd::finished;
}

void CalibrateJob::finish(const JobContext& context, const State& state) const {
  Calibration calibration{quantity_names(), params_.simulations, params_.ranks + 1, params_.significance, {}};
  calibration.ranks.resize(calibration.names.size());
  for (std::size_t i = 0; i < state.ranks.size(); ++i)
    calibration.ranks[i % calibration.names.size()].push_back(static_cast<int>(state.ranks[i]));
  judge(calibration);
  const CalibrationFacts facts{context.fingerprint, params_.problem,         parts_.sampler.component,
                               state.redrawn,       state.model_evaluations, state.seconds};
  write_text(context.comm, context.folder + "/ranks.csv", calibration_csv(calibration));
  write_text(context.comm, context.folder + "/summary.json", calibration_json(calibration, facts));
  core::info("calibration: {} ({} simulations, {} model runs)", calibration.headline, params_.simulations,
             count_text(state.model_evaluations));
}

void CalibrateJob::report(const std::string& folder, const RunSettings& settings) const {
  write_calibration_report(folder, settings, parts_.text);
}

}  // namespace aleator::campaign
