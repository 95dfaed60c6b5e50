#include "prob/rank_test.hpp"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "core/error.hpp"

namespace aleator::prob {
namespace {

double binomial_mass(const std::vector<double>& log_factorial, int n, int r, double p) {
  if (p >= 1.0) return r == n ? 1.0 : 0.0;
  return std::exp(log_factorial[n] - log_factorial[r] - log_factorial[n - r] + r * std::log(p) +
                  (n - r) * std::log1p(-p));
}

}  // namespace

RankTest::RankTest(int simulations, int values) : simulations_(simulations), values_(values), log_factorial_{0.0} {
  ALEATOR_ASSERT(simulations >= 1 && values >= 2);
  for (int n = 1; n <= simulations; ++n) log_factorial_.push_back(log_factorial_.back() + std::log(n));
  const auto width = static_cast<std::size_t>(simulations) + 1;
  below_.resize(width * static_cast<std::size_t>(values - 1)), above_ = below_;
  for (int k = 1; k < values; ++k) {
    double* const low = &below_[width * static_cast<std::size_t>(k - 1)];
    double* const high = &above_[width * static_cast<std::size_t>(k - 1)];
    double sum = 0.0;
    for (int r = 0; r <= simulations; ++r)
      low[r] = sum += binomial_mass(log_factorial_, simulations, r, static_cast<double>(k) / values);
    sum = 0.0;
    for (int r = simulations; r >= 0; --r)
      high[r] = sum += binomial_mass(log_factorial_, simulations, r, static_cast<double>(k) / values);
  }
}

double RankTest::tail(int k, int count) const {
  const std::size_t at =
      (static_cast<std::size_t>(simulations_) + 1) * static_cast<std::size_t>(k - 1) + static_cast<std::size_t>(count);
  return 2.0 * std::min(below_[at], above_[at]);
}

std::vector<std::pair<int, int>> RankTest::band(double gamma) const {
  std::vector<std::pair<int, int>> out;
  for (int k = 1; k < values_; ++k) {
    int first = 0, last = simulations_;
    while (first <= simulations_ && !(tail(k, first) > gamma)) ++first;
    while (last >= first && !(tail(k, last) > gamma)) --last;
    out.emplace_back(first, last);
  }
  return out;
}

double RankTest::coverage(double gamma) const {
  std::vector<double> mass{1.0};  // of R_k = first ... last, while all before lay inside
  int first = 0;
  int k = 0;
  for (const auto& [low, high] : band(gamma)) {
    ++k;
    if (high < low) return 0.0;
    const double p = 1.0 / (values_ - k + 1);
    std::vector<double> next(static_cast<std::size_t>(high - low) + 1, 0.0);
    for (std::size_t i = 0; i < mass.size(); ++i) {
      const int n = first + static_cast<int>(i), left = simulations_ - n;
      for (int m = std::max(low, n); m <= high; ++m)
        next[static_cast<std::size_t>(m - low)] += mass[i] * binomial_mass(log_factorial_, left, m - n, p);
    }
    mass = std::move(next), first = low;
  }
  double sum = 0.0;
  for (const double x : mass) sum += x;
  return std::min(sum, 1.0);
}

double RankTest::level_for(double wanted) const {
  double low = 0.0, high = 1.0;  // coverage falls as gamma grows
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    (coverage(middle) >= wanted ? low : high) = middle;
  }
  return low;
}

std::vector<int> RankTest::counts_below(const std::vector<int>& ranks) const {
  ALEATOR_ASSERT(static_cast<int>(ranks.size()) == simulations_);
  std::vector<int> counts(static_cast<std::size_t>(values_), 0);
  for (const int rank : ranks) {
    ALEATOR_ASSERT(rank >= 0 && rank < values_);
    ++counts[static_cast<std::size_t>(rank)];
  }
  for (std::size_t k = 1; k < counts.size(); ++k) counts[k] += counts[k - 1];
  return counts;  // [k - 1]: how many are below k
}

double RankTest::gamma_of(const std::vector<int>& ranks) const {
  const std::vector<int> counts = counts_below(ranks);
  double gamma = 2.0;
  for (int k = 1; k < values_; ++k) gamma = std::min(gamma, tail(k, counts[static_cast<std::size_t>(k - 1)]));
  return gamma;
}

double RankTest::ecdf_p(const std::vector<int>& ranks) const {
  const double rounding = 1.0 + 1e-9;  // counts as far out as the one observed lie outside
  const double gamma = gamma_of(ranks), bound = gamma * (values_ - 1);  // each count lies outside with gamma at most
  return bound < 1e-9 ? bound : std::max(0.0, 1.0 - coverage(gamma * rounding));
}

int RankTest::bins() const {
  constexpr int most = 20, least_expected = 5;
  for (int bins = std::min(most, simulations_ / least_expected); bins > 1; --bins)
    if (values_ % bins == 0) return bins;
  return 1;
}

std::vector<int> RankTest::histogram(const std::vector<int>& ranks) const {
  std::vector<int> counts(static_cast<std::size_t>(bins()), 0);
  const int width = values_ / bins();
  for (const int rank : ranks) ++counts.at(static_cast<std::size_t>(rank / width));
  return counts;
}

double RankTest::chi_square_p(const std::vector<int>& ranks) const {
  const std::vector<int> counts = histogram(ranks);
  if (counts.size() < 2) return 1.0;
  const double expected = static_cast<double>(simulations_) / static_cast<double>(counts.size());
  double chi_square = 0.0;
  for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
  return boost::math::gamma_q(0.5 * static_cast<double>(counts.size() - 1), 0.5 * chi_square);
}

}  // namespace aleator::prob
