#include "campaign/assimilation/assimilation_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>

#include "assimilation/scores.hpp"
#include "campaign/run/checkpoint.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "io/files.hpp"

namespace aleator::campaign {
namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

AssimilationRun::AssimilationRun(const assimilation::Experiment& experiment, assimilation::Filter& filter,
                                 const AssimilationPlan& plan, const JobContext& job)
    : experiment_(experiment), filter_(filter), plan_(plan), job_(job) {}

JobEnd AssimilationRun::run() {
  start_seconds_ = job_.watch.seconds();
  start_or_resume();
  Progress progress("assimilation", static_cast<double>(s_.cycle) / cycles());
  sampler::StepInfo info;
  info.phase = "cycles", info.progress = static_cast<double>(s_.cycle) / cycles();
  progress.update(info, model_runs());  // cycles of many members are long
  int block = 1;
  while (s_.cycle < cycles()) {
    keep();
    const double before = job_.watch.seconds();
    std::exception_ptr error;
    try {
      for (const int until = std::min(cycles(), s_.cycle + block); s_.cycle < until;) one_cycle();
    } catch (const core::NumericsError&) {
      error = std::current_exception();
    }
    if (job_.comm.any(error != nullptr)) give_up(error);
    block = next_block(block, job_.watch.seconds() - before);
    info.progress = static_cast<double>(s_.cycle) / cycles();
    progress.update(info, model_runs());
    if (s_.cycle == cycles()) break;
    const StopWatch::Order order = job_.watch.poll();
    if (order == StopWatch::Order::go_on) continue;
    save_checkpoint();
    if (order == StopWatch::Order::stop) {
      progress.end();
      return JobEnd::stopped;
    }
  }
  progress.end();
  return JobEnd::finished;
}

std::int64_t AssimilationRun::model_runs() const {
  const std::int64_t own = experiment_.model_runs();
  return runs_before_ + (experiment_.is_spread() ? job_.comm.sum(own) : own);
}

int AssimilationRun::next_block(int block, double seconds) const {
  constexpr double long_enough = 5e-3;
  constexpr int longest = 256;
  double next[1] = {seconds < long_enough ? 2.0 * block : std::max(1.0, 0.5 * block)};
  job_.comm.whole().broadcast(next, 1);  // a time: the ranks of a domain must agree as well
  return std::min(longest, static_cast<int>(next[0]));
}

// Everything back to the beginning of the block, on all ranks alike, and that into the checkpoint.
void AssimilationRun::give_up(const std::exception_ptr& error) {
  go_back();
  save_checkpoint();
  parallel::agree(job_.comm, [&] {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const core::NumericsError& e) {
      throw core::NumericsError(fmt::format("{}\n  the last good ensemble, after cycle {}, is in {}/checkpoint.h5",
                                            e.what(), s_.cycle, job_.folder));
    }
  });
  throw core::InternalError("a rank gave up without an error");
}

void AssimilationRun::keep() {
  filter_.keep();
  kept_.cycle = s_.cycle, kept_.truth = s_.truth, kept_.ranks = s_.ranks;
}

void AssimilationRun::go_back() {
  filter_.go_back();
  s_.cycle = kept_.cycle, s_.truth = kept_.truth, s_.ranks = kept_.ranks;
}

// Errors of the linear algebra do not name the cycle; those that come from another rank are known by their text alone.
void AssimilationRun::step(const assimilation::Cycle& cycle) {
  try {
    filter_.step(experiment_, cycle);
  } catch (const core::NumericsError& error) {
    const std::string what = error.what();
    if (what.rfind(cycle.label(), 0) == 0) throw;
    throw core::NumericsError(
        fmt::format("{}: {}: the members have grown too far, or agree; try a shorter dt of the "
                    "model, a smaller scale of the background, or more inflation",
                    cycle.label(), what));
  }
}

void AssimilationRun::one_cycle() {
  const int k = s_.cycle, p = experiment_.observables(), d = experiment_.states();
  assimilation::Cycle cycle;
  cycle.number = k;
  cycle.interval = {k == 0 ? experiment_.info().start : plan_.times[k - 1], plan_.times[k]};
  const kernels::Batch data(Kokkos::view_alloc(Kokkos::WithoutInitializing, "data"), experiment_.replicates(), p);
  make_data(cycle, data);
  cycle.data = data;
  if (experiment_.first_replicate() == 0) std::copy_n(&data(0, 0), p, &s_.data[static_cast<std::size_t>(k) * p]);
  step(cycle);
  experiment_.each_replicate([&](int r) { take_scores(cycle, r); }, std::int64_t{20} * d * filter_.members());
  if (k >= first_shown() && experiment_.first_replicate() == 0) {
    const assimilation::BaseState& f = filter_.state();
    const auto m = assimilation::moments_of({const_cast<double*>(f.x.data()), f.members, d},
                                            f.weights.empty() ? nullptr : f.weights.data());
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(k - first_shown()) * d;
    for (int i = 0; i < d; ++i) {
      s_.mean[at + i] = m.mean[i], s_.sd[at + i] = std::sqrt(m.variance[i]);
      s_.shown_truth[at + i] = is_twin() ? s_.truth[i] : no_number;
    }
  }
  ++s_.cycle;
}

