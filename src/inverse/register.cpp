#include "inverse/register.hpp"

#include "deck/builder.hpp"
#include "inverse/expression/model.hpp"
#include "inverse/expression/target.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/log_density.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/problem/bayes.hpp"
#include "inverse/problem/target.hpp"
#include "inverse/target/model_target.hpp"

namespace aleator::inverse {

void register_components(deck::Registry& registry) {
  registry.add<model::ForwardModel, LinearModel::Params>(
      "model", "model/linear", LinearModel::schema(),
      [](const LinearModel::Params& params, deck::Builder&) { return std::make_unique<LinearModel>(params); });
  registry.add<model::Likelihood, GaussianLikelihood::Params>(
      "likelihood", "likelihood/gaussian", GaussianLikelihood::schema(),
      [](const GaussianLikelihood::Params& params, deck::Builder&) {
        return std::make_unique<GaussianLikelihood>(params);
      });
  registry.add<model::Likelihood, LogDensityLikelihood::Params>(
      "likelihood", "likelihood/log_density", LogDensityLikelihood::schema(),
      [](const LogDensityLikelihood::Params&, deck::Builder&) { return std::make_unique<LogDensityLikelihood>(); });
  registry.add<model::ForwardModel, ExpressionModel::Params>(
      "model", "model/expression", ExpressionModel::schema(),
      [](const ExpressionModel::Params& params, deck::Builder&) { return std::make_unique<ExpressionModel>(params); });
  registry.add<model::Target, ExpressionTarget::Params>("target", "target/expression", ExpressionTarget::schema(),
                                                        [](const ExpressionTarget::Params& params, deck::Builder&) {
                                                          return std::make_unique<ExpressionTarget>(params);
                                                        });
  registry.add<model::Target, ModelTarget::Params>(
      "target", "target/model", ModelTarget::schema(), [](const ModelTarget::Params& params, deck::Builder& builder) {
        return std::make_unique<ModelTarget>(params, builder.get<model::ForwardModel>("model", params.model));
      });
  registry.add<model::Problem, BayesProblem::Params>(
      "problem", "problem/bayes", BayesProblem::schema(),
      [](const BayesProblem::Params& params, deck::Builder& builder) {
        return std::make_unique<BayesProblem>(
            params, BayesProblem::Parts{builder.get<model::ForwardModel>("model", params.model),
                                        builder.get<prob::Prior>("prior", params.prior),
                                        builder.get<model::Likelihood>("likelihood", params.likelihood)});
      });
  registry.add<model::Problem, TargetProblem::Params>("problem", "problem/target", TargetProblem::schema(),
                                                      [](const TargetProblem::Params& params, deck::Builder& builder) {
                                                        return std::make_unique<TargetProblem>(
                                                            params, builder.get<prob::Prior>("prior", params.prior),
                                                            builder.get<model::Target>("target", params.target));
                                                      });
}

}  // namespace aleator::inverse
