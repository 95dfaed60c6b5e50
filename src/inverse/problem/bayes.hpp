#pragma once
/// What      Bayes' rule: the posterior of a forward model's parameters given data, in latent coordinates.
/// Method    z -> u = T(z) (prior) -> y = G(u) (model) -> log p(data | y) (likelihood); the gradient goes back the same
///           way, with the likelihood's part called inside the model's adjoint while the factors are in cache.
/// Parallel  local rows; threads inside the model.
/// Cost      the model's.
/// Fails     KeyError when sizes do not fit; else as Posterior. A row fails when the model says so or its log-likelihood
///           is NaN.
#include "inverse/problem/posterior.hpp"
#include "model/data_terms.hpp"

namespace aleator::inverse {

class BayesProblem : public Posterior, public model::DataTerms, private model::GaussNewton {
 public:
  struct Params : PosteriorParams {
    std::string model, likelihood;
  };
  struct Parts {
    std::shared_ptr<const model::ForwardModel> model;
    std::shared_ptr<const prob::Prior> prior;
    std::shared_ptr<const model::Likelihood> likelihood;
    std::vector<int> data_places = {};  ///< model::ProblemFacts
    std::string data_units = {};        ///< the same
    std::string model_in_words = {};    ///< "model 'aquifer' (deck.toml:6)"; empty: its name alone
  };
  static deck::Schema<Params> schema();
  BayesProblem(const Params& params, Parts parts);

  int outputs() const override { return parts_.likelihood->outputs(); }
  bool has_gradient() const override { return parts_.model->adjoint() != nullptr && prior().is_continuous(); }
  const model::GaussianNoise* noise() const override { return parts_.likelihood->gaussian(); }
  const model::GaussNewton* gauss_newton() const override {
    return has_gradient() && parts_.likelihood->information() != nullptr ? this : nullptr;
  }
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override {
    return parts_.likelihood->simulate(y, rng, stream, row);
  }
  std::unique_ptr<model::Problem> with_data(const std::vector<double>& data) const override;
  int terms() const override;
  bool are_cheaper_in_parts() const override { return some_outputs({0}) != nullptr; }
  std::shared_ptr<const model::Problem> only(const std::vector<int>& terms) const override;
  const Parts& parts() const { return parts_; }

 private:
  std::vector<int> outputs_of(std::vector<int> terms) const;
  std::shared_ptr<const model::ForwardModel> some_outputs(const std::vector<int>& terms) const;
  model::RowStatus density(model::ConstBatch u, model::Evaluation& result, model::Batch du, int attempt) const override;
  bool density_may_throw() const override { return parts_.model->may_throw(); }
  /// Of a model whose output is a log-density; else there is Gauss-Newton.
  bool has_curvature() const override {
    return parts_.likelihood->data().empty() && has_gradient() && parts_.model->curvature() != nullptr;
  }
  model::RowStatus curve(model::ConstBatch u, model::ConstBatch v, const std::vector<double>& step, model::Batch slope,
                         model::Batch product) const override;
  // gauss_newton.cpp
  int rows() const override { return outputs(); }
  int runs_of_multiply() const override { return parts_.model->tangent() != nullptr ? 1 : 2; }
  model::RowStatus pushed(model::ConstBatch z, model::ConstBatch v, model::Batch w, int attempt) const;
  model::RowStatus pulled(model::ConstBatch z, model::ConstBatch w, model::Batch v, int attempt) const;
  void multiply(model::ConstBatch z, model::ConstBatch v, model::Batch w) const override;
  void multiply_transposed(model::ConstBatch z, model::ConstBatch w, model::Batch v) const override;
  std::string culprit() const override { return parts_.model_in_words; }
  Parts parts_;
};

}  // namespace aleator::inverse
