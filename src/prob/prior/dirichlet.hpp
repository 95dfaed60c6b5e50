#pragma once
/// What      Shares u_1 … u_K that are positive and sum to 1, with a Dirichlet law.
/// Method    stick breaking from K - 1 latent coordinates: v_k ~ Beta(a_k, a_(k+1) + … + a_K),
///           u_k = v_k (1 - v_1) … (1 - v_(k-1)), and u_K is the rest. The density is that of (u_1 … u_(K-1)).
/// Parallel  local, row by row.
/// Cost      K - 1 beta quantiles, twice as many where a v is above 0.999.
/// Fails     KeyError: fewer than two shares.
#include "prob/prior/real_laws.hpp"

namespace aleator::prob {

class Dirichlet : public Prior {
 public:
  struct Params {
    std::vector<double> concentration;
  };
  static deck::Schema<Params> schema();
  explicit Dirichlet(const Params& params);

  int dimension() const override { return static_cast<int>(concentration_.size()); }
  int latent_dimension() const override { return dimension() - 1; }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;

 private:
  /// v and 1 - v, each with all its digits.
  struct Sticks {
    std::vector<double> broken, left;
    std::vector<double> reversed;  ///< -z, where some v is so near 1 that the law of 1 - v was asked; else empty
  };
  Sticks sticks_at(const double* z) const;

  std::vector<double> concentration_;
  Independent<BetaLaw> sticks_, rests_;
  double log_constant_ = 0.0;
};

}  // namespace aleator::prob
