#include "sampler/langevin/underdamped.hpp"

#include <cmath>

#include "kernels/triangular.hpp"
#include "sampler/langevin/ula.hpp"
#include "sampler/mcmc/mala.hpp"

namespace aleator::sampler {
namespace {

// B: v += h / 2 L^T (gradient - position)
void push(const std::vector<double>& lower, double half_step, const Batch& z, const Batch& gradient, const Batch& v) {
  kernels::multiply_lower_transposed(
      lower.data(), static_cast<int>(v.extent(0)), static_cast<int>(v.extent(1)),
      [=](int row, int k) { return gradient(row, k) - z(row, k); },
      [=](int row, int k, double force) { v(row, k) += half_step * force; });
}

// A: z += h / 2 L v
void float_on(const std::vector<double>& lower, double half_step, const Batch& v, const Batch& z) {
  kernels::multiply_lower(
      lower.data(), static_cast<int>(v.extent(0)), static_cast<int>(v.extent(1)),
      [=](int row, int k) { return v(row, k); },
      [=](int row, int k, double velocity) { z(row, k) += half_step * velocity; });
}

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
  Ensemble& e = s.ensemble;
  if (!is_warmed_up(params, s)) {
    constexpr double acceptance = 0.574;
    return end_step(params, acceptance,
                    {Mala::move(problem, context, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, e), 1, 1},
                    problem, context, s);
  }
  const double half = 0.5 * params.step, memory = std::exp(-params.friction * params.step),
               noise = std::sqrt(-std::expm1(-2.0 * params.friction * params.step));
  const Batch xi = proposal_normals(e, context, s.iteration), v = s.velocity, z("z", e.rows(), v.extent(1));
  const int d = static_cast<int>(v.extent(1));
  Kokkos::deep_copy(z, e.position);
  push(s.lower, half, z, e.gradient, v);
  float_on(s.lower, half, v, z);
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d; ++k) v(row, k) = memory * v(row, k) + noise * xi(row, k);
  });
  float_on(s.lower, half, v, z);
  const Candidates c = evaluate_candidates(problem, context, e, z);
  push(s.lower, half, z, c.evaluation.gradient, v);
  const Vector moved = go_unless_failed(c, e);
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d && moved(row) == 0.0; ++k) v(row, k) = -v(row, k);
  });
  return end_step(params, 1.0, {moved, 1, 1}, problem, context, s);
}

}  // namespace aleator::sampler
