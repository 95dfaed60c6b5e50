#include "sampler/langevin/sgld.hpp"

#include <cmath>

#include "sampler/langevin/ula.hpp"

namespace aleator::sampler {

deck::Schema<Sgld::Params> Sgld::schema() {
  deck::Schema<Params> s(
      "Stochastic-gradient Langevin dynamics: batches of the data, with control variates; structured",
      "Welling, Teh 2011; Baker, Fearnhead, Fox, Nemeth 2019; Alexos, Boyd, Mandt 2022");
  add_stochastic_keys(s).key("step", &Params::step, "1", "h, in units of the posterior's covariance; the bias is O(h)",
                             deck::inside(0, 2));
  return s;
}

Sgld::State Sgld::init(const Problem& problem, const Context& context) const {
  State s;
  begin_stochastic(params, problem, context, s);
  return s;
}

StepInfo Sgld::step(const Problem& problem, const Context& context, State& s) const {
  prepare_stochastic(params, params.step, problem, context, s);
  Ensemble& e = s.ensemble;
  const double h = params.step, noise = std::sqrt(2.0 * h);
  const Batch xi = proposal_normals(e, context, s.iteration);
  const int d = static_cast<int>(xi.extent(1));
  const Batch proposed = kernels::new_batch(e.rows(), d);
  kernels::for_each_row(e.rows(), [&](int row) {
    double* const z = &proposed(row, 0);
    for (int k = 0; k < d; ++k) z[k] = e.gradient(row, k) - e.position(row, k);
    multiply_covariance(s, z);
    multiply_root(s, &xi(row, 0));
    for (int k = 0; k < d; ++k) z[k] = e.position(row, k) + h * z[k] + noise * xi(row, k);
  });
  Candidates c = new_candidates(e, proposed);
  stochastic_gradient(params, context, proposed, s.iteration + 1, s, c.evaluation);
  const Vector moved = go_unless_failed(c, e);
  return end_stochastic_step(params, e.position, moved, problem, context, s);
}

}  // namespace aleator::sampler
