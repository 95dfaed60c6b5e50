#include "pde/evolution/stepper.hpp"

#include <array>

namespace aleator::pde::evolution {
namespace {

// The sum of `terms` products in one pass through memory.
template <int terms>
void add_products(std::size_t n, const double* x, const double* w, const std::array<const double*, 4>& v, double* out) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    double sum = x[i];
    for (int k = 0; k < terms; ++k) sum += w[k] * v[k][i];
    out[i] = sum;
  }
}

}  // namespace

void Stepper::combine(const double* x, const double* weight, const double* v, double* out) const {
  std::array<double, 4> w{};
  std::array<const double*, 4> terms{};
  std::size_t count = 0;
  for (int i = 0; i < tableau_.stages; ++i)
    if (weight[i] != 0.0) w[count] = weight[i], terms[count++] = v + static_cast<std::size_t>(i) * stride_;
  switch (count) {
    case 0:
      return add_products<0>(n_, x, w.data(), terms, out);
    case 1:
      return add_products<1>(n_, x, w.data(), terms, out);
    case 2:
      return add_products<2>(n_, x, w.data(), terms, out);
    case 3:
      return add_products<3>(n_, x, w.data(), terms, out);
    default:
      return add_products<4>(n_, x, w.data(), terms, out);
  }
}

// Not inlined: the same instructions, and so the same bits, wherever a state is computed.
[[gnu::noinline]] void Stepper::step(const Step& step, const double* q, double* x, double* stages, double* next) const {
  const Tableau& m = tableau_;
  double weight[4];
  for (int i = 0; i < m.stages; ++i) {
    double* at = x;
    if (i > 0) {
      double* const stage = stages + static_cast<std::size_t>(i - 1) * stride_;
      for (int j = 0; j < m.stages; ++j) weight[j] = j < i ? step.h * m.a[i][j] : 0.0;
      combine(x, weight, scratch(0), stage);
      at = stage;
    }
    halo_.fill(at);
    model_.f({step.t + m.c[i] * step.h, q, at}, scratch(i));
  }
  for (int i = 0; i < m.stages; ++i) weight[i] = step.h * m.b[i];
  combine(x, weight, scratch(0), next);
}

void Stepper::back(const Step& step, const double* q, const double* x, double* lambda, double* gq) const {
  const Tableau& m = tableau_;
  double weight[4];
  double* const w = scratch(m.stages);
  double* const base = scratch(m.stages + 1);
  for (int i = m.stages - 1; i >= 0; --i) {
    for (std::size_t k = 0; k < n_; ++k) base[k] = step.h * m.b[i] * lambda[k];
    for (int j = 0; j < m.stages; ++j) weight[j] = j > i ? step.h * m.a[j][i] : 0.0;
    combine(base, weight, scratch(0), w);
    halo_.fill(w);
    model_.transposed({step.t + m.c[i] * step.h, q, x + static_cast<std::size_t>(i) * stride_}, w, scratch(i), gq);
  }
  for (int i = 0; i < m.stages; ++i) weight[i] = 1.0;
  combine(lambda, weight, scratch(0), lambda);
}

void Stepper::tangent(const Step& step, const double* q, const double* dq, const double* x, double* dx) const {
  const Tableau& m = tableau_;
  double weight[4];
  double* const stage = scratch(m.stages);
  for (int i = 0; i < m.stages; ++i) {
    for (int j = 0; j < m.stages; ++j) weight[j] = j < i ? step.h * m.a[i][j] : 0.0;
    combine(dx, weight, scratch(0), stage);
    halo_.fill(stage);
    model_.tangent({step.t + m.c[i] * step.h, q, x + static_cast<std::size_t>(i) * stride_}, dq, stage, scratch(i));
  }
  for (int i = 0; i < m.stages; ++i) weight[i] = step.h * m.b[i];
  combine(dx, weight, scratch(0), dx);
}

}  // namespace aleator::pde::evolution
