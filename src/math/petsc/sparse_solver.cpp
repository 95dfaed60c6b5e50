#include "math/petsc/sparse_solver.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "math/petsc/krylov.hpp"

namespace aleator::math {

static_assert(sizeof(PetscInt) == sizeof(int), "patterns are handed over as they are");

struct SparseSolver::Inside {
  // A rank's rows, in the order of all unknowns that shares them out: new row i is the caller's row old_row[i].
  struct Share {
    std::vector<int> old_row;
    int first = 0, last = 0;         // new rows of this rank
    SparsePattern local;             // columns are new rows, rising
    std::vector<std::size_t> place;  // of each entry among the caller's values
  };

  SparsePattern pattern;
  Settings settings;
  parallel::Comm ranks;
  Share share;  // on several ranks
  std::vector<double> values, local_right_side, local_solution;
  PetscPrefix prefix;
  NullSpaceHandle near_null_space;
  MatHandle matrix, transposed;
  KspHandle ksp, transposed_ksp;  // transposed: of iterations, where A is not symmetric; made when asked for
  VecHandle right_side, solution;
  bool is_checked = false;
  bool is_spoilt = false;  // a solve has ended in an error that PETSc did not clean up after

  Inside(SparsePattern p, Settings s, const parallel::Comm& comm, const std::vector<int>& order)
      : pattern(std::move(p)), settings(std::move(s)), ranks(comm), prefix(settings.petsc) {
    if (is_shared()) {
      make_share(order);
      values.assign(share.local.column.size(), 0.0);
      local_right_side.assign(static_cast<std::size_t>(share.last - share.first), 0.0);
      local_solution = local_right_side;
    } else {
      values.assign(pattern.column.size(), 0.0);
    }
    if (is_cholmod()) prefix.quiet_cholmod();
  }
  bool is_shared() const { return ranks.size() > 1; }
  bool is_cholmod() const { return settings.method == Method::cholesky && !is_shared(); }
  PetscInt local_rows() const { return is_shared() ? share.last - share.first : pattern.rows(); }
  void make_share(const std::vector<int>& order);
  void make_matrix();
  void set_near_null_space();
  void fill_matrix(const double* all);
  void make_ksp(KspHandle& made, Mat of) const;
  void make_transposed();
  const char* factor_package() const;
};

void SparseSolver::Inside::make_share(const std::vector<int>& order) {
  const int rows = pattern.rows(), block = settings.block;
  const std::int64_t nodes = rows / block;
  share.first = static_cast<int>(nodes * ranks.rank() / ranks.size()) * block;
  share.last = static_cast<int>(nodes * (ranks.rank() + 1) / ranks.size()) * block;
  std::vector<int> new_row(static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    const int old = order.empty() ? i : order[static_cast<std::size_t>(i / block)] * block + i % block;
    share.old_row.push_back(old), new_row[static_cast<std::size_t>(old)] = i;
  }
  std::vector<std::pair<int, std::size_t>> row;
  for (int i = share.first; i < share.last; ++i) {
    row.clear();
    for (int k = pattern.begin[share.old_row[i]]; k < pattern.begin[share.old_row[i] + 1]; ++k)
      row.emplace_back(new_row[static_cast<std::size_t>(pattern.column[k])], k);
    std::sort(row.begin(), row.end());
    for (const auto& [column, place] : row) share.local.column.push_back(column), share.place.push_back(place);
    share.local.begin.push_back(static_cast<int>(share.local.column.size()));
  }
}

void SparseSolver::Inside::make_matrix() {
  const PetscInt n = pattern.rows(), mine = local_rows();
  const MPI_Comm comm = ranks.native();
  if (is_shared())
    check_petsc(MatCreateMPIAIJWithArrays(comm, mine, mine, n, n, share.local.begin.data(), share.local.column.data(),
                                          values.data(), matrix.make()),
                "to make a matrix");
  else
    check_petsc(MatCreateSeqAIJWithArrays(comm, n, n, pattern.begin.data(), pattern.column.data(), values.data(),
                                          matrix.make()),
                "to make a matrix");
  // With every set of values: PETSc forgets plain marks at the next assembly, and GAMG then estimates eigenvalues otherwise.
  if (settings.is_symmetric)
    for (const MatOption mark : {MAT_SYMMETRIC, MAT_SYMMETRY_ETERNAL})
      check_petsc(MatSetOption(matrix, mark, PETSC_TRUE), "to mark a matrix");
  if (settings.is_symmetric && settings.method != Method::lu)
    for (const MatOption mark : {MAT_SPD, MAT_SPD_ETERNAL})
      check_petsc(MatSetOption(matrix, mark, PETSC_TRUE), "to mark a matrix");
  for (VecHandle* const vector : {&right_side, &solution})
    check_petsc(is_shared() ? VecCreateMPIWithArray(comm, settings.block, mine, n, nullptr, vector->make())
                            : VecCreateSeqWithArray(comm, settings.block, n, nullptr, vector->make()),
                "to make a vector");
  if (settings.method == Method::iterative && !settings.near_null_space.empty()) set_near_null_space();
}

void SparseSolver::Inside::set_near_null_space() {
  check_petsc(MatSetBlockSize(matrix, settings.block), "to set a block size");
  std::vector<VecHandle> owned;
  std::vector<Vec> vectors;
  for (const std::vector<double>& mode : settings.near_null_space) {
    check_petsc(VecDuplicate(solution, owned.emplace_back().make()), "to make a vector");
    const Vec v = owned.back();
    double* to = nullptr;
    check_petsc(VecGetArrayWrite(v, &to), "to fill a vector");
    for (PetscInt i = 0; i < local_rows(); ++i)
      to[i] =
          mode[static_cast<std::size_t>(is_shared() ? share.old_row[static_cast<std::size_t>(share.first + i)] : i)];
    check_petsc(VecRestoreArrayWrite(v, &to), "to fill a vector");
    for (const Vec before : vectors) {  // orthonormal, as PETSc wants them
      PetscScalar product = 0.0;
      check_petsc(VecDot(v, before, &product), "to make vectors orthogonal");
      check_petsc(VecAXPY(v, -product, before), "to make vectors orthogonal");
    }
    check_petsc(VecNormalize(v, nullptr), "to make vectors orthogonal");
    vectors.push_back(v);
  }
  check_petsc(MatNullSpaceCreate(ranks.native(), PETSC_FALSE, static_cast<PetscInt>(vectors.size()), vectors.data(),
                                 near_null_space.make()),
              "to make a null space");
  check_petsc(MatSetNearNullSpace(matrix, near_null_space), "to set a null space");
}

void SparseSolver::Inside::fill_matrix(const double* all) {
  if (is_shared()) {
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = all[share.place[k]];
    check_petsc(MatUpdateMPIAIJWithArray(matrix, values.data()), "to fill a matrix");
    return;
  }
  double* to = nullptr;
  check_petsc(MatSeqAIJGetArray(matrix, &to), "to fill a matrix");
  std::copy_n(all, values.size(), to);
  check_petsc(MatSeqAIJRestoreArray(matrix, &to), "to fill a matrix");  // notes that the values are new
}

const char* SparseSolver::Inside::factor_package() const {
  return is_shared() ? MATSOLVERMUMPS : settings.method == Method::cholesky ? MATSOLVERCHOLMOD : MATSOLVERKLU;
}

void SparseSolver::Inside::make_ksp(KspHandle& made, Mat of) const {
  check_petsc(KSPCreate(ranks.native(), made.make()), "to make a solver");
  check_petsc(KSPSetOptionsPrefix(made, prefix.text().c_str()), "to name a solver");
  PC pc = nullptr;
  check_petsc(KSPGetPC(made, &pc), "to make a preconditioner");
  if (settings.method == Method::iterative) {
    check_petsc(KSPSetType(made, settings.is_symmetric ? KSPCG : KSPGMRES), "to choose a solver");
    check_petsc(KSPSetTolerances(made, settings.tolerance, 1e-300, 1e10, settings.max_iterations), "to set tolerances");
    const bool has_modes = !settings.near_null_space.empty();
    check_petsc(PCSetType(pc, has_modes ? PCGAMG : PCHYPRE), "to choose a preconditioner");
    if (!has_modes) check_petsc(PCHYPRESetType(pc, "boomeramg"), "to choose a preconditioner");
  } else {
    const bool is_definite = settings.method == Method::cholesky;
    check_petsc(KSPSetType(made, KSPPREONLY), "to choose a solver");
    check_petsc(PCSetType(pc, is_definite ? PCCHOLESKY : PCLU), "to choose a factorisation");
    check_petsc(PCFactorSetMatSolverType(pc, factor_package()), "to choose a factorisation");
  }
  prefix.give_to(made);
  check_petsc(KSPSetErrorIfNotConverged(made, PETSC_FALSE), "to set up a solver");
  check_petsc(KSPSetOperators(made, of, of), "to hand over a matrix");
}

// BoomerAMG's cycles have no transposes in PETSc: A^T has a hierarchy of its own.
void SparseSolver::Inside::make_transposed() {
  check_petsc(MatTranspose(matrix, MAT_INITIAL_MATRIX, transposed.make()), "to transpose a matrix");
  make_ksp(transposed_ksp, transposed);
}

SparseSolver::SparseSolver(SparsePattern pattern, Settings settings, const parallel::Comm& ranks,
                           const std::vector<int>& order) {
  start_petsc();
  inside_ = std::make_unique<Inside>(std::move(pattern), std::move(settings), ranks, order);
  inside_->make_matrix();
}

SparseSolver::~SparseSolver() = default;

void SparseSolver::allow(int iterations) { inside_->settings.max_iterations = iterations; }

std::string SparseSolver::set_values(const double* values) {
  Inside& in = *inside_;
  in.fill_matrix(values);
  const bool is_direct = in.settings.method != Method::iterative;
  if (in.ksp == nullptr || !is_direct || in.is_spoilt)
    in.make_ksp(in.ksp, in.matrix);  // nothing of an earlier hierarchy, or of a solve that went wrong, remains
  else
    check_petsc(KSPSetOperators(in.ksp, in.matrix, in.matrix), "to hand over a matrix");  // else the solve factorises
  in.is_spoilt = false;
  in.transposed_ksp.reset();
  const PetscErrorCode code = KSPSetUp(in.ksp);
  const bool is_singular = is_singular_matrix(code);
  if (!is_singular) check_petsc(code, "to factorise");
  PC pc = nullptr;
  PCFailedReason reason = PC_NOERROR;
  check_petsc(KSPGetPC(in.ksp, &pc), "to look at a factor");
  check_petsc(PCGetFailedReason(pc, &reason), "to look at a factor");
  const bool has_failed = reason != PC_NOERROR || is_singular;
  if (in.is_shared() ? !in.ranks.any(has_failed) : !has_failed) return {};
  in.ksp.reset();  // a failed factor is not used again
  return singular_matrix;
}

SparseSolver::Result SparseSolver::solve(const double* b, double* x) { return solve(b, x, false); }

SparseSolver::Result SparseSolver::solve_transposed(const double* b, double* x) {
  return solve(b, x, !inside_->settings.is_symmetric);
}

SparseSolver::Result SparseSolver::solve(const double* b, double* x, bool is_transposed) {
  Inside& in = *inside_;
  const double* right_side = b;
  double* solution = x;
  if (in.is_shared()) {
    for (int i = in.share.first; i < in.share.last; ++i) {
      const auto at = static_cast<std::size_t>(i - in.share.first), old = static_cast<std::size_t>(in.share.old_row[i]);
      in.local_right_side[at] = b[old], in.local_solution[at] = x[old];
    }
    right_side = in.local_right_side.data(), solution = in.local_solution.data();
  }
  check_petsc(VecPlaceArray(in.right_side, right_side), "to hand over a vector");
  check_petsc(VecPlaceArray(in.solution, solution), "to hand over a vector");
  KrylovResult result = [&] {
    if (!is_transposed || in.settings.method != Method::iterative)
      return solve_krylov(in.ksp, in.right_side, in.solution, is_transposed);
    if (in.transposed_ksp == nullptr) in.make_transposed();
    return solve_krylov(in.transposed_ksp, in.right_side, in.solution);
  }();
  check_petsc(VecResetArray(in.right_side), "to take back a vector");
  check_petsc(VecResetArray(in.solution), "to take back a vector");
  if (in.is_shared()) {
    const std::vector<double> all = in.ranks.all_gather(in.local_solution);
    for (std::size_t i = 0; i < all.size(); ++i) x[in.share.old_row[i]] = all[i];
  }
  if (!in.is_checked) in.prefix.refuse_unused();
  in.is_checked = true;
  const bool has_failed = !result.fault.empty();
  in.is_spoilt = in.is_spoilt || (in.is_shared() ? in.ranks.any(has_failed) : has_failed);
  return {result.iterations, std::move(result.fault)};
}

}  // namespace aleator::math
