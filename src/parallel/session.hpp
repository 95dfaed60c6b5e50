#pragma once
/// What      MPI and Kokkos, started once and ended in the right order; requests to stop; what the program is built on.
/// Method    MPI_Init_thread(FUNNELED), then Kokkos; ended in reverse. Signals that ask to stop set a flag, nothing more.
/// Parallel  constructor and destructor of Session are collective over MPI_COMM_WORLD; the functions are local.
/// Cost      MPI's own start (0.1 to 0.3 s); commands that need no ranks never make a Session. More ranks x threads than
///           the node has cores are logged as a warning.
/// Fails     InternalError when MPI cannot start.
#include <string>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

/// Kokkos alone, for commands that build a deck's objects on one process and need no ranks: no MPI is started.
class LocalSession {
 public:
  LocalSession();
  ~LocalSession();
  LocalSession(const LocalSession&) = delete;
  LocalSession& operator=(const LocalSession&) = delete;
};

class Session {
 public:
  Session(int& argc, char**& argv);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
};

/// To be called before a Session, with main's argv. Libraries read their environment when they are loaded, so the program
/// replaces itself once (20 ms) where something is to be set that the user has not set:
/// - Threads that wait for each other spin: on a core that another process wants they then hold up the one they wait for, and a
///   run is 40 times slower. GOMP_SPINCOUNT says how long, where OMP_WAIT_POLICY says nothing.
/// - OPENBLAS_CORETYPE, if `blas_kernels` names some (math::better_blas_kernels).
void settle_environment(char** argv, const std::string& blas_kernels);

/// After this call SIGTERM, SIGUSR1 and SIGINT (Ctrl-C) ask the run to stop instead of ending the process, which a second SIGINT
/// does.
void catch_stop_signals();
/// The name of the signal that asked this rank to stop, or empty.
std::string stop_signal();
/// Ends the process by SIGINT if that asked it to stop, so that a shell's loop over runs ends too. To be called last of all.
void end_by_interrupt();

/// Prints the text from this rank and ends the whole program with the exit code: for errors of one rank alone.
[[noreturn]] void end_all_ranks(const std::string& text, int exit_code);

/// A process keeps the memory that it frees, for the next model run; this gives it back to the system, where a stage has ended.
void give_back_freed_memory();

/// Worker threads of this rank, and the Kokkos execution spaces by name ("OpenMP", "Serial", "Cuda").
int threads();
std::vector<std::string> kokkos_backends();
std::string kokkos_version();
std::string mpi_version();

}  // namespace aleator::parallel
