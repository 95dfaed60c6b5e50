#include "parallel/process_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/error.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::parallel {

void ProcessGrid::split(const Comm& world, int domain_ranks) {
  ALEATOR_ASSERT(domain_ranks >= 1 && world.size() % domain_ranks == 0);
  world_ = world;
  // The runs of a campaign split the same ranks again and again, and MPI has a limited number of communicators.
  static std::map<std::pair<MPI_Comm, int>, std::pair<Comm, Comm>> made;
  if (const auto found = made.find({world.native(), domain_ranks}); found != made.end()) {
    std::tie(domain_, ensemble_) = found->second;
    return;
  }
  const int domain_rank = world.rank() % domain_ranks, group = world.rank() / domain_ranks;
  // With one kind of group nothing is split: no communicator is made that a plain run does not need.
  domain_ = domain_ranks == 1 ? Comm::self() : domain_ranks == world.size() ? world : world.split(group);
  ensemble_ = domain_ranks == 1 ? world : world.split(domain_rank).as_replica_of(world, domain_rank > 0);
  made.insert({{world.native(), domain_ranks}, {domain_, ensemble_}});
}

DomainChoice choose_domain(int world_ranks, std::int64_t rows_at_once, const std::vector<DecomposableModel>& models) {
  constexpr std::int64_t least_unknowns = 5000;  // below, messages take longer than the arithmetic
  if (models.empty()) return {1, "no model of this deck works on a decomposed domain"};
  const DecomposableModel& largest =
      *std::max_element(models.begin(), models.end(),
                        [](const DecomposableModel& a, const DecomposableModel& b) { return a.unknowns < b.unknowns; });
  const std::int64_t shares = RowLayout(rows_at_once, 0, 1).blocks();  // what rows are dealt in
  int chosen = 1;
  for (int d = 2; d <= world_ranks; ++d) {
    const bool is_enough = world_ranks / chosen <= shares && largest.unknowns / chosen <= most_unknowns_of_a_rank;
    if (is_enough || largest.unknowns / d < least_unknowns) break;
    if (world_ranks % d == 0) chosen = d;
  }
  return {chosen,
          fmt::format("{} rank{}, {} row{} at once, {} unknowns in '{}'", world_ranks, world_ranks == 1 ? "" : "s",
                      rows_at_once, rows_at_once == 1 ? "" : "s", largest.unknowns, largest.name)};
}

}  // namespace aleator::parallel
