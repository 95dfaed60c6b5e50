#include <fmt/format.h>

#include "campaign/evaluate.hpp"
#include "campaign/job.hpp"
#include "campaign/sample_job.hpp"

namespace aleator::campaign {
namespace {

std::string title_of(const deck::ParsedBlock& parsed) { return parsed.component->schema->title(); }

// The problem in words, for the report.
std::string in_words(const deck::Deck& deck, const inverse::BayesProblem& problem, const std::string& problem_name) {
  const auto params = std::any_cast<inverse::BayesProblem::Params>(deck.block("problem", problem_name).params);
  return fmt::format("Model '{}': {}.\n\nPrior '{}': {}; {} parameters.\n\nLikelihood '{}': {}; {} data.", params.model,
                     title_of(deck.block("model", params.model)), params.prior,
                     title_of(deck.block("prior", params.prior)), problem.parameter_dimension(), params.likelihood,
                     title_of(deck.block("likelihood", params.likelihood)), problem.outputs());
}

}  // namespace

void register_jobs(deck::Registry& registry) {
  registry.add<Job, SampleJob::Params>(
      "job", "job/sample", SampleJob::schema(), [](const SampleJob::Params& params, deck::Builder& builder) {
        const auto problem = builder.get<inverse::BayesProblem>("problem", params.problem);
        std::vector<std::string> names{params.sampler};
        names.insert(names.end(), params.compare.begin(), params.compare.end());
        std::vector<SampleJob::NamedSampler> samplers;
        for (const std::string& name : names)
          samplers.push_back(
              {name, builder.deck().block("sampler", name).block.type, builder.get<sampler::Sampler>("sampler", name)});
        return std::make_unique<SampleJob>(problem, std::move(samplers),
                                           in_words(builder.deck(), *problem, params.problem));
      });
  registry.add<Job, EvaluateJob::Params>(
      "job", "job/evaluate", EvaluateJob::schema(), [](const EvaluateJob::Params& params, deck::Builder& builder) {
        return std::make_unique<EvaluateJob>(builder.get<inverse::BayesProblem>("problem", params.problem), params.at);
      });
}

}  // namespace aleator::campaign
