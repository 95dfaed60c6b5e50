// What a SamplerRun has to tell: diagnostics on the way, and at the end the summary with its checks.
#include <algorithm>
#include <cmath>

#include "campaign/report/verdict.hpp"
#include "campaign/rows/row_run.hpp"
#include "campaign/rows/rows.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/sampling/estimate_scatter.hpp"
#include "campaign/sampling/problem_fields.hpp"
#include "campaign/sampling/sampler_run.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "parallel/session.hpp"
#include "parallel/waiting.hpp"
#include "sampler/weights.hpp"

namespace aleator::campaign {

RunFacts SamplerRun::facts() const {
  const sampler::BaseState& state = named_.sampler->state();
  RunFacts facts;
  facts.sampler = named_.name, facts.component = named_.component, facts.plan = plan_;
  facts.approximation = problem_.facts().approximation;
  facts.model_evaluations = state.model_evaluations, facts.gradient_evaluations = state.gradient_evaluations;
  facts.evaluations_at_first_draw = evaluations_at_first_draw_;
  facts.wall_time_seconds = seconds_before_ + job_.watch.seconds() - start_seconds_;
  facts.sampling_seconds = facts.wall_time_seconds - warmup_seconds_;
  const bool has_proposals = plan_.is_exact && std::isfinite(history_.last("acceptance"));
  facts.acceptance = draws_ > 0 && has_proposals ? accepted_ / static_cast<double>(draws_) : std::nan("");
  facts.divergences = history_.last("divergences");
  facts.log_evidence = state.log_evidence, facts.log_evidence_standard_error = state.log_evidence_standard_error;
  facts.ranks = job_.comm.whole().size(), facts.threads = parallel::threads();
  facts.deck = job_.fingerprint, facts.failures = failures_, facts.lost_in_warmup = lost_in_warmup_;
  return facts;
}

JobEnd SamplerRun::finish() {
  constexpr double worth_keeping = 0.2;  // s
  recorder_->flush();
  record_failures();
  const double unsaved = job_.watch.seconds() - std::max(start_seconds_, saved_seconds_);
  if (has_more_runs() && job_.comm.whole().max(unsaved) > worth_keeping)  // clocks differ: all ranks must agree
    save_checkpoint();  // the checks take model runs: the sample is not to be lost while they last
  RunFacts facts = this->facts();
  facts.idle = parallel::idle_shares(job_.comm, parallel::seconds_waited() - waited_before_,
                                     job_.watch.seconds() - start_seconds_);
  report_failures();
  facts.farthest = farthest_state();
  facts.effective_ancestors = sampler::effective_ancestors(named_.sampler->state().ancestors);
  facts.mode = mode(), facts.curvatures = named_.sampler->state().curvatures;
  const sampler::MeanEstimate estimate = running_means();
  const std::vector<double> influence = named_.sampler->state().influence;
  named_.sampler->clear();  // what follows reads the draws again: not beside the members, nor beside each other
  parallel::give_back_freed_memory();
  if (!predict(facts)) return JobEnd::stopped;
  parallel::give_back_freed_memory();
  if (!measure(facts)) return JobEnd::stopped;
  parallel::give_back_freed_memory();
  recorder_->sync();
  recorder_.reset();
  job_.comm.barrier();
  std::vector<NamedSummary> rows_summary =
      summarise_parameters(job_.comm, folder_, problem_.variables(), plan_.kind, influence);
  if (!estimate.mean.empty()) use_running_means(estimate, rows_summary);
  std::vector<double> mean;
  for (const NamedSummary& row : rows_summary) mean.push_back(row.summary.mean);
  facts.estimate_sd = estimate_scatter(problem_, mean);
  write_moments(rows_summary, facts.mode);
  write_text(job_.comm, folder_ + "/history.json", history_.json());
  write_text(job_.comm, folder_ + "/summary.json", summary_json(facts, rows_summary, problem_.facts().reference_mean));
  core::info("{}: {}", named_.name, summary_text(facts, rows_summary, problem_.facts().reference_mean));
  remove_checks();
  parallel::give_back_freed_memory();
  return JobEnd::finished;
}

// For ParaView.
void SamplerRun::write_moments(const std::vector<NamedSummary>& rows, const std::vector<double>& mode) const {
  const std::vector<prob::FieldPart> parts = fields_of(problem_);
  if (!parts.empty()) write_fields(job_.comm, folder_ + "/moments", {moments_of(parts, rows, true, mode)});
}

std::vector<double> SamplerRun::mode() const {
  const std::vector<double>& z = named_.sampler->state().mode;
  if (z.empty()) return {};
  const model::Batch at("z", 1, z.size()), u("u", 1, problem_.parameter_dimension());
  std::copy(z.begin(), z.end(), at.data());
  problem_.parameters(at, u);
  return {u.data(), u.data() + u.size()};
}

namespace checks {
constexpr const char *posterior = "posterior_predictive.h5", *prior = "prior_predictive.h5", *stein = "stein.h5";
}

bool SamplerRun::has_more_runs() const {
  return predictive_.posterior + predictive_.prior > 0 || (checks_.stein_draws > 0 && problem_.has_gradient());
}

// What has been run is kept in files of their own, for the sampler is gone by then.
JobContext SamplerRun::context_of_checks() const {
  JobContext own = job_;
  own.folder = folder_;
  return own;
}

void SamplerRun::remove_checks() const {
  for (const char* const file : {checks::posterior, checks::prior, checks::stein})
    remove_checkpoint(context_of_checks(), file);
}

// The draws are read back: members as they stand would be few where chains are few.
bool SamplerRun::predict(RunFacts& facts) {
  constexpr std::int64_t step_of_posterior = 1, step_of_prior = 2;  // step 0 makes data (job/simulate_data)
  if (predictive_.posterior > 0) {
    job_.comm.barrier();  // all draws are in the file
    const std::optional<Predicted> predicted = campaign::predict(
        context_of_checks(), problem_, context_, parallel::RowLayout(predictive_.posterior, job_.comm),
        [&](const parallel::RowLayout& part) {
          return posterior_parameters(folder_ + "/results.h5", problem_, predictive_.posterior, part);
        },
        step_of_posterior, checks::posterior);
    if (!predicted) return false;
    facts.posterior_check = check_prediction(problem_.facts(), *predicted);
    recorder_->write_posterior_predictive(*predicted, facts.posterior_check);
  }
  if (predictive_.prior > 0) {
    const std::optional<Predicted> predicted = campaign::predict(
        context_of_checks(), problem_, context_, parallel::RowLayout(predictive_.prior, job_.comm),
        [&](const parallel::RowLayout& part) {
          const model::Batch z("z", part.local_rows(), problem_.dimension()),
              u("u", part.local_rows(), problem_.parameter_dimension());
          context_.rng.normals({kernels::Purpose::prior_sample}, part.first(), z);
          problem_.parameters(z, u);
          return u;
        },
        step_of_prior, checks::prior);
    if (!predicted) return false;
    facts.prior_check = check_prediction(problem_.facts(), *predicted);
    recorder_->write_prior_predictive(*predicted, facts.prior_check);
  }
  return true;
}

bool SamplerRun::measure(RunFacts& facts) {
  const std::string results = folder_ + "/results.h5";
  recorder_->sync();
  job_.comm.barrier();
  const std::int64_t all = plan_.kind == sampler::Plan::Kind::chains ? plan_.members * plan_.draws : plan_.members;
  constexpr std::int64_t most_numbers = 1 << 20;  // of the draws; points, scores and what makes them are ten times that
  if (const std::int64_t draws = std::min({static_cast<std::int64_t>(checks_.stein_draws), all,
                                           std::max<std::int64_t>(20, most_numbers / problem_.dimension())});
      draws > 0 && can_measure_stein(problem_)) {
    const parallel::RowLayout layout(draws, job_.comm);
    model::Batch u;
    parallel::agree(job_.comm, [&] { u = posterior_parameters(results, problem_, draws, layout); });
    const std::optional<SteinDistance> stein =
        stein_distance(context_of_checks(), problem_, context_, layout, u, checks::stein);
    if (!stein) return false;
    facts.stein = *stein;
  }
  if (checks_.reference_run.empty()) return true;
  try {
    parallel::agree(job_.comm, [&] { facts.distance = distance_to_run(results, checks_.reference_run, problem_); });
    facts.reference_run = checks_.reference_run;
  } catch (const core::UserError& error) {  // of all ranks; the sample is no worse for it
    core::warn("reference_run: {}", error.what());
  }
  return true;
}

double SamplerRun::farthest_state() const {
  const sampler::Ensemble& e = named_.sampler->state().ensemble;
  double farthest = 0.0;
  for (int row = 0; row < e.rows(); ++row)
    for (std::size_t k = 0; k < e.position.extent(1); ++k) {
      const double far = std::abs(e.position(row, k));
      if (!(far <= farthest)) farthest = std::isnan(far) ? HUGE_VAL : far;
    }
  farthest = job_.comm.max(farthest);
  if (farthest > report::threshold::runaway)
    core::warn(
        "{}: its states have run away, as far as {:.2g} prior standard deviations: shorter steps, or a method that "
        "rejects; where it does reject, the density may have no integral: a direction that neither data nor prior "
        "bound",
        named_.name, farthest);
  return farthest;
}

sampler::MeanEstimate SamplerRun::running_means() const {
  const sampler::BaseState& state = named_.sampler->state();
  return state.means.count > 0.0 ? sampler::estimate_means(context_, state.ensemble.layout, state.means)
                                 : sampler::MeanEstimate();
}

// The means over all states replace those over the draws kept. Their error is that of the chains' scatter; few chains may lie
// together by chance, and then the error of the draws is mixed in.
void SamplerRun::use_running_means(const sampler::MeanEstimate& estimate, std::vector<NamedSummary>& rows) const {
  constexpr std::int64_t enough_chains = 8;
  constexpr double freedom_wanted = 31.0;  // degrees of freedom of an error that is known to an eighth
  const double freedom = static_cast<double>(plan_.members) - 1.0, more = std::max(0.0, freedom_wanted - freedom);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    rows[k].summary.mean = estimate.mean[k];
    if (plan_.members < enough_chains) continue;
    const double scatter = estimate.standard_error[k], of_draws = rows[k].summary.mcse;
    const bool is_lucky = more > 0.0 && scatter < of_draws;
    rows[k].summary.mcse =
        is_lucky ? std::sqrt((freedom * scatter * scatter + more * of_draws * of_draws) / freedom_wanted) : scatter;
  }
}

