#pragma once
/// What      Particle filter: weighted trajectories, right for any model and non-Gaussian distributions, with an estimate of the
///           likelihood.
/// Method    Gordon, Salmond, Smith 1993 (bootstrap); Pitt, Shephard 1999 (auxiliary); Doucet, Godsill, Andrieu 2000 (optimal
///           proposal of linear observations and additive noise). With m_j = M(x_j), Q and R the noises' covariances:
///           bootstrap  x_j ~ N(m_j, Q), w_j = W_j N(y; H x_j, R);
///           auxiliary  ancestors ~ W_j N(y; H m_j, R), x_j ~ N(m_a, Q), w_j = N(y; H x_j, R) / N(y; H m_a, R);
///           hamiltonian  x_j from N(m_j, Q) through N(m_j, Q) N(y; H x, R)^beta by a Hamiltonian move at each beta, w_j = W_j
///                      times the product of N(y; H x, R)^(beta_t - beta_(t-1)) before each (Neal 2001);
///           optimal    w_j = W_j N(y; H m_j, H Q H^T + R), x_j ~ N(m_j + K (y - H m_j), (I - K H) Q).
///           Bootstrap and auxiliary take any density of the data instead of N(y; H x, R) (observation_density.hpp).
///           The likelihood of a cycle's data is sum_j w_j (auxiliary: times the mean of the first stage): without bias, for the
///           product over cycles. Systematic resampling (Kitagawa 1996) before a cycle when ESS < resample_below N.
///           Regularisation (Musso, Oudjane, Le Gland 2001): copies made by resampling are moved by h C^1/2 xi,
///           h = regularisation N^(-1/(d + 4)), C the particles' covariance; it keeps a model without noise from collapsing.
///           Progressive correction (Oudjane, Musso 2000): data that would leave fewer than least_effective particles effective
///           enter as powers of their likelihood, with regularised resampling between; else one unlucky datum leaves a single
///           trajectory, whose copies nothing moves apart again. Data that refute a regularised forecast (chi squared of the
///           innovation, 1e-8) widen it first; the likelihood is that of the forecast as it was.
/// Parallel  as Experiment; of a single replicate with many particles these are shared out to the threads.
/// Cost      a cycle: N model runs, O(N p d) flops; optimal + p^3; hamiltonian O(N stages leapfrog_steps (d + p)), without
///           further model runs; regularisation + N d^2.
/// Fails     NumericsError, with the cycle, when no particle is finite or none explains the data.
#include <memory>

#include "assimilation/filter.hpp"
#include "math/dense.hpp"

namespace aleator::assimilation {

struct Particle {
  enum class Proposal { bootstrap, auxiliary, hamiltonian, optimal };
  struct Params {
    int members = 1000;
    Proposal proposal = Proposal::bootstrap;
    int stages = 8, leapfrog_steps = 3;
    double resample_below = 0.5;
    double least_effective = 16.0;
    double regularisation = 0.0;
  };
  struct State : BaseState {};
  static deck::Schema<Params> schema();
  int members() const { return params.members; }
  std::string objection(const model::StateInfo& info, bool has_model_noise) const;
  std::string objection_to_density() const;
  std::string approximation() const;

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
