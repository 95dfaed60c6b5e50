#pragma once
/// What      What samplers share that take weighted particles from the prior to the posterior: a level's weights, the evidence,
///           and its standard error from the particles' ancestors.
/// Method    w_i = L_i^h with the largest h that keeps the weights' ESS at a share of the particles (Jasra, Stephens, Doucet,
///           Tsagaris 2011). log Z += log r, r = Z_t / Z_(t-1), by Bennett's (1976) bridge between the particles i before the
///           resampling and those, j, that have moved: sum_i 1 / (1 + r / w_i) = sum_j 1 / (1 + w_j / r), the best of all
///           bridges (Meng, Wong 1996), with bounded terms however heavy the tails of w are. Variance of log Z: particles of
///           one ancestor at time 0 count as one (Chan, Lai 2013; Lee, Whiteley 2018), with the sum of their influences on
///           all bridges: docs/theory/smc.md.
/// Parallel  collective; the same bits on any number of ranks.
/// Cost      O(J) on every rank, some 10 passes a level.
/// Fails     NumericsError when every particle has likelihood zero.
#include "sampler/sampler.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {

struct TemperedState : BaseState {
  double temper = 0.0;  ///< beta_t
  double log_scale = 0.0;
  std::int64_t moves = 0;                  ///< since the start, picks the random numbers
  std::vector<double> evidence_influence;  ///< of every ancestor on log Z, by its descendants at all bridges so far
  double remembered = 0.0;  ///< largest correlation of a coordinate with a level's start that its moves left
  void fields(io::Archive& archive);
};

/// Every particle its own ancestor; evidence 1.
void begin_genealogy(std::int64_t particles, BaseState& s);

/// Shares of the weights that the descendants of one ancestor hold.
struct Genealogy {
  double spread = 0.0;    ///< sum_e (x_e - 1/J)^2
  double rounding = 0.0;  ///< sum_e f_e (1 - f_e) / M^2, what systematic resampling of M places adds to it
};
Genealogy genealogy_of(const std::vector<std::int64_t>& ancestors, const Weights& weights, std::int64_t places);
/// Relative error of the evidence, `rounding` being the sum over earlier resamplings.
double evidence_error(const Genealogy& genealogy, std::size_t particles, double rounding);

/// The particles of a level before they are resampled.
struct Level {
  Weights weights;                      ///< w_i, normalised
  double increment = 0.0;               ///< h
  std::vector<double> log_weights;      ///< log w_i
  std::vector<std::int64_t> ancestors;  ///< e_i
};
/// No level yet.
void begin_tempering(std::int64_t particles, TemperedState& s);
/// Raises s.temper, and gives the weights at the new exponent.
Level reweight(const Context& context, double ess_share, TemperedState& s);
/// Adds the bridge between the particles before and those that have moved to the evidence, and renews its standard error.
void add_bridge(const Context& context, const Level& level, TemperedState& s);
/// Particle i becomes a copy of particle source[i], with its ancestor.
void take_descendants(const std::vector<std::int64_t>& source, const Context& context, BaseState& s);

/// How a level's moves went.
struct LevelReport {
  double acceptance = 0.0;
  std::int64_t runs = 0;  ///< of the model
};
/// What a level reports; NumericsError when it was the last one allowed and the exponent is not 1.
StepInfo end_level(const Level& level, const LevelReport& report, int max_levels, const TemperedState& s);

}  // namespace aleator::sampler
