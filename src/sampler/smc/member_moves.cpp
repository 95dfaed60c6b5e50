#include "sampler/smc/member_moves.hpp"

#include <algorithm>

namespace aleator::sampler {
namespace {

// Positions, proposals and normals of a block fill a quarter of a usual second-level cache.
int rows_of_block(int dimension) {
  constexpr int bytes = 1 << 19;
  const int rows = bytes / (8 * (3 * dimension + 8));
  return std::max(256, rows / 64 * 64);
}

void copy_member(const Ensemble& from, int row, Ensemble& to, int place) {
  std::copy_n(&from.position(row, 0), from.position.extent(1), &to.position(place, 0));
  std::copy_n(from.gradient.data() + static_cast<std::size_t>(row) * from.gradient.extent(1), from.gradient.extent(1),
              to.gradient.data() + static_cast<std::size_t>(place) * to.gradient.extent(1));
  to.log_likelihood(place) = from.log_likelihood(row);
  to.accepted(place) = from.accepted(row);
}

}  // namespace

MoveRates move_members(const MoveOnce& kernel, const Problem& problem, const Context& context,
                       const MoveSetting& setting, int moves, Ensemble& e, const AfterMove& after,
                       const SecondHalf* second) {
  const Vector acceptance("acceptance", e.rows());
  const bool needs_all = problem.imputes_failures();  // from the nearest of all rows: no block can be moved alone
  const Context own = needs_all ? context : Context{parallel::Comm::self(), context.rng};
  const auto work = [&] {
    const int all = e.rows();
    const int rows = needs_all ? std::max(1, all) : rows_of_block(problem.dimension());
    const int border =
        second == nullptr ? all : static_cast<int>(std::clamp<std::int64_t>(second->border - e.layout.first(), 0, all));
    for (int first = 0, count = 0; first < all || (needs_all && first == 0); first += needs_all ? rows : count) {
      const bool is_before = first < border || second == nullptr;
      count = std::min(rows, (is_before ? border : all) - first);
      Ensemble part = e.part(first, count);
      for (int move = 0; move < moves; ++move) {
        const MoveSetting now{setting.temper, setting.scale, is_before ? setting.lower : second->lower,
                              setting.step + move, setting.acceptance};
        const Vector probability = kernel(problem, own, now, part);
        for (int row = 0; row < count; ++row) acceptance(first + row) += probability(row);
        if (after) after(move, first, part);
      }
    }
  };
  if (context.comm.size() > 1 && problem.may_stop())
    parallel::agree(context.comm, work);
  else
    work();
  constexpr double refuses = 0.05;
  const std::vector<double> sums = parallel::ordered_sum(context.comm, e.layout, 2, [&](int row, double* sum) {
    sum[0] += acceptance(row), sum[1] += acceptance(row) < refuses * moves ? 1.0 : 0.0;
  });
  const auto members = static_cast<double>(e.layout.rows());
  return {sums[0] / members / moves, sums[1] / members};
}

Ensemble every(const Ensemble& e, int stride, const parallel::RowLayout& layout) {
  Ensemble chosen(layout, static_cast<int>(e.position.extent(1)), static_cast<int>(e.gradient.extent(1)));
  for (int row = 0, rows = chosen.rows(); row < rows; ++row) copy_member(e, row * stride, chosen, row);
  return chosen;
}

void put(const Ensemble& from, Ensemble& to, const Places& places) {
  for (int row = 0, rows = from.rows(); row < rows; ++row)
    copy_member(from, row, to, places.first + row * places.stride);
}

}  // namespace aleator::sampler
