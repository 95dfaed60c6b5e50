#pragma once
/// What      Kronecker products on box grids: a matrix along one axis of an array, eigenpairs of tridiagonal matrices.
/// Method    (I x A x I) v is a matrix product for each outer index (Lynch, Rice, Thomas 1964); eigenpairs by LAPACK dstevd.
/// Parallel  none; pure functions, safe on any thread (BLAS is held to one thread). Same bits for the same sizes.
/// Cost      2 rows cols outer inner flops by dgemm; eigenpairs some 3 n^3 flops, 3 n^2 doubles meanwhile.
/// Fails     NumericsError when dstevd does not converge or is given values that are not finite; shapes are asserted.
#include <vector>

#include "math/dense.hpp"

namespace aleator::math {

/// An array [outer][n][inner], the last index fastest, seen along its middle axis.
struct AxisView {
  int outer = 1, inner = 1;
};

/// out[o][i][k] = sum_j a(i, j) in[o][j][k]; `in` and `out` are apart.
void multiply_along_axis(const Matrix& a, AxisView view, const double* in, double* out);
/// The same with A^T.
void transposed_multiply_along_axis(const Matrix& a, AxisView view, const double* in, double* out);

/// Eigenpairs of the symmetric tridiagonal matrix with this diagonal and the n - 1 entries beside it. No eigenvalue is
/// double where no entry beside the diagonal is zero, so the vectors are unique but for the sign: their first entry is
/// positive.
SymmetricEigen eigen_tridiagonal(std::vector<double> diagonal, std::vector<double> beside);

}  // namespace aleator::math
