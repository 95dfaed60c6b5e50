// The sparse solver against the tridiagonal matrix of second differences, whose inverse is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "math/petsc/sparse_solver.hpp"

namespace aleator::math {
namespace {

using Method = SparseSolver::Method;
constexpr int n = 50;

SparsePattern tridiagonal() {
  SparsePattern pattern;
  for (int i = 0; i < n; ++i) {
    for (int j = std::max(0, i - 1); j <= std::min(n - 1, i + 1); ++j) pattern.column.push_back(j);
    pattern.begin.push_back(static_cast<int>(pattern.column.size()));
  }
  return pattern;
}

std::vector<double> values_of(const SparsePattern& pattern, double diagonal) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i)
    for (int k = pattern.begin[i]; k < pattern.begin[i + 1]; ++k)
      values.push_back(pattern.column[k] == i ? diagonal : -1.0);
  return values;
}

// -x'' = 1 with x = 0 at 0 and n + 1: x_i = (i + 1)(n - i) / 2.
double error_for_ones(Method method, const std::vector<std::pair<std::string, std::string>>& petsc = {}) {
  SparseSolver::Settings settings;
  settings.method = method, settings.petsc = petsc;
  SparseSolver solver(tridiagonal(), settings);
  EXPECT_EQ(solver.set_values(values_of(tridiagonal(), 2.0).data()), "");
  const std::vector<double> b(n, 1.0);
  std::vector<double> x(n, 0.0);
  EXPECT_EQ(solver.solve(b.data(), x.data()).fault, "");
  double most = 0.0;
  for (int i = 0; i < n; ++i) most = std::max(most, std::abs(x[i] - 0.5 * (i + 1) * (n - i)) / (0.125 * n * n));
  return most;
}

TEST(SparseSolver, EveryMethodSolvesSecondDifferences) {
  EXPECT_LT(error_for_ones(Method::cholesky), 1e-12);
  EXPECT_LT(error_for_ones(Method::lu), 1e-12);
  EXPECT_LT(error_for_ones(Method::iterative), 1e-8);  // its tolerance, times the condition's root
}

// Wind to the right: -3 before, 4 on and -1 behind the diagonal. A x = b and A^T x = b are checked by their residuals; values
// that change leave nothing of the old ones behind.
TEST(SparseSolver, MatricesThatAreNotSymmetricAndTheirTransposes) {
  const SparsePattern pattern = tridiagonal();
  for (const Method method : {Method::lu, Method::iterative}) {
    SparseSolver::Settings settings;
    settings.method = method, settings.is_symmetric = false, settings.tolerance = 1e-13;
    SparseSolver solver(pattern, settings);
    for (const double scale : {1.0, 2.5}) {
      std::vector<double> values = values_of(pattern, 4.0 * scale), b, x(n, 0.0);
      for (int i = 0; i < n; ++i) {
        b.push_back(std::sin(i));
        for (int k = pattern.begin[i]; k < pattern.begin[i + 1]; ++k)
          if (pattern.column[k] < i) values[static_cast<std::size_t>(k)] = -3.0;
      }
      ASSERT_EQ(solver.set_values(values.data()), "");
      for (const bool is_transposed : {false, true}) {
        std::fill(x.begin(), x.end(), 0.0);
        const auto result =
            is_transposed ? solver.solve_transposed(b.data(), x.data()) : solver.solve(b.data(), x.data());
        EXPECT_EQ(result.fault, "");
        std::vector<double> residual = b;
        for (int i = 0; i < n; ++i)
          for (int k = pattern.begin[i]; k < pattern.begin[i + 1]; ++k)
            residual[is_transposed ? pattern.column[k] : i] -= values[k] * x[is_transposed ? i : pattern.column[k]];
        for (const double r : residual) EXPECT_NEAR(r, 0.0, 1e-11);
      }
    }
  }
}

TEST(SparseSolver, OptionsOfPetscReachTheSolver) {
  EXPECT_GT(error_for_ones(Method::iterative, {{"pc_type", "jacobi"}, {"ksp_rtol", "0.5"}}), 1e-3);
}

TEST(SparseSolver, OptionsThatPetscDoesNotKnowAreRefused) {
  try {
    error_for_ones(Method::cholesky, {{"pc_tipe", "jacobi"}});
    FAIL() << "accepted";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("PETSc does not know the option pc_tipe"));
  }
}

TEST(SparseSolver, AMatrixThatIsNotPositiveDefiniteIsSaidSoAndTheNextOneSolved) {
  SparseSolver solver(tridiagonal(), {});
  EXPECT_THAT(solver.set_values(values_of(tridiagonal(), 1.0).data()), testing::HasSubstr("not positive definite"));
  EXPECT_EQ(solver.set_values(values_of(tridiagonal(), 2.0).data()), "");
}

// diagonal 2 cos t: eigenvalues of both signs; solved by LU against multiplication.
TEST(SparseSolver, IndefiniteMatricesAreSolvedByLu) {
  SparseSolver::Settings settings;
  settings.method = Method::lu;
  SparseSolver solver(tridiagonal(), settings);
  const SparsePattern pattern = tridiagonal();
  const std::vector<double> a = values_of(pattern, 0.3);
  ASSERT_EQ(solver.set_values(a.data()), "");
  std::vector<double> x(n), b(n, 0.0), again(n, 0.0);
  for (int i = 0; i < n; ++i) x[i] = std::sin(1.0 + i);
  for (int i = 0; i < n; ++i)
    for (int k = pattern.begin[i]; k < pattern.begin[i + 1]; ++k) b[i] += a[k] * x[pattern.column[k]];
  EXPECT_EQ(solver.solve(b.data(), again.data()).fault, "");
  for (int i = 0; i < n; ++i) EXPECT_NEAR(again[i], x[i], 1e-12);
}

TEST(SparseSolver, TooFewIterationsAreAFault) {
  SparseSolver::Settings settings;
  settings.method = Method::iterative, settings.max_iterations = 3, settings.petsc = {{"pc_type", "none"}};
  SparseSolver solver(tridiagonal(), settings);
  solver.set_values(values_of(tridiagonal(), 2.0).data());
  std::vector<double> b(n, 0.0), x(n, 0.0);
  b[0] = 1.0;
  EXPECT_THAT(solver.solve(b.data(), x.data()).fault, testing::HasSubstr("no convergence after 3 iterations"));
}

}  // namespace
}  // namespace aleator::math
