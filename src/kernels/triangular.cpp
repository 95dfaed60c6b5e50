#include "kernels/triangular.hpp"

namespace aleator::kernels {

void multiply_lower_tile(const double* lower, int d, const Lanes* in, Lanes* out) {
  int i = 0;
  for (; i + 4 <= d; i += 4) {  // four results at once hide the latency of the additions
    const double* const row = lower + static_cast<std::ptrdiff_t>(i) * d;
    Lanes::Vector sum[4][Lanes::size] = {};  // vectors, for GCC 12 copies a struct of them through memory
    for (int k = 0; k <= i; ++k)
      for (int q = 0; q < 4; ++q)
        for (int v = 0; v < Lanes::size; ++v) sum[q][v] += row[q * d + k] * in[k].v[v];
    for (int j = 1; j < 4; ++j)  // the triangle at the diagonal
      for (int q = j; q < 4; ++q)
        for (int v = 0; v < Lanes::size; ++v) sum[q][v] += row[q * d + i + j] * in[i + j].v[v];
    for (int q = 0; q < 4; ++q)
      for (int v = 0; v < Lanes::size; ++v) out[i + q].v[v] = sum[q][v];
  }
  for (; i < d; ++i) {
    Lanes sum = {};
    for (int k = 0; k <= i; ++k) sum.add(lower[static_cast<std::ptrdiff_t>(i) * d + k], in[k]);
    out[i] = sum;
  }
}

void multiply_lower_transposed_tile(const double* lower, int d, const Lanes* in, Lanes* out) {
  for (int k = 0; k < d; ++k) out[k] = Lanes{};
  for (int i = 0; i < d; ++i) {
    const double* const row = lower + static_cast<std::ptrdiff_t>(i) * d;
    for (int k = 0; k <= i; ++k) out[k].add(row[k], in[i]);
  }
}

// GCC 12 forgets to clear the upper halves of the vector registers on some ways out of a function, and the scalar SSE code
// that comes next on the thread (exp of libm) then waits for them: without this line two threads were 1.3 times as fast as one.
void leave_vector_code() {
#ifdef __AVX__
  __builtin_ia32_vzeroupper();
#endif
}

void multiply_lower(const double* lower, const ConstBatch& x, const Batch& y) {
  multiply_lower(
      lower, static_cast<int>(x.extent(0)), static_cast<int>(x.extent(1)), [=](int row, int k) { return x(row, k); },
      [=](int row, int i, double value) { y(row, i) = value; });
}

}  // namespace aleator::kernels
