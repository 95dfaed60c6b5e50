#include "prob/diagnostics.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include "math/special.hpp"
#include "prob/autocovariance.hpp"

namespace aleator::prob {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

struct RankedDraw {
  double value;
  std::size_t position;  // chain * draws + draw, or the same in the split rows
};

/// A packed copy of the draws and their order, shared by the diagnostics of one quantity.
struct SortedDraws {
  explicit SortedDraws(const Draws& draws);

  int chains, draws;
  std::vector<double> packed;       // chain-major
  std::vector<RankedDraw> ordered;  // ascending; filled only when all draws are finite
  bool finite = true;

  int half() const { return draws / 2; }
  bool is_constant() const { return ordered.front().value == ordered.back().value; }
  /// Rank diagnostics exist.
  bool is_usable() const { return finite && chains >= 1 && draws >= 4 && !is_constant(); }
};

SortedDraws::SortedDraws(const Draws& d) : chains(d.chains), draws(d.draws) {
  packed.reserve(static_cast<std::size_t>(chains) * draws);
  for (int c = 0; c < chains; ++c) {
    for (int t = 0; t < draws; ++t) {
      packed.push_back(d(c, t));
      finite = finite && std::isfinite(packed.back());
    }
  }
  if (!finite || packed.empty()) {
    finite = false;
    return;
  }
  ordered.reserve(packed.size());
  for (std::size_t i = 0; i < packed.size(); ++i) ordered.push_back({packed[i], i});
  std::sort(ordered.begin(), ordered.end(), [](const RankedDraw& a, const RankedDraw& b) { return a.value < b.value; });
}

/// Mean about the first value: exact for equal values, safe for a large offset.
double mean_of(const std::vector<double>& x) {
  double sum = 0;
  for (double v : x) sum += v - x[0];
  return x[0] + sum / static_cast<double>(x.size());
}

/// Unbiased variance, divisor size - 1.
double variance_of(const std::vector<double>& x) {
  const double mean = mean_of(x);
  double sum = 0;
  for (double v : x) sum += (v - mean) * (v - mean);
  return sum / (static_cast<double>(x.size()) - 1.0);
}

double quantile_of(const std::vector<RankedDraw>& ordered, double p) {
  if (!(p >= 0.0 && p <= 1.0)) return kUndefined;
  const double place = p * (static_cast<double>(ordered.size()) - 1.0);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ordered.size() - 1);
  const double low = ordered[below].value, high = ordered[above].value;
  return low + (place - static_cast<double>(below)) * (high - low);
}

/// Each chain becomes two rows: its first and its last half; the middle draw of an odd number is left out.
template <class Function>
std::vector<double> split_rows(const SortedDraws& s, Function&& f) {
  std::vector<double> rows;
  rows.reserve(2 * static_cast<std::size_t>(s.chains) * s.half());
  for (int c = 0; c < s.chains; ++c) {
    const double* x = s.packed.data() + static_cast<std::size_t>(c) * s.draws;
    for (int t = 0; t < s.half(); ++t) rows.push_back(f(x[t]));
    for (int t = s.draws - s.half(); t < s.draws; ++t) rows.push_back(f(x[t]));
  }
  return rows;
}

/// The order of the draws kept by split_rows, with their positions there.
std::vector<RankedDraw> split_order(const SortedDraws& s) {
  if (s.draws % 2 == 0) return s.ordered;
  const auto draws = static_cast<std::size_t>(s.draws), half = static_cast<std::size_t>(s.half());
  std::vector<RankedDraw> kept;
  kept.reserve(2 * half * s.chains);
  for (const RankedDraw& r : s.ordered) {
    const std::size_t chain = r.position / draws, draw = r.position % draws;
    if (draw != half) kept.push_back({r.value, chain * 2 * half + draw - (draw > half ? 1 : 0)});
  }
  return kept;
}

