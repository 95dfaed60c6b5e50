#include "sampler/mcmc/nuts_tree.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/registers.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

constexpr std::size_t pack_size = kernels::register_bytes / sizeof(double);
using TreePack [[gnu::vector_size(kernels::register_bytes)]] = double;

TreePack load(const double* x) {
  TreePack pack;
  std::memcpy(&pack, x, sizeof pack);
  return pack;
}

double total(const TreePack& x) {
  double sum = 0.0;
  for (std::size_t l = 0; l < pack_size; l += 2) sum += x[l] + x[l + 1];
  return sum;
}

double squared_norm(const double* x, std::size_t n) {
  TreePack sum{};
  for (std::size_t k = 0; k < n; k += pack_size) sum += load(x + k) * load(x + k);
  return total(sum);
}

void add_multiple(double* x, double factor, const double* y, std::size_t n) {
  for (std::size_t k = 0; k < n; k += pack_size) {
    const TreePack moved = load(x + k) + factor * load(y + k);
    std::memcpy(x + k, &moved, sizeof moved);
  }
}

struct Side {
  const double *first, *last, *sum;
};

// sum = r_a + r_b, and whether the trajectory over both halves still moves apart. sum may be a.sum.
bool merge(const Side& a, const Side& b, double* sum, std::size_t n) {
  TreePack c[6] = {};
  for (std::size_t k = 0; k < n; k += pack_size) {
    const TreePack first_a = load(a.first + k), last_a = load(a.last + k), sum_a = load(a.sum + k),
                   first_b = load(b.first + k), last_b = load(b.last + k), sum_b = load(b.sum + k);
    const TreePack whole = sum_a + sum_b, left = sum_a + first_b, right = sum_b + last_a;
    c[0] += first_a * whole, c[1] += last_b * whole;
    c[2] += first_a * left, c[3] += first_b * left;
    c[4] += last_a * right, c[5] += last_b * right;
    std::memcpy(sum + k, &whole, sizeof whole);
  }
  return std::all_of(std::begin(c), std::end(c), [](TreePack x) { return total(x) > 0.0; });
}

}  // namespace

void NutsTree::begin(const TreeStart& start) {
  start_ = start;
  const auto d = static_cast<std::size_t>(start.dimension);
  padded_ = (d + pack_size - 1) / pack_size * pack_size;
  for (End& end : ends_) {
    end.position.assign(padded_, 0.0);
    end.momentum.assign(padded_, 0.0), end.force.assign(padded_, 0.0);
    std::copy_n(start.momentum, d, end.momentum.data());
    std::copy_n(start.force, d, end.force.data());
  }
  near_.resize(padded_);
  sum_ = ends_[0].momentum;
  for (Sample* sample : {&sample_, &candidate_}) sample->z.resize(d), sample->gradient.resize(d);
  energy_ = 0.5 * squared_norm(sum_.data(), padded_) - start.log_density;
  log_weight_ = acceptance_sum_ = 0.0;
  depth_ = leapfrogs_ = 0;
  has_moved_ = is_divergent_ = has_left_support_ = false;
  extend();
}

double NutsTree::uniform(kernels::Purpose purpose, int column) const {
  return start_.rng->uniform({purpose, start_.step}, start_.row, static_cast<std::uint32_t>(column));
}

void NutsTree::extend() {
  end_ = uniform(kernels::Purpose::tree_direction, depth_) > 0.5 ? 1 : 0;
  std::memcpy(near_.data(), ends_[end_].momentum.data(), padded_ * sizeof(double));
  leaves_ = 0;
  log_weight_subtree_ = -std::numeric_limits<double>::infinity();
}

void NutsTree::advance(double epsilon) {
  End& end = ends_[end_];
  const double step = end_ == 1 ? epsilon : -epsilon;
  double *const p = end.momentum.data(), *const x = end.position.data();
  const double* const f = end.force.data();
  for (std::size_t k = 0; k < padded_; k += pack_size) {
    const TreePack momentum = load(p + k) + 0.5 * step * load(f + k), position = load(x + k) + step * momentum;
    std::memcpy(p + k, &momentum, sizeof momentum);
    std::memcpy(x + k, &position, sizeof position);
  }
}

bool NutsTree::add(const TreeLeaf& leaf, double epsilon) {
  End& end = ends_[end_];
  std::copy_n(leaf.force, start_.dimension, end.force.data());
  add_multiple(end.momentum.data(), end_ == 1 ? 0.5 * epsilon : -0.5 * epsilon, end.force.data(), padded_);
  // H_0 - H
  const double log_weight = energy_ + leaf.log_density - 0.5 * squared_norm(end.momentum.data(), padded_);
  ++leapfrogs_;
  constexpr double largest_loss = 1000.0;
  if (!(log_weight >= -largest_loss)) {
    has_left_support_ = leaf.log_density == -std::numeric_limits<double>::infinity();
    is_divergent_ = !has_left_support_;
    return false;
  }
  acceptance_sum_ += std::min(1.0, std::exp(log_weight));
  log_weight_subtree_ = log_add(log_weight_subtree_, log_weight);
  if (leaves_ == 0 || uniform(kernels::Purpose::tree_leaf, leapfrogs_) <= std::exp(log_weight - log_weight_subtree_)) {
    std::copy_n(leaf.z, start_.dimension, candidate_.z.data());
    std::copy_n(leaf.gradient, start_.dimension, candidate_.gradient.data());
    candidate_.log_likelihood = leaf.log_likelihood;
    candidate_.energy = energy_ - log_weight;
  }
  const double *first = nullptr, *sum = nullptr;
  if (!merge_halves(first, sum)) return false;
  return ++leaves_ < 1 << depth_ || end_subtree(first, sum);
}

// The new leaf completes as many halves as its number has trailing ones; what it completes waits on the next level.
bool NutsTree::merge_halves(const double*& first, const double*& sum) {
  const double* const p = ends_[end_].momentum.data();
  first = sum = p;
  std::size_t level = 0;
  for (int n = leaves_; (n & 1) != 0; n >>= 1, ++level) {
    Half& a = halves_[level];
    if (!merge({a.first.data(), a.last.data(), a.sum.data()}, {first, p, sum}, a.sum.data(), padded_)) return false;
    first = a.first.data(), sum = a.sum.data();
  }
  if (leaves_ + 1 == 1 << depth_) return true;
  if (level >= halves_.size()) {
    halves_.resize(level + 1);
    for (Half& half : halves_) half.first.resize(padded_), half.last.resize(padded_), half.sum.resize(padded_);
  }
  if (level > 0) {
    std::swap(halves_[level], halves_[level - 1]);
  } else {
    std::memcpy(halves_[0].first.data(), p, padded_ * sizeof(double));
    std::memcpy(halves_[0].sum.data(), p, padded_ * sizeof(double));
  }
  std::memcpy(halves_[level].last.data(), p, padded_ * sizeof(double));
  return true;
}

bool NutsTree::end_subtree(const double* first, const double* sum) {
  if (log_weight_subtree_ >= log_weight_ ||
      uniform(kernels::Purpose::tree_subtree, depth_) <= std::exp(log_weight_subtree_ - log_weight_)) {
    std::swap(sample_, candidate_);
    has_moved_ = true;
  }
  log_weight_ = log_add(log_weight_, log_weight_subtree_);
  ++depth_;
  const double* const far = ends_[1 - end_].momentum.data();
  if (!merge({far, near_.data(), sum_.data()}, {first, ends_[end_].momentum.data(), sum}, sum_.data(), padded_))
    return false;
  if (depth_ >= start_.max_depth) return false;
  extend();
  return true;
}

}  // namespace aleator::sampler
