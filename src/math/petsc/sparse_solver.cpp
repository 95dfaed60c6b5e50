#include "math/petsc/sparse_solver.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "math/petsc/krylov.hpp"

namespace aleator::math {

static_assert(sizeof(PetscInt) == sizeof(int), "patterns are handed over as they are");

struct SparseSolver::Inside {
  SparsePattern pattern;
  Settings settings;
  std::vector<double> values;
  PetscPrefix prefix;
  NullSpaceHandle near_null_space;
  MatHandle matrix;
  KspHandle ksp;
  VecHandle right_side, solution;
  bool is_checked = false;

  Inside(SparsePattern p, Settings s) : pattern(std::move(p)), settings(std::move(s)), prefix(settings.petsc) {
    if (settings.method == Method::cholesky && !is_set(quiet))
      PetscOptionsSetValue(nullptr, ("-" + prefix.text() + quiet).c_str(), "0");
  }
  ~Inside() {
    if (!is_set(quiet)) PetscOptionsClearValue(nullptr, ("-" + prefix.text() + quiet).c_str());
  }
  bool is_set(const std::string& name) const {
    for (const auto& setting : settings.petsc)
      if (setting.first == name) return true;
    return false;
  }
  // A matrix that is not positive definite is reported by us, not printed by CHOLMOD.
  static constexpr const char* quiet = "mat_cholmod_print";
  void make_matrix();
  void make_ksp();
};

void SparseSolver::Inside::make_matrix() {
  const PetscInt n = pattern.rows();
  check_petsc(MatCreateSeqAIJWithArrays(PETSC_COMM_SELF, n, n, pattern.begin.data(), pattern.column.data(),
                                        values.data(), matrix.make()),
              "to make a matrix");
  check_petsc(MatSetOption(matrix, MAT_SYMMETRIC, PETSC_TRUE), "to mark a matrix");
  if (settings.method != Method::lu) check_petsc(MatSetOption(matrix, MAT_SPD, PETSC_TRUE), "to mark a matrix");
  check_petsc(VecCreateSeqWithArray(PETSC_COMM_SELF, settings.block, n, nullptr, right_side.make()),
              "to make a vector");
  check_petsc(VecCreateSeqWithArray(PETSC_COMM_SELF, settings.block, n, nullptr, solution.make()), "to make a vector");
  if (settings.method != Method::conjugate_gradients || settings.near_null_space.empty()) return;
  check_petsc(MatSetBlockSize(matrix, settings.block), "to set a block size");
  std::vector<VecHandle> owned;
  std::vector<Vec> vectors;
  for (const std::vector<double>& mode : settings.near_null_space) {
    Vec v = nullptr;
    check_petsc(VecCreateSeq(PETSC_COMM_SELF, n, owned.emplace_back().make()), "to make a vector");
    v = owned.back();
    check_petsc(VecSetBlockSize(v, settings.block), "to set a block size");
    double* to = nullptr;
    check_petsc(VecGetArrayWrite(v, &to), "to fill a vector");
    std::copy(mode.begin(), mode.end(), to);
    check_petsc(VecRestoreArrayWrite(v, &to), "to fill a vector");
    for (const Vec before : vectors) {  // orthonormal, as PETSc wants them
      PetscScalar product = 0.0;
      check_petsc(VecDot(v, before, &product), "to make vectors orthogonal");
      check_petsc(VecAXPY(v, -product, before), "to make vectors orthogonal");
    }
    check_petsc(VecNormalize(v, nullptr), "to make vectors orthogonal");
    vectors.push_back(v);
  }
  check_petsc(MatNullSpaceCreate(PETSC_COMM_SELF, PETSC_FALSE, static_cast<PetscInt>(vectors.size()), vectors.data(),
                                 near_null_space.make()),
              "to make a null space");
  check_petsc(MatSetNearNullSpace(matrix, near_null_space), "to set a null space");
}

void SparseSolver::Inside::make_ksp() {
  check_petsc(KSPCreate(PETSC_COMM_SELF, ksp.make()), "to make a solver");
  check_petsc(KSPSetOptionsPrefix(ksp, prefix.text().c_str()), "to name a solver");
  PC pc = nullptr;
  check_petsc(KSPGetPC(ksp, &pc), "to make a preconditioner");
  if (settings.method == Method::conjugate_gradients) {
    check_petsc(KSPSetType(ksp, KSPCG), "to choose a solver");
    check_petsc(KSPSetTolerances(ksp, settings.tolerance, 1e-300, 1e10, settings.max_iterations), "to set tolerances");
    const bool has_modes = !settings.near_null_space.empty();
    check_petsc(PCSetType(pc, has_modes ? PCGAMG : PCHYPRE), "to choose a preconditioner");
    if (!has_modes) check_petsc(PCHYPRESetType(pc, "boomeramg"), "to choose a preconditioner");
  } else {
    const bool is_definite = settings.method == Method::cholesky;
    check_petsc(KSPSetType(ksp, KSPPREONLY), "to choose a solver");
    check_petsc(PCSetType(pc, is_definite ? PCCHOLESKY : PCLU), "to choose a factorisation");
    check_petsc(PCFactorSetMatSolverType(pc, is_definite ? MATSOLVERCHOLMOD : MATSOLVERKLU),
                "to choose a factorisation");
  }
  check_petsc(KSPSetFromOptions(ksp), "to read the options of the key petsc");
  check_petsc(KSPSetErrorIfNotConverged(ksp, PETSC_FALSE), "to set up a solver");
  check_petsc(KSPSetOperators(ksp, matrix, matrix), "to hand over a matrix");
}

SparseSolver::SparseSolver(SparsePattern pattern, Settings settings) {
  start_petsc();
  inside_ = std::make_unique<Inside>(std::move(pattern), std::move(settings));
  inside_->values.assign(inside_->pattern.column.size(), 0.0);
  inside_->make_matrix();
}

SparseSolver::~SparseSolver() = default;

std::string SparseSolver::set_values(const double* values) {
  Inside& in = *inside_;
  double* to = nullptr;
  check_petsc(MatSeqAIJGetArray(in.matrix, &to), "to fill a matrix");
  std::copy_n(values, in.values.size(), to);
  check_petsc(MatSeqAIJRestoreArray(in.matrix, &to), "to fill a matrix");  // notes that the values are new
  const bool is_direct = in.settings.method != Method::conjugate_gradients;
  if (in.ksp == nullptr || !is_direct) in.make_ksp();       // nothing of an earlier hierarchy remains
  PetscPushErrorHandler(PetscReturnErrorHandler, nullptr);  // a pivot of zero is data
  const PetscErrorCode code = KSPSetUp(in.ksp);
  PetscPopErrorHandler();
  const bool is_singular = code == PETSC_ERR_MAT_CH_ZRPVT || code == PETSC_ERR_MAT_LU_ZRPVT;
  if (!is_singular) check_petsc(code, "to factorise");
  PC pc = nullptr;
  PCFailedReason reason = PC_NOERROR;
  check_petsc(KSPGetPC(in.ksp, &pc), "to look at a factor");
  check_petsc(PCGetFailedReason(pc, &reason), "to look at a factor");
  if (reason == PC_NOERROR && !is_singular) return {};
  in.ksp.reset();  // a failed factor is not used again
  return "the matrix could not be factorised: it is singular or not positive definite";
}

SparseSolver::Result SparseSolver::solve(const double* b, double* x) {
  Inside& in = *inside_;
  check_petsc(VecPlaceArray(in.right_side, b), "to hand over a vector");
  check_petsc(VecPlaceArray(in.solution, x), "to hand over a vector");
  KrylovResult result = solve_krylov(in.ksp, in.right_side, in.solution);
  check_petsc(VecResetArray(in.right_side), "to take back a vector");
  check_petsc(VecResetArray(in.solution), "to take back a vector");
  if (!in.is_checked) in.prefix.refuse_unused();
  in.is_checked = true;
  return {result.iterations, std::move(result.fault)};
}

}  // namespace aleator::math