/// The order of |x - median|, by merging the two sides of the median outwards.
std::vector<RankedDraw> folded_order(const std::vector<RankedDraw>& order) {
  const std::size_t size = order.size();
  const double median = (order[size / 2 - 1].value + order[size / 2].value) / 2.0;  // size is even: 2 chains x half
  std::vector<RankedDraw> folded;
  folded.reserve(size);
  std::size_t low = size / 2, high = size / 2;  // [low, high) is done
  while (low > 0 || high < size) {
    const double left = low > 0 ? std::abs(order[low - 1].value - median) : std::numeric_limits<double>::infinity();
    const double right = high < size ? std::abs(order[high].value - median) : std::numeric_limits<double>::infinity();
    if (low > 0 && (left <= right || high == size)) {
      folded.push_back({left, order[--low].position});
    } else {
      folded.push_back({right, order[high++].position});
    }
  }
  return folded;
}

/// Normal score of a rank among N: Phi^{-1}((r - 3/8) / (N + 1/4)) (Blom 1958), tabulated at whole ranks.
class NormalScores {
 public:
  explicit NormalScores(std::size_t count) : count_(static_cast<double>(count)), lower_((count + 1) / 2) {
    for (std::size_t i = 0; i < lower_.size(); ++i) lower_[i] = evaluate(static_cast<double>(i) + 1.0);
  }

  /// Score of the mean rank of the tied ranks first .. last.
  double operator()(std::size_t first, std::size_t last) const {
    if ((first + last) % 2 != 0) return evaluate(0.5 * static_cast<double>(first + last));
    const std::size_t rank = (first + last) / 2, mirrored = static_cast<std::size_t>(count_) + 1 - rank;
    return rank <= lower_.size() ? lower_[rank - 1] : -lower_[mirrored - 1];
  }

 private:
  double evaluate(double rank) const { return math::normal_quantile((rank - 0.375) / (count_ + 0.25)); }

  double count_;
  std::vector<double> lower_;
};

/// Calls f(first, last) for every run of equal values order[first .. last].
template <class Function>
void for_each_tie(const std::vector<RankedDraw>& order, Function&& f) {
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && order[last + 1].value == order[first].value) ++last;
    f(first, last);
    first = last + 1;
  }
}

std::vector<double> rank_normalised(const std::vector<RankedDraw>& order, const NormalScores& scores) {
  std::vector<double> z(order.size());
  for_each_tie(order, [&](std::size_t first, std::size_t last) {
    const double score = scores(first + 1, last + 1);
    for (std::size_t i = first; i <= last; ++i) z[order[i].position] = score;
  });
  return z;
}

/// R-hat of m rows of n draws: sqrt(((n - 1) / n W + B / n) / W).
double plain_rhat(const std::vector<double>& rows, int m) {
  const std::size_t n = rows.size() / m;
  std::vector<double> means;
  double within = 0;
  for (int j = 0; j < m; ++j) {
    const std::vector<double> row(rows.begin() + j * n, rows.begin() + (j + 1) * n);
    means.push_back(mean_of(row));
    within += variance_of(row) / m;
  }
  const double between_over_n = variance_of(means);
  return std::sqrt(between_over_n / within + (static_cast<double>(n) - 1.0) / static_cast<double>(n));
}

/// Geyer's initial positive and monotone sequences on rho_k, evaluated only as far as they go. Follows Stan and ArviZ:
/// tau = -1 + 2 sum of the kept pairs + the even term after them, ESS = N / max(tau, 1 / log10 N).
// Undefined for rows (half chains) of up to four draws: they have no autocorrelation to sum.
double plain_ess(const std::vector<double>& rows, int m) {
  const int n = static_cast<int>(rows.size() / m);
  if (n <= 4) return kUndefined;
  const auto total = static_cast<double>(rows.size());
  if (std::all_of(rows.begin(), rows.end(), [&](double v) { return v == rows[0]; })) return total;
  Autocovariance c(rows, m, n);
  const double within = c(0) * n / (n - 1.0);
  const double var_plus = c(0) + (m > 1 ? variance_of(c.means()) : 0.0);
  const auto rho = [&](int k) { return 1.0 - (within - c(k)) / var_plus; };

  double even = 1.0, odd = rho(1), kept_sum = 0.0, kept_pair = std::numeric_limits<double>::infinity();
  for (int k = 0; even + odd > 0.0 && k < n - 4;) {
    kept_pair = std::min(even + odd, kept_pair);
    kept_sum += kept_pair;
    k += 2;
    even = rho(k);
    odd = rho(k + 1);
  }
  const bool drop_even = even <= 0.0 && even + odd < 0.0;
  const double tau = -1.0 + 2.0 * kept_sum + (drop_even ? 0.0 : even);
  return total / std::max(tau, 1.0 / std::log10(total));
}