void SamplerRun::record_error() {
  const sampler::BaseState& state = named_.sampler->state();
  if (problem_.facts().reference_mean.empty() || state.means.count == 0.0) return;
  if (static_cast<double>(draws_) < next_error_at_ && draws_ < plan_.draws) return;
  next_error_at_ = std::max(next_error_at_ + 1.0, 1.15 * static_cast<double>(draws_));
  history_.error_evaluations.push_back(static_cast<double>(state.model_evaluations));
  history_.error.push_back(relative_squared_error(
      sampler::estimate_means(context_, state.ensemble.layout, state.means).mean, problem_.facts().reference_mean));
}

// Of the log-density, which every sampler has: for chains over the draws so far, read back from the file; for particles and
// ensembles over the members as they stand.
prob::ScalarSummary SamplerRun::log_density_summary() {
  const sampler::BaseState& state = named_.sampler->state();
  const auto members =
      static_cast<int>(state.ensemble.layout.rows());  // of a sampler that chooses from another's: that one's
  if (plan_.kind != sampler::Plan::Kind::chains) {
    const sampler::Ensemble& e = state.ensemble;
    std::vector<double> mine;
    for (int row = 0; row < e.rows(); ++row) {
      double squares = 0.0;
      for (std::size_t k = 0; k < e.position.extent(1); ++k) squares += e.position(row, k) * e.position(row, k);
      mine.push_back(e.log_likelihood(row) - 0.5 * squares);
    }
    return summarise_members(parallel::gather_rows(job_.comm, mine).data(), members, 1, state.ancestors,
                             state.influence);
  }
  recorder_->flush();
  job_.comm.barrier();
  std::vector<double> lp;
  parallel::agree(job_.comm, [&] {
    if (job_.comm.is_root())
      lp = io::ResultsReader(folder_ + "/results.h5").read("sample_stats", "lp", {{0, 0}, {plan_.members, draws_}});
  });
  if (!job_.comm.is_root()) return {};
  return prob::summarise({lp.data(), members, static_cast<int>(draws_), static_cast<std::ptrdiff_t>(draws_), 1});
}

