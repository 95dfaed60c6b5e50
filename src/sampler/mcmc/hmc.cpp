#include "sampler/mcmc/hmc.hpp"

#include <cmath>

#include "kernels/triangular.hpp"

namespace aleator::sampler {
namespace {

double squared_length(const Batch& rho, int row) {
  double sum = 0.0;
  for (std::size_t k = 0; k < rho.extent(1); ++k) sum += rho(row, k) * rho(row, k);
  return sum;
}

// rho += half epsilon_row L^T grad log pi(z), or a whole step with half = 1.
void kick(const MoveSetting& setting, double half, const Vector& epsilon, const Candidates& c, const Batch& rho) {
  const Batch z = c.position, g = c.evaluation.gradient;
  kernels::multiply_lower_transposed(
      setting.lower.data(), static_cast<int>(z.extent(0)), static_cast<int>(z.extent(1)),
      [=, temper = setting.temper](int row, int k) { return temper * g(row, k) - z(row, k); },
      [=](int row, int k, double force) { rho(row, k) += half * epsilon(row) * force; });
}

// z += epsilon_row L rho
void drift(const MoveSetting& setting, const Vector& epsilon, const Batch& rho, const Batch& z) {
  kernels::multiply_lower(
      setting.lower.data(), static_cast<int>(z.extent(0)), static_cast<int>(z.extent(1)),
      [=](int row, int k) { return rho(row, k); },
      [=](int row, int k, double velocity) { z(row, k) += epsilon(row) * velocity; });
}

}  // namespace

deck::Schema<Hmc::Params> Hmc::schema() {
  deck::Schema<Params> s("Hamiltonian Monte Carlo, preconditioned",
                         "Duane, Kennedy, Pendleton, Roweth 1987; Neal 2011");
  add_chain_keys(s)
      .key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate the step is tuned to",
           deck::inside(0, 1))
      .key("leapfrogs", &Params::leapfrogs, "1", "leapfrog steps of a trajectory, each one model run with adjoint",
           deck::at_least(1))
      .key("jitter", &Params::jitter, "1", "steps of trajectories differ by up to this share", deck::between(0, 0.9))
      .choice("tail", &Params::tail, "coordinates redrawn from the prior by tail moves after each trajectory",
              {{"none", Tail::none, "no tail moves"},
               {"upper", Tail::upper, "those above tail_threshold"},
               {"lower", Tail::lower, "those below -tail_threshold"}})
      .key("tail_threshold", &Params::tail_threshold, "1",
           "c, in prior standard deviations of the latent coordinates; with several values the tail moves take turns")
      .key("tail_share", &Params::tail_share, "1",
           "probability with which a coordinate in the tail is redrawn, one for each tail_threshold",
           deck::between(0, 1))
      .key("tail_moves", &Params::tail_moves, "1", "tail moves after a trajectory", deck::at_least(1))
      .check("tail_share", [](const Params& p) {
        return p.tail_share.size() == p.tail_threshold.size() && !p.tail_share.empty()
                   ? std::string()
                   : std::string("tail_share and tail_threshold must have the same length, at least one");
      });
  return s;
}

Hmc::State Hmc::init(const Problem& problem, const Context& context) const {
  return begin_chains(params, 0.05, true, problem, context);
}

Vector Hmc::move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) const {
  const Batch rho = proposal_normals(e, context, setting.step);
  const Batch z("z", e.rows(), rho.extent(1));
  const Vector epsilon("epsilon", e.rows()), energy("energy", e.rows());
  for (int row = 0; row < e.rows(); ++row) {
    const double u = context.rng.uniform({kernels::Purpose::trajectory, setting.step}, e.layout.first() + row);
    epsilon(row) = setting.scale * (1.0 + params.jitter * (2.0 * u - 1.0));
    energy(row) = 0.5 * squared_length(rho, row);
  }
  Kokkos::deep_copy(z, e.position);
  Candidates c = start_of_trajectory(e, z);
  kick(setting, 0.5, epsilon, c, rho);
  for (int i = 1; i <= params.leapfrogs; ++i) {
    drift(setting, epsilon, rho, z);
    evaluate(problem, z, c.evaluation, context);
    kick(setting, i < params.leapfrogs ? 1.0 : 0.5, epsilon, c, rho);
  }
  kernels::for_each_row(e.rows(), [=, position = e.position](int row) {
    c.log_ratio(row) = log_prior_ratio(z, position, row) + energy(row) - 0.5 * squared_length(rho, row);
  });
  return accept(c, setting, context, e);
}

StepInfo Hmc::step(const Problem& problem, const Context& context, State& s) const {
  const Vector acceptance = move(problem, context, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, s.ensemble);
  StepReport report{acceptance, params.leapfrogs, params.leapfrogs};
  if (params.tail != Tail::none) {
    for (int i = 0; i < params.tail_moves; ++i) {
      if (is_warmed_up(params, s)) s.means.add(problem, s.ensemble.position);
      const std::size_t turn = static_cast<std::size_t>(i) % params.tail_threshold.size();
      const TailSetting setting{params.tail, params.tail_threshold[turn], params.tail_share[turn],
                                s.iteration * params.tail_moves + i};
      tail_move(problem, context, setting, s.ensemble);
    }
    model::Evaluation present{s.ensemble.log_likelihood, s.ensemble.gradient, {}};  // gradients for the next trajectory
    evaluate(problem, s.ensemble.position, present, context);
    report.runs += params.tail_moves + 1, report.gradients += 1;
  }
  return end_step(params, params.target_acceptance, report, problem, context, s);
}

}  // namespace aleator::sampler
