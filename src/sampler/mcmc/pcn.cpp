#include "sampler/mcmc/pcn.hpp"

#include <cmath>

namespace aleator::sampler {

deck::Schema<Pcn::Params> Pcn::schema() {
  deck::Schema<Params> s("Preconditioned Crank-Nicolson", "Cotter, Roberts, Stuart, White 2013");
  add_length_keys(s).key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate beta is tuned to",
                         deck::inside(0, 1));
  return s;
}

Pcn::State Pcn::init(const Problem& problem, const Context& context) const {
  return begin_chains(params, 0.2, false, problem, context);
}

Vector Pcn::move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
  const double beta = std::tanh(setting.scale), kept = std::sqrt(1.0 - beta * beta);
  const Batch proposed = kernels::new_batch(static_cast<std::size_t>(e.rows()), static_cast<int>(e.position.extent(1)));
  context.rng.normals_around({kernels::Purpose::proposal, setting.step}, e.layout.first(), kept, e.position, beta,
                             proposed);
  const Candidates c = evaluate_candidates(problem, context, e, proposed);
  Kokkos::deep_copy(c.log_ratio, 0.0);  // the proposal is reversible with respect to N(0, I)
  return accept(c, setting, context, e);
}

StepInfo Pcn::step(const Problem& problem, const Context& context, State& s) const {
  const Vector acceptance = move(problem, context, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, s.ensemble);
  return end_step(params, params.target_acceptance, {acceptance, 1, 0}, problem, context, s);
}

}  // namespace aleator::sampler
