#include "sampler/mcmc/coordinate_move.hpp"

#include <algorithm>
#include <cmath>

#include "math/special.hpp"

namespace aleator::sampler {
namespace {

// q_k, to a factor that is the same everywhere.
class CoordinateLaw {
 public:
  CoordinateLaw(const Marginals& marginals, int k) {
    if (marginals.deviation.empty()) return;
    mean_ = marginals.mean[static_cast<std::size_t>(k)];
    deviation_ = marginals.deviation[static_cast<std::size_t>(k)];
    learned_ = 0.5;
  }
  /// Of two independent uniform numbers.
  double draw(double which, double u) const {
    const double normal = math::normal_quantile(u);
    return which <= learned_ ? mean_ + deviation_ * normal : normal;
  }
  double log_density(double z) const {
    const double x = (z - mean_) / deviation_, prior = -0.5 * z * z, marginal = -0.5 * x * x - std::log(deviation_);
    if (learned_ == 0.0) return prior;
    const double larger = std::max(prior, marginal);
    return larger + std::log(std::exp(prior - larger) + std::exp(marginal - larger));
  }

 private:
  double mean_ = 0.0, deviation_ = 1.0;
  double learned_ = 0.0;  // share of the marginal
};

}  // namespace

Marginals marginals_of(const ChainState& s) {
  const std::size_t d = s.centre.size();
  Marginals marginals{s.centre, std::vector<double>(d)};
  for (std::size_t i = 0; i < d; ++i) {
    double squares = 0.0;
    for (std::size_t j = 0; j <= i; ++j) squares += s.lower[i * d + j] * s.lower[i * d + j];
    marginals.deviation[i] = std::sqrt(squares);
  }
  return marginals;
}

void coordinate_move(const Problem& problem, const Context& context, const CoordinateSetting& setting, Ensemble& e) {
  const int d = static_cast<int>(e.position.extent(1)), named = static_cast<int>(setting.coordinates.size()),
            choices = named == 0 ? d : named;
  const kernels::Stream numbers{kernels::Purpose::coordinate, setting.step};
  const Batch proposed(Kokkos::view_alloc("proposed", Kokkos::WithoutInitializing), e.rows(), d);
  Kokkos::deep_copy(proposed, e.position);
  const Vector log_ratio("log_ratio", e.rows());
  kernels::for_each_row(e.rows(), [=, &setting, rng = context.rng, first = e.layout.first()](int row) {
    const auto uniform = [&](std::uint32_t which) { return rng.uniform(numbers, first + row, which); };
    const int choice = std::min(static_cast<int>(uniform(0) * choices), choices - 1);
    const int k = named == 0 ? choice : setting.coordinates[static_cast<std::size_t>(choice)];
    const CoordinateLaw law(setting.marginals, k);
    const double present = proposed(row, k), next = law.draw(uniform(1), uniform(2));
    proposed(row, k) = next;
    log_ratio(row) = 0.5 * (present * present - next * next) + law.log_density(present) - law.log_density(next);
  });
  Ensemble without_gradient = e;
  without_gradient.gradient = Batch("none", e.rows(), 0);
  without_gradient.accepted = Vector("accepted", e.rows());  // the draw's own tells of the main move
  const Candidates c = evaluate_candidates(problem, context, without_gradient, proposed);
  Kokkos::deep_copy(c.log_ratio, log_ratio);
  const std::vector<double> no_shape;
  accept(c, {1.0, 1.0, no_shape, setting.step, kernels::Purpose::coordinate_acceptance}, context, without_gradient);
}

}  // namespace aleator::sampler
