#pragma once
/// What      The covariance R of additive Gaussian noise, as a square root L with R = L L^T and what is done with it.
/// Method    independent: L = diag(sd). dense: Cholesky factors of the covariances of groups of data that are independent of
///           each other. Correlated along one coordinate: inverse/likelihood/markov_noise.hpp.
/// Parallel  local, const; thread-safe.
/// Cost      of a product or a solve with p data: O(p) independent, sum of the squares of the groups' sizes dense.
/// Fails     dense_noise: NumericsError naming the group whose covariance is not positive definite.
#include <memory>
#include <vector>

#include "math/dense.hpp"

namespace aleator::inverse {

class NoiseFactor {
 public:
  virtual ~NoiseFactor() = default;
  /// out = L^-1 in, L^-T in, L in; p numbers each, out may be in.
  virtual void solve(const double* in, double* out) const = 0;
  virtual void solve_transposed(const double* in, double* out) const = 0;
  virtual void multiply(const double* in, double* out) const = 0;
  /// log det L.
  virtual double log_determinant() const = 0;
  /// The noise of these data alone (places in rising order); null where the data hang on each other.
  virtual std::shared_ptr<const NoiseFactor> only(const std::vector<int>& /*data*/) const { return nullptr; }
};

/// Data that are correlated with each other and with no others.
struct NoiseGroup {
  std::vector<int> data;    ///< their places
  math::Matrix covariance;  ///< of them, in this order
};

std::shared_ptr<const NoiseFactor> independent_noise(std::vector<double> sd);
/// Every datum is in one group.
std::shared_ptr<const NoiseFactor> dense_noise(std::vector<NoiseGroup> groups);

}  // namespace aleator::inverse
