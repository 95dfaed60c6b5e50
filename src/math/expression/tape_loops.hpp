#pragma once
/// What      The loops over two operands that the instructions of a Tape share, and their adjoints.
/// Method    constant strides known to the compiler, so that it uses the vector registers; sums of one lane in eight parts.
/// Parallel  none.
/// Cost      memory traffic of the operands, as long as they fit the caches.
/// Fails     -
#include <type_traits>

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

// One number of many, in parts that do not wait for each other: part k has the entries k, k + 8, ...; then pairs of parts.
template <typename Add>
double sum_in_parts(int size, const Add& add) {
  constexpr int parts = 8;
  double part[parts] = {};
  int i = 0;
  for (; i + parts <= size; i += parts)
    for (int k = 0; k < parts; ++k) part[k] = add(part[k], i + k);
  for (int k = 0; i + k < size; ++k) part[k] = add(part[k], i + k);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

// to += g slope(i, its entry, the other operand's entry) for the entries i; strides as in for_pairs.
template <int width, typename Slope>
void flow_back(const double* g, int size, int stride, double* to, int other_stride, const Slope& slope) {
  if (width == 1 && stride == 0 && size > 1) {
    const auto sum = [&](auto other_moves) {
      return sum_in_parts(size, [&](double part, int i) {
        return operations::plus_flow(part, g[i], slope(i, 0, other_moves ? i : 0));
      });
    };
    *to += other_stride != 0 ? sum(std::true_type()) : sum(std::false_type());
    return;
  }
  for_pairs<width>(size, stride, other_stride, [=](int i, int at, int other) {
    to[at] = operations::plus_flow(to[at], g[i], slope(i, at, other));
  });
}

}  // namespace aleator::math
