#include "sampler/mcmc/inner_move.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sampler/mcmc/hmc.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"

namespace aleator::sampler {

InnerMove move_for(Kernel kernel, const Problem& problem) {
  switch (kernel) {
    case Kernel::random_walk:
      return InnerMove::random_walk;
    case Kernel::pcn:
      return InnerMove::pcn;
    case Kernel::mala:
      return InnerMove::mala;
    case Kernel::automatic:
      break;
  }
  if (problem.has_gradient()) return InnerMove::mala;
  return problem.dimension() <= PooledMoments::largest_dimension ? InnerMove::random_walk : InnerMove::pcn;
}

bool needs_gradient(InnerMove move) { return move == InnerMove::mala || move == InnerMove::hmc; }

double target_acceptance(InnerMove move) {
  switch (move) {
    case InnerMove::random_walk:
    case InnerMove::pcn:
      return 0.234;
    case InnerMove::mala:
      return 0.574;
    case InnerMove::hmc:
      return 0.8;
  }
  return 0.234;
}

double first_scale(InnerMove move, int dimension) {
  switch (move) {
    case InnerMove::random_walk:
      return 2.38 / std::sqrt(dimension);
    case InnerMove::pcn:
      return 0.5;
    case InnerMove::mala:
      return 1.65 / std::pow(dimension, 1.0 / 6.0);
    case InnerMove::hmc:
      return 0.9 / std::pow(dimension, 0.25);
  }
  return 1.0;
}

MoveOnce kernel_of(const MoveChoice& choice) {
  switch (choice.move) {
    case InnerMove::random_walk:
      return RandomWalk::move;
    case InnerMove::pcn:
      return Pcn::move;
    case InnerMove::mala:
      return Mala::move;
    case InnerMove::hmc: {
      Hmc hmc;
      hmc.params.leapfrogs = choice.leapfrogs;
      return [hmc](const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
        return hmc.move(problem, context, setting, e);
      };
    }
  }
  return {};
}

int runs_of(const MoveChoice& choice) { return choice.move == InnerMove::hmc ? choice.leapfrogs : 1; }

std::string gradient_objection(const MoveChoice& choice, const Problem& problem) {
  if (!needs_gradient(choice.move) || problem.has_gradient()) return {};
  return fmt::format("move = \"{}\" needs the gradient of the log-likelihood, which {}",
                     choice.move == InnerMove::mala ? "mala" : "hmc", problem.missing_gradient());
}

}  // namespace aleator::sampler
