#pragma once
/// What      Whether ranks are uniform: of L true values among their posterior draws, each rank one of 0 ... K-1.
/// Method    chi-square over equal bins, and the whole ECDF at once (Säilynoja, Bürkner, Vehtari 2022): with R_k the number of
///           ranks below k and F_k the distribution of Binomial(L, k / K), gamma = min_k 2 min(F_k(R_k), 1 - F_k(R_k - 1)); its
///           distribution is exact, by the recursion over k of their section 2.2: given R_(k-1) the increment is
///           Binomial(L - R_(k-1), 1 / (K - k + 1)).
/// Parallel  local.
/// Cost      set-up O(L K); coverage O(K w^2) with w the width of the band, below 10 ms for L = 1000, K = 100.
/// Fails     InternalError for ranks outside 0 ... K-1.
#include <utility>
#include <vector>

namespace aleator::prob {

class RankTest {
 public:
  RankTest(int simulations, int values);

  /// The probability that uniform ranks stay inside the band of level gamma at every k.
  double coverage(double gamma) const;
  /// The gamma whose band has this coverage.
  double level_for(double coverage) const;
  /// Counts R_k, from first to second, inside the band at k = 1 ... K-1.
  std::vector<std::pair<int, int>> band(double gamma) const;
  double gamma_of(const std::vector<int>& ranks) const;
  /// The probability that uniform ranks stray as far as these.
  double ecdf_p(const std::vector<int>& ranks) const;

  /// The largest number of equal bins, at most 20, with 5 ranks expected in each; at least 1.
  int bins() const;
  std::vector<int> histogram(const std::vector<int>& ranks) const;
  double chi_square_p(const std::vector<int>& ranks) const;

 private:
  double tail(int k, int count) const;  // 2 min(F_k(r), 1 - F_k(r - 1))
  std::vector<int> counts_below(const std::vector<int>& ranks) const;
  int simulations_, values_;
  std::vector<double> below_, above_;  // P(R_k <= r) and P(R_k >= r), k by k
  std::vector<double> log_factorial_;
};

}  // namespace aleator::prob
