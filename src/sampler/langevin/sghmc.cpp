#include "sampler/langevin/sghmc.hpp"

#include <cmath>

#include "sampler/langevin/ula.hpp"

namespace aleator::sampler {
namespace {

// B: v += h / 2 C^1/2 (gradient - position)
void push(const StochasticState& s, double half_step, const Batch& z, const Batch& gradient, const Batch& v) {
  const int d = static_cast<int>(v.extent(1));
  kernels::for_each_row(static_cast<int>(v.extent(0)), [&, v](int row) {
    std::vector<double> force(static_cast<std::size_t>(d));
    for (int k = 0; k < d; ++k) force[k] = gradient(row, k) - z(row, k);
    multiply_root(s, force.data());
    for (int k = 0; k < d; ++k) v(row, k) += half_step * force[k];
  });
}

// A: z += h / 2 C^1/2 v
void float_on(const StochasticState& s, double half_step, const Batch& v, const Batch& z) {
  const int d = static_cast<int>(v.extent(1));
  kernels::for_each_row(static_cast<int>(v.extent(0)), [&, z](int row) {
    std::vector<double> velocity(&v(row, 0), &v(row, 0) + d);
    multiply_root(s, velocity.data());
    for (int k = 0; k < d; ++k) z(row, k) += half_step * velocity[k];
  });
}

}  // namespace

deck::Schema<Sghmc::Params> Sghmc::schema() {
  deck::Schema<Params> s(
      "Stochastic-gradient Hamiltonian Monte Carlo: batches of the data, with control variates; structured",
      "Chen, Fox, Guestrin 2014; Leimkuhler, Matthews 2013; Alexos, Boyd, Mandt 2022");
  add_stochastic_keys(s)
      .key("step", &Params::step, "1", "h, in units of the posterior's standard deviations", deck::inside(0, 2))
      .key("friction", &Params::friction, "1",
           "gamma: small values follow the momentum and gather the gradients' noise, large ones diffuse",
           deck::positive());
  return s;
}

void Sghmc::State::fields(io::Archive& archive) {
  StochasticState::fields(archive);
  archive.rows("velocity", ensemble.layout, velocity);
}

Sghmc::State Sghmc::init(const Problem& problem, const Context& context) const {
  State s;
  begin_stochastic(params, problem, context, s);
  s.velocity = Batch("velocity", s.ensemble.rows(), problem.dimension());
  context.rng.normals({kernels::Purpose::trajectory}, s.ensemble.layout.first(), s.velocity);
  return s;
}

StepInfo Sghmc::step(const Problem& problem, const Context& context, State& s) const {
  prepare_stochastic(params, params.step / params.friction, problem, context, s);
  Ensemble& e = s.ensemble;
  const double half = 0.5 * params.step, memory = std::exp(-params.friction * params.step),
               noise = std::sqrt(-std::expm1(-2.0 * params.friction * params.step));
  const Batch xi = proposal_normals(e, context, s.iteration), v = s.velocity, z("z", e.rows(), v.extent(1));
  const int d = static_cast<int>(v.extent(1));
  Kokkos::deep_copy(z, e.position);
  push(s, half, z, e.gradient, v);
  float_on(s, half, v, z);
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d; ++k) v(row, k) = memory * v(row, k) + noise * xi(row, k);
  });
  float_on(s, half, v, z);
  Candidates c = new_candidates(e, z);
  stochastic_gradient(params, context, z, s.iteration + 1, s, c.evaluation);
  push(s, half, z, c.evaluation.gradient, v);
  const Vector moved = go_unless_failed(c, e);
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d && moved(row) == 0.0; ++k) v(row, k) = -v(row, k);
  });
  return end_stochastic_step(params, s.ensemble.position, moved, problem, context, s);
}

}  // namespace aleator::sampler
