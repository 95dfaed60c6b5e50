#include "sampler/langevin/sghmc.hpp"

#include <cmath>

#include "sampler/langevin/baoab.hpp"

namespace aleator::sampler {
namespace {

// Products with C^1/2 of the blocks.
struct BlockRoot {
  const StochasticState& s;

  void push(double half, const Batch& z, const Batch& gradient, const Batch& v) const {
    const int d = static_cast<int>(v.extent(1));
    kernels::for_each_row(static_cast<int>(v.extent(0)), [&, v](int row) {
      std::vector<double> force(static_cast<std::size_t>(d));
      for (int k = 0; k < d; ++k) force[k] = gradient(row, k) - z(row, k);
      multiply_root(s, force.data());
      for (int k = 0; k < d; ++k) v(row, k) += half * force[k];
    });
  }
  void float_on(double half, const Batch& v, const Batch& z) const {
    const int d = static_cast<int>(v.extent(1));
    kernels::for_each_row(static_cast<int>(v.extent(0)), [&, z](int row) {
      std::vector<double> velocity(&v(row, 0), &v(row, 0) + d);
      multiply_root(s, velocity.data());
      for (int k = 0; k < d; ++k) z(row, k) += half * velocity[k];
    });
  }
};

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
  const auto candidates_at = [&](const Batch& z) {
    Candidates c = new_candidates(e, z);
    stochastic_gradient(params, context, z, s.iteration + 1, s, c.evaluation);
    return c;
  };
  const Vector moved = baoab({params.step, params.friction}, BlockRoot{s}, proposal_normals(e, context, s.iteration),
                             s.velocity, e, candidates_at);
  return end_stochastic_step(params, s.ensemble.position, moved, problem, context, s);
}

}  // namespace aleator::sampler
