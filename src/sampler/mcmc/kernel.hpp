#pragma once
/// What      The Metropolis kernels that other algorithms take as a part: which one, and how it is tuned.
/// Method    random walk, pCN or MALA of this folder, behind one function.
/// Parallel  as the kernels.
/// Cost      as the kernels.
/// Fails     as the kernels.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

enum class Kernel { automatic, random_walk, pcn, mala };

/// What `automatic` means for a problem; any other kernel is itself.
Kernel kernel_for(Kernel kernel, const Problem& problem);

struct KernelFacts {
  double acceptance;   ///< the rate its scale is tuned to
  double first_scale;  ///< for a target whose covariance is known
};
KernelFacts facts_of(Kernel kernel, int dimension);

/// One move of every member; not with `automatic`.
Vector move_by(Kernel kernel, const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e);

template <typename Params, typename Owner>
deck::Schema<Params>& add_kernel_key(deck::Schema<Params>& s, Kernel Owner::*member) {
  return s.choice("kernel", member, "Metropolis kernel",
                  {{"automatic", Kernel::automatic,
                    "mala where there is a gradient; else random_walk, or pcn above 256 coordinates"},
                   {"random_walk", Kernel::random_walk, "with the ensemble's covariance"},
                   {"pcn", Kernel::pcn, "preconditioned Crank-Nicolson"},
                   {"mala", Kernel::mala, "Langevin, needs a gradient"}});
}

}  // namespace aleator::sampler
