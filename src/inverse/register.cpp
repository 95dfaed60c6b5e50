#include "inverse/register.hpp"

#include <fmt/format.h>

#include "core/log.hpp"
#include "deck/builder.hpp"
#include "inverse/expression/model.hpp"
#include "inverse/expression/target.hpp"
#include "inverse/likelihood/counts.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/log_density.hpp"
#include "inverse/likelihood/negative_binomial.hpp"
#include "inverse/likelihood/student_t.hpp"
#include "inverse/model/chain.hpp"
#include "inverse/model/joint.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/model/measured.hpp"
#include "inverse/model/pass_through.hpp"
#include "inverse/problem/bayes.hpp"
#include "inverse/problem/target.hpp"
#include "inverse/program/program.hpp"
#include "inverse/target/model_target.hpp"

namespace aleator::inverse {
namespace {

template <typename Component>
void add_likelihood(deck::Registry& registry, const std::string& name) {
  registry.add<model::Likelihood, typename Component::Params>(
      "likelihood", name, Component::schema(),
      [](const typename Component::Params& params, deck::Builder&) { return std::make_unique<Component>(params); });
}

std::unique_ptr<model::Problem> make_bayes(const BayesProblem::Params& params, deck::Builder& builder) {
  BayesProblem::Parts parts{builder.get<model::ForwardModel>("model", params.model),
                            builder.get<prob::Prior>("prior", params.prior),
                            builder.get<model::Likelihood>("likelihood", params.likelihood)};
  const auto* const some = dynamic_cast<const PartlyMeasured*>(parts.likelihood.get());
  if (const auto places = some == nullptr ? PartlyMeasured::Places{} : some->places(); !places.measured.empty()) {
    if (const int outputs = parts.model->shape().outputs; outputs != places.of)
      throw deck::KeyError("likelihood",
                           fmt::format("has {} data, with those that are missing, but model '{}' gives {} outputs",
                                       places.of, params.model, outputs),
                           "the data file must hold one entry for each output");
    parts.model = std::make_shared<Measured>(parts.model, places.measured);
    parts.data_places = places.measured;
    const auto missing = places.of - static_cast<int>(places.measured.size());
    core::info("likelihood '{}': {} of {} data {} missing, and left out", params.likelihood, missing, places.of,
               missing == 1 ? "is" : "are");
  }
  if (some != nullptr) parts.data_units = some->units();
  parts.model_in_words = builder.deck().named("model", params.model);
  if (const int own = parts.likelihood->parameters(); own > 0)
    parts.model = std::make_shared<PassThrough>(parts.model, own);
  return std::make_unique<BayesProblem>(params, std::move(parts));
}

}  // namespace

void register_components(deck::Registry& registry) {
  registry.add<model::ForwardModel, LinearModel::Params>(
      "model", "model/linear", LinearModel::schema(),
      [](const LinearModel::Params& params, deck::Builder&) { return std::make_unique<LinearModel>(params); });
  registry.add<model::ForwardModel, ChainModel::Params>(
      "model", "model/chain", ChainModel::schema(),
      [](const ChainModel::Params& params, deck::Builder& builder) { return ChainModel::make(params, builder); });
  registry.add<model::ForwardModel, JointModel::Params>(
      "model", "model/joint", JointModel::schema(),
      [](const JointModel::Params& params, deck::Builder& builder) { return JointModel::make(params, builder); });
  add_likelihood<GaussianLikelihood>(registry, "likelihood/gaussian");
  add_likelihood<PoissonLikelihood>(registry, "likelihood/poisson");
  add_likelihood<NegativeBinomialLikelihood>(registry, "likelihood/negative_binomial");
  add_likelihood<BinomialLikelihood>(registry, "likelihood/binomial");
  add_likelihood<StudentTLikelihood>(registry, "likelihood/student_t");
  registry.add<model::Likelihood, LogDensityLikelihood::Params>(
      "likelihood", "likelihood/log_density", LogDensityLikelihood::schema(),
      [](const LogDensityLikelihood::Params&, deck::Builder&) { return std::make_unique<LogDensityLikelihood>(); });
  registry.add<model::ForwardModel, ExpressionModel::Params>(
      "model", "model/expression", ExpressionModel::schema(),
      [](const ExpressionModel::Params& params, deck::Builder&) { return std::make_unique<ExpressionModel>(params); });
  registry.add<model::ForwardModel, ProgramModel::Params>(
      "model", "model/program", ProgramModel::schema(),
      [](const ProgramModel::Params& params, deck::Builder&) { return std::make_unique<ProgramModel>(params); });
  registry.add<model::Target, ExpressionTarget::Params>("target", "target/expression", ExpressionTarget::schema(),
                                                        [](const ExpressionTarget::Params& params, deck::Builder&) {
                                                          return std::make_unique<ExpressionTarget>(params);
                                                        });
  registry.add<model::Target, ModelTarget::Params>(
      "target", "target/model", ModelTarget::schema(), [](const ModelTarget::Params& params, deck::Builder& builder) {
        return std::make_unique<ModelTarget>(params, builder.get<model::ForwardModel>("model", params.model));
      });
  registry.add<model::Problem, BayesProblem::Params>("problem", "problem/bayes", BayesProblem::schema(), make_bayes);
  registry.add<model::Problem, TargetProblem::Params>("problem", "problem/target", TargetProblem::schema(),
                                                      [](const TargetProblem::Params& params, deck::Builder& builder) {
                                                        return std::make_unique<TargetProblem>(
                                                            params, builder.get<prob::Prior>("prior", params.prior),
                                                            builder.get<model::Target>("target", params.target),
                                                            builder.deck().named("target", params.target));
                                                      });
}

}  // namespace aleator::inverse
