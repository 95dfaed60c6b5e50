#include "sampler/mcmc/tail_move.hpp"

#include "math/special.hpp"

namespace aleator::sampler {

void tail_move(const Problem& problem, const Context& context, Tail tail, const MoveSetting& setting, Ensemble& e) {
  const double sign = tail == Tail::lower ? -1.0 : 1.0, threshold = setting.scale;
  const double beyond = math::normal_cdf(-threshold);  // P(z > c)
  const int d = static_cast<int>(e.position.extent(1));
  const Batch proposed(Kokkos::view_alloc("proposed", Kokkos::WithoutInitializing), e.rows(), d), position = e.position;
  kernels::for_each_row(e.rows(), [=, rng = context.rng, first = e.layout.first(), step = setting.step](int row) {
    for (int k = 0; k < d; ++k) {
      const bool is_in_tail = sign * position(row, k) > threshold;
      const double u =
          is_in_tail ? rng.uniform({kernels::Purpose::tail, step}, first + row, static_cast<std::uint32_t>(k)) : 0.0;
      // P(z' > x | z' > c) = Phi(-x) / Phi(-c)
      proposed(row, k) = is_in_tail ? -sign * math::normal_quantile(u * beyond) : position(row, k);
    }
  });
  Ensemble without_gradient = e;
  without_gradient.gradient = Batch("none", e.rows(), 0);
  without_gradient.accepted = Vector("accepted", e.rows());  // the draw's own tells of the main move
  const Candidates c = evaluate_candidates(problem, context, without_gradient, proposed);
  Kokkos::deep_copy(c.log_ratio, 0.0);  // reversible with respect to N(0, I)
  accept(c, setting, context, without_gradient);
}

}  // namespace aleator::sampler
