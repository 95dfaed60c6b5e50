#pragma once
/// What      The direction in which Stein variational gradient descent moves each of n particles.
/// Method    phi_i = 1/n sum_j w_j k_ij (s_j - x_j / l^2) + x_i / l^2 sum_j w_j k_ij, k_ij = exp(-|x_i - x_j|^2 / (2 l^2)), s the
///           score, w_j = 1 where no weights are given (Liu, Wang 2016, eq. 8). As k_ij = k_ji, a value serves both particles:
///           the particles are cut into blocks, and a block makes the values with itself and with the half of the others
///           that follows it in a ring; those, 8 particles i with a block of j in the lanes of registers at a time, meet the
///           d + 1 columns of j for the sums of i and the columns of i for the sums of j. Products and exponential are of type
///           Real; what a block adds to another's sums is added up in double, in an order that follows from n alone.
/// Parallel  threads over groups of blocks; a particle's bits do not depend on which others are asked for, but values of a
///           block that is asked for with one that is not serve one of them only.
/// Cost      n^2 (3 d + 12) flops for all particles; (threads + 2) n (d + 1) numbers.
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
  struct Cell {  // a template argument would lose the vector type's alignment
    Lanes value;
  };
  struct Scratch;
  static constexpr int lanes = register_bytes / sizeof(Real);
  static constexpr int tile = 8;             // particles i that share loads of particles j
  static constexpr int packs_of_block = 16;  // registers of particles
  static constexpr int block = packs_of_block * lanes;
  static constexpr int groups = 32;

  int packs_in(std::int64_t block_index) const;
  std::vector<double> sums_of(const std::vector<bool>& is_asked) const;
  void add_group(int group, const std::vector<bool>& is_asked, Scratch& scratch, double* sums) const;
  void add_pair(std::int64_t home, std::int64_t other, Scratch& scratch, bool to_home, bool to_other) const;
  void kernel_values(std::int64_t first_row, std::int64_t first_pack, int packs, Lanes* values) const;
  void add_to_rows(const Lanes* values, std::int64_t first_pack, int packs, Lanes* sums) const;
  void add_to_lanes(const Lanes* values, std::int64_t first_row, int packs, Lanes* sums) const;

  std::int64_t n_ = 0, padded_ = 0, blocks_ = 0;
  int d_ = 0;
  double inverse_square_ = 1.0;    // 1 / l^2
  std::vector<double> centre_;     // positions are taken from here, against cancellation
  std::vector<Real> x_;            // x_j sqrt(log2 e) / l, (d x padded)
  std::vector<Real> half_square_;  // log2 e |x_j|^2 / (2 l^2)
  std::vector<Real> columns_;      // w_j (s_j - x_j / l^2) for each coordinate, then w_j; zero beyond n
};

}  // namespace aleator::kernels
