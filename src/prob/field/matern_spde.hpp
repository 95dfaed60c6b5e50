#pragma once
/// What      Whittle-Matern field on a box, of any smoothness and with a range for each axis, as the solution of an SPDE.
/// Method    (1 - sum_k l_k^2 d_k^2)^(alpha/2) (x - m) = c W (Lindgren, Rue, Lindstrom 2011), finite volumes on equal cells.
///           The operator is a Kronecker sum of tridiagonal A_k = Q_k Lambda_k Q_k^T, so every power of it is exact (Lynch,
///           Rice, Thomas 1964):
///           x = m + (Q_z x Q_y x Q_x) f(Lambda) z,
///           f = s (1 + lambda_x + lambda_y + lambda_z)^(-alpha/2), nu = alpha - d/2, range_k = sqrt(8 nu) l_k,
///           sd^2 / s^2 = the mean over |theta_k| < pi of (1 + sum_k 2 (l_k / h_k)^2 (1 - cos theta_k))^(-alpha): the variance
///           on cells h_k without end is sd^2 exactly. For h -> 0, s^2 v (v the cell's volume) is the c^2 of the continuous
///           field, sd^2 (4 pi)^(d/2) Gamma(nu + d/2) / Gamma(nu) prod_k l_k.
///           z are coordinates in the eigenvectors, smoothest first along each axis.
/// Parallel  local, row by row; BLAS on one thread.
/// Cost      2 N (nx + ny + nz) flops a row of N cells; set-up some 3 n^3 flops for each different axis. Memory: 8 bytes a
///           cell and 8 n^2 an axis.
/// Fails     KeyError: alpha too small, sizes that do not fit.
#include <memory>

#include "math/dense.hpp"
#include "prob/field/gaussian_field.hpp"

namespace aleator::prob {

class MaternSpde : public BoxField {
 public:
  enum class Boundary { neumann, dirichlet, robin };
  struct Params {
    std::vector<int> cells = {16, 16};
    std::vector<double> lengths = {1.0};
    std::vector<double> range = {0.25};
    double sd = 1.0;
    double alpha = 2.0;
    Boundary boundary = Boundary::robin;
    std::vector<double> mean = {0.0};
    Transform transform = Transform::none;
  };
  static deck::Schema<Params> schema();
  explicit MaternSpde(const Params& params);
  double log_density(const double* u) const override;

 protected:
  void apply(const double* z, double* x) const override;
  void apply_transposed(const double* g_x, double* g_z) const override;
  void solve(const double* x, double* z) const override;

 private:
  void diagonalise(const Params& params, const std::vector<double>& l);
  /// out = (Q_z x Q_y x Q_x) in, or its transpose; `in` may be overwritten.
  void rotate(bool is_transposed, double* in, double* out) const;

  std::vector<std::shared_ptr<const math::SymmetricEigen>> axes_;  // l_k^2 A_k
  std::vector<double> scale_;                                      // f(Lambda)
  double log_determinant_ = 0.0;                                   // of S
};

}  // namespace aleator::prob
