// Main of every test program: starts MPI and PETSc where the folder's libraries need them, always Kokkos, and makes
// a failure on any rank the exit code of all. Rank 0 reports as usual; the others print their failures only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <string>
#ifdef ALEATOR_TEST_MPI
#include <mpi.h>
#endif
#ifdef ALEATOR_TEST_PETSC
#include <petscsys.h>
#endif

namespace {

class FailurePrinter : public testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}
  void OnTestStart(const testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }
  // UnitTest is locked while this runs: asking it for the current test would never return.
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "[rank %d] %s %s:%d\n%s\n", rank_, test_.c_str(),
                 result.file_name() ? result.file_name() : "?", result.line_number(), result.message());
  }

 private:
  int rank_;
  std::string test_;
};

int run_tests() {
  int code = RUN_ALL_TESTS();
#ifdef ALEATOR_TEST_MPI
  MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
#endif
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  int rank = 0;
#ifdef ALEATOR_TEST_MPI
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
#endif
  testing::InitGoogleMock(&argc, argv);  // takes its own options out of argv
#ifdef ALEATOR_TEST_PETSC
  PetscInitialize(nullptr, nullptr, nullptr, nullptr);
  PetscPopSignalHandler();  // a crash should look the same in every folder
#endif
  Kokkos::initialize(argc, argv);
  if (rank > 0) {
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(rank));
  }
  const int code = run_tests();
  Kokkos::finalize();
#ifdef ALEATOR_TEST_PETSC
  PetscFinalize();
#endif
#ifdef ALEATOR_TEST_MPI
  MPI_Finalize();
#endif
  return code;
}
