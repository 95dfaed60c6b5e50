#pragma once
/// What      PETSc for the rest of the program: its start and end, move-only handles, one checked call, options of one object.
/// Method    start_petsc() is called by whoever makes the first object: commands that solve nothing never start it, nor load
///           its library (cmake/modules/deferred.cmake). It is ended by MPI_Finalize (an attribute of MPI_COMM_SELF), before
///           MPI itself. Options go into PETSc's table under a prefix that no other object has, and leave it with their owner.
/// Parallel  PETSC_COMM_WORLD is MPI_COMM_SELF unless PETSc runs already: ranks may start it or not, one by one.
/// Cost      start: 10 ms, and the loading of PETSc's library with all that it hangs on, 50 ms.
/// Fails     InternalError with PETSc's words; UserError for options that PETSc did not ask for, and without its library.
#include <petscksp.h>

#include <string>
#include <utility>
#include <vector>

namespace aleator::math {

void start_petsc();

/// Throws what PETSc says about a code that is not 0.
void check_petsc(PetscErrorCode code, const char* doing);

/// Owner of a PETSc object; Destroy is KSPDestroy, MatDestroy, ...
template <typename Object, PetscErrorCode (*Destroy)(Object*)>
class PetscHandle {
 public:
  PetscHandle() = default;
  ~PetscHandle() { reset(); }
  PetscHandle(PetscHandle&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PetscHandle& operator=(PetscHandle&& other) noexcept {
    if (this != &other) reset(), object_ = std::exchange(other.object_, nullptr);
    return *this;
  }
  operator Object() const { return object_; }
  /// For functions that make the object.
  Object* make() {
    reset();
    return &object_;
  }
  void reset() {
    if (object_ != nullptr) Destroy(&object_);
    object_ = nullptr;
  }

 private:
  Object object_ = nullptr;
};
using KspHandle = PetscHandle<KSP, KSPDestroy>;
using MatHandle = PetscHandle<Mat, MatDestroy>;
using VecHandle = PetscHandle<Vec, VecDestroy>;
using NullSpaceHandle = PetscHandle<MatNullSpace, MatNullSpaceDestroy>;

/// Options by name, without leading dash: {"pc_type", "hypre"}.
using PetscSettings = std::vector<std::pair<std::string, std::string>>;

class PetscPrefix {
 public:
  explicit PetscPrefix(const PetscSettings& settings);
  ~PetscPrefix();
  PetscPrefix(const PetscPrefix&) = delete;
  PetscPrefix& operator=(const PetscPrefix&) = delete;
  const std::string& text() const { return prefix_; }
  /// An option that settings may change, and that need not be used.
  void set_default(const std::string& name, const std::string& value);
  /// A matrix that is not positive definite is reported by us, not printed by CHOLMOD.
  void quiet_cholmod() { set_default("mat_cholmod_print", "0"); }
  /// Has the solver read them; UserError where PETSc refuses one.
  void give_to(KSP ksp) const;
  /// After a solve: UserError that names the settings nobody read.
  void refuse_unused() const;

 private:
  std::string prefix_;
  std::vector<std::string> names_, defaults_;
};

inline constexpr const char* singular_matrix =
    "the matrix could not be factorised: it is singular or not positive definite";
/// Whether the code is that of a factorisation that met such a matrix, or numbers that are not finite.
bool is_singular_matrix(PetscErrorCode code);

struct KrylovResult {
  int iterations = 0;
  double residual = 0.0;  ///< of the last iteration, as the method measures it
  std::string fault;      ///< why it did not converge, or empty
};
/// A x = b, or A^T x = b.
KrylovResult solve_krylov(KSP ksp, Vec b, Vec x, bool is_transposed = false);

}  // namespace aleator::math
