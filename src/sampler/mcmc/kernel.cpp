#include "sampler/mcmc/kernel.hpp"

#include <cmath>

#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"

namespace aleator::sampler {

Kernel kernel_for(Kernel kernel, const Problem& problem) {
  if (kernel != Kernel::automatic) return kernel;
  if (problem.has_gradient()) return Kernel::mala;
  return problem.dimension() <= PooledMoments::largest_dimension ? Kernel::random_walk : Kernel::pcn;
}

KernelFacts facts_of(Kernel kernel, int dimension) {
  switch (kernel) {
    case Kernel::mala:
      return {0.574, 1.65 / std::pow(dimension, 1.0 / 6.0)};
    case Kernel::pcn:
      return {0.234, 0.3};
    case Kernel::automatic:
    case Kernel::random_walk:
      break;
  }
  return {0.234, 2.38 / std::sqrt(dimension)};
}

Vector move_by(Kernel kernel, const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
  if (kernel == Kernel::mala) return Mala::move(problem, context, setting, e);
  if (kernel == Kernel::pcn) return Pcn::move(problem, context, setting, e);
  return RandomWalk::move(problem, context, setting, e);
}

}  // namespace aleator::sampler
