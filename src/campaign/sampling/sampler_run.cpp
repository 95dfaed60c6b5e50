#include "campaign/sampling/sampler_run.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "campaign/run/checkpoint.hpp"
#include "campaign/run/csv.hpp"
#include "campaign/run/progress.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "io/results.hpp"
#include "parallel/session.hpp"
#include "parallel/waiting.hpp"

namespace aleator::campaign {

SamplerRun::SamplerRun(const model::Problem& problem, const SampleJob::NamedSampler& sampler, const JobContext& job,
                       const Place& place)
    : problem_(problem),
      named_(sampler),
      job_(job),
      folder_(place.folder),
      context_{job.comm, kernels::Rng(static_cast<std::uint64_t>(job.settings.seed))},
      plan_(sampler.sampler->plan()),
      checks_(place.checks),
      predictive_(predictive_draws(place.checks.predictive, plan_, problem)) {}

JobEnd SamplerRun::run() {
  if (exists(job_.comm, folder_ + "/summary.json")) {
    check_finished();
    return JobEnd::finished;
  }
  start_seconds_ = job_.watch.seconds(), waited_before_ = parallel::seconds_waited();
  start_or_resume();
  Progress progress(named_.name, progress_);
  while (!is_sampled_) {
    const sampler::StepInfo info = step();
    const sampler::BaseState& state = named_.sampler->state();
    is_sampled_ = info.is_finished;
    progress_ = info.progress;
    history_.add(info, state);
    if (info.is_draw) {
      if (draws_++ == 0) end_warmup();
      for (const auto& [name, value] : info.numbers)
        if (name == "acceptance") accepted_ += value;
      recorder_->add(state);
      record_error();
    }
    progress.update(info, state.model_evaluations);
    if (is_sampled_) break;
    show_live_diagnostics(info);
    const StopWatch::Order order = job_.watch.poll();
    if (order == StopWatch::Order::go_on) continue;
    save_checkpoint();
    if (order != StopWatch::Order::stop) continue;
    progress.end();
    return JobEnd::stopped;
  }
  progress.end();
  return finish();
}

// Where rows of the model that failed are what ends the run, the folder lists them; all ranks get that error alike.
sampler::StepInfo SamplerRun::step() {
  const std::int64_t iteration = named_.sampler->state().iteration;
  try {
    return named_.sampler->step(problem_, context_);
  } catch (const core::NumericsError& error) {  // of all ranks
    const model::FailureCounts before = failures_;
    const auto bytes_before = failed_rows_bytes_;
    std::string more = listed_failures();
    failures_ = before, failed_rows_bytes_ = bytes_before;  // the step will be made again
    if (plan_.fails_before_it_moves && named_.sampler->state().iteration == iteration) {
      save_checkpoint();
      more += fmt::format("; the ensemble before iteration {} is in {}/checkpoint.h5", iteration + 1, folder_);
    }
    throw core::NumericsError(error.what() + more);
  }
}

// Where the rows that failed since the last checkpoint are listed, as the end of a message.
std::string SamplerRun::listed_failures() {
  return record_failures() ? fmt::format("; {}/failed_rows.csv lists the rows that failed", folder_) : "";
}

void SamplerRun::end_warmup() {
  evaluations_at_first_draw_ = named_.sampler->state().model_evaluations;
  warmup_seconds_ = seconds_before_ + job_.watch.seconds() - start_seconds_;
  if (plan_.kind != sampler::Plan::Kind::chains) return;
  record_failures();
  lost_in_warmup_ = failures_.lost();
}

void SamplerRun::check_finished() const {
  parallel::agree(job_.comm, [&] {
    if (!job_.comm.is_root()) return;
    const std::string path = folder_ + "/summary.json";
    if (const nlohmann::json facts = read_sampling_summary(path).facts;
        facts.is_object() && facts.value("deck", "") == job_.fingerprint)
      return;
    throw core::UserError(fmt::format(
        "{}: {} is finished, but with another deck; resume without --set, or start a new run with another --out", path,
        named_.name));
  });
}

void SamplerRun::start_or_resume() {
  const std::string checkpoint = folder_ + "/checkpoint.h5", results = folder_ + "/results.h5";
  parallel::agree(job_.comm, [&] {
    if (job_.comm.is_writer()) io::make_directory(folder_);
  });
  const bool is_resumed = exists(job_.comm, checkpoint);
  if (is_resumed) resume_from(checkpoint, results);
  parallel::agree(job_.comm, [&] {  // rows that failed after the checkpoint will fail again
    if (job_.comm.is_writer()) io::cut_file(folder_ + "/failed_rows.csv", failed_rows_bytes_);
  });
  if (is_resumed) {
    core::info("{}: resumed at {:.1f} % from {}", named_.name, 100.0 * progress_, checkpoint);
    return;
  }
  try {
    named_.sampler->init(problem_, context_);
  } catch (const core::NumericsError& error) {  // of all ranks
    throw core::NumericsError(error.what() + listed_failures());
  }
  if (named_.sampler->state().model_evaluations > 0) refuse_a_start_without_density();
  recorder_ = std::make_unique<Recorder>(results, Recorder::Shape{plan_, predictive_}, problem_, context_, true, 0);
  recorder_->write_observed(problem_.facts().data);
}

void SamplerRun::refuse_a_start_without_density() {
  const sampler::Ensemble& e = named_.sampler->state().ensemble;
  bool is_sound = false;
  for (int row = 0; row < e.rows(); ++row) is_sound = is_sound || std::isfinite(e.log_likelihood(row));
  if (job_.comm.any(is_sound)) return;
  std::string first;
  if (job_.comm.is_root() && e.rows() > 0) {
    const std::vector<std::string> names = prob::parameter_names(problem_.variables());
    const model::Batch u("u", 1, names.size());
    problem_.parameters(Kokkos::subview(e.position, Kokkos::make_pair(0, 1), Kokkos::ALL), u);
    for (std::size_t k = 0; k < names.size() && k < 8; ++k)
      first += fmt::format("{}{} = {:.6g}", k == 0 ? "" : ", ", names[k], u(0, k));
  }
  job_.comm.broadcast(first);
  record_failures();
  if (failures_.lost() >= plan_.members)
    throw core::NumericsError(
        fmt::format("{}: nothing could be computed at any of {} starting points, which are drawn from the prior; "
                    "{}/failed_rows.csv says why at each",
                    named_.name, plan_.members, folder_));
  throw core::NumericsError(
      fmt::format("{}: the density is zero, infinite or not a number at all {} starting points, which are drawn from "
                  "the prior; the first: {}; a narrower prior starts where the density is known",
                  named_.name, plan_.members, first));
}

void SamplerRun::resume_from(const std::string& checkpoint, const std::string& results) {
  try {
    io::ArchiveReader archive(job_.comm, checkpoint);
    owner(archive);
    fields(archive);
    refuse_lost_draws(checkpoint, results);
    recorder_ = std::make_unique<Recorder>(results, Recorder::Shape{plan_, predictive_}, problem_, context_, false,
                                           static_cast<int>(draws_));
  } catch (const core::UserError& error) {  // the same on all ranks
    throw core::UserError(fmt::format("{}\n  to compute {} from its beginning instead, remove {} and resume again",
                                      error.what(), named_.name, checkpoint));
  }
}

// The two files of a folder that was copied while the run went on may be of different times.
void SamplerRun::refuse_lost_draws(const std::string& checkpoint, const std::string& results) const {
  if (draws_ == 0 || plan_.kind != sampler::Plan::Kind::chains) return;
  parallel::agree(job_.comm, [&] {
    if (!job_.comm.is_root()) return;
    const prob::Variable first = problem_.variables().front();
    const io::ResultsReader reader(results);
    const std::vector<std::int64_t> shape = reader.shape("posterior", first.name);
    if (shape.size() != (first.size > 1 ? 3U : 2U) || shape[1] < draws_)
      return;  // of another run, as the recorder says
    io::Hyperslab last{{0, draws_ - 1}, {1, 1}};
    if (first.size > 1) last.start.push_back(0), last.count.push_back(1);
    if (std::isnan(reader.read("posterior", first.name, last).at(0)))
      throw core::UserError(
          fmt::format("{} lacks draws that {} counts ({}): it is older", results, checkpoint, draws_));
  });
}

void SamplerRun::owner(io::Archive& archive) {
  std::string sampler = named_.name;
  check_owner(archive, job_, folder_);
  archive.field("sampler", sampler);
  if (sampler != named_.name) refuse_foreign_checkpoint(folder_);
}

void SamplerRun::fields(io::Archive& archive) {
  double seconds = seconds_before_ + job_.watch.seconds() - start_seconds_;
  archive.field("draws", draws_);
  archive.field("evaluations_at_first_draw", evaluations_at_first_draw_);
  archive.field("seconds", seconds);
  archive.field("warmup_seconds", warmup_seconds_);
  archive.field("progress", progress_);
  archive.field("is_sampled", is_sampled_);
  archive.field("accepted", accepted_);
  archive.field("next_error_at", next_error_at_);
  archive.field("rejected_rows", failures_.rejected);
  archive.field("recovered_rows", failures_.recovered);
  archive.field("imputed_rows", failures_.imputed);
  archive.field("lost_in_warmup", lost_in_warmup_);
  archive.field("failed_rows_bytes", failed_rows_bytes_);
  if (archive.is_loading()) seconds_before_ = seconds;
  history_.fields(archive);
  const io::ArchiveGroup group(archive, "state");
  named_.sampler->fields(archive, context_);
}

bool SamplerRun::record_failures() {
  std::string mine;
  for (const std::string& line : problem_.take_failures()) mine += line;
  model::FailureCounts counts;
  if (const auto* const counting = dynamic_cast<const model::CountsFailures*>(&problem_))
    counts = counting->take_failure_counts();
  failures_.rejected += job_.comm.sum(counts.rejected);
  failures_.recovered += job_.comm.sum(counts.recovered);
  failures_.imputed += job_.comm.sum(counts.imputed);
  if (!job_.comm.any(!mine.empty())) return false;
  const std::string text = gather_text(job_.comm, mine), path = folder_ + "/failed_rows.csv";
  parallel::agree(job_.comm, [&] {
    if (!job_.comm.is_writer()) return;
    std::string head;
    if (!io::file_exists(path)) {
      for (const std::string& name : prob::parameter_names(problem_.variables())) head += csv_name(name) + ",";
      head += "reason\n";
    }
    io::append_text(path, head + text);
    failed_rows_bytes_ = io::file_size(path);
  });
  return true;
}

// Proposals may lie where the model fails and no mass is, the more so while chains look for their step: only failures that are
// many after the warm-up speak of the posterior.
void SamplerRun::report_failures() const {
  const std::int64_t failed = failures_.lost(), late = failed - lost_in_warmup_;
  if (failed == 0) return;
  constexpr double many = 0.01;  // of the model runs
  const auto runs = static_cast<double>(named_.sampler->state().model_evaluations);
  const double runs_late = runs - (lost_in_warmup_ > 0 ? static_cast<double>(evaluations_at_first_draw_) : 0.0);
  const bool cuts_off = failures_.rejected > 0 && static_cast<double>(late) > many * runs_late;
  const std::string in_warmup = late == 0             ? ", all in the warm-up"
                                : lost_in_warmup_ > 0 ? fmt::format(", {} of them in the warm-up", lost_in_warmup_)
                                                      : "";
  const std::string text = fmt::format("{}: {} rows failed, {:.2g} % of the model runs{}", named_.name, failed,
                                       100.0 * static_cast<double>(failed) / runs, in_warmup);
  if (cuts_off)
    core::warn("{}: the posterior is cut off where the model fails; {}/failed_rows.csv", text, folder_);
  else
    core::info("{}; {}/failed_rows.csv", text, folder_);
}

void SamplerRun::save_checkpoint() {
  record_failures();
  recorder_->sync();
  io::ArchiveWriter archive(job_.comm, folder_ + "/checkpoint.h5");
  owner(archive);
  fields(archive);
  archive.commit();
  job_.watch.checkpoint_written();
  saved_seconds_ = job_.watch.seconds();
}

}  // namespace aleator::campaign
