#pragma once
/// What      Stein thinning: of all draws of another sampler, the few that represent the posterior best.
/// Method    Riabiz, Chen, Cockayne, Swietach, Niederer, Mackey, Oates 2022, algorithm 1: one after the other, the draw x_i with
///           the least k(x_i, x_i) / 2 + sum over those chosen k(x_c, x_i), so that the kernel Stein discrepancy
///           KSD^2 = 1/m^2 sum_ij k(x_i, x_j) of the chosen falls as fast as can be. k is the Stein kernel of the inverse
///           multiquadric (1 + |x - y|^2)^-1/2 in x = L^-1 z, L L^T the draws' covariance, with the score L^T grad log pi:
///             k = -3 |r|^2 / q^5 + (d + r . (s_x - s_y)) / q^3 + s_x . s_y / q,  r = x - y, q^2 = 1 + |r|^2.
///           Densities need not be normalised and draws not be of the posterior: draws where it has no mass are passed over, so
///           that warm-up and bias are corrected as far as the draws reach. A draw may be chosen more than once.
/// Parallel  collective; same bits on any number of ranks: each looks through its own draws.
/// Cost      the other sampler's; a model run with adjoint for each of the n draws where that sampler has no gradients; to choose
///           m of n draws 6 n m d flops and m small exchanges. All draws are held, with their scores.
/// Fails     NumericsError when every draw has density zero; objects to problems without a gradient, to more than 256
///           coordinates, where the discrepancy sees too little, and to more members than draws.
#include "sampler/proposal_scale.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

class SteinThinning final : public Sampler {
 public:
  struct Params {
    std::string sampler;
    int members = 100;
  };
  static deck::Schema<Params> schema();
  SteinThinning(const Params& params, std::shared_ptr<Sampler> first) : params_(params), first_(std::move(first)) {}

  Plan plan() const override { return {Plan::Kind::ensemble, params_.members, 1, false}; }
  std::string objection(const Problem& problem) const override;
  void init(const Problem& problem, const Context& context) override;
  StepInfo step(const Problem& problem, const Context& context) override;
  void fields(io::Archive& archive, const Context& context) override;
  const BaseState& state() const override { return is_done_ ? own_ : first_->state(); }
  void clear() override;

 private:
  void keep(const Problem& problem, const Context& context);
  StepInfo choose(const Context& context);
  Params params_;
  std::shared_ptr<Sampler> first_;
  parallel::RowLayout layout_;  ///< of the other sampler's members
  std::int64_t kept_ = 0;       ///< draws of each member so far
  Batch position_, score_;      ///< local rows x (draws d)
  Batch log_likelihood_;        ///< local rows x draws
  PooledMoments moments_;       ///< of all draws
  std::int64_t own_runs_ = 0;   ///< for scores the other sampler does not have
  BaseState own_;
  bool is_first_done_ = false, is_done_ = false;
};

}  // namespace aleator::sampler
