#include "campaign/report/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

// Small is bad. Undefined ESS falls back on R-hat, and parameters without either count as typical.
double mixing_score(const ParameterRow& row) {
  if (std::isfinite(row.ess_bulk)) return row.ess_bulk;
  return std::isfinite(row.rhat) ? -row.rhat : 0.0;
}

std::vector<int> by_relative_width(const MethodRun& run) {
  std::vector<int> order(run.dimension);
  std::iota(order.begin(), order.end(), 0);
  if (static_cast<int>(run.parameters.size()) != run.dimension) return order;
  const auto width = [&run](int p) {
    const ParameterRow& row = run.parameters[p];
    const double w = row.sd / std::max(std::abs(row.mean), 1e-300);
    return std::isfinite(w) ? w : 0.0;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return width(a) > width(b); });
  return order;
}

// Every n-th draw, so that at most `rows` are left.
std::vector<std::vector<double>> thinned_columns(const MethodRun& run, int parameters, std::size_t rows) {
  std::vector<std::vector<double>> columns;
  for (int p = 0; p < parameters; ++p) {
    const std::vector<double> all = draws_of(run, p);
    const std::size_t stride = std::max<std::size_t>(1, all.size() / rows);
    std::vector<double> some;
    for (std::size_t i = 0; i < all.size(); i += stride) some.push_back(all[i]);
    const bool positive = std::all_of(some.begin(), some.end(), [](double v) { return v > 0; });
    if (positive) {
      for (double& v : some) v = std::log(v);
    }
    columns.push_back(std::move(some));
  }
  return columns;
}

std::vector<ChosenPair> most_correlated(const MethodRun& run, int how_many) {
  const auto columns = thinned_columns(run, std::min(run.dimension, 200), 1000);
  std::vector<std::pair<double, std::pair<int, int>>> all;
  for (std::size_t a = 0; a < columns.size(); ++a) {
    for (std::size_t b = a + 1; b < columns.size(); ++b) {
      all.push_back({correlation(columns[a], columns[b]), {static_cast<int>(a), static_cast<int>(b)}});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& l, const auto& r) { return std::abs(l.first) > std::abs(r.first); });
  std::vector<ChosenPair> pairs;
  for (const auto& [r, ab] : all) {
    if (static_cast<int>(pairs.size()) == how_many) break;
    pairs.push_back({ab.first, ab.second, fmt::format("most correlated, r = {}{:.2f}", r < 0 ? "−" : "", std::abs(r))});
  }
  return pairs;
}

}  // namespace

std::vector<int> by_mixing(const MethodRun& run) {
  std::vector<int> order(run.dimension > 0 ? run.dimension : run.parameters.size());
  std::iota(order.begin(), order.end(), 0);
  if (run.parameters.size() != order.size()) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return mixing_score(run.parameters[a]) < mixing_score(run.parameters[b]); });
  return order;
}

bool knows_mixing(const MethodRun& run) {
  return std::any_of(run.parameters.begin(), run.parameters.end(),
                     [](const ParameterRow& row) { return std::isfinite(row.ess_bulk) || std::isfinite(row.rhat); });
}

std::vector<Chosen> representative_parameters(const MethodRun& run) {
  const std::vector<int> order = by_mixing(run);
  std::vector<Chosen> chosen;
  if (order.empty()) return chosen;
  const bool known = knows_mixing(run);
  chosen.push_back({order.front(), known ? "worst mixing" : "first"});
  if (order.size() > 2) chosen.push_back({order[order.size() / 2], known ? "typical" : "middle"});
  if (order.size() > 1) chosen.push_back({order.back(), known ? "best mixing" : "last"});
  return chosen;
}

std::vector<ChosenPair> chosen_pairs(const ReportData& data) {
  const MethodRun& run = data.main;
  std::vector<ChosenPair> candidates;
  for (const auto& [a, b] : data.pairs) {
    if (a >= 0 && b >= 0 && a < run.dimension && b < run.dimension && a != b) candidates.push_back({a, b, "asked for"});
  }
  if (candidates.empty() && run.dimension >= 2) {
    const std::vector<int> worst = by_mixing(run), wide = by_relative_width(run);
    const std::vector<ChosenPair> correlated = most_correlated(run, 9);
    candidates.assign(correlated.begin(), correlated.begin() + std::min<std::size_t>(3, correlated.size()));
    if (knows_mixing(run)) candidates.push_back({worst[0], worst[1], "worst mixing"});
    candidates.push_back({wide[0], wide[1], "widest"});
    if (knows_mixing(run)) candidates.push_back({worst[0], wide[0], "worst mixing and widest"});
    for (std::size_t i = 3; i < correlated.size(); ++i)
      candidates.push_back(correlated[i]);  // where some above are the same
  }
  const std::size_t most = std::max<std::size_t>(6, data.pairs.size());
  std::vector<ChosenPair> pairs;
  for (ChosenPair& c : candidates) {
    const bool seen = c.a == c.b || std::any_of(pairs.begin(), pairs.end(), [&c](const ChosenPair& p) {
                        return std::minmax(p.a, p.b) == std::minmax(c.a, c.b);
                      });
    if (!seen && pairs.size() < most) pairs.push_back(std::move(c));
  }
  return pairs;
}

std::vector<int> marginal_parameters(const MethodRun& run, int at_most) {
  std::vector<int> chosen;
  const auto add = [&](int p) {
    if (static_cast<int>(chosen.size()) < at_most && std::find(chosen.begin(), chosen.end(), p) == chosen.end())
      chosen.push_back(p);
  };
  if (run.dimension > at_most) {
    const std::vector<int> worst = by_mixing(run), wide = by_relative_width(run);
    for (int i = 0; i < at_most / 4 && knows_mixing(run); ++i) add(worst[i]);
    for (int i = 0; i < at_most / 4; ++i) add(wide[i]);
    for (int i = 0; i < at_most; ++i) add(static_cast<int>(static_cast<long>(i) * run.dimension / at_most));
  }
  for (int p = 0; p < run.dimension; ++p) add(p);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::string parameter_name(const ReportData& data, int parameter) {
  const std::size_t p = parameter;
  if (p < data.parameter_names.size() && !data.parameter_names[p].empty()) return data.parameter_names[p];
  if (p < data.main.parameters.size() && !data.main.parameters[p].name.empty()) return data.main.parameters[p].name;
  return fmt::format("θ[{}]", parameter);
}

}  // namespace aleator::campaign::report
