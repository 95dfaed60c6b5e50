#include "prob/prior/log_normal.hpp"

#include <cmath>
#include <limits>

namespace aleator::prob {

deck::Schema<LogNormal::Params> LogNormal::schema() {
  deck::Schema<Params> s("Independent log-normal prior on positive parameters", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("mean_log", &Params::mean_log, "", "mean of ln u: one value for all parameters or one for each")
      .key("sd_log", &Params::sd_log, "", "standard deviation of ln u, likewise", deck::positive())
      .key("normalised", &Params::normalised, "",
           "false: report log p(u) relative to its maximum, as some publications do");
  return s;
}

// log p(u) = sum_k -ln u_k - (ln u_k - m_k)^2 / (2 s_k^2) + constant; at the mode ln u_k = m_k - s_k^2 the sum is
// sum_k -m_k + s_k^2 / 2.
LogNormal::LogNormal(const Params& params)
    : mean_log_(spread(params.mean_log, params.dimension, "mean_log")),
      sd_log_(spread(params.sd_log, params.dimension, "sd_log")),
      is_normalised_(params.normalised) {
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  for (int k = 0; k < dimension(); ++k)
    log_constant_ +=
        params.normalised ? -half_log_two_pi - std::log(sd_log_[k]) : mean_log_[k] - 0.5 * sd_log_[k] * sd_log_[k];
}

void LogNormal::to_parameters(const double* z, double* u) const {
  for (int k = 0; k < dimension(); ++k) u[k] = std::exp(mean_log_[k] + sd_log_[k] * z[k]);
}

void LogNormal::to_latent(const double* u, double* z) const {
  for (int k = 0; k < dimension(); ++k)
    z[k] = u[k] > 0.0 ? (std::log(u[k]) - mean_log_[k]) / sd_log_[k] : std::numeric_limits<double>::quiet_NaN();
}

void LogNormal::pullback(const double* z, const double* g_u, double* g_z) const {
  for (int k = 0; k < dimension(); ++k) g_z[k] = g_u[k] * sd_log_[k] * std::exp(mean_log_[k] + sd_log_[k] * z[k]);
}

double LogNormal::log_density(const double* u) const {
  double sum = log_constant_;
  for (int k = 0; k < dimension(); ++k) {
    if (!(u[k] > 0.0)) return -std::numeric_limits<double>::infinity();
    const double log_u = std::log(u[k]), z = (log_u - mean_log_[k]) / sd_log_[k];
    sum -= log_u + 0.5 * z * z;
  }
  return sum;
}

// -(1 + (ln u - m) / s^2) / u
void LogNormal::log_density_gradient(const double* u, double* g) const {
  for (int k = 0; k < dimension(); ++k)
    g[k] = -(1.0 + (std::log(u[k]) - mean_log_[k]) / (sd_log_[k] * sd_log_[k])) / u[k];
}

}  // namespace aleator::prob
