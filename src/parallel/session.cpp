#include "parallel/session.hpp"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <unistd.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/log.hpp"

namespace aleator::parallel {
namespace {

volatile std::sig_atomic_t caught_signal = 0;

void note_signal(int signal) {
  caught_signal = signal;
  constexpr char text[] = "\nstopping at the next good moment; Ctrl-C again ends at once\n";
  if (signal == SIGINT && write(STDERR_FILENO, text, sizeof text - 1) < 0) return;  // nobody to tell
}

bool is_started_by_launcher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "SLURM_STEP_ID"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}

// The cores of this node shared out to its ranks, unless the user says otherwise. The OpenMP library reads
// OMP_NUM_THREADS when it is loaded, before main; Kokkos reads its own variable when it is initialised.
void share_cores_of_node() {
  const char* const local_ranks = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  if (local_ranks == nullptr || std::getenv("OMP_NUM_THREADS") != nullptr) return;
  const int threads = static_cast<int>(std::thread::hardware_concurrency()) / std::max(1, std::atoi(local_ranks));
  setenv("KOKKOS_NUM_THREADS", std::to_string(std::max(1, threads)).c_str(), 0);
}

// Defaults that the user's environment overrides.
void set_environment_defaults() {
  share_cores_of_node();
  setenv("OMP_PROC_BIND", "false", 0);           // else Kokkos warns, and BLAS threads inherit a one-core mask
  setenv("KOKKOS_DISABLE_WARNINGS", "true", 0);  // every rank would print them; warn_if_crowded says what matters, once
  setenv("OPENBLAS_NUM_THREADS", "1", 0);        // parallelism is over rows, not inside a BLAS call
  if (!is_started_by_launcher()) setenv("OMPI_MCA_pml", "ob1", 0);  // one process: no fabric to probe, 0.2 s saved
}

// Batches come and go with every model run: their pages stay with the process instead of being mapped, zeroed and given back.
void keep_freed_memory() {
  constexpr int largest_kept = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, largest_kept / 32);
  mallopt(M_TRIM_THRESHOLD, largest_kept);
}

// Threads of Open MPI may run code of its plugins while MPI_Finalize unloads them: a run on a crowded machine, its work done,
// was once ended by a jump to where nothing was mapped. What stays in memory cannot be pulled from under them.
void keep_libraries() {
  std::vector<std::string> names;
  const auto note = [](dl_phdr_info* library, std::size_t, void* list) {
    static_cast<std::vector<std::string>*>(list)->emplace_back(library->dlpi_name);
    return 0;
  };
  dl_iterate_phdr(note, &names);
  for (const std::string& name : names)
    if (!name.empty()) dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

// Threads that must share cores cost speed, never bits: one line from rank 0, whose node stands for the others. Collective.
void warn_if_crowded(const Comm& world) {
  MPI_Comm node = MPI_COMM_NULL;
  int ranks = 1;
  if (MPI_Comm_split_type(world.native(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node) != MPI_SUCCESS) return;
  MPI_Comm_size(node, &ranks);
  MPI_Comm_free(&node);
  const long cores = sysconf(_SC_NPROCESSORS_ONLN), workers = static_cast<long>(ranks) * threads();
  if (cores > 0 && workers > cores)
    core::warn("{} threads ({} rank{} with {} each) share the {} core{} of this node and slow each other down; {}",
               workers, ranks, ranks == 1 ? "" : "s", threads(), cores, cores == 1 ? "" : "s",
               threads() == 1 ? "start fewer ranks" : "start fewer ranks or set OMP_NUM_THREADS lower");
}

}  // namespace

void settle_environment(char** argv, const std::string& blas_kernels) {
  const bool limits_spinning = std::getenv("GOMP_SPINCOUNT") == nullptr && std::getenv("OMP_WAIT_POLICY") == nullptr;
  if (!limits_spinning && blas_kernels.empty()) return;
  // Some 30 us: longer than most waits between two loops of a step. Ten times as long gains nothing on free cores, and beside
  // other work a run takes five times as long.
  if (limits_spinning) setenv("GOMP_SPINCOUNT", "1000", 1);
  if (!blas_kernels.empty()) setenv("OPENBLAS_CORETYPE", blas_kernels.c_str(), 1);
  execv("/proc/self/exe", argv);  // returns only when it fails: then all is as before
}

LocalSession::LocalSession() {
  set_environment_defaults();
  setenv("KOKKOS_NUM_THREADS", "1", 1);  // short work: starting and ending a team of threads would be most of it
  Kokkos::initialize();
}

LocalSession::~LocalSession() { Kokkos::finalize(); }

Session::Session(int& argc, char**& argv) {
  set_environment_defaults();
  keep_freed_memory();
  int provided = 0;
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
    throw core::InternalError("MPI_Init failed");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  Kokkos::initialize(argc, argv);
  const Comm world = Comm::world();
  core::set_log_rank(world.rank());
  warn_if_crowded(world);
}

Session::~Session() {
  Kokkos::finalize();
  keep_libraries();
  MPI_Finalize();
}

void catch_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  struct sigaction before = {};
  sigaction(SIGINT, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);  // a shell's background job is not meant
}

void end_by_interrupt() {
  if (caught_signal != SIGINT) return;
  std::signal(SIGINT, SIG_DFL);
  std::raise(SIGINT);
}

void end_all_ranks(const std::string& text, int exit_code) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::abort();
}

std::string stop_signal() {
  switch (caught_signal) {
    case 0:
      return {};
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGINT:
      return "SIGINT";
    default:
      return "a signal";
  }
}

void give_back_freed_memory() { malloc_trim(0); }

int threads() { return Kokkos::DefaultHostExecutionSpace().concurrency(); }

std::vector<std::string> kokkos_backends() {
  std::vector<std::string> names{Kokkos::DefaultExecutionSpace::name()};
  if (names[0] != Kokkos::DefaultHostExecutionSpace::name())
    names.emplace_back(Kokkos::DefaultHostExecutionSpace::name());
  return names;
}

std::string kokkos_version() {
  return fmt::format("{}.{}.{}", KOKKOS_VERSION / 10000, KOKKOS_VERSION / 100 % 100, KOKKOS_VERSION % 100);
}

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  std::string line(text, static_cast<std::size_t>(length));
  return line.substr(0, line.find_first_of(",\n"));
}

}  // namespace aleator::parallel
