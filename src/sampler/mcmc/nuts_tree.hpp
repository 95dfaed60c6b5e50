#pragma once
/// What      One chain's trajectory of the no-U-turn sampler, grown leapfrog by leapfrog so that many chains can share
///           every evaluation of the model.
/// Method    Hoffman, Gelman 2014, doubling without recursion: a subtree of 2^depth leaves is a binary counter of finished
///           halves that wait for their other half. States of a trajectory are drawn with weights exp(H_0 - H), progressively
///           and biased towards new subtrees (Betancourt 2017, A.3). The trajectory ends when, for any merged pair of halves
///           a, b with sums of momenta r_a, r_b, one of the products
///             first_a . (r_a + r_b), last_b . (r_a + r_b),   first_a . (r_a + first_b), first_b . (r_a + first_b),
///             last_a . (r_b + last_a), last_b . (r_b + last_a)   is not positive (as in Stan since 2.21),
///           or when H - H_0 > 1000: a divergence, or an edge where the density is zero, which costs no exactness. Whitened
///           coordinates x, z = z_0 + L x, so that the metric is I.
/// Parallel  local, one thread.
/// Cost      a leapfrog: six dot products and some ten passes over vectors of d, all in cache. Memory (16 + 3 depth) d doubles.
/// Fails     -
#include <cstdint>
#include <vector>

#include "kernels/random.hpp"

namespace aleator::sampler {

/// Where a trajectory starts, and which random numbers it draws.
struct TreeStart {
  int dimension = 0, max_depth = 10;
  const double* momentum = nullptr;  ///< d, N(0, I)
  const double* force = nullptr;     ///< L^T grad log pi(z_0)
  double log_density = 0.0;          ///< log pi(z_0)
  const kernels::Rng* rng = nullptr;
  std::int64_t step = 0, row = 0;
};

/// What the model says of the point a leapfrog has reached.
struct TreeLeaf {
  const double *z, *gradient, *force;
  double log_likelihood, log_density;
};

class NutsTree {
 public:
  void begin(const TreeStart& start);
  /// First half kick and drift; the new x is position().
  void advance(double epsilon);
  /// Second half kick, and what follows from it; false when the trajectory has ended.
  bool add(const TreeLeaf& leaf, double epsilon);

  const double* position() const { return ends_[end_].position.data(); }
  bool has_moved() const { return has_moved_; }
  bool is_divergent() const { return is_divergent_; }
  /// Did it end where the density is zero, or the model fails?
  bool has_left_support() const { return has_left_support_; }
  int leapfrogs() const { return leapfrogs_; }
  int depth() const { return depth_; }
  /// H = - log pi(z) + |rho|^2 / 2 of the state drawn, with the momentum it had; of the start where the chain has not moved.
  double energy() const { return has_moved_ ? sample_.energy : energy_; }
  /// Mean of min(1, exp(H_0 - H)) over the trajectory.
  double acceptance() const { return leapfrogs_ > 0 ? acceptance_sum_ / leapfrogs_ : 0.0; }
  /// The state drawn, where has_moved().
  struct Sample {
    std::vector<double> z, gradient;
    double log_likelihood = 0.0, energy = 0.0;
  };
  const Sample& sample() const { return sample_; }

 private:
  struct End {
    std::vector<double> position, momentum, force;
  };
  /// A finished half that waits; its momenta at both sides and their sum.
  struct Half {
    std::vector<double> first, last, sum;
  };
  void extend();
  bool merge_halves(const double*& first, const double*& sum);
  bool end_subtree(const double* first, const double* sum);
  double uniform(kernels::Purpose purpose, int column) const;

  TreeStart start_;
  std::size_t padded_ = 0;  // d, rounded up to whole registers
  End ends_[2];
  std::vector<double> near_, sum_;  // momentum where the subtree starts; sum over the trajectory
  std::vector<Half> halves_;
  Sample sample_, candidate_;
  double energy_ = 0.0, log_weight_ = 0.0, log_weight_subtree_ = 0.0, acceptance_sum_ = 0.0;
  int end_ = 0, depth_ = 0, leaves_ = 0, leapfrogs_ = 0;
  bool has_moved_ = false, is_divergent_ = false, has_left_support_ = false;
};

}  // namespace aleator::sampler
