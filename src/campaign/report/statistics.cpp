#include "campaign/report/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "prob/diagnostics.hpp"

namespace aleator::campaign::report {
namespace {

// One pass of a Gaussian of standard deviation `width` cells along one direction; mass that would leave the grid is
// reflected.
std::vector<double> smooth_cells(const std::vector<double>& in, int nx, int ny, bool along_x) {
  constexpr int reach = 4;
  constexpr double width = 1.3;
  std::vector<double> out(in.size(), 0.0);
  double total = 0;
  double weight[2 * reach + 1];
  for (int s = -reach; s <= reach; ++s) total += weight[s + reach] = std::exp(-0.5 * s * s / (width * width));
  const int n = along_x ? nx : ny;
  for (int iy = 0; iy < ny; ++iy) {
    for (int ix = 0; ix < nx; ++ix) {
      const double mass = in[static_cast<std::size_t>(iy) * nx + ix];
      if (mass == 0) continue;
      for (int s = -reach; s <= reach; ++s) {
        int target = (along_x ? ix : iy) + s;
        if (target < 0) target = -target - 1;
        if (target >= n) target = 2 * n - 1 - target;
        if (target < 0 || target >= n) continue;
        out[along_x ? static_cast<std::size_t>(iy) * nx + target : static_cast<std::size_t>(target) * nx + ix] +=
            mass * weight[s + reach] / total;
      }
    }
  }
  return out;
}

double mass_level(const std::vector<double>& descending, double share) {
  const double total = std::accumulate(descending.begin(), descending.end(), 0.0);
  double sum = 0;
  for (const double d : descending) {
    sum += d;
    if (sum >= share * total) return d;
  }
  return 0;
}

}  // namespace

std::vector<double> draws_of(const MethodRun& run, int parameter, int chain) {
  std::vector<double> out;
  if (!has_draws(run)) return out;
  const std::size_t first = chain < 0 ? 0 : static_cast<std::size_t>(chain) * run.draws;
  const std::size_t rows = static_cast<std::size_t>(run.draws) * (chain < 0 ? run.chains : 1);
  out.reserve(rows);
  for (std::size_t i = first; i < first + rows; ++i) out.push_back(run.values[i * run.dimension + parameter]);
  return out;
}

std::vector<double> sorted_finite(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); }), values.end());
  std::sort(values.begin(), values.end());
  return values;
}

double quantile(const std::vector<double>& sorted, double probability) {
  if (sorted.empty()) return undefined;
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const std::size_t i = static_cast<std::size_t>(position);
  if (i + 1 >= sorted.size()) return sorted.back();
  const double t = position - static_cast<double>(i);
  return (1 - t) * sorted[i] + t * sorted[i + 1];
}

std::vector<double> histogram(const std::vector<double>& values, double low, double high, int bins) {
  std::vector<double> counts(bins, 0.0);
  if (!(high - low < std::numeric_limits<double>::infinity())) return counts;
  for (const double v : values) {
    const double place = (v - low) / (high - low) * bins;  // NaN where the ends are one number
    if (place >= 0.0 && place <= bins) counts[std::min(bins - 1, static_cast<int>(place))] += 1;
  }
  return counts;
}

void fill_density(const std::vector<double>& x, const std::vector<double>& y, Grid2& grid) {
  std::vector<double> cells(static_cast<std::size_t>(grid.nx) * grid.ny, 0.0);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    const double u = (x[i] - grid.x_low) / (grid.x_high - grid.x_low),
                 v = (y[i] - grid.y_low) / (grid.y_high - grid.y_low);
    if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) continue;
    const int ix = std::min(grid.nx - 1, static_cast<int>(u * grid.nx)),
              iy = std::min(grid.ny - 1, static_cast<int>(v * grid.ny));
    cells[static_cast<std::size_t>(iy) * grid.nx + ix] += 1;
  }
  cells = smooth_cells(smooth_cells(cells, grid.nx, grid.ny, true), grid.nx, grid.ny, false);
  const double largest = cells.empty() ? 0 : *std::max_element(cells.begin(), cells.end());
  if (largest > 0) {
    for (double& c : cells) c /= largest;
  }
  std::vector<double> descending = cells;
  std::sort(descending.begin(), descending.end(), std::greater<>());
  grid.level_50 = mass_level(descending, 0.5);
  grid.level_90 = mass_level(descending, 0.9);
  grid.density = std::move(cells);
}

std::vector<std::vector<double>> rank_histograms(const std::vector<std::vector<double>>& chains, int bins) {
  std::vector<std::pair<double, int>> pooled;  // value, chain
  for (std::size_t c = 0; c < chains.size(); ++c) {
    for (const double v : chains[c]) {
      if (std::isfinite(v)) pooled.emplace_back(v, static_cast<int>(c));
    }
  }
  std::sort(pooled.begin(), pooled.end());
  std::vector<std::vector<double>> counts(chains.size(), std::vector<double>(bins, 0.0));
  for (std::size_t i = 0; i < pooled.size();) {
    std::size_t j = i;
    while (j < pooled.size() && pooled[j].first == pooled[i].first) ++j;
    const double rank = (0.5 * static_cast<double>(i + j - 1) + 0.5) / static_cast<double>(pooled.size());  // in (0, 1)
    for (; i < j; ++i) counts[pooled[i].second][std::min(bins - 1, static_cast<int>(rank * bins))] += 1;
  }
  return counts;
}

std::vector<double> mean_autocorrelation(const std::vector<std::vector<double>>& chains, int max_lag) {
  std::vector<double> sum(max_lag + 1, 0.0);
  int used = 0;
  for (const std::vector<double>& chain : chains) {
    const auto n = static_cast<int>(chain.size());
    const std::vector<double> rho = prob::autocorrelation({chain.data(), 1, n, n, 1}, max_lag);
    if (rho.empty() || !std::isfinite(rho.front())) continue;  // the chain stands still
    for (std::size_t k = 0; k < rho.size(); ++k) sum[k] += rho[k];
    ++used;
  }
  if (used == 0) return {};
  for (double& s : sum) s /= used;
  return sum;
}

double rough_ess(const std::vector<std::vector<double>>& chains) {
  if (chains.empty() || chains.front().size() < 4) return undefined;
  const int longest = static_cast<int>(chains.front().size()) / 2;
  const std::vector<double> rho = mean_autocorrelation(chains, longest);
  if (rho.empty()) return undefined;
  double tau = -1;  // -1 + 2 sum of (rho_2k + rho_2k+1)
  for (int k = 0; k + 1 <= longest; k += 2) {
    const double pair = rho[k] + rho[k + 1];
    if (pair <= 0) break;
    tau += 2 * pair;
  }
  const double draws = static_cast<double>(chains.size() * chains.front().size());
  return tau > 0 ? std::min(draws, draws / tau) : draws;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t n = std::min(a.size(), b.size());
  if (n < 2) return 0;
  const double ma = std::accumulate(a.begin(), a.begin() + n, 0.0) / n,
               mb = std::accumulate(b.begin(), b.begin() + n, 0.0) / n;
  double saa = 0, sbb = 0, sab = 0;
  for (std::size_t i = 0; i < n; ++i) {
    saa += (a[i] - ma) * (a[i] - ma);
    sbb += (b[i] - mb) * (b[i] - mb);
    sab += (a[i] - ma) * (b[i] - mb);
  }
  const double r = sab / std::sqrt(saa * sbb);
  return std::isfinite(r) ? r : 0;
}

}  // namespace aleator::campaign::report
