#pragma once
/// What      The posterior of a prior and a target: sampling a density without a forward model.
/// Method    relative_to = prior: posterior ∝ p(u) exp f(u), evidence ∫ p exp f du. relative_to = lebesgue: posterior
///           ∝ exp f(u), evidence ∫ exp f du; the prior is only the reference measure (start and tempering) and is divided
///           out: log-likelihood = f(u) - log p(u), exact since samplers carry the prior as N(z; 0, I). Symbols: f target,
///           p density of the prior, u = T(z).
/// Parallel  local rows; threads inside the target.
/// Cost      the target's, and one prior density a row with lebesgue.
/// Fails     KeyError when sizes or names do not fit; else as Posterior.
#include "inverse/problem/posterior.hpp"
#include "model/data_terms.hpp"
#include "model/sequence.hpp"
#include "model/target.hpp"

namespace aleator::inverse {

class TargetProblem : public Posterior, public model::HasSequence, public model::DataTerms {
 public:
  enum class Reference { prior, lebesgue };
  struct Params : PosteriorParams {
    std::string target;
    Reference relative_to = Reference::prior;
  };
  static deck::Schema<Params> schema();
  TargetProblem(const Params& params, std::shared_ptr<const prob::Prior> prior,
                std::shared_ptr<const model::Target> target, std::string target_in_words = {});

  int outputs() const override { return 0; }
  /// With lebesgue the prior's slope is needed too.
  bool has_gradient() const override;
  std::string missing_gradient() const override;
  const model::GaussianNoise* noise() const override { return nullptr; }
  /// The target's, where failed rows have likelihood zero.
  const model::Sequence* sequence() const override;
  void record_failures(const model::RowStatus& status, model::ConstBatch u) const override { record(status, u); }
  /// Those of a target that is a sum; with lebesgue each term has its share of the prior that is divided out.
  int terms() const override;
  bool are_cheaper_in_parts() const override { return true; }
  std::shared_ptr<const model::Problem> only(const std::vector<int>& terms) const override;

 private:
  model::RowStatus density(model::ConstBatch u, model::Evaluation& result, model::Batch du, int attempt) const override;
  bool density_may_throw() const override { return target_->may_throw(); }
  bool has_curvature() const override { return has_gradient() && target_->curvature() != nullptr; }
  model::RowStatus curve(model::ConstBatch u, model::ConstBatch v, const std::vector<double>& step, model::Batch slope,
                         model::Batch product) const override;
  std::string culprit() const override { return target_in_words_; }
  void divide_by_prior(model::ConstBatch u, model::Vector log_likelihood, model::Batch du) const;
  void take_names(const std::string& prior_name);
  std::string target_name_, target_in_words_;  // "target 'well' (deck.toml:6)", or its name alone
  Reference relative_to_;
  std::shared_ptr<const model::Target> target_;
  double share_ = 1.0;  // of the prior that is divided out
};

}  // namespace aleator::inverse
