#include "prob/design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/random/sobol.hpp>
#include <numeric>

#include "core/error.hpp"
#include "math/special.hpp"

namespace aleator::prob {

using kernels::Purpose;
namespace {

// Streams of one purpose: rows of normals, and for every coordinate the order of the strata (or a shift) and places in them.
kernels::Stream order_of(int coordinate) {
  return {Purpose::prior_sample, 1 + 2 * static_cast<std::int64_t>(coordinate)};
}
kernels::Stream place_in(int coordinate) {
  return {Purpose::prior_sample, 2 + 2 * static_cast<std::int64_t>(coordinate)};
}

}  // namespace

Design::Design(DesignKind kind, std::int64_t rows, int dimension, const kernels::Rng& rng)
    : kind_(kind), rows_(rows), dimension_(dimension), rng_(rng) {
  if (kind == DesignKind::sobol && dimension > most_sobol_dimensions)
    throw core::UserError(
        fmt::format("Sobol' points have at most {} coordinates, not {}", most_sobol_dimensions, dimension));
  if (kind != DesignKind::latin_hypercube) return;
  const auto n = static_cast<std::size_t>(rows);
  std::vector<double> key(n);
  strata_.resize(n * static_cast<std::size_t>(dimension));
  for (int k = 0; k < dimension; ++k) {
    const auto begin = strata_.begin() + static_cast<std::ptrdiff_t>(n) * k;
    for (std::size_t row = 0; row < n; ++row) key[row] = rng_.uniform(order_of(k), static_cast<std::int64_t>(row));
    std::iota(begin, begin + static_cast<std::ptrdiff_t>(n), 0u);
    std::sort(begin, begin + static_cast<std::ptrdiff_t>(n),
              [&](std::uint32_t a, std::uint32_t b) { return key[a] != key[b] ? key[a] < key[b] : a < b; });
  }
}

void Design::rows(std::int64_t first, kernels::Batch z) const {
  switch (kind_) {
    case DesignKind::random:
      return rng_.normals({Purpose::prior_sample}, first, z);
    case DesignKind::latin_hypercube:
      return latin_hypercube_rows(first, z);
    case DesignKind::sobol:
      return sobol_rows(first, z);
  }
}

void Design::latin_hypercube_rows(std::int64_t first, kernels::Batch z) const {
  constexpr double below_one = 1.0 - 0x1p-53;
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (int k = 0; k < dimension_; ++k) {
      const std::int64_t at = first + static_cast<std::int64_t>(row);
      const double inside = rng_.uniform(place_in(k), at);
      const double stratum = strata_[static_cast<std::size_t>(rows_ * k + at)];
      z(row, k) = math::normal_quantile(std::min((stratum + inside) / static_cast<double>(rows_), below_one));
    }
}

// Boost leaves out the first point, 0, without which no 2^m points are a net: row r is Boost's point r - 1.
void Design::sobol_rows(std::int64_t first, kernels::Batch z) const {
  constexpr double two_to_52 = 0x1p52;
  boost::random::sobol points(static_cast<std::size_t>(dimension_));
  points.discard(static_cast<std::uint64_t>(first > 0 ? first - 1 : 0) * static_cast<std::uint64_t>(dimension_));
  std::vector<std::uint64_t> shift;
  for (int k = 0; k < dimension_; ++k)
    shift.push_back(static_cast<std::uint64_t>(rng_.uniform(order_of(k), 0) * (two_to_52 - 1.0)));
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (int k = 0; k < dimension_; ++k) {
      const std::uint64_t point = first + static_cast<std::int64_t>(row) > 0 ? points() >> 12 : 0;
      const std::uint64_t bits = point ^ shift[static_cast<std::size_t>(k)];
      z(row, k) = math::normal_quantile((static_cast<double>(bits) + 0.5) / two_to_52);
    }
}

}  // namespace aleator::prob