double ess_of_packed(const SortedDraws& s) {
  return plain_ess(split_rows(s, [](double v) { return v; }), 2 * s.chains);
}

double ess_at_quantile(const SortedDraws& s, double p) {
  const double q = quantile_of(s.ordered, p);
  return plain_ess(split_rows(s, [q](double v) { return v <= q ? 1.0 : 0.0; }), 2 * s.chains);
}

/// NaN when both indicators are constant: more than 95 % of the draws are equal and nothing is known of the tails.
double tail_ess(const SortedDraws& s) {
  const double largest = s.ordered.back().value;
  if (quantile_of(s.ordered, 0.05) == largest) return kUndefined;
  return std::min(ess_at_quantile(s, 0.05), ess_at_quantile(s, 0.95));
}

struct RankFigures {
  double rhat = kUndefined;
  double ess_bulk = kUndefined;
};

RankFigures rank_figures(const SortedDraws& s, bool with_rhat, bool with_ess) {
  const auto order = split_order(s);
  RankFigures figures;
  if (order.front().value == order.back().value) return figures;  // only a middle draw differed
  const NormalScores scores(order.size());
  const auto z = rank_normalised(order, scores);
  if (with_ess) figures.ess_bulk = plain_ess(z, 2 * s.chains);
  if (with_rhat) {
    const auto folded = rank_normalised(folded_order(order), scores);
    // fmax: a two-valued quantity folds to a constant and has only a bulk R-hat.
    figures.rhat = std::fmax(plain_rhat(z, 2 * s.chains), plain_rhat(folded, 2 * s.chains));
  }
  return figures;
}

std::vector<double> squared_deviations(const SortedDraws& s) {
  const double mean = mean_of(s.packed);
  std::vector<double> squares;
  squares.reserve(s.packed.size());
  for (double v : s.packed) squares.push_back((v - mean) * (v - mean));
  return squares;
}

}  // namespace

ScalarSummary summarise(const Draws& draws) {
  const SortedDraws s(draws);
  ScalarSummary r{kUndefined, kUndefined, kUndefined, kUndefined, kUndefined,
                  kUndefined, kUndefined, kUndefined, kUndefined};
  if (!s.finite) return r;
  r.mean = mean_of(s.packed);
  if (s.packed.size() > 1) r.sd = std::sqrt(variance_of(s.packed));
  r.q05 = quantile_of(s.ordered, 0.05);
  r.q50 = quantile_of(s.ordered, 0.50);
  r.q95 = quantile_of(s.ordered, 0.95);
  if (!s.is_usable()) return r;
  r.mcse = r.sd / std::sqrt(ess_of_packed(s));
  const RankFigures figures = rank_figures(s, true, true);
  r.rhat = figures.rhat;
  r.ess_bulk = figures.ess_bulk;
  r.ess_tail = tail_ess(s);
  return r;
}

double rhat(const Draws& draws) {
  const SortedDraws s(draws);
  return s.is_usable() ? rank_figures(s, true, false).rhat : kUndefined;
}

double ess_bulk(const Draws& draws) {
  const SortedDraws s(draws);
  return s.is_usable() ? rank_figures(s, false, true).ess_bulk : kUndefined;
}

double ess_tail(const Draws& draws) {
  const SortedDraws s(draws);
  return s.is_usable() ? tail_ess(s) : kUndefined;
}

double ess_mean(const Draws& draws) {
  const SortedDraws s(draws);
  return s.is_usable() ? ess_of_packed(s) : kUndefined;
}

