#pragma once
/// What      What samplers share that take weighted particles from the prior to the posterior: a level's weights, the evidence,
///           and its standard error from the particles' ancestors.
/// Method    w_i = L_i^h with the largest h that keeps the weights' ESS at a share of the particles (Jasra, Stephens, Doucet,
///           Tsagaris 2011); log Z += log mean w; variance of log Z: spread of the shares that the descendants of one particle
///           at time 0 hold, less what resampling put there (Lee, Whiteley 2018, adapted to systematic resampling:
///           docs/theory/smc.md).
/// Parallel  collective; the same bits on any number of ranks.
/// Cost      O(J) on every rank.
/// Fails     NumericsError when every particle has likelihood zero.
#include "sampler/sampler.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {

struct TemperedState : BaseState {
  double temper = 0.0;  ///< beta_t
  double log_scale = 0.0;
  std::int64_t moves = 0;  ///< since the start, picks the random numbers
  double rounding = 0.0;   ///< variance of the ancestors' shares that is due to resampling alone
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

/// Raises s.temper, adds to the evidence, and gives the weights at the new exponent; `places`: how many resampling will fill.
Weights reweight(const Context& context, double ess_share, std::int64_t places, TemperedState& s);
/// Particle i becomes a copy of particle source[i], with its ancestor.
void take_descendants(const std::vector<std::int64_t>& source, const Context& context, BaseState& s);

/// What a level reports; NumericsError when it was the last one allowed and the exponent is not 1.
StepInfo end_level(double acceptance, int max_levels, const TemperedState& s);

}  // namespace aleator::sampler
