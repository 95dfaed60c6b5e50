#include "sampler/langevin/ula.hpp"

#include <cmath>

#include "kernels/triangular.hpp"
#include "sampler/mcmc/mala.hpp"

namespace aleator::sampler {

deck::Schema<Ula::Params> Ula::schema() {
  deck::Schema<Params> s("Unadjusted Langevin algorithm, preconditioned", "Roberts, Tweedie 1996");
  add_chain_keys(s).key("step", &Params::step, "1", "h, in units of the posterior's covariance; the bias is O(h)",
                        deck::inside(0, 2));
  return s;
}

Plan Ula::plan() const {
  Plan plan = chain_plan(params);
  plan.is_exact = false;
  return plan;
}

Ula::State Ula::init(const Problem& problem, const Context& context) const {
  return begin_chains(params, 0.1, true, problem, context);
}

Vector go_unless_failed(const Candidates& c, Ensemble& e) {
  const Vector moved("moved", e.rows());
  kernels::for_each_row(e.rows(), [=](int row) {
    moved(row) = std::isfinite(c.evaluation.log_likelihood(row)) ? 1.0 : 0.0;
    e.accepted(row) = moved(row);
    if (moved(row) == 0.0) return;
    e.log_likelihood(row) = c.evaluation.log_likelihood(row);
    for (std::size_t k = 0; k < e.position.extent(1); ++k) e.position(row, k) = c.position(row, k);
    for (std::size_t k = 0; k < e.gradient.extent(1); ++k) e.gradient(row, k) = c.evaluation.gradient(row, k);
  });
  return moved;
}

StepInfo Ula::step(const Problem& problem, const Context& context, State& s) const {
  if (!is_warmed_up(params, s)) return warm_up_by_mala(params, problem, context, s);
  Ensemble& e = s.ensemble;
  const double h = params.step, noise = std::sqrt(2.0 * h);
  const Batch jump = proposal_normals(e, context, s.iteration), proposed("proposed", e.rows(), jump.extent(1));
  const int d = static_cast<int>(jump.extent(1));
  kernels::multiply_lower_transposed(  // jump = h L^T grad log pi(z) + sqrt(2 h) xi
      s.lower.data(), e.rows(), d, [=](int row, int k) { return e.gradient(row, k) - e.position(row, k); },
      [=](int row, int k, double drift) { jump(row, k) = h * drift + noise * jump(row, k); });
  kernels::multiply_lower(
      s.lower.data(), e.rows(), d, [=](int row, int k) { return jump(row, k); },
      [=](int row, int k, double move) { proposed(row, k) = e.position(row, k) + move; });
  const Candidates c = evaluate_candidates(problem, context, e, proposed);
  return end_step(params, 1.0, {go_unless_failed(c, e), 1, 1}, problem, context, s);
}

}  // namespace aleator::sampler
