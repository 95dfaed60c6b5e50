#pragma once
/// What      Elliptical slice sampling, many chains in step: no step is tuned and no proposal is refused in the end.
/// Method    Murray, Adams, MacKay 2010: with reference q = N(m, C), a point z' on the ellipse m + (z - m) cos t + xi sin t,
///           xi ~ N(0, C), for which f = log pi - log q has f(z') > f(z) + log u; t uniform on (0, 2 pi), then from a bracket
///           that shrinks towards t = 0. Reference, where a covariance is learned: the multivariate Student t
///           with nu degrees of freedom about mean and covariance of all chains in the warm-up, as a normal law of random scale
///           s = (nu + q) / chi^2_(nu + d), q = |L^-1 (z - m)|^2 (Nishihara, Murray, Adams 2014); else the prior
///           N(0, I). After the warm-up nothing adapts. Symbols: z position, x = L^-1 (z - m), C = L L^T.
/// Parallel  collective over the ensemble; same bits on any number of ranks. Each round evaluates the points of those chains
///           that have none yet, as one batch.
/// Cost      two to five model runs a chain and step, and 2 d^2 flops where a covariance is learned.
/// Fails     NumericsError when every chain has likelihood zero at its start.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Slice {
  struct Params : ChainParams {
    int degrees = 8;
  };
  struct State : BaseState {
    std::vector<double> centre, lower;  ///< m, L; empty: the prior's
    PooledMoments moments;
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem&) const { return {}; }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
