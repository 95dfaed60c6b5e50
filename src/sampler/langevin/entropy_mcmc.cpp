#include "sampler/langevin/entropy_mcmc.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::sampler {
namespace {

// Guides where there is no density come back to their parameters.
void return_lost_guides(const Problem& problem, const Context& context, EntropyMcmc::State& s) {
  Ensemble& e = s.ensemble;
  bool is_one_lost = false;
  for (int row = 0; row < e.rows(); ++row) {
    if (std::isfinite(e.log_likelihood(row))) continue;
    is_one_lost = true;
    std::copy_n(&s.partner(row, 0), e.position.extent(1), &e.position(row, 0));
  }
  if (!context.comm.any(is_one_lost)) return;
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += e.layout.rows();
}

}  // namespace

deck::Schema<EntropyMcmc::Params> EntropyMcmc::schema() {
  deck::Schema<Params> s("Entropy-MCMC: chains with a guide that seeks flat regions, by stochastic gradients",
                         "Li, Zhang 2024");
  add_stochastic_keys(s)
      .key("step", &Params::step, "1", "h, in units of the posterior's covariance", deck::inside(0, 2))
      .key("coupling", &Params::coupling, "1",
           "eta, the variance of guide about parameters in units of the posterior's covariance", deck::positive())
      .choice("draws_of", &Params::draws_of, "what the draws are",
              {{"guide", DrawsOf::guide, "the guides: the posterior smoothed by N(0, eta C)"},
               {"parameters", DrawsOf::parameters, "the parameters: the posterior"}})
      .check("coupling", [](const Params& p) {
        // The precision of (theta, guide), in units of the posterior's: eigenvalues 1/2 + 1/eta +- sqrt(1/4 + 1/eta^2).
        const double e = p.coupling, largest = 0.5 + 1.0 / e + std::sqrt(0.25 + 1.0 / (e * e));
        return p.step * largest < 2.0 ? std::string()
                                      : fmt::format("= {} makes steps of {} unstable: they must be below {:.3g}", e,
                                                    p.step, 2.0 / largest);
      });
  return s;
}

void EntropyMcmc::State::fields(io::Archive& archive) {
  StochasticState::fields(archive);
  archive.rows("partner", ensemble.layout, partner);
}

Plan EntropyMcmc::plan() const {
  Plan plan = stochastic_plan(params);
  plan.is_posterior = params.draws_of == DrawsOf::parameters;
  return plan;
}

EntropyMcmc::State EntropyMcmc::init(const Problem& problem, const Context& context) const {
  State s;
  begin_stochastic(params, problem, context, s);
  s.partner = kernels::new_batch(s.ensemble.rows(), problem.dimension());
  Kokkos::deep_copy(s.partner, s.ensemble.position);
  return s;
}

Vector EntropyMcmc::move(const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const bool are_guides = params.draws_of == DrawsOf::guide;
  const Batch z = are_guides ? s.partner : e.position, a = are_guides ? e.position : s.partner;
  const double h = params.step, pull = h / params.coupling, noise = std::sqrt(2.0 * h);
  const int d = static_cast<int>(z.extent(1));
  const Batch xi = proposal_normals(e, context, s.iteration), guide = kernels::new_batch(e.rows(), d);
  context.rng.normals({kernels::Purpose::guide, s.iteration}, e.layout.first(), guide);
  const Batch proposed = kernels::new_batch(e.rows(), d);
  kernels::for_each_row(e.rows(), [&](int row) {
    double* const next = &proposed(row, 0);
    for (int k = 0; k < d; ++k) next[k] = e.gradient(row, k) - z(row, k);
    multiply_covariance(s, next);
    multiply_root(s, &xi(row, 0));
    multiply_root(s, &guide(row, 0));
    for (int k = 0; k < d; ++k) {
      const double apart = pull * (z(row, k) - a(row, k));
      next[k] = z(row, k) + h * next[k] - apart + noise * xi(row, k);
      guide(row, k) = a(row, k) + apart + noise * guide(row, k);
    }
  });
  Candidates c = new_candidates(e, proposed);
  stochastic_gradient(params, context, proposed, s.iteration + 1, s, c.evaluation);
  const Vector moved("moved", e.rows());
  kernels::for_each_row(e.rows(), [&](int row) {
    moved(row) = e.accepted(row) = std::isfinite(c.evaluation.log_likelihood(row)) ? 1.0 : 0.0;
    if (moved(row) == 0.0) return;
    std::copy_n(&proposed(row, 0), d, &z(row, 0));
    std::copy_n(&guide(row, 0), d, &a(row, 0));
    std::copy_n(&c.evaluation.gradient(row, 0), d, &e.gradient(row, 0));
  });
  return moved;
}

StepInfo EntropyMcmc::step(const Problem& problem, const Context& context, State& s) const {
  const bool is_first = s.mode.empty();
  prepare_stochastic(params, params.step, problem, context, s);
  if (is_first) Kokkos::deep_copy(s.partner, s.ensemble.position);
  const Vector moved = move(context, s);
  const Batch& parameters = params.draws_of == DrawsOf::guide ? s.partner : s.ensemble.position;
  const StepInfo info = end_stochastic_step(params, parameters, moved, problem, context, s);
  if (info.is_draw && params.draws_of == DrawsOf::guide) return_lost_guides(problem, context, s);
  return info;
}

}  // namespace aleator::sampler
