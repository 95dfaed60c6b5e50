#pragma once
/// What      Corrects a biased sample by importance sampling from a law fitted to it, with evidence and a verdict; of exact
///           chains it gives the evidence.
/// Method    Runs another sampler to its end, an ensemble or chains; then, for each of its J draws, a draw of the multivariate t
///           distribution with 5 degrees of freedom, of the sample's mean and covariance (those of its law where that is known:
///           sampler/laplace), gets a weight w = posterior / q, smoothed by Pareto's tail (prob/pareto.hpp), and they are
///           resampled. log Z = log mean w, its standard error from the weights' variance. k > 0.7 is warned of: the sample
///           then does not cover the posterior. So is posterior mass that draws of the prior (those of sampler/laplace, or
///           up to 256 of its own) find and q does not.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      the other sampler's, J model runs, and up to 256 at draws of the prior.
/// Fails     NumericsError when every draw has likelihood zero or the sample lies in a hyperplane; objects to J < 2 d where no
///           law is known.
#include "sampler/proposal_scale.hpp"

namespace aleator::sampler {

class Importance final : public Sampler {
 public:
  struct Params {
    std::string sampler;
  };
  static deck::Schema<Params> schema();
  Importance(const Params& params, std::shared_ptr<Sampler> first) : params_(params), first_(std::move(first)) {}

  Plan plan() const override { return {Plan::Kind::particles, first_->plan().members * first_->plan().draws, 1, true}; }
  std::string objection(const Problem& problem) const override;
  void init(const Problem& problem, const Context& context) override { clear(), first_->init(problem, context); }
  StepInfo step(const Problem& problem, const Context& context) override;
  void fields(io::Archive& archive, const Context& context) override;
  const BaseState& state() const override { return is_done_ ? own_ : first_->state(); }
  void clear() override;

 private:
  void observe(const Ensemble& drawn, const Context& context);
  std::shared_ptr<const NormalLaw> fitted_law() const;
  PriorDraws look_at_prior(const Problem& problem, const Context& context);
  StepInfo correct(const Problem& problem, const Context& context);
  Params params_;
  std::shared_ptr<Sampler> first_;
  PooledMoments moments_;    ///< of all draws
  std::vector<double> sum_;  ///< of the draws' mean positions
  int draws_ = 0;            ///< of each member so far
  BaseState own_;
  bool is_first_done_ = false, is_done_ = false;
};

}  // namespace aleator::sampler
