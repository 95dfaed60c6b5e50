#pragma once
/// What      Makes a biased sample honest: runs another sampler to its end, then moves all its draws by a Metropolis kernel.
/// Method    The draws of sampler/eki, eks, cbs, svgd ..., and those of chains that have no Metropolis test (sampler/ula,
///           underdamped, aldi, sgld, sghmc ...), are starting points of as many chains; `moves` Metropolis steps with the draws'
///           covariance follow, of which each brings their law closer to the posterior. The scale is tuned to the kernel's
///           acceptance over the first half of the moves and then kept. Draws of chains stay draws of these chains, so that
///           their errors count the correlation that is left.
/// Parallel  collective; same bits on any number of ranks. A draw stays on the rank of its member.
/// Cost      the other sampler's, and `moves` model runs a draw. All draws are held.
/// Fails     as the other sampler and sampler/mcmc/metropolis.hpp; objects to chains that are exact already.
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
  const BaseState& state() const override;
  void clear() override;

 private:
  parallel::RowLayout layout_of_draws(const Context& context) const;
  void keep(const Ensemble& drawn, const Context& context);
  void take_over(const Problem& problem, const Context& context);
  std::vector<std::pair<std::string, double>> move(const Problem& problem, const Context& context);
  void forget(const Context& context);
  void hand_out(const Context& context);
  Params params_;
  std::shared_ptr<Sampler> first_;
  Batch positions_;         ///< of all draws, as the first sampler makes them: draw t of member m is row m draws + t
  Batch start_;             ///< of members whose updates moved each other: where the moves began
  std::int64_t kept_ = 0;   ///< draws of each member so far
  BaseState own_;           ///< of all draws
  BaseState shown_;         ///< of those handed out last
  std::int64_t given_ = 0;  ///< draws of each member handed out
  bool is_first_done_ = false;
  double log_scale_ = 0.0;
  std::vector<double> lower_;  ///< L of the ensemble's covariance; empty: the prior's
};

}  // namespace aleator::sampler
