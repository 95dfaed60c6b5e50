#pragma once
/// What      Makes a biased ensemble honest: runs another sampler to its end, then moves its members by a Metropolis kernel.
/// Method    The members of sampler/eki, eks, cbs, svgd ... are starting points of as many chains; `moves` Metropolis steps
///           with the ensemble's covariance follow, of which each brings the members' law closer to the posterior. The scale
///           is tuned to the kernel's acceptance over the first half of the moves and then kept.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      the other sampler's, and `moves` model runs a member.
/// Fails     as the other sampler and sampler/mcmc/metropolis.hpp.
#include "sampler/mcmc/inner_move.hpp"

namespace aleator::sampler {

class Polish final : public Sampler {
 public:
  using Kernel = sampler::Kernel;
  struct Params {
    std::string sampler;
    Kernel kernel = Kernel::automatic;
    int moves = 20;
  };
  static deck::Schema<Params> schema();
  Polish(const Params& params, std::shared_ptr<Sampler> first) : params_(params), first_(std::move(first)) {}

  Plan plan() const override;
  std::string objection(const Problem& problem) const override;
  void init(const Problem& problem, const Context& context) override;
  StepInfo step(const Problem& problem, const Context& context) override;
  void fields(io::Archive& archive, const Context& context) override;
  const BaseState& state() const override { return is_first_done_ ? own_ : first_->state(); }
  void clear() override { first_->clear(), own_ = {}, is_first_done_ = false; }

 private:
  void take_over(const Problem& problem, const Context& context);
  Params params_;
  std::shared_ptr<Sampler> first_;
  BaseState own_;
  bool is_first_done_ = false;
  double log_scale_ = 0.0;
  std::vector<double> lower_;  ///< L of the ensemble's covariance; empty: the prior's
};

}  // namespace aleator::sampler