// At every tenth of the sampling of chains, at every tenth of the way of the others.
void SamplerRun::show_live_diagnostics(const sampler::StepInfo& info) {
  const bool is_chains = plan_.kind == sampler::Plan::Kind::chains;
  const int tenth = static_cast<int>(10.0 * (is_chains ? static_cast<double>(draws_) / plan_.draws : info.progress));
  constexpr int least_draws = 10;  // fewer have no effective sample size
  if (tenth == last_live_tenth_ || (is_chains && (!info.is_draw || draws_ < least_draws))) return;
  last_live_tenth_ = tenth;
  const prob::ScalarSummary s = log_density_summary();
  if (!std::isfinite(s.mean)) return;  // still on the way to a first draw
  const RunFacts facts = this->facts();
  std::string text = is_chains ? fmt::format("{} draws of each chain; log-density: R-hat {:.3f}, ", draws_, s.rhat)
                               : fmt::format("{} {}; log-density: ", named_.sampler->state().ensemble.layout.rows(),
                                             plan_.kind == sampler::Plan::Kind::particles ? "particles" : "members");
  text +=
      fmt::format("effective samples {:.0f} (tail {:.0f}), {:.3g} a model run, {:.3g} a second, mean {:.6g} +- {:.2g}",
                  s.ess_bulk, s.ess_tail, s.ess_bulk / static_cast<double>(facts.model_evaluations),
                  s.ess_bulk / facts.wall_time_seconds, s.mean, s.mcse);
  for (const auto& [name, value] : info.numbers)
    if (name == "acceptance") text += fmt::format("; acceptance {:.3g}", value);
  if (std::isfinite(facts.log_evidence)) text += "; " + evidence_text(facts);
  core::info("{}: {}", named_.name, text);
}

}  // namespace aleator::campaign
