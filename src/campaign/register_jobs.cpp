#include <fmt/format.h>

#include <cctype>

#include "campaign/assimilation/assimilate_job.hpp"
#include "campaign/calibration/calibrate_job.hpp"
#include "campaign/rows/evaluate.hpp"
#include "campaign/rows/forward_job.hpp"
#include "campaign/rows/prior_job.hpp"
#include "campaign/rows/simulate_job.hpp"
#include "campaign/run/job.hpp"
#include "campaign/sampling/sample_job.hpp"

namespace aleator::campaign {
namespace {

std::string title_of(const deck::ParsedBlock& parsed) { return parsed.component->schema->title(); }

// The problem in words, for the report.
std::string in_words(const deck::Deck& deck, const model::Problem& problem, const std::string& problem_name) {
  const deck::ParsedBlock& parsed = deck.block("problem", problem_name);
  std::string text;
  for (const auto& [key, name] : parsed.component->schema->references(parsed.params)) {
    const std::string& kind = parsed.component->schema->find(key)->refers_to;
    std::string capital = kind;
    capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
    text += fmt::format("{}{} '{}': {}", text.empty() ? "" : "\n\n", capital, name, title_of(deck.block(kind, name)));
    if (kind == "prior") text += fmt::format("; {} parameters", problem.parameter_dimension());
    if (kind == "likelihood" && problem.outputs() > 0)
      text += fmt::format("; {} data{}", problem.facts().data.size(),
                          problem.facts().data_places.empty() ? "" : ", others of the file are missing (nan)");
    text += ".";
  }
  return text;
}

// "Model 'membrane': Diffusion …; 64 parameters, 169 outputs."
std::string model_in_words(const deck::Deck& deck, const std::string& name, const model::ForwardModel& model) {
  return fmt::format("Model '{}': {}; {} parameters, {} outputs.", name, title_of(deck.block("model", name)),
                     model.shape().inputs, model.shape().outputs);
}

std::string prior_in_words(const deck::Deck& deck, const std::string& name) {
  return fmt::format("Prior '{}': {}.", name, title_of(deck.block("prior", name)));
}

std::unique_ptr<Job> make_forward(const ForwardJob::Params& params, deck::Builder& builder) {
  ForwardJob::Parts parts{builder.get<model::ForwardModel>("model", params.model), nullptr, "", ""};
  parts.model_in_words = builder.deck().named("model", params.model);
  parts.text = model_in_words(builder.deck(), params.model, *parts.model);
  if (!params.prior.empty()) {
    parts.prior = builder.get<prob::Prior>("prior", params.prior);
    parts.text += "\n\n" + prior_in_words(builder.deck(), params.prior);
  }
  return std::make_unique<ForwardJob>(params, std::move(parts));
}

std::unique_ptr<Job> make_prior_sample(const PriorSampleJob::Params& params, deck::Builder& builder) {
  return std::make_unique<PriorSampleJob>(params, builder.get<prob::Prior>("prior", params.prior),
                                          prior_in_words(builder.deck(), params.prior));
}

std::unique_ptr<Job> make_simulate(const SimulateJob::Params& params, deck::Builder& builder) {
  SimulateJob::Parts parts;
  parts.model = builder.get<model::ForwardModel>("model", params.model);
  parts.model_in_words = builder.deck().named("model", params.model);
  parts.text = model_in_words(builder.deck(), params.model, *parts.model);
  if (!params.prior.empty()) {
    parts.prior = builder.get<prob::Prior>("prior", params.prior);
    parts.text += "\n\n" + prior_in_words(builder.deck(), params.prior);
  }
  if (!params.inversion_model.empty()) {
    parts.inversion_model = builder.get<model::ForwardModel>("model", params.inversion_model);
    parts.text +=
        "\n\nTo be inverted: " + model_in_words(builder.deck(), params.inversion_model, *parts.inversion_model);
    parts.warning = inverse_crime(builder.deck(), params.model, params.inversion_model);
  }
  return std::make_unique<SimulateJob>(params, std::move(parts));
}

std::unique_ptr<Job> make_assimilate(const AssimilateJob::Params& params, deck::Builder& builder) {
  const deck::Deck& deck = builder.deck();
  AssimilateJob::Parts parts;
  parts.model = builder.get<model::ForwardModel>("model", params.model);
  parts.filter = builder.get<assimilation::Filter>("filter", params.filter);
  if (!params.initial_perturbation.empty())
    parts.initial_perturbation = builder.get<prob::Prior>("prior", params.initial_perturbation);
  parts.component = deck.block("filter", params.filter).block.type;
  parts.text =
      fmt::format("Model '{}': {}.\n\nFilter '{}': {}.", params.model, title_of(deck.block("model", params.model)),
                  params.filter, title_of(deck.block("filter", params.filter)));
  return std::make_unique<AssimilateJob>(params, std::move(parts));
}

std::unique_ptr<Job> make_calibrate(const CalibrateJob::Params& params, deck::Builder& builder) {
  CalibrateJob::Parts parts;
  const std::string from = params.data_from.empty() ? params.problem : params.data_from;
  parts.problem = builder.get<model::Problem>("problem", params.problem);
  parts.data_from = builder.get<model::Problem>("problem", from);
  parts.sampler = {params.sampler, builder.deck().block("sampler", params.sampler).block.type,
                   builder.get<sampler::Sampler>("sampler", params.sampler)};
  parts.text = fmt::format(
      "{} data sets were simulated: parameters from the prior, data from the likelihood of problem '{}'. Each time "
      "'{}' ({}) sampled the posterior of problem '{}', and the parameters were ranked among {} of its draws.\n\n{}",
      params.simulations, from, params.sampler, parts.sampler.component, params.problem, params.ranks,
      in_words(builder.deck(), *parts.problem, params.problem));
  return std::make_unique<CalibrateJob>(params, std::move(parts));
}

}  // namespace

void register_jobs(deck::Registry& registry) {
  registry.add<Job, SampleJob::Params>(
      "job", "job/sample", SampleJob::schema(), [](const SampleJob::Params& params, deck::Builder& builder) {
        const auto problem = builder.get<model::Problem>("problem", params.problem);
        std::vector<std::string> names{params.sampler};
        names.insert(names.end(), params.compare.begin(), params.compare.end());
        std::vector<SampleJob::NamedSampler> samplers;
        for (const std::string& name : names)
          samplers.push_back(
              {name, builder.deck().block("sampler", name).block.type, builder.get<sampler::Sampler>("sampler", name)});
        return std::make_unique<SampleJob>(params, problem, std::move(samplers),
                                           in_words(builder.deck(), *problem, params.problem));
      });
  registry.add<Job, EvaluateJob::Params>(
      "job", "job/evaluate", EvaluateJob::schema(), [](const EvaluateJob::Params& params, deck::Builder& builder) {
        return std::make_unique<EvaluateJob>(builder.get<model::Problem>("problem", params.problem), params.at);
      });
  registry.add<Job, ForwardJob::Params>("job", "job/forward", ForwardJob::schema(), make_forward);
  registry.add<Job, PriorSampleJob::Params>("job", "job/prior_sample", PriorSampleJob::schema(), make_prior_sample);
  registry.add<Job, SimulateJob::Params>("job", "job/simulate_data", SimulateJob::schema(), make_simulate);
  registry.add<Job, CalibrateJob::Params>("job", "job/calibrate", CalibrateJob::schema(), make_calibrate);
  registry.add<Job, AssimilateJob::Params>("job", "job/assimilate", AssimilateJob::schema(), make_assimilate);
}

}  // namespace aleator::campaign
