#pragma once
/// What      Nested sampling: the evidence by shells of rising likelihood, and draws from the posterior beside it.
/// Method    Skilling 2006, with a share of the N live points replaced at once. A step takes away the K = share N points of
///           lowest likelihood: the k-th of them shrinks the prior volume X by the factor exp(-1 / (N - k)) in the mean of log X,
///           and carries the weight L (X_before - X_after). The places are filled by copies of points that are left, and
///           all points make many Metropolis moves (random walk of the points' covariance, or pCN) in the prior restricted
///           to L > L*, L* the likelihood of the last point taken.
///           log Z = log sum_i w_i; variance: log X errs by 1 / (N - k) at each point, independently, which multiplies the
///           part of Z that lies inside and takes from the point's own weight what it gives to those. It ends where the points
///           left hold a small share of Z, and the likelihood has stopped to rise inwards or a search for another rise has gone
///           deep enough (docs/theory/nested.md). Equal-weight draws are kept on the way: each of N places takes a taken point
///           with the probability that its step's weight has in all weight so far (reservoir).
/// Parallel  collective; points are exchanged between ranks; same bits on any number of ranks.
/// Cost      a step: `moves` model runs a point. Steps: about (H + log 1/tolerance) / -log(1 - share), H the information (nats),
///           and up to `search` times as many where the likelihood goes on rising.
/// Fails     NumericsError when no point has a positive likelihood; objects to fewer than 2 d points that walk.
#include <limits>

#include "sampler/proposal_scale.hpp"
#include "sampler/sampler.hpp"
#include "sampler/smc/memory.hpp"

namespace aleator::sampler {

struct Nested {
  enum class Move { random_walk, pcn };
  struct Params {
    int points = 2048;
    double share = 0.5;
    Move move = Move::random_walk;
    int moves = 0;      ///< 0: 30, or 4 for each coordinate where that is more
    int max_moves = 0;  ///< 0: ten times as many
    double correlation = 0.05;
    double tolerance = 1e-3;
    double search = 2.0;
    int max_steps = 1000;
  };
  struct State : BaseState {
    Ensemble draws;                            ///< equal-weight draws so far; the ensemble itself at the end
    std::vector<std::int64_t> draw_ancestors;  ///< of each draw
    double log_volume = 0.0;                   ///< log X
    double settled = 0.0;  ///< log X at which the points left came to hold less than the tolerance; 0: do not
    double log_scale = 0.0;
    std::int64_t moves = 0;                    ///< since the start, picks the random numbers
    std::vector<double> log_weights;           ///< log of each step's weight
    std::vector<double> shrinkage_variance;    ///< of log X, of each step
    std::vector<double> log_edge;              ///< log (L* X) at its end, the unit of the next two
    std::vector<double> lever, lever_squares;  ///< sums over its points of variance x lever, variance x lever^2
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::particles, params.points, 1, true}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  /// One shell: take the lowest points, fill their places, move all.
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  struct Moved {
    int count = 0;
    double acceptance = std::numeric_limits<double>::quiet_NaN();
    double correlation = acceptance;  ///< of log-likelihoods before and after; positions may stay in their mode
  };
  /// What the points move above, and the factor of the covariance that their steps have (random_walk).
  struct Level {
    double floor;
    std::vector<double> lower;
  };
  std::vector<double> covariance_factor(const Problem& problem, const Context& context, const State& s) const;
  Moved move_all(const Problem& problem, const Context& context, const Level& level, State& s) const;
};

}  // namespace aleator::sampler
