#include "sampler/stein/mixture.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/stein.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {
namespace {

using Row = std::vector<double>;

// Of the particles near an anchor, in x' = C^T x.
struct Near {
  std::vector<int> rows;  // among all particles
  Batch x, score;
  std::vector<double> weight;
};

Near particles_near(const Anchor& anchor, int l, const AnchorWeights& weights, const Batch& z, const Batch& scores) {
  constexpr double negligible = 1e-10;
  const int d = anchor.lower.rows;
  Near near;
  for (int row = 0; row < static_cast<int>(z.extent(0)); ++row)
    if (weights.weight(row, l) >= negligible) {
      near.rows.push_back(row);
      near.weight.push_back(weights.weight(row, l));
    }
  const int count = static_cast<int>(near.rows.size());
  near.x = kernels::new_batch(count, d), near.score = kernels::new_batch(count, d);
  kernels::for_each_row(count, [&](int i) {
    const int row = near.rows[i];
    Row x(&z(row, 0), &z(row, 0) + d), away(x), score(static_cast<std::size_t>(d));
    for (int k = 0; k < d; ++k) away[k] -= anchor.place[k], score[k] = scores(row, k) + weights.pull(row, k);
    x = math::transposed_multiply(anchor.lower, x), away = math::transposed_multiply(anchor.lower, away);
    score = math::solve_lower(anchor.lower, score);  // C^-1 (s + grad log w) = C^-1 (s + pull) - C^T (x - a)
    for (int k = 0; k < d; ++k) near.x(i, k) = x[k], near.score(i, k) = score[k] - away[k];
  });
  return near;
}

double length_near(const Near& near, double anchors) {
  if (near.rows.size() < 2) return 1.0;  // a particle alone feels its own score, whatever the length
  std::vector<int> close;
  for (int i = 0; i < static_cast<int>(near.rows.size()); ++i)
    if (near.weight[i] >= 0.5 / anchors) close.push_back(i);
  if (close.size() < 2) return median_length_scale(near.x);
  const Batch x = kernels::new_batch(close.size(), static_cast<int>(near.x.extent(1)));
  for (std::size_t i = 0; i < close.size(); ++i)
    for (std::size_t k = 0; k < x.extent(1); ++k) x(i, k) = near.x(close[i], k);
  return median_length_scale(x);
}

}  // namespace

AnchorWeights weights_of(const std::vector<Anchor>& anchors, const Batch& z) {
  const int m = static_cast<int>(anchors.size()), rows = static_cast<int>(z.extent(0)),
            d = static_cast<int>(z.extent(1));
  AnchorWeights all{kernels::new_batch(rows, m), Batch("pull", rows, d)};
  Row log_root_determinant;
  for (const Anchor& anchor : anchors) log_root_determinant.push_back(0.5 * math::log_det_cholesky(anchor.lower));
  kernels::for_each_row(rows, [&](int row) {
    std::vector<Row> along(anchors.size());  // C^T (z - a)
    double largest = -INFINITY, sum = 0.0;
    for (int l = 0; l < m; ++l) {
      Row away(&z(row, 0), &z(row, 0) + d);
      for (int k = 0; k < d; ++k) away[k] -= anchors[l].place[k];
      along[l] = math::transposed_multiply(anchors[l].lower, away);
      all.weight(row, l) = log_root_determinant[l] - 0.5 * math::dot(along[l], along[l]);
      largest = std::max(largest, all.weight(row, l));
    }
    for (int l = 0; l < m; ++l) sum += all.weight(row, l) = std::exp(all.weight(row, l) - largest);
    for (int l = 0; l < m; ++l) {
      all.weight(row, l) /= sum;
      const Row pull = math::multiply(anchors[l].lower, along[l]);
      for (int k = 0; k < d; ++k) all.pull(row, k) += all.weight(row, l) * pull[k];
    }
  });
  return all;
}

double mixture_direction(const MixtureSetting& setting, const std::vector<Anchor>& anchors, const Batch& z,
                         const Batch& scores, std::int64_t first, const Batch& phi) {
  const int rows = static_cast<int>(phi.extent(0)), d = static_cast<int>(phi.extent(1));
  const double members = static_cast<double>(z.extent(0));
  const AnchorWeights weights = weights_of(anchors, z);
  Kokkos::deep_copy(phi, 0.0);
  double mean_length = 0.0;
  for (int l = 0; l < static_cast<int>(anchors.size()); ++l) {
    const Near near = particles_near(anchors[l], l, weights, z, scores);
    if (near.rows.empty()) continue;
    const double length =
        setting.length_scale > 0.0 ? setting.length_scale : length_near(near, static_cast<double>(anchors.size()));
    mean_length += length / static_cast<double>(anchors.size());
    const auto begin = std::lower_bound(near.rows.begin(), near.rows.end(), first),
               end = std::lower_bound(begin, near.rows.end(), first + rows);
    const Batch of_mine = kernels::new_batch(static_cast<std::size_t>(end - begin), d);
    const std::int64_t first_near = begin - near.rows.begin();
    if (setting.is_single)
      kernels::SteinDirection<float>(near.x, near.score, length, near.weight).apply(first_near, of_mine);
    else
      kernels::SteinDirection<double>(near.x, near.score, length, near.weight).apply(first_near, of_mine);
    kernels::for_each_row(static_cast<int>(of_mine.extent(0)), [&](int i) {  // C^-T
      const Row move = math::solve_lower_transposed(anchors[l].lower, Row(&of_mine(i, 0), &of_mine(i, 0) + d));
      const double share = near.weight[first_near + i] * static_cast<double>(near.rows.size()) / members;
      for (int k = 0; k < d; ++k) phi(near.rows[first_near + i] - first, k) += share * move[k];
    });
  }
  return mean_length;
}

}  // namespace aleator::sampler
