#include "sampler/smc/memory.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::sampler {

Start::Start(const Context& context, const Ensemble& e)
    : position_(Kokkos::view_alloc("start", Kokkos::WithoutInitializing), e.rows(), e.position.extent(1)),
      log_likelihood_("start", e.rows()),
      centre_(mean_position(e, context)),
      level_(ordered_mean(context, e.layout, e.log_likelihood)) {
  Kokkos::deep_copy(position_, e.position);
  Kokkos::deep_copy(log_likelihood_, e.log_likelihood);
}

Memory Start::remembered_by(const Context& context, const Ensemble& e) const {
  const int d = static_cast<int>(e.position.extent(1));
  const auto sums = parallel::ordered_sum(context.comm, e.layout, 5 * (d + 1), [&](int row, double* sum) {
    for (int k = 0; k <= d; ++k) {
      const double centre = k < d ? centre_[static_cast<std::size_t>(k)] : level_;
      const double a = (k < d ? position_(row, k) : log_likelihood_(row)) - centre;
      const double b = (k < d ? e.position(row, k) : e.log_likelihood(row)) - centre;
      sum[5 * k] += a, sum[5 * k + 1] += b, sum[5 * k + 2] += a * a, sum[5 * k + 3] += b * b, sum[5 * k + 4] += a * b;
    }
  });
  const double n = static_cast<double>(e.layout.rows());
  double total = 0.0, last = 0.0, worst = 0.0;
  for (int k = 0; k <= d; ++k) {
    const double* const s = &sums[static_cast<std::size_t>(5 * k)];
    const double variances = (s[2] - s[0] * s[0] / n) * (s[3] - s[1] * s[1] / n);
    last = variances > 0.0 ? (s[4] - s[0] * s[1] / n) / std::sqrt(variances) : 0.0;
    worst = std::max(worst, last);
    if (k < d) total += last;
  }
  return {std::max(total / d, last), worst, last};
}

}  // namespace aleator::sampler
