#include "inverse/register.hpp"

#include "deck/builder.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/problem/bayes.hpp"

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
  registry.add<BayesProblem, BayesProblem::Params>(
      "problem", "problem/bayes", BayesProblem::schema(),
      [](const BayesProblem::Params& params, deck::Builder& builder) {
        return std::make_unique<BayesProblem>(
            params, BayesProblem::Parts{builder.get<model::ForwardModel>("model", params.model),
                                        builder.get<prob::Prior>("prior", params.prior),
                                        builder.get<model::Likelihood>("likelihood", params.likelihood)});
      });
}

}  // namespace aleator::inverse
