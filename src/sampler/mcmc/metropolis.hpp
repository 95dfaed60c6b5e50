#pragma once
/// What      What all Metropolis kernels share: a move of every member that leaves exp(temper log-likelihood) N(0, I)
///           invariant, and the warm-up that learns its scale and shape from all chains at once.
/// Method    Metropolis, Hastings. Warm-up: windows, each ending with a new pooled covariance; in the first windows
///           chains left behind are replaced by copies of others, so that a start from the prior needs no luck. After the
///           warm-up nothing adapts: the chains are then plain Markov chains.
/// Parallel  collective; bits do not depend on ranks or threads. Sampling steps exchange one number,
///           whether an evaluation failed, but at draws.
/// Cost      a move: one model run a member. Warm-up adds one reduction of d (d + 3) / 2 doubles a step.
/// Fails     NumericsError when every chain has likelihood zero.
#include "sampler/proposal_scale.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

/// How a kernel moves: target exponent, proposal size and shape, and the number that picks its random numbers.
struct MoveSetting {
  double temper = 1.0;               ///< exponent of the likelihood
  double scale = 1.0;                ///< epsilon
  const std::vector<double>& lower;  ///< L, d x d, of the proposal's covariance L L^T; empty: the prior's, I
  std::int64_t step = 0;
  kernels::Purpose acceptance = kernels::Purpose::acceptance;
};

/// Proposed positions with their evaluation and log q(z | z') p0(z') - log q(z' | z) p0(z), p0 = N(0, I).
struct Candidates {
  Batch position;
  model::Evaluation evaluation;
  Vector log_ratio;
};

/// xi ~ N(0, I) for the proposal of this step.
Batch proposal_normals(const Ensemble& ensemble, const Context& context, std::int64_t step);
/// Room for the evaluation of proposed positions.
Candidates new_candidates(const Ensemble& ensemble, const Batch& position);
/// Runs the model at the proposed positions.
Candidates evaluate_candidates(const Problem& problem, const Context& context, const Ensemble& ensemble,
                               const Batch& position);
/// The members' own densities and gradients, copied to where a trajectory will overwrite them; `position` a copy of theirs.
Candidates start_of_trajectory(const Ensemble& ensemble, const Batch& position);
/// log p0(z') - log p0(z) of one row.
double log_prior_ratio(const Batch& proposed, const Batch& present, int row);
/// Accepts or rejects each row; returns the acceptance probabilities.
Vector accept(const Candidates& candidates, const MoveSetting& setting, const Context& context, Ensemble& ensemble);

/// What the shape of proposals is.
enum class Covariance { automatic, learned, diagonal, prior };

/// How many chains, and how long.
struct ChainLength {
  int chains = 64;
  int warmup = 2000;
  int draws = 1000;
  int thin = 1;
};

struct ChainParams : ChainLength {
  Covariance covariance = Covariance::automatic;
};

template <typename Params>
deck::Schema<Params>& add_length_keys(deck::Schema<Params>& s) {
  s.key("chains", &Params::chains, "1", "number of chains, advanced together", deck::at_least(1));
  s.key("warmup", &Params::warmup, "1", "steps that learn the proposal and are thrown away", deck::at_least(1));
  s.key("draws", &Params::draws, "1", "draws kept of each chain", deck::at_least(4));
  s.key("thin", &Params::thin, "1", "steps between two draws", deck::at_least(1));
  return s;
}

template <typename Params>
deck::Schema<Params>& add_chain_keys(deck::Schema<Params>& s) {
  add_length_keys(s);
  s.choice("covariance", &Params::covariance, "shape of the proposals, in latent coordinates",
           {{"automatic", Covariance::automatic, "learned up to 256 coordinates, the prior's above"},
            {"learned", Covariance::learned, "the covariance of all chains in the warm-up; costs d^2 a step and chain"},
            {"diagonal", Covariance::diagonal,
             "their variances alone: few draws tell them, where correlations would be noise; costs as much"},
            {"prior", Covariance::prior,
             "that of the prior: for fields, most of whose coordinates the data say nothing of"}});
  return s;
}

struct ChainState : BaseState {
  double log_scale = 0.0;
  std::vector<double> lower;   ///< L, or empty: I
  std::vector<double> centre;  ///< the mean learned with L, or empty
  PooledMoments moments;
  void fields(io::Archive& archive);
};

/// Chains drawn from the prior; `first_scale` is the proposals' before anything is known.
ChainState begin_chains(const ChainParams& params, double first_scale, bool with_gradient, const Problem& problem,
                        const Context& context);
/// What a step did: the acceptance probability of each member, and its model runs.
struct StepReport {
  Vector acceptance;
  int runs = 1;
  int gradients = 0;  ///< runs that carried an adjoint
  Vector tuning{};    ///< what the scale is tuned by, where it is another acceptance
};
/// After a step: counts, adapts while warming up or adds to the running means, and says whether this step is a draw. In
/// `ended_window`, where it is asked for: the number of the warm-up window that ended with this step, or -1.
StepInfo end_step(const ChainParams& params, double target_acceptance, const StepReport& report, const Problem& problem,
                  const Context& context, ChainState& s, int* ended_window = nullptr);
/// The part of end_step that every chain sampler shares: counts the step, adds to the running means after the warm-up, and
/// says whether this step is a draw and the last.
StepInfo count_step(const ChainLength& length, const Problem& problem, BaseState& s);
/// Chains far below the others go on from copies of them: at the start by the likelihood as weight, tempered to half the
/// chains, later those whose log-density is 4 + 5 sqrt(d / 2) below the median. NumericsError when all have likelihood zero.
void relocate_stragglers(const Context& context, BaseState& s);
/// The number of the warm-up's window that ends with step `iteration` (counted from 1), or -1.
int ended_window(std::int64_t iteration, int warmup);
/// relocate_stragglers at the ends of early windows; nothing otherwise.
void relocate_after_window(int window, const Context& context, BaseState& s);
/// Whether the warm-up learns a covariance of so many coordinates.
bool learns_covariance(const ChainParams& params, int dimension);
/// L of what the warm-up has learned so far; empty where it tells too little.
std::vector<double> learned_factor(const ChainParams& params, const PooledMoments& moments);
/// One step of the warm-up: scale and, where it is learned, shape; the number of the window that ended, or -1.
int adapt_proposal(const ChainParams& params, const Context& context, double acceptance_excess, ChainState& s);
inline bool is_warmed_up(const ChainLength& params, const BaseState& s) { return s.iteration >= params.warmup; }
Plan chain_plan(const ChainLength& params);
/// The objection of a kernel that needs the gradient of the log-likelihood; empty where the problem has one.
std::string gradient_objection(const Problem& problem, const char* needed = "the gradient");

}  // namespace aleator::sampler
