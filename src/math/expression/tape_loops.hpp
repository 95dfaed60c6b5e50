#pragma once
/// What      The loops over two operands that the instructions of a Tape share, and their adjoints.
/// Method    constant strides known to the compiler, so that it uses the vector registers; sums of one lane in eight parts.
/// Parallel  none.
/// Cost      memory traffic of the operands, as long as they fit the caches.
/// Fails     -
#include <type_traits>

#include "kernels/vector_math.hpp"
#include "math/expression/operations.hpp"

namespace aleator::math {

// How far apart an operand's entries are: 0 when one entry stands for all.
template <int width>
int stride_of(int operand_size, int size) {
  return operand_size == size ? width : 0;
}

// Loops with constant strides, so that the compiler can use its vector registers.
template <int width, typename Body>
void for_pairs(int size, int stride_a, int stride_b, const Body& body) {
  const auto loop = [&](auto a_moves, auto b_moves) {
    for (int i = 0; i < size; ++i)
      for (int lane = 0; lane < width; ++lane)
        body(i * width + lane, (a_moves ? i * width : 0) + lane, (b_moves ? i * width : 0) + lane);
  };
  constexpr std::true_type yes;
  constexpr std::false_type no;
  if (stride_a != 0 && stride_b != 0)
    loop(yes, yes);
  else if (stride_a != 0)
    loop(yes, no);
  else if (stride_b != 0)
    loop(no, yes);
  else
    loop(no, no);
}

inline double sum_of_parts(const double* part) {
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

// One number of many, in parts that do not wait for each other: part k has the entries k, k + 8, ...
inline double sum_in_parts(const double* a, int size) {
  constexpr int parts = 8;
  double part[parts] = {};
  int i = 0;
  for (; i + parts <= size; i += parts)
    for (int k = 0; k < parts; ++k) part[k] += a[i + k];
  for (int k = 0; i + k < size; ++k) part[k] += a[i + k];
  return sum_of_parts(part);
}

// The sum of g[i] slope(i), nothing of entries with g = 0, in the same parts. In vectors by hand: GCC 12 makes branches of it.
template <typename Slope>
double flow_in_parts(const double* g, int size, const Slope& slope) {
  using namespace kernels;
  constexpr int parts = 8, vectors = parts / vector_lanes;
  Doubles part[vectors] = {};
  const auto add = [&part](const double* weights, const double* slopes) {
    for (int v = 0; v < vectors; ++v) {
      const Doubles weight = load_vector<vector_lanes>(weights + v * vector_lanes),
                    value = load_vector<vector_lanes>(slopes + v * vector_lanes);
      part[v] = fused(weight, weight == 0.0 ? Doubles{} : value, part[v]);
    }
  };
  int i = 0;
  double slopes[parts];
  for (; i + parts <= size; i += parts) {
    for (int k = 0; k < parts; ++k) slopes[k] = slope(i + k);
    add(g + i, slopes);
  }
  if (i < size) {
    double weights[parts] = {};
    for (int k = 0; i + k < size; ++k) weights[k] = g[i + k], slopes[k] = slope(i + k);
    add(weights, slopes);
  }
  double sums[parts];
  for (int v = 0; v < vectors; ++v) store_vector<vector_lanes>(part[v], sums + v * vector_lanes);
  return sum_of_parts(sums);
}

// to += g slope(i, its entry, the other operand's entry) for the entries i; strides as in for_pairs.
template <int width, typename Slope>
void flow_back(const double* g, int size, int stride, double* to, int other_stride, const Slope& slope) {
  if (width == 1 && stride == 0 && size > 1)
    *to += other_stride != 0 ? flow_in_parts(g, size, [&](int i) { return slope(i, 0, i); })
                             : flow_in_parts(g, size, [&](int i) { return slope(i, 0, 0); });
  else
    for_pairs<width>(size, stride, other_stride, [=](int i, int at, int other) {
      to[at] = operations::plus_flow(to[at], g[i], slope(i, at, other));
    });
}

}  // namespace aleator::math
