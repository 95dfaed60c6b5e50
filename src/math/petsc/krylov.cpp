#include "math/petsc/krylov.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "core/error.hpp"
#include "math/petsc/load.hpp"

namespace aleator::math {
namespace {

/// Errors are thrown by check_petsc(), not printed.
PetscErrorCode return_code(MPI_Comm, int, const char*, const char*, PetscErrorCode code, PetscErrorType, const char*,
                           void*) {
  return code;
}

int end_petsc(MPI_Comm, int, void*, void*) { return PetscFinalize() == 0 ? MPI_SUCCESS : MPI_ERR_OTHER; }

}  // namespace

void check_petsc(PetscErrorCode code, const char* doing) {
  if (code == 0) return;
  const char* text = nullptr;
  PetscErrorMessage(code, &text, nullptr);
  throw core::InternalError(fmt::format("PETSc failed {}: {}", doing, text == nullptr ? "no message" : text));
}

void start_petsc() {
  MPI_Comm& world = load_petsc();
  PetscBool is_started = PETSC_FALSE;
  PetscInitialized(&is_started);
  if (is_started) return;
  world = MPI_COMM_SELF;
  PetscOptionsSetValue(nullptr, "-skip_petscrc", "true");       // a run hangs on its deck alone
  PetscOptionsSetValue(nullptr, "-no_signal_handler", "true");  // SIGTERM is ours
  check_petsc(PetscInitializeNoArguments(), "to start");
  PetscPushErrorHandler(return_code, nullptr);
  int key = MPI_KEYVAL_INVALID;
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, end_petsc, &key, nullptr);
  MPI_Comm_set_attr(MPI_COMM_SELF, key, nullptr);
  MPI_Comm_free_keyval(&key);
}

PetscPrefix::PetscPrefix(const PetscSettings& settings) {
  static std::atomic<int> count{0};
  prefix_ = fmt::format("aleator_{}_", count++);
  for (const auto& [name, value] : settings) {
    names_.push_back(name);
    check_petsc(PetscOptionsSetValue(nullptr, ("-" + prefix_ + name).c_str(), value.c_str()), "to set an option");
  }
}

PetscPrefix::~PetscPrefix() {
  for (const std::vector<std::string>* const set : {&names_, &defaults_})
    for (const std::string& name : *set) PetscOptionsClearValue(nullptr, ("-" + prefix_ + name).c_str());
}

void PetscPrefix::set_default(const std::string& name, const std::string& value) {
  for (const std::vector<std::string>* const set : {&names_, &defaults_})
    if (std::find(set->begin(), set->end(), name) != set->end()) return;
  defaults_.push_back(name);
  check_petsc(PetscOptionsSetValue(nullptr, ("-" + prefix_ + name).c_str(), value.c_str()), "to set an option");
}

void PetscPrefix::give_to(KSP ksp) const {
  const PetscErrorCode code = KSPSetFromOptions(ksp);
  if (code == 0 || names_.empty()) return check_petsc(code, "to read the options of a solver");
  const char* text = nullptr;
  PetscErrorMessage(code, &text, nullptr);
  throw core::UserError(fmt::format("petsc: PETSc refuses one of the options {}: {}", fmt::join(names_, ", "),
                                    text == nullptr ? "it says not why" : text));
}

void PetscPrefix::refuse_unused() const {
  std::string unused;
  for (const std::string& name : names_) {
    PetscBool is_used = PETSC_FALSE;
    check_petsc(PetscOptionsUsed(nullptr, (prefix_ + name).c_str(), &is_used), "to look up an option");
    if (!is_used) unused += (unused.empty() ? "" : ", ") + name;
  }
  if (!unused.empty())
    throw core::UserError(fmt::format("petsc: PETSc does not know the option {}, or not for this solver", unused));
}

// PETSC_ERR_LIB: MUMPS, of numbers that are not finite. PETSC_ERR_PLIB: GAMG, whose hierarchy of coefficients that span all
// numbers has no rows left somewhere.
bool is_singular_matrix(PetscErrorCode code) {
  return code == PETSC_ERR_MAT_CH_ZRPVT || code == PETSC_ERR_MAT_LU_ZRPVT || code == PETSC_ERR_FP ||
         code == PETSC_ERR_LIB || code == PETSC_ERR_PLIB;
}

KrylovResult solve_krylov(KSP ksp, Vec b, Vec x, bool is_transposed) {
  KrylovResult result;
  const PetscErrorCode code = is_transposed ? KSPSolveTranspose(ksp, b, x) : KSPSolve(ksp, b, x);
  if (is_singular_matrix(code)) {
    result.fault = singular_matrix;
    return result;
  }
  check_petsc(code, "to solve");
  PetscInt iterations = 0;
  PetscReal residual = 0.0;
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  KSPGetIterationNumber(ksp, &iterations);
  KSPGetResidualNorm(ksp, &residual);
  KSPGetConvergedReason(ksp, &reason);
  result.iterations = static_cast<int>(iterations), result.residual = residual;
  if (reason == KSP_DIVERGED_PC_FAILED) {
    result.fault = singular_matrix;
  } else if (reason < 0) {
    const char* reason_text = nullptr;
    KSPGetConvergedReasonString(ksp, &reason_text);
    KSPType method = nullptr;
    PCType preconditioner = nullptr;
    PC pc = nullptr;
    PetscReal tolerance = 0.0, norm = 0.0;
    KSPGetType(ksp, &method), KSPGetPC(ksp, &pc), PCGetType(pc, &preconditioner);
    KSPGetTolerances(ksp, &tolerance, nullptr, nullptr, nullptr);
    VecNorm(b, NORM_2, &norm);
    result.fault = fmt::format(
        "no convergence after {} iterations of PETSc's {} with {} ({}): relative residual {:.2g}, wanted {:.2g}; raise "
        "max_iterations or tolerance, or take a direct solver",
        iterations, method == nullptr ? "solver" : method, preconditioner == nullptr ? "none" : preconditioner,
        reason_text, norm > 0.0 ? residual / norm : residual, tolerance);
  }
  return result;
}

}  // namespace aleator::math
