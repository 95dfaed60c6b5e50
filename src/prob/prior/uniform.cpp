#include "prob/prior/uniform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/special.hpp"

namespace aleator::prob {

deck::Schema<Uniform::Params> Uniform::schema() {
  deck::Schema<Params> s("Independent uniform prior", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("low", &Params::low, "", "lower bound: one value for all parameters or one for each")
      .key("high", &Params::high, "", "upper bound, likewise");
  return s;
}

Uniform::Uniform(const Params& params)
    : low_(spread(params.low, params.dimension, "low")), high_(spread(params.high, params.dimension, "high")) {
  for (int k = 0; k < dimension(); ++k)
    if (!(low_[k] < high_[k]) || !std::isfinite(high_[k] - low_[k]))
      throw deck::KeyError("low", fmt::format("low = {} and high = {} bound no interval", low_[k], high_[k]),
                           "low < high, both finite");
}

// The upper half is taken from the other end, where Phi keeps its relative accuracy.
void Uniform::to_parameters(const double* z, double* u) const {
  for (int k = 0; k < dimension(); ++k) {
    const double width = high_[k] - low_[k];
    u[k] = z[k] < 0.0 ? low_[k] + width * math::normal_cdf(z[k]) : high_[k] - width * math::normal_cdf(-z[k]);
  }
}

void Uniform::to_latent(const double* u, double* z) const {
  for (int k = 0; k < dimension(); ++k) {
    const double width = high_[k] - low_[k];
    const bool is_inside = u[k] > low_[k] && u[k] < high_[k];
    const double from_low = (u[k] - low_[k]) / width, from_high = (high_[k] - u[k]) / width;
    z[k] = !is_inside       ? std::numeric_limits<double>::quiet_NaN()
           : from_low < 0.5 ? math::normal_quantile(from_low)
                            : -math::normal_quantile(from_high);
  }
}

void Uniform::pullback(const double* z, const double* g_u, double* g_z) const {
  constexpr double one_over_sqrt_two_pi = 0.398942280401432677939946;
  for (int k = 0; k < dimension(); ++k)
    g_z[k] = g_u[k] * (high_[k] - low_[k]) * one_over_sqrt_two_pi * std::exp(-0.5 * z[k] * z[k]);
}

double Uniform::log_density(const double* u) const {
  double sum = 0.0;
  for (int k = 0; k < dimension(); ++k) {
    if (!(u[k] >= low_[k] && u[k] <= high_[k])) return -std::numeric_limits<double>::infinity();
    sum -= std::log(high_[k] - low_[k]);
  }
  return sum;
}

void Uniform::log_density_gradient(const double*, double* g) const { std::fill_n(g, dimension(), 0.0); }

}  // namespace aleator::prob
