#pragma once
/// What      Correlation matrices R of K quantities with the law of Lewandowski, Kurowicka, Joe: density ~ det(R)^(eta - 1).
/// Method    Lewandowski, Kurowicka, Joe 2009: the partial correlations of the C-vine are independent, that of i < j given
///           1 … i - 1 is 2 Beta(b, b) - 1 with b = eta + (K - 1 - i) / 2. They make the rows of the Cholesky factor L:
///           L_ji = p_ij s_ji, s_j1 = 1, s_j(i+1) = s_ji (1 - p_ij^2)^1/2, L_jj = s_jj; R = L L^T. One latent coordinate each.
///           u: the correlations r_ji, i < j, row by row, or the lower triangle of L with its diagonal, row by row. The
///           density is with respect to what lies below the diagonal; that of R has the constant of their paper, that of L
///           the Jacobian prod_k L_kk^(K - k) more.
/// Parallel  local, row by row; thread-safe.
/// Cost      K (K - 1) / 2 beta quantiles, and K^3 / 3 flops for R.
/// Fails     KeyError for fewer than two quantities.
#include "prob/prior/real_laws.hpp"

namespace aleator::prob {

class Lkj : public Prior {
 public:
  enum class Parameters { correlations, cholesky };
  struct Params {
    int size = 2;
    double shape = 1.0;
    Parameters parameters = Parameters::correlations;
  };
  static deck::Schema<Params> schema();
  explicit Lkj(const Params& params);

  int dimension() const override { return params_.parameters == Parameters::cholesky ? pairs() + size() : pairs(); }
  int latent_dimension() const override { return pairs(); }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;

 private:
  int size() const { return params_.size; }
  int pairs() const { return size() * (size() - 1) / 2; }
  std::vector<double> factor_of_partial(const double* v) const;
  std::vector<double> factor_of(const double* u) const;
  Params params_;
  Independent<BetaLaw> partial_;  // (1 + p_ij) / 2, row by row
  double log_constant_ = 0.0;
};

}  // namespace aleator::prob
