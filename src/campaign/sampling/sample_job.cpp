#include "campaign/sampling/sample_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "campaign/run/run_folder.hpp"
#include "campaign/sampling/sampler_run.hpp"
#include "core/log.hpp"
#include "deck/diagnostics.hpp"
#include "io/files.hpp"

namespace aleator::campaign {
namespace {

std::vector<std::pair<int, int>> pairs_of(const std::vector<std::vector<std::string>>& pairs,
                                          const std::vector<std::string>& names) {
  const auto number_of = [&names](const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<int>(found - names.begin());
    const std::string meant = deck::did_you_mean(name, names);
    throw deck::KeyError(
        "pairs", fmt::format("there is no parameter '{}'", name),
        meant.empty() ? fmt::format("the first is '{}', the last '{}'", names.front(), names.back()) : meant);
  };
  std::vector<std::pair<int, int>> numbers;
  for (const std::vector<std::string>& pair : pairs) {
    if (pair.size() != 2 || pair[0] == pair[1])
      throw deck::KeyError("pairs", fmt::format("[{}] are not two parameters", fmt::join(pair, ", ")),
                           fmt::format("[[\"{}\", \"{}\"]]", names.front(), names.back()));
    numbers.emplace_back(number_of(pair[0]), number_of(pair[1]));
  }
  return numbers;
}

}  // namespace

deck::Schema<SampleJob::Params> SampleJob::schema() {
  deck::Schema<Params> s("Sample a posterior, with diagnostics and a report", "");
  s.reference("problem", &Params::problem, "problem", "what to sample").required();
  s.reference("sampler", &Params::sampler, "sampler", "how").required();
  s.reference("compare", &Params::compare, "sampler",
              "further samplers, run after the first on the same problem; the report compares them");
  s.key("posterior_predictive", &Params::posterior_predictive, "1",
        "draws at which the model is run again at the end, to compare its outputs and replicated data with the data; "
        "0: none",
        deck::at_least(0));
  s.key("prior_predictive", &Params::prior_predictive, "1",
        "the same of the prior, for the first sampler only; 0: none", deck::at_least(0));
  s.key("stein_discrepancy", &Params::stein_discrepancy, "1",
        "draws at which the gradient is evaluated at the end, to measure how well they fit the posterior's density; 0: "
        "none. Problems without a gradient do without",
        deck::at_least(0));
  s.key("reference_run", &Params::reference_run, "",
        "results.h5, or the folder of a run that holds it, whose draws the draws are compared with")
      .example("\"runs/long/results.h5\"")
      .may_change();
  s.key("pairs", &Params::pairs, "",
        "pairs of parameters whose joint marginals the report shows, [[\"a\", \"b\"]]; empty: the most correlated, the "
        "widest, those that mix worst")
      .may_change();
  return s;
}

SampleJob::SampleJob(const Params& params, std::shared_ptr<model::Problem> problem, std::vector<NamedSampler> samplers,
                     std::string problem_text)
    : problem_(std::move(problem)),
      samplers_(std::move(samplers)),
      problem_text_(std::move(problem_text)),
      params_(params) {
  pairs_ = pairs_of(params_.pairs, prob::parameter_names(problem_->variables()));
  std::set<std::string> names;
  for (const NamedSampler& named : samplers_) {
    if (!names.insert(named.name).second)  // its folder would be another's, its draws the same
      throw deck::KeyError("compare", fmt::format("names the sampler '{}' twice", named.name),
                           "name each sampler once, and not the one under sampler");
    if (problem_->imputes_failures() && named.sampler->plan().is_exact)
      throw deck::KeyError(
          &named == &samplers_.front() ? "sampler" : "compare",
          fmt::format("{} ({}) is exact, and failed rows that are imputed would make it wrong unnoticed", named.name,
                      named.component),
          "on_failure = \"reject\" or \"retry\" in the problem, or an ensemble method");
    if (const std::string objection = named.sampler->objection(*problem_); !objection.empty())
      throw deck::KeyError(&named == &samplers_.front() ? "sampler" : "compare",
                           fmt::format("{} ({}) {}", named.name, named.component, objection));
  }
}

std::string SampleJob::folder_of(const std::string& job_folder, std::size_t i) const {
  return i == 0 ? job_folder : job_folder + "/compare/" + samplers_[i].name;
}

// Before the first step, not when all is done; a run that goes on may have lost it.
void SampleJob::look_for_reference(const JobContext& context) const {
  parallel::agree(context.comm, [&] {
    const bool has_begun =
        io::file_exists(context.folder + "/summary.json") || io::file_exists(context.folder + "/checkpoint.h5");
    if (context.comm.is_root() && !params_.reference_run.empty() && !has_begun &&
        !io::file_exists(results_of_run(params_.reference_run)))
      throw core::UserError(fmt::format(
          "reference_run: there is no '{}'; name a results.h5 or the folder that holds it, seen from where aleator is "
          "started",
          params_.reference_run));
  });
}

JobEnd SampleJob::run(const JobContext& context) {
  look_for_reference(context);
  for (std::size_t i = 0; i < samplers_.size(); ++i) {
    const SamplerRun::Checks checks{{params_.posterior_predictive, i == 0 ? params_.prior_predictive : 0},
                                    params_.stein_discrepancy,
                                    params_.reference_run};
    SamplerRun run(*problem_, samplers_[i], context, {folder_of(context.folder, i), checks});
    if (run.run() == JobEnd::stopped) return JobEnd::stopped;
  }
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer())
      write_files(context.folder, context.settings, context.settings.report ? Page::drawn : Page::none);
  });
  return JobEnd::finished;
}

std::int64_t SampleJob::rows_at_once() const {
  std::int64_t most = 1;
  for (const NamedSampler& named : samplers_) most = std::max(most, named.sampler->plan().members);
  return most;
}

bool SampleJob::is_finished(const std::string& folder, const RunSettings& settings) const {
  for (std::size_t i = 0; i < samplers_.size(); ++i)
    if (!io::file_exists(folder_of(folder, i) + "/summary.json")) return false;
  if (!io::file_exists(folder + "/verdict.json")) return false;  // it comes after the summaries, and before the report
  return !settings.report || io::file_exists(folder + "/report/index.html");
}

void SampleJob::report(const std::string& folder, const RunSettings& settings) const {
  write_files(folder, settings, Page::drawn);
}

void SampleJob::write_files(const std::string& folder, const RunSettings& settings, Page page) const {
  std::vector<std::string> folders;
  for (std::size_t i = 0; i < samplers_.size(); ++i) folders.push_back(folder_of(folder, i));
  write_report(folder, folders, *problem_, problem_text_, settings, {page, pairs_});
}

}  // namespace aleator::campaign
