#pragma once
/// What      The direction in which Stein variational gradient descent moves each of n particles.
/// Method    phi_i = 1/n sum_j w_j k_ij (s_j - x_j / l^2) + x_i / l^2 sum_j w_j k_ij, k_ij = exp(-|x_i - x_j|^2 / (2 l^2)), s the
///           score, w_j = 1 where no weights are given (Liu, Wang 2016, eq. 8). Particles j lie in the lanes of
///           registers, 8 particles i at a time keep a row of k_ij for some hundred j in the first-level cache, from where it
///           meets the d + 1 columns it is multiplied with. Products and exponential are of type Real; sums over j run in a
///           fixed order.
/// Parallel  threads over blocks of 8 particles i; their bits do not depend on which others are asked for.
/// Cost      n^2 (4 d + 18) flops for all particles, no memory beyond 2 n (d + 1) numbers.
/// Fails     -
#include <cstddef>
#include <vector>

#include "kernels/batch.hpp"
#include "kernels/registers.hpp"

namespace aleator::kernels {

template <typename Real>
class SteinDirection {
 public:
  /// positions, scores: n x d, all particles; length_scale: l > 0; weights: n, or none.
  SteinDirection(const ConstBatch& positions, const ConstBatch& scores, double length_scale,
                 const std::vector<double>& weights = {});
  /// out(r, k) = phi of particle first + r.
  void apply(std::int64_t first, const Batch& out) const;

 private:
  using Lanes [[gnu::vector_size(register_bytes)]] = Real;
  static constexpr int lanes = register_bytes / sizeof(Real);
  static constexpr int block = 8;   // particles i that share loads of particles j
  static constexpr int chunk = 32;  // packs of particles j between two phases

  void block_of_rows(std::int64_t first, int rows, std::int64_t first_row_of_out, const Batch& out) const;
  void kernel_values(const std::int64_t* i, std::int64_t first_pack, int packs, Lanes* values) const;
  void add_products(const Lanes* values, std::int64_t first_pack, int packs, Lanes* sums) const;

  std::int64_t n_ = 0, packs_ = 0;
  int d_ = 0;
  double inverse_square_ = 1.0;    // 1 / l^2
  std::vector<double> centre_;     // positions are taken from here, against cancellation
  std::vector<Real> x_;            // x_j sqrt(log2 e) / l, (d x packs) packs
  std::vector<Real> half_square_;  // log2 e |x_j|^2 / (2 l^2)
  std::vector<Real> columns_;      // w_j (s_j - x_j / l^2) for each coordinate, then w_j; zero beyond n
};

}  // namespace aleator::kernels
