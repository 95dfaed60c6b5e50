#include "sampler/mcmc/tail_move.hpp"

#include "math/special.hpp"

namespace aleator::sampler {

void tail_move(const Problem& problem, const Context& context, const TailSetting& setting, Ensemble& e) {
  const double sign = setting.tail == Tail::lower ? -1.0 : 1.0, threshold = setting.threshold, share = setting.share;
  const double beyond = math::normal_cdf(-threshold);  // P(z > c)
  const kernels::Stream values{kernels::Purpose::tail, setting.step}, picks{kernels::Purpose::tail_pick, setting.step};
  const int d = static_cast<int>(e.position.extent(1));
  const Batch proposed(Kokkos::view_alloc("proposed", Kokkos::WithoutInitializing), e.rows(), d), position = e.position;
  kernels::for_each_row(e.rows(), [=, rng = context.rng, first = e.layout.first()](int row) {
    for (int k = 0; k < d; ++k) {
      const auto column = static_cast<std::uint32_t>(k);
      const bool is_redrawn =
          sign * position(row, k) > threshold && (share >= 1.0 || rng.uniform(picks, first + row, column) <= share);
      // P(z' > x | z' > c) = Phi(-x) / Phi(-c)
      proposed(row, k) = is_redrawn ? -sign * math::normal_quantile(rng.uniform(values, first + row, column) * beyond)
                                    : position(row, k);
    }
  });
  Ensemble without_gradient = e;
  without_gradient.gradient = Batch("none", e.rows(), 0);
  without_gradient.accepted = Vector("accepted", e.rows());  // the draw's own tells of the main move
  const Candidates c = evaluate_candidates(problem, context, without_gradient, proposed);
  Kokkos::deep_copy(c.log_ratio, 0.0);  // reversible with respect to N(0, I)
  const std::vector<double> no_shape;
  accept(c, {1.0, 1.0, no_shape, setting.step, kernels::Purpose::tail_acceptance}, context, without_gradient);
}

}  // namespace aleator::sampler
