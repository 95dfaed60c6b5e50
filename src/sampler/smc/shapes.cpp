#include "sampler/smc/shapes.hpp"

#include <algorithm>

#include "sampler/proposal_scale.hpp"

namespace aleator::sampler {
namespace {

// Of the particles begin ... end - 1 by themselves.
std::vector<double> factor_of(const Context& context, const Weights& weights, const Ensemble& e, std::size_t begin,
                              std::size_t end) {
  const int d = static_cast<int>(e.position.extent(1));
  const std::size_t stride = PooledMoments::stride_of(end - begin, d);
  double sum = 0.0;
  for (std::size_t i = begin; i < end; i += stride) sum += weights.share[i];
  if (!(sum > 0.0)) return {};
  std::vector<double> share(weights.share.size(), 0.0);
  for (std::size_t i = begin; i < end; i += stride) share[i] = weights.share[i] / sum;
  PooledMoments moments;
  moments.reset(d);
  moments.observe_weighted(e, share, context);
  return moments.factor();
}

}  // namespace

Shapes shapes_of_halves(const Problem& problem, const Context& context, const Level& level, const Ensemble& e) {
  if (problem.imputes_failures()) return {};
  const std::size_t members = level.weights.share.size(), half = members / 2;
  Shapes shapes;
  shapes.first = factor_of(context, level.weights, e, half, members);
  if (!shapes.first.empty()) shapes.second = factor_of(context, level.weights, e, 0, half);
  return shapes.second.empty() ? Shapes() : shapes;
}

std::int64_t border_of(const std::vector<std::int64_t>& source, std::int64_t particles) {
  return std::lower_bound(source.begin(), source.end(), particles / 2) - source.begin();
}

}  // namespace aleator::sampler
