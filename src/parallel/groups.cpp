#include "parallel/groups.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/error.hpp"

namespace aleator::parallel {

Groups::Groups(const Comm& world, int count)
    : world_(world),
      group_(count == 1 ? world : world.split(world.rank() / (world.size() / count))),
      doors_(world.size() == count ? Comm::self() : group_.split(0)),
      count_(count),
      index_(world.rank() / (world.size() / count)) {
  ALEATOR_ASSERT(world.size() % count == 0);
}

bool Groups::everybody_comes(double seconds) const {
  if (group_.size() == 1) return true;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  MPI_Request request = MPI_REQUEST_NULL;
  if (MPI_Ibarrier(doors_.native(), &request) != MPI_SUCCESS) return false;
  for (int is_done = 0; Clock::now() < end;) {
    if (MPI_Test(&request, &is_done, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
    if (is_done != 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

int choose_groups(int world_ranks, std::int64_t runs, int ranks_of_a_run) {
  int chosen = 1;
  for (int g = 2; g <= std::min<std::int64_t>(world_ranks, runs); ++g)
    if (world_ranks % g == 0 && (world_ranks / g) % ranks_of_a_run == 0) chosen = g;
  return chosen;
}

int least_ranks(int requested_domain, const std::vector<DecomposableModel>& models) {
  if (requested_domain > 0) return requested_domain;
  int ranks = 1;
  for (const DecomposableModel& model : models)
    ranks = std::max<int>(ranks,
                          static_cast<int>((model.unknowns + most_unknowns_of_a_rank - 1) / most_unknowns_of_a_rank));
  return ranks;
}

}  // namespace aleator::parallel
