#include "sampler/mcmc/hmc.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "kernels/triangular.hpp"
#include "sampler/mcmc/coordinate_move.hpp"

namespace aleator::sampler {
namespace {

double squared_length(const Batch& rho, int row) {
  double sum = 0.0;
  for (std::size_t k = 0; k < rho.extent(1); ++k) sum += rho(row, k) * rho(row, k);
  return sum;
}

// What kicks and drifts read and write, by row and coordinate.
struct Leapfrog {
  const MoveSetting& setting;
  Vector epsilon;
  Candidates candidates;
  Batch rho;

  // rho += share epsilon_row L^T grad log pi(z)
  auto kick(double share) const {
    const Batch z = candidates.position, g = candidates.evaluation.gradient;
    return std::make_pair(
        [=, temper = setting.temper](int row, int k) { return temper * g(row, k) - z(row, k); },
        [=, e = epsilon, p = rho](int row, int k, double force) { p(row, k) += share * e(row) * force; });
  }
  // z += epsilon_row L rho
  auto drift() const {
    return std::make_pair(
        [p = rho](int row, int k) { return p(row, k); },
        [z = candidates.position, e = epsilon](int row, int k, double velocity) { z(row, k) += e(row) * velocity; });
  }
  void kick_and_drift(double share) const {
    kernels::multiply_lower_transposed_then_lower(setting.lower.data(), rho, kick(share), drift());
  }
  void last_kick() const {
    const auto half = kick(0.5);
    kernels::multiply_lower_transposed(setting.lower.data(), static_cast<int>(rho.extent(0)),
                                       static_cast<int>(rho.extent(1)), half.first, half.second);
  }
};

}  // namespace

deck::Schema<Hmc::Params> Hmc::schema() {
  deck::Schema<Params> s("Hamiltonian Monte Carlo, preconditioned",
                         "Duane, Kennedy, Pendleton, Roweth 1987; Neal 2011");
  const auto has_tail = [](const Params& p) { return p.tail != Tail::none; };
  const char* const tail = "tail = \"upper\" or \"lower\"";
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
      .only_with(tail, has_tail)
      .key("tail_share", &Params::tail_share, "1",
           "probability with which a coordinate in the tail is redrawn, one for each tail_threshold",
           deck::between(0, 1))
      .only_with(tail, has_tail)
      .key("tail_moves", &Params::tail_moves, "1", "tail moves after a trajectory", deck::at_least(1))
      .only_with(tail, has_tail)
      .key("coordinate_moves", &Params::coordinate_moves, "1",
           "draws of a single coordinate from its prior or its marginal after a trajectory", deck::at_least(0))
      .key("coordinates", &Params::coordinates, "1", "those that coordinate moves draw, counted from 0; none: all",
           deck::at_least(0))
      .only_with("coordinate_moves", [](const Params& p) { return p.coordinate_moves > 0; })
      .check("tail_share",
             [](const Params& p) {
               return p.tail_share.size() == p.tail_threshold.size() && !p.tail_share.empty()
                          ? std::string()
                          : std::string("tail_share and tail_threshold must have the same length, at least one");
             })
      .check("tail_moves", [](const Params& p) {
        return p.tail == Tail::none || p.tail_moves >= static_cast<int>(p.tail_threshold.size())
                   ? std::string()
                   : fmt::format("{} tail moves cannot take turns at {} tail_threshold", p.tail_moves,
                                 p.tail_threshold.size());
      });
  return s;
}

std::string Hmc::objection(const Problem& problem) const {
  for (const int k : params.coordinates)
    if (k >= problem.dimension())
      return fmt::format("names coordinate {} in 'coordinates' for a problem of {}; the first is 0", k,
                         problem.dimension());
  return gradient_objection(problem);
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
  const Leapfrog leapfrog{setting, epsilon, start_of_trajectory(e, z), rho};
  Candidates c = leapfrog.candidates;
  for (int i = 0; i < params.leapfrogs; ++i) {
    leapfrog.kick_and_drift(i == 0 ? 0.5 : 1.0);
    evaluate(problem, z, c.evaluation, context);
  }
  leapfrog.last_kick();
  kernels::for_each_row(e.rows(), [=, position = e.position](int row) {
    c.log_ratio(row) = log_prior_ratio(z, position, row) + energy(row) - 0.5 * squared_length(rho, row);
  });
  return accept(c, setting, context, e);
}

StepInfo Hmc::step(const Problem& problem, const Context& context, State& s) const {
  const Vector acceptance = move(problem, context, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, s.ensemble);
  StepReport report{acceptance, params.leapfrogs, params.leapfrogs};
  const int tail_moves = params.tail == Tail::none ? 0 : params.tail_moves,
            moves = tail_moves + params.coordinate_moves;
  const Marginals marginals = marginals_of(s);
  for (int i = 0; i < moves; ++i) {
    if (is_warmed_up(params, s)) s.means.add(problem, s.ensemble.position);
    const std::int64_t number = s.iteration * moves + i;
    if (i < tail_moves) {
      const std::size_t turn = static_cast<std::size_t>(i) % params.tail_threshold.size();
      tail_move(problem, context, {params.tail, params.tail_threshold[turn], params.tail_share[turn], number},
                s.ensemble);
    } else {
      coordinate_move(problem, context, {params.coordinates, marginals, number}, s.ensemble);
    }
  }
  if (moves > 0) {
    model::Evaluation present{s.ensemble.log_likelihood, s.ensemble.gradient, {}};  // gradients for the next trajectory
    evaluate(problem, s.ensemble.position, present, context);
    report.runs += moves + 1, report.gradients += 1;
  }
  return end_step(params, params.target_acceptance, report, problem, context, s);
}

}  // namespace aleator::sampler
