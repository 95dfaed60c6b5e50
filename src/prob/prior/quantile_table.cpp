#include "prob/prior/quantile_table.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::prob {

QuantileTable::QuantileTable(const std::function<double(double z)>& stretched)
    : coefficients_(intervals), is_good_(intervals, 1) {
  constexpr double tolerance = 1e-13;
  for (int i = 0; i < intervals; ++i) {
    const auto at = [&](double x) { return (i + 0.5 * (x + 1.0)) / per_unit - reach; };
    std::array<double, points> value{};
    for (int j = 0; j < points; ++j) value[j] = stretched(at(std::cos(M_PI * (j + 0.5) / points)));
    std::array<double, points>& c = coefficients_[static_cast<std::size_t>(i)];
    for (int k = 0; k < points; ++k) {
      double sum = 0.0;
      for (int j = 0; j < points; ++j) sum += value[j] * std::cos(M_PI * k * (j + 0.5) / points);
      c[k] = sum * (k == 0 ? 1.0 : 2.0) / points;
    }
    for (const double x : {-0.999, -0.37, 0.62}) {  // between the points, where the error is largest, and at the end
      const double z = at(x), exact = stretched(z);
      double s = 0.0;
      const bool is_close = evaluate(z, s) && std::abs(s - exact) <= tolerance * std::max(1.0, std::abs(exact));
      if (!is_close) is_good_[static_cast<std::size_t>(i)] = 0;
    }
  }
}

double QuantileTable::share() const {
  return static_cast<double>(std::count(is_good_.begin(), is_good_.end(), 1)) / intervals;
}

}  // namespace aleator::prob