void AssimilationRun::make_data(const assimilation::Cycle& cycle, const kernels::Batch& data) {
  const int p = experiment_.observables(), d = experiment_.states();
  if (!is_twin()) {
    for (int r = 0; r < experiment_.replicates(); ++r)
      std::copy_n(&plan_.data[static_cast<std::size_t>(cycle.number) * p], p, &data(r, 0));
    return;
  }
  experiment_.run(cycle.interval, s_.truth.data(), experiment_.replicates());
  experiment_.add_noise(cycle.number, s_.truth.data(), 1, 0);
  const std::vector<double>& sd = experiment_.statistics().noise_sd;
  experiment_.each_replicate(
      [&](int r) {
        const double* const truth = &s_.truth[static_cast<std::size_t>(r) * d];
        for (int i = 0; i < d; ++i)
          if (!std::isfinite(truth[i]))
            throw core::NumericsError(
                fmt::format("{}: the truth diverged: {}", cycle.label(), experiment_.last_failure()));
        std::vector<double> noise(static_cast<std::size_t>(p));
        experiment_.rng(r).row_of_normals({kernels::Purpose::observation_noise, cycle.number}, 0, noise.data(), p);
        experiment_.observe(truth, &data(r, 0));
        for (int i = 0; i < p; ++i) data(r, i) += sd[i] * noise[i];
      },
      20 * (d + p));
}

void AssimilationRun::take_scores(const assimilation::Cycle& cycle, int r) {
  const assimilation::BaseState& f = filter_.state();
  const int d = experiment_.states(), p = experiment_.observables(), bins = assimilation::rank_bins(f.members);
  const assimilation::Members x{const_cast<double*>(f.x.data()) + static_cast<std::ptrdiff_t>(r) * f.members * d,
                                f.members, d};
  const double* const w = f.weights.empty() ? nullptr : f.weights.data() + static_cast<std::ptrdiff_t>(r) * f.members;
  const double* const forecast = &f.forecast_mean[static_cast<std::size_t>(r) * d];
  const assimilation::Moments m = assimilation::moments_of(x, w);
  double* const out = &s_.scores[(static_cast<std::size_t>(r) * cycles() + cycle.number) * score_count];
  out[spread] = m.spread, out[forecast_spread] = f.forecast_spread[r];
  out[innovation_ratio] = f.innovation_ratio[r];
  out[log_likelihood] = f.log_likelihood[r], out[inflation] = f.inflation[r];
  out[effective_members] = assimilation::effective_members(f.members, w);
  std::vector<double> seen(static_cast<std::size_t>(p));
  experiment_.observe(forecast, seen.data());
  double squares = 0.0;
  int count = 0;
  for (int i = 0; i < p; ++i)
    if (!std::isnan(cycle.data(r, i))) squares += std::pow(cycle.data(r, i) - seen[i], 2), ++count;
  out[innovation] = count > 0 ? std::sqrt(squares / count) : no_number;
  out[rmse] = out[forecast_rmse] = out[crps] = out[error_ratio] = no_number;
  if (!is_twin()) return;
  const double* const truth = &s_.truth[static_cast<std::size_t>(r) * d];
  out[rmse] = assimilation::root_mean_square_error(m.mean.data(), truth, d);
  out[error_ratio] = assimilation::squared_errors_over_variances(m, truth);
  out[forecast_rmse] = assimilation::root_mean_square_error(forecast, truth, d);
  std::vector<double> not_counted(cycle.number < plan_.spin_up ? static_cast<std::size_t>(bins) : 0);
  out[crps] = assimilation::crps_and_ranks(
      x, w, truth, not_counted.empty() ? &s_.ranks[static_cast<std::size_t>(r) * bins] : not_counted.data());
}

void AssimilationRun::start_or_resume() {
  const int d = experiment_.states();
  const auto replicates = static_cast<std::size_t>(experiment_.replicates());
  const std::string checkpoint = job_.folder + "/checkpoint.h5";
  s_.truth.resize(replicates * d);
  s_.ranks.resize(replicates * assimilation::rank_bins(filter_.members()));
  s_.scores.assign(replicates * cycles() * score_count, no_number);
  s_.shown_truth.assign(static_cast<std::size_t>(cycles() - first_shown()) * d, no_number);
  s_.mean = s_.sd = s_.shown_truth;
  s_.data.assign(static_cast<std::size_t>(cycles()) * experiment_.observables(), no_number);
  if (exists(job_.comm, checkpoint)) {
    io::ArchiveReader archive(job_.comm, checkpoint);
    fields(archive);
    core::info("assimilation: resumed after cycle {} of {} from {}", s_.cycle, cycles(), checkpoint);
    return;
  }
  for (int r = 0; r < experiment_.replicates(); ++r)
    experiment_.draw_initial(r, 0, &s_.truth[static_cast<std::size_t>(r) * d]);
  filter_.init(experiment_);
}

void AssimilationRun::fields(io::Archive& archive) {
  check_owner(archive, job_, job_.folder);
  double spent = seconds();
  archive.field("seconds", spent);
  if (archive.is_loading()) seconds_before_ = spent;
  std::int64_t runs = model_runs();
  archive.field("model_runs", runs);
  if (archive.is_loading()) runs_before_ = runs;
  archive.field("cycle", s_.cycle);
  experiment_.fields(archive, "truth", s_.truth, experiment_.states());
  experiment_.fields(archive, "ranks", s_.ranks, assimilation::rank_bins(filter_.members()));
  experiment_.fields(archive, "scores", s_.scores, cycles() * score_count);
  archive.field("shown_truth", s_.shown_truth);
  archive.field("shown_mean", s_.mean);
  archive.field("shown_sd", s_.sd);
  archive.field("data", s_.data);
  const io::ArchiveGroup group(archive, "filter");
  filter_.fields(archive, experiment_);
}

void AssimilationRun::save_checkpoint() {
  io::ArchiveWriter archive(job_.comm, job_.folder + "/checkpoint.h5");
  fields(archive);
  archive.commit();
  job_.watch.checkpoint_written();
}

}  // namespace aleator::campaign
