#include "sampler/mcmc/kernel.hpp"

#include "sampler/mcmc/inner_move.hpp"

namespace aleator::sampler {
namespace {

InnerMove move_of(Kernel kernel) {
  if (kernel == Kernel::mala) return InnerMove::mala;
  return kernel == Kernel::pcn ? InnerMove::pcn : InnerMove::random_walk;
}

}  // namespace

Kernel kernel_for(Kernel kernel, const Problem& problem) {
  if (kernel != Kernel::automatic) return kernel;
  if (problem.has_gradient()) return Kernel::mala;
  return problem.dimension() <= PooledMoments::largest_dimension ? Kernel::random_walk : Kernel::pcn;
}

KernelFacts facts_of(Kernel kernel, int dimension) {
  return {target_acceptance(move_of(kernel)), first_scale(move_of(kernel), dimension)};
}

Vector move_by(Kernel kernel, const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
  return kernel_of({move_of(kernel)})(problem, context, setting, e);
}

}  // namespace aleator::sampler
