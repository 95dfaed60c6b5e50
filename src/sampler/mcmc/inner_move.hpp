#pragma once
/// What      The menu of Metropolis kernels that other samplers move their members by, at any exponent of the likelihood.
/// Method    random walk, pCN, MALA, HMC: their `move`, the acceptance it is tuned to, and the scale to start from (optimal
///           scaling of normal targets: Roberts, Gelman, Gilks 1997; Roberts, Rosenthal 1998; Beskos and others 2013).
/// Parallel  as the kernels.
/// Cost      one model run a move; `leapfrogs` runs with adjoint for HMC.
/// Fails     as the kernels.
#include <functional>

#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

using MoveOnce = std::function<Vector(const Problem&, const Context&, const MoveSetting&, Ensemble&)>;

enum class InnerMove { random_walk, pcn, mala, hmc };

struct MoveChoice {
  InnerMove move = InnerMove::random_walk;
  int leapfrogs = 5;
};

template <typename Params>
deck::Schema<Params>& add_move_keys(deck::Schema<Params>& s) {
  s.choice("move", &Params::move, "Metropolis move between temperatures",
           {{"random_walk", InnerMove::random_walk, "with the members' covariance"},
            {"pcn", InnerMove::pcn, "preconditioned Crank-Nicolson"},
            {"mala", InnerMove::mala, "Langevin, needs a gradient"},
            {"hmc", InnerMove::hmc, "Hamiltonian, needs a gradient"}});
  s.key("leapfrogs", &Params::leapfrogs, "1", "leapfrog steps of a move", deck::at_least(1));
  s.only_with("move = \"hmc\"", [](const Params& p) { return p.move == InnerMove::hmc; });
  return s;
}

/// What a deck may ask of samplers whose members are points of a known covariance.
enum class Kernel { automatic, random_walk, pcn, mala };

template <typename Params, typename Owner>
deck::Schema<Params>& add_kernel_key(deck::Schema<Params>& s, Kernel Owner::*member) {
  return s.choice("kernel", member, "Metropolis kernel",
                  {{"automatic", Kernel::automatic,
                    "mala where there is a gradient; else random_walk, or pcn above 256 coordinates"},
                   {"random_walk", Kernel::random_walk, "with the ensemble's covariance"},
                   {"pcn", Kernel::pcn, "preconditioned Crank-Nicolson"},
                   {"mala", Kernel::mala, "Langevin, needs a gradient"}});
}

/// The move that a kernel is for a problem.
InnerMove move_for(Kernel kernel, const Problem& problem);
bool needs_gradient(InnerMove move);
double target_acceptance(InnerMove move);
double first_scale(InnerMove move, int dimension);
MoveOnce kernel_of(const MoveChoice& choice);
/// Model runs of one move of one member.
int runs_of(const MoveChoice& choice);
/// The objection to a move whose gradient the problem does not offer, or empty.
std::string gradient_objection(const MoveChoice& choice, const Problem& problem);

}  // namespace aleator::sampler
