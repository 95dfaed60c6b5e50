#pragma once
/// What      How long this rank has waited for the other groups of the process grid.
/// Method    the time spent in collective calls over the ensemble, or over the world where there are several groups. A rank that
///           comes late waits little, one that comes early waits for the last.
/// Parallel  local but for idle_shares, which is collective; for the thread that calls MPI.
/// Cost      two looks at the clock a call.
/// Fails     -
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

/// From now on calls over `comm` count; a communicator of one rank has nothing to wait for.
void count_waiting(const Comm& comm);
/// Seconds since the program began.
double seconds_waited();
/// Of every group, waited / elapsed of the rank that calls; empty with one group.
std::vector<double> idle_shares(const Comm& ensemble, double waited, double elapsed);

}  // namespace aleator::parallel
