#include "prob/prior/normal.hpp"

#include <fmt/format.h>

#include <cmath>

namespace aleator::prob {
namespace {

constexpr double half_log_two_pi_normal = 0.918938533204672741780329736406;

math::Matrix covariance_factor(const std::vector<std::vector<double>>& rows, int d) {
  math::Matrix c(d, d);
  if (static_cast<int>(rows.size()) != d)
    throw deck::KeyError("covariance", fmt::format("{} rows for {} parameters", rows.size(), d));
  for (int i = 0; i < d; ++i) {
    if (static_cast<int>(rows[i].size()) != d)
      throw deck::KeyError("covariance", fmt::format("row {} has {} entries, not {}", i + 1, rows[i].size(), d));
    for (int j = 0; j < d; ++j) c(i, j) = rows[i][j];
  }
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < i; ++j)
      if (std::abs(c(i, j) - c(j, i)) > 1e-12 * std::sqrt(std::abs(c(i, i) * c(j, j))))
        throw deck::KeyError("covariance",
                             fmt::format("is not symmetric: entries ({0}, {1}) and ({1}, {0}) differ", i + 1, j + 1));
  try {
    return math::cholesky(c);
  } catch (const core::NumericsError&) {
    throw deck::KeyError("covariance", "is not positive definite",
                         "every variance positive, every correlation within (-1, 1)");
  }
}

}  // namespace

deck::Schema<Normal::Params> Normal::schema() {
  deck::Schema<Params> s("Normal prior, independent or correlated", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("mean", &Params::mean, "", "mean m: one value for all parameters or one for each")
      .key(
          "sd", &Params::sd, "",
          "standard deviation: one value for all parameters or one for each; 1 when neither sd nor covariance is given",
          deck::positive())
      .key("covariance", &Params::covariance, "", "covariance C, a list of rows, instead of sd")
      .check("covariance", [](const Params& p) {
        return !p.sd.empty() && !p.covariance.empty() ? std::string("sd and covariance exclude each other")
                                                      : std::string();
      });
  return s;
}

Normal::Normal(const Params& params)
    : mean_(spread(params.mean, params.dimension, "mean")),
      sd_(spread(params.sd.empty() ? std::vector<double>{1.0} : params.sd, params.dimension, "sd")) {
  if (!params.covariance.empty()) factor_ = covariance_factor(params.covariance, params.dimension);
}

void Normal::to_parameters(const double* z, double* u) const {
  const int d = dimension();
  for (int i = 0; i < d; ++i) {
    double sum = factor_.rows == 0 ? sd_[i] * z[i] : 0.0;
    for (int j = 0; factor_.rows != 0 && j <= i; ++j) sum += factor_(i, j) * z[j];
    u[i] = mean_[i] + sum;
  }
}

void Normal::to_latent(const double* u, double* z) const {
  const int d = dimension();
  for (int i = 0; i < d; ++i) {
    double rest = u[i] - mean_[i];
    for (int j = 0; factor_.rows != 0 && j < i; ++j) rest -= factor_(i, j) * z[j];
    z[i] = rest / (factor_.rows == 0 ? sd_[i] : factor_(i, i));
  }
}

void Normal::pullback(const double*, const double* g_u, double* g_z) const {
  const int d = dimension();
  for (int j = 0; j < d; ++j) {
    double sum = factor_.rows == 0 ? sd_[j] * g_u[j] : 0.0;
    for (int i = j; factor_.rows != 0 && i < d; ++i) sum += factor_(i, j) * g_u[i];
    g_z[j] = sum;
  }
}

double Normal::log_density(const double* u) const {
  std::vector<double> z(mean_.size());
  to_latent(u, z.data());
  double sum = 0.0;
  for (int i = 0; i < dimension(); ++i)
    sum -= 0.5 * z[i] * z[i] + half_log_two_pi_normal + std::log(factor_.rows == 0 ? sd_[i] : factor_(i, i));
  return sum;
}

// -C^-1 (u - m) = -L^-T z
void Normal::log_density_gradient(const double* u, double* g) const {
  to_latent(u, g);
  for (int i = dimension() - 1; i >= 0; --i) {
    double value = -g[i];
    for (int j = i + 1; factor_.rows != 0 && j < dimension(); ++j) value -= factor_(j, i) * g[j];
    g[i] = value / (factor_.rows == 0 ? sd_[i] : factor_(i, i));
  }
}

}  // namespace aleator::prob
