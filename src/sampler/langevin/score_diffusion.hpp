#pragma once
/// What      Reverse diffusion without training and without gradients: particles carry noise to posterior samples, the score
///           estimated by the particles themselves.
/// Method    The diffusion y = a x + s xi, a^2 + s^2 = 1, takes the posterior of x to N(0, I); back from noise to signal ratio
///           sigma = s / a by sigma_1 > ... > sigma_K > 0 its transitions need x given y (Song and others 2021). In latent
///           coordinates, where the prior is N(0, I), that law is  L(x) N(x; a y, s^2 I)  up to a factor, and the score
///           (a E[x | y] - y) / s^2. Every particle proposes M candidates x_c ~ N(a y_j, s^2 I), M / 2 pairs a y_j +- s xi; all
///           candidates serve all particles (Bischoff, Riel 2024) with the weights of their common law (Owen, Zhou 2000)
///             w_ic ~ L(x_c) N(x_c; a y_i, s^2 I) / (1/J sum_j N(x_c; a y_j, s^2 I)).
///           x_i is one candidate drawn by them, not their mean, so that the transition
///             y_i' ~ N(a s'^2 / (a' s^2) y_i + a' v / s^2 x_i, s'^2 v / s^2 I),  v = 1 - a^2 / a'^2,
///           has no error of discretisation: K may be small. The last one is y' = x.
///           Exact as J M grows; biased for finite J, the more so the larger d is and the more the data say.
/// Parallel  collective; same bits on any number of ranks. Every rank holds all candidates.
/// Cost      K J M model runs without derivatives, K J^2 M (4 d + 40) flops.
/// Fails     NumericsError when every candidate has likelihood zero.
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct ScoreDiffusion {
  struct Params {
    int members = 512;
    int pairs = 4;
    int steps = 20;
    double first_noise = 10.0;
    double last_noise = 0.02;
  };
  struct State : BaseState {
    Batch noisy;  ///< y, local rows x d
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::ensemble, params.members, 1, false, 1, true, true}; }
  std::string objection(const Problem&) const { return {}; }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
