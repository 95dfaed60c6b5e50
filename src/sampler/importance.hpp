#pragma once
/// What      Corrects a biased ensemble by importance sampling from a law fitted to it, with evidence and a verdict.
/// Method    Runs another sampler to its end; then J draws of the multivariate t distribution with 5 degrees of freedom, of
///           the ensemble's mean and covariance, get weights w = posterior / q, smoothed by Pareto's tail (prob/pareto.hpp), and
///           are resampled. log Z = log mean w, its standard error from the weights' variance. k > 0.7 is warned of: the
///           ensemble then does not cover the posterior.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      the other sampler's, and J model runs.
/// Fails     NumericsError when every draw has likelihood zero or the ensemble lies in a hyperplane; objects to J <= d.
#include "sampler/sampler.hpp"

namespace aleator::sampler {

class Importance final : public Sampler {
 public:
  struct Params {
    std::string sampler;
  };
  static deck::Schema<Params> schema();
  Importance(const Params& params, std::shared_ptr<Sampler> first) : params_(params), first_(std::move(first)) {}

  Plan plan() const override { return {Plan::Kind::particles, first_->plan().members, 1, true}; }
  std::string objection(const Problem& problem) const override;
  void init(const Problem& problem, const Context& context) override { first_->init(problem, context); }
  StepInfo step(const Problem& problem, const Context& context) override;
  void fields(io::Archive& archive, const Context& context) override;
  const BaseState& state() const override { return is_done_ ? own_ : first_->state(); }
  void clear() override { first_->clear(), own_ = {}, is_first_done_ = is_done_ = false; }

 private:
  StepInfo correct(const Problem& problem, const Context& context);
  Params params_;
  std::shared_ptr<Sampler> first_;
  BaseState own_;
  bool is_first_done_ = false, is_done_ = false;
};

}  // namespace aleator::sampler
