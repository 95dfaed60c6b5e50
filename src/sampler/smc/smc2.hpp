#pragma once
/// What      SMC^2: particles of the parameters, each with a filter of its own, go through the data one after the other; the
///           posterior after each of them, the evidence, and nothing to be tuned beforehand.
/// Method    Chopin, Jacob, Papaspiliopoulos 2013, algorithm SMC^2. At stage t the filters advance by one datum, and a particle's
///           weight is multiplied by its filter's estimate of p(y_t | y_1 ... y_(t-1), u). When the ESS falls below a share of
///           the particles they are resampled with their filters and moved `moves` times by particle marginal
///           Metropolis-Hastings: a random walk of their weighted covariance, a new filter run through y_1 ... y_t for each
///           proposal, which takes the place of the old one if it is accepted. Where fewer than a share of the moves are
///           accepted, the filters' estimates scatter too much: filters of twice the members run through the data so far and
///           take the place of the old ones, the weights multiplied by the ratio of the estimates (section 3.6).
///           log Z = sum_t log sum_i W_i p^_i; its standard error from the particles' ancestors (sampler/smc/tempering.hpp). With
///           a likelihood that is known exactly it is IBIS (Chopin 2002).
///           Symbols: z position, J particles, W weights, T data.
/// Parallel  collective; particles are exchanged between ranks with their filters; same bits on any number of ranks.
/// Cost      T stages of J filters, and at each resampling J `moves` runs of a filter through the data so far; each doubling one
///           more run, and all later ones twice the members. Memory: two filters' ensembles a particle.
/// Fails     NumericsError when every particle's estimate is zero; objects to problems whose data do not come one after the
///           other, and to fewer than 2 d / ess_share particles.
#include <memory>

#include "model/sequence.hpp"
#include "sampler/smc/tempering.hpp"

namespace aleator::sampler {

struct Smc2 {
  struct Params {
    int particles = 512;
    double ess_share = 0.5;
    int moves = 5;
    double refine_below = 0.1;
    int refinements = 6;
  };
  struct State : BaseState {
    Batch memory;                     ///< of the filters, row by row
    std::vector<double> log_weights;  ///< of all particles, since the last resampling
    double log_scale = 0.0;
    double acceptance = 0.0;                           ///< of the last moves
    std::int64_t moves = 0;                            ///< since the start, picks the random numbers
    std::int64_t refinements = 0;                      ///< doublings of the filters' members
    std::shared_ptr<const model::Sequence> refined{};  ///< follows from the problem and their number: not saved
    double rounding = 0.0;  ///< variance of the ancestors' shares that is due to resampling alone
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::particles, params.particles, 1, true}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  /// One datum.
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  const model::Sequence& sequence(const Problem& problem, State& s) const;
  void refine(const Problem& problem, const Context& context, State& s) const;
  void assimilate(const Problem& problem, const Context& context, State& s) const;
  void resample_and_move(const Problem& problem, const Context& context, const Weights& weights, State& s) const;
};

}  // namespace aleator::sampler
