#pragma once
/// What      Several Metropolis moves of every member of an ensemble, block by block: a block's positions, proposals and
///           densities stay in cache from one move to the next.
/// Method    a block is a part of the ensemble with its members' own random numbers: the bits do not depend on its size.
/// Parallel  collective; ranks work through their own blocks and meet once at the end.
/// Cost      that of the moves; memory traffic of one of them.
/// Fails     as the problem; an error on one rank is thrown on all.
#include "sampler/mcmc/inner_move.hpp"

namespace aleator::sampler {

/// Called after move 0, 1, ... of the block whose first member is the rank's member `first`.
using AfterMove = std::function<void(int move, int first, const Ensemble& part)>;

/// Members from `border` on that move with a factor of their own, where MoveSetting::lower is that of those before.
struct SecondHalf {
  std::int64_t border;
  const std::vector<double>& lower;
};

struct MoveRates {
  double acceptance = 0.0;  ///< mean acceptance probability of all moves
  double refusing = 0.0;    ///< share of the members whose own mean is below 0.05
};

/// `moves` moves with steps setting.step, setting.step + 1, ... No second half where failures are imputed, from the nearest of
/// all members.
MoveRates move_members(const MoveOnce& kernel, const Problem& problem, const Context& context,
                       const MoveSetting& setting, int moves, Ensemble& e, const AfterMove& after = {},
                       const SecondHalf* second = nullptr);

/// Rows first, first + stride, ... of an ensemble.
struct Places {
  int first, stride;
};
/// The first of every `stride` members of a rank, laid out by `layout`.
Ensemble every(const Ensemble& e, int stride, const parallel::RowLayout& layout);
/// Copies the members of `from` to the places of `to`.
void put(const Ensemble& from, Ensemble& to, const Places& places);

}  // namespace aleator::sampler
