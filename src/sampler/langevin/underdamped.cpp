#include "sampler/langevin/underdamped.hpp"

#include <cmath>

#include "kernels/triangular.hpp"
#include "sampler/langevin/baoab.hpp"
#include "sampler/mcmc/mala.hpp"

namespace aleator::sampler {
namespace {

// Products with the learned factor L.
struct LowerRoot {
  const std::vector<double>& lower;

  void push(double half, const Batch& z, const Batch& gradient, const Batch& v) const {
    kernels::multiply_lower_transposed(
        lower.data(), static_cast<int>(v.extent(0)), static_cast<int>(v.extent(1)),
        [=](int row, int k) { return gradient(row, k) - z(row, k); },
        [=](int row, int k, double force) { v(row, k) += half * force; });
  }
  void float_on(double half, const Batch& v, const Batch& z) const {
    kernels::multiply_lower(
        lower.data(), static_cast<int>(v.extent(0)), static_cast<int>(v.extent(1)),
        [=](int row, int k) { return v(row, k); },
        [=](int row, int k, double velocity) { z(row, k) += half * velocity; });
  }
};

}  // namespace

deck::Schema<Underdamped::Params> Underdamped::schema() {
  deck::Schema<Params> s("Underdamped Langevin dynamics (BAOAB), preconditioned", "Leimkuhler, Matthews 2013");
  add_chain_keys(s)
      .key("step", &Params::step, "1", "h, in units of the posterior's standard deviations; the bias is O(h^2)",
           deck::inside(0, 2))
      .key("friction", &Params::friction, "1", "gamma: small values follow the momentum, large ones diffuse",
           deck::positive());
  return s;
}

Plan Underdamped::plan() const {
  Plan plan = chain_plan(params);
  plan.is_exact = false;
  return plan;
}

void Underdamped::State::fields(io::Archive& archive) {
  ChainState::fields(archive);
  archive.rows("velocity", ensemble.layout, velocity);
}

Underdamped::State Underdamped::init(const Problem& problem, const Context& context) const {
  State s{begin_chains(params, 0.1, true, problem, context), {}};
  s.velocity = Batch("velocity", s.ensemble.rows(), problem.dimension());
  context.rng.normals({kernels::Purpose::trajectory}, s.ensemble.layout.first(), s.velocity);
  return s;
}

StepInfo Underdamped::step(const Problem& problem, const Context& context, State& s) const {
  if (!is_warmed_up(params, s)) return warm_up_by_mala(params, problem, context, s);
  Ensemble& e = s.ensemble;
  const Vector moved =
      baoab({params.step, params.friction}, LowerRoot{s.lower}, proposal_normals(e, context, s.iteration), s.velocity,
            e, [&](const Batch& z) { return evaluate_candidates(problem, context, e, z); });
  return end_step(params, 1.0, {moved, 1, 1}, problem, context, s);
}

}  // namespace aleator::sampler
