#include "sampler/mcmc/random_walk.hpp"

#include <cmath>

#include "kernels/gaussian_step.hpp"

namespace aleator::sampler {

deck::Schema<RandomWalk::Params> RandomWalk::schema() {
  deck::Schema<Params> s("Random-walk Metropolis with adaptive covariance",
                         "Haario, Saksman, Tamminen 2001; Roberts, Gelman, Gilks 1997");
  add_chain_keys(s).key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate the scale is tuned to",
                        deck::inside(0, 1));
  return s;
}

RandomWalk::State RandomWalk::init(const Problem& problem, const Context& context) const {
  return begin_chains(params, 2.38 / std::sqrt(problem.dimension()), false, problem, context);
}

Vector RandomWalk::move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
  const Batch proposed = kernels::new_batch(e.rows(), problem.dimension());
  kernels::gaussian_steps(  // z' = z + epsilon L xi
      context.rng, {kernels::Purpose::proposal, setting.step}, e.layout.first(),
      {setting.lower.empty() ? nullptr : setting.lower.data(), setting.scale}, e.position, proposed);
  const Candidates c = evaluate_candidates(problem, context, e, proposed);
  kernels::for_each_row(
      e.rows(), [=, position = e.position](int row) { c.log_ratio(row) = log_prior_ratio(proposed, position, row); });
  return accept(c, setting, context, e);
}

StepInfo RandomWalk::step(const Problem& problem, const Context& context, State& s) const {
  const Vector acceptance = move(problem, context, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, s.ensemble);
  return end_step(params, params.target_acceptance, {acceptance, 1, 0}, problem, context, s);
}

}  // namespace aleator::sampler
