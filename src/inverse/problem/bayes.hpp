#pragma once
/// What      Bayes' rule: the posterior of a forward model's parameters given data, in latent coordinates.
/// Method    z -> u = T(z) (prior) -> y = G(u) (model) -> log p(data | y) (likelihood); the gradient goes back the same
///           way, with the likelihood's part called inside the model's adjoint while the factors are in cache.
/// Parallel  local rows; threads inside the model.
/// Cost      the model's.
/// Fails     KeyError when sizes do not fit or a prior is called like a dimension of the results; NumericsError when a row
///           fails under on_failure = "stop". A row fails when the model says so or its log-likelihood is NaN; it then
///           has log-likelihood -infinity and gradient 0.
#include <cstdint>
#include <memory>

#include "deck/registry.hpp"
#include "model/problem.hpp"

namespace aleator::inverse {

class BayesProblem : public model::Problem {
 public:
  enum class OnFailure { reject, stop };
  struct Params {
    std::string model, prior, likelihood;
    OnFailure on_failure = OnFailure::reject;
    deck::File reference_mean, truth;
  };
  struct Parts {
    std::shared_ptr<const model::ForwardModel> model;
    std::shared_ptr<const prob::Prior> prior;
    std::shared_ptr<const model::Likelihood> likelihood;
  };
  static deck::Schema<Params> schema();
  BayesProblem(const Params& params, Parts parts);

  int dimension() const override { return parts_.prior->latent_dimension(); }
  int parameter_dimension() const override { return parts_.prior->dimension(); }
  int outputs() const override { return parts_.likelihood->outputs(); }
  bool may_stop() const override { return params_.on_failure == OnFailure::stop; }
  bool has_gradient() const override { return parts_.model->adjoint() != nullptr; }
  const model::GaussianNoise* noise() const override { return parts_.likelihood->gaussian(); }
  std::vector<int> evaluate(model::ConstBatch z, model::Evaluation& result) const override;
  void parameters(model::ConstBatch z, model::Batch u) const override;
  const std::vector<prob::Variable>& variables() const override { return variables_; }

  const Parts& parts() const { return parts_; }
  /// A known posterior mean to compare with; empty when there is none.
  const std::vector<double>& reference_mean() const { return reference_mean_; }
  /// The parameters that made the data, where they are known; empty otherwise.
  const std::vector<double>& truth() const { return truth_; }
  /// Outputs, log-likelihood and log-prior of parameters u (not z): for evaluate jobs. Failed rows have NaN outputs.
  model::RowStatus evaluate_parameters(model::ConstBatch u, model::Evaluation& result, model::Vector log_prior) const;

 private:
  void handle_failures(const model::RowStatus& status, model::ConstBatch u, model::Evaluation& result) const;
  Params params_;
  Parts parts_;
  std::vector<prob::Variable> variables_;
  std::vector<double> reference_mean_, truth_;
  mutable std::int64_t failures_ = 0;  // of this rank: the first few are logged
};

}  // namespace aleator::inverse