double ess_sd(const Draws& draws) {
  SortedDraws s(draws);
  if (!s.is_usable()) return kUndefined;
  s.packed = squared_deviations(s);
  return ess_of_packed(s);
}

double ess_quantile(const Draws& draws, double p) {
  const SortedDraws s(draws);
  return s.is_usable() && p >= 0.0 && p <= 1.0 ? ess_at_quantile(s, p) : kUndefined;
}

double mcse_mean(const Draws& draws) {
  const SortedDraws s(draws);
  return s.is_usable() ? std::sqrt(variance_of(s.packed) / ess_of_packed(s)) : kUndefined;
}

double mcse_sd(const Draws& draws) {
  SortedDraws s(draws);
  if (!s.is_usable()) return kUndefined;
  s.packed = squared_deviations(s);
  const double variance = mean_of(s.packed);
  double spread = 0;  // Var((x - mean)^2); delta method: Var(sd) = Var(sd^2) / (4 sd^2)
  for (double v : s.packed) spread += (v - variance) * (v - variance);
  spread /= static_cast<double>(s.packed.size());
  return std::sqrt(spread / ess_of_packed(s) / variance / 4.0);
}

double mcse_quantile(const Draws& draws, double p) {
  const SortedDraws s(draws);
  if (!s.is_usable() || !(p > 0.0 && p < 1.0)) return kUndefined;
  const double ess = ess_at_quantile(s, p);
  if (!std::isfinite(ess)) return kUndefined;
  // The order statistics that bracket the quantile as a Beta(ess p + 1, ess (1 - p) + 1) does at one standard
  // deviation.
  const auto count = static_cast<double>(s.ordered.size());
  const double a = ess * p + 1.0, b = ess * (1.0 - p) + 1.0;
  const double low = boost::math::ibeta_inv(a, b, 0.1586553) * count - 1.0;
  const double high = boost::math::ibeta_inv(a, b, 0.8413447) * count - 1.0;
  const auto below = static_cast<std::size_t>(std::floor(std::max(low, 0.0)));
  const auto above = static_cast<std::size_t>(std::ceil(std::min(std::max(high, 0.0), count - 1.0)));
  return (s.ordered[above].value - s.ordered[below].value) / 2.0;
}

std::vector<double> quantiles(const Draws& draws, const std::vector<double>& p) {
  const SortedDraws s(draws);
  std::vector<double> result(p.size(), kUndefined);
  if (!s.finite) return result;
  for (std::size_t i = 0; i < p.size(); ++i) result[i] = quantile_of(s.ordered, p[i]);
  return result;
}

std::vector<double> autocorrelation(const Draws& draws, int max_lag) {
  std::vector<double> rows;
  for (int c = 0; c < draws.chains; ++c) {
    for (int t = 0; t < draws.draws; ++t) rows.push_back(draws(c, t));
  }
  std::vector<double> rho;
  if (rows.empty()) return rho;
  Autocovariance covariance(rows, draws.chains, draws.draws);
  for (int k = 0; k <= std::min(max_lag, draws.draws - 1); ++k) rho.push_back(covariance(k) / covariance(0));
  return rho;
}

std::vector<std::vector<int>> rank_histograms(const Draws& draws, int bins) {
  const SortedDraws s(draws);
  std::vector<std::vector<int>> counts;
  if (!s.finite || bins < 1) return counts;
  counts.assign(s.chains, std::vector<int>(bins, 0));
  for_each_tie(s.ordered, [&](std::size_t first, std::size_t last) {
    // Mean rank, less a half: (first + last + 1) / 2 lies in (0, N). In whole numbers, so that bin edges are exact.
    const std::uint64_t twice = first + last + 1;
    const auto bin = static_cast<std::size_t>(twice * static_cast<std::uint64_t>(bins) / (2 * s.ordered.size()));
    for (std::size_t i = first; i <= last; ++i) ++counts[s.ordered[i].position / s.draws][bin];
  });
  return counts;
}

}  // namespace aleator::prob
