#include "campaign/assimilation/assimilate_job.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assimilation/observations.hpp"
#include "campaign/assimilation/assimilation_files.hpp"
#include "campaign/assimilation/assimilation_run.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/job_files.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "model/observation_times.hpp"

namespace aleator::campaign {

deck::Schema<AssimilateJob::Params> AssimilateJob::schema() {
  deck::Schema<Params> s("Follow a model in time with observations of it, by a filter", "");
  s.reference("model", &Params::model, "model", "what is followed; its block says what is observed when").required();
  s.reference("filter", &Params::filter, "filter", "how").required();
  assimilation::add_observation_keys(
      s, "; not given: a twin experiment, whose truth and observations follow from the seed");
  s.key("initial_sd", &Params::initial_sd, "",
        "standard deviation of truth and members around the initial state: one, or one for each state",
        deck::at_least(0.0))
      .reference(
          "initial_perturbation", &Params::initial_perturbation, "prior",
          "prior whose draws are added to the initial state instead of noise of initial_sd: fields that are smooth")
      .key("warm_up", &Params::warm_up, "", "time for which the model's initial state is advanced before the start",
           deck::at_least(0.0))
      .key("replicates", &Params::replicates, "1",
           "independent experiments, the first with the seed, the others with seeds made of it",
           deck::between(1, 1000000))
      .key("spin_up", &Params::spin_up, "1",
           "first cycles, left out of all means and of the rank histogram; a tenth of all if not given",
           deck::at_least(0))
      .key("shown_cycles", &Params::shown_cycles, "1", "last cycles whose states are kept and shown",
           deck::at_least(0));
  return s;
}

AssimilateJob::AssimilateJob(const Params& params, Parts parts) : params_(params), parts_(std::move(parts)) {
  const model::StateInfo& info = assimilation::states_of(*parts_.model, params_.model).info();
  const int d = static_cast<int>(info.names.size());
  using assimilation::spread_out;
  density_ = assimilation::ObservationDensity::make(params_, info, parts_.model->shape().input_names);
  params_.noise_sd = assimilation::observation_noise(params_.noise_sd, density_.get(), info, params_.model);
  if (density_ && params_.observations.empty())
    throw deck::KeyError("observations", "are not given, and a density of data cannot make them",
                         "give a table, or noise_sd instead of observation_density for a twin experiment");
  params_.initial_sd = spread_out("initial_sd", params_.initial_sd, d, "states");
  if (parts_.initial_perturbation) assimilation::check_perturbation(*parts_.initial_perturbation, params_.model, d);
  params_.model_noise_sd = assimilation::model_noise(params_.model_noise_sd, d);
  assimilation::refuse_filter(*parts_.filter, params_.filter, parts_.component, info, !params_.model_noise_sd.empty(),
                              density_.get());
  if (info.map_step > 0.0 && !model::is_whole(params_.warm_up / info.map_step))
    throw deck::KeyError("warm_up", fmt::format("is no whole number of steps dt = {} of a map", info.map_step));
  times_ = info.times;
  if (!params_.observations.empty()) {
    assimilation::Observations seen = assimilation::read_observations(params_, info, density_.get());
    times_ = std::move(seen.times), data_ = std::move(seen.data);
  }
  if (params_.spin_up.value_or(0) >= static_cast<int>(times_.size()))
    throw deck::KeyError("spin_up", fmt::format("leaves nothing of {} cycles", times_.size()));
}

assimilation::Statistics AssimilateJob::statistics(const JobContext& context) const {
  const model::StateSpace& space = *parts_.model->state_space();
  assimilation::Statistics out;
  out.noise_sd = params_.noise_sd, out.model_noise_sd = params_.model_noise_sd, out.initial_sd = params_.initial_sd;
  out.density = density_;
  out.initial_mean = space.info().initial, out.initial_perturbation = parts_.initial_perturbation;
  out.replicates = params_.replicates, out.seed = static_cast<std::uint64_t>(context.settings.seed);
  const double start = space.info().start;
  out.cycle_length = (times_.back() - start) / static_cast<double>(times_.size());
  if (params_.warm_up == 0.0) return out;
  const model::RowStatus status =
      space.advance({start - params_.warm_up, start}, {},
                    kernels::Batch(out.initial_mean.data(), 1, static_cast<int>(out.initial_mean.size())));
  if (!status.ok()) throw core::NumericsError("during warm_up " + status.failed[0].reason);
  return out;
}

JobEnd AssimilateJob::run(const JobContext& context) {
  if (is_computed(context)) {
    draw_report_of(*this, context);
    return JobEnd::finished;
  }
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) io::make_directory(context.folder);
  });
  const assimilation::Experiment experiment(*parts_.model->state_space(), statistics(context), context.comm);
  const int spin_up = params_.spin_up.value_or(static_cast<int>(times_.size()) / 10);
  const AssimilationPlan plan{times_, data_, params_.shown_cycles, spin_up};
  AssimilationRun run(experiment, *parts_.filter, plan, context);
  if (run.run() == JobEnd::stopped) return JobEnd::stopped;
  write_assimilation(context, experiment, run, plan,
                     {params_.model, params_.filter, parts_.component, spin_up, *parts_.filter});
  draw_report_of(*this, context);
  return JobEnd::finished;
}

void AssimilateJob::report(const std::string& folder, const RunSettings& settings) const {
  write_assimilation_report(folder, settings, parts_.text);
}

}  // namespace aleator::campaign
