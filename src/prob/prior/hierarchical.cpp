#include "prob/prior/hierarchical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace aleator::prob {

deck::Schema<Hierarchical::Params> Hierarchical::schema() {
  deck::Schema<Params> s("Normal parameters whose mean and spread are parameters themselves (non-centred)", "");
  s.reference("parts", &Params::parts, "prior", "prior blocks of the parameters above, in their order").required();
  s.key("group", &Params::group, "", "name of the parameters below").required().example("\"theta\"");
  s.key("dimension", &Params::dimension, "1", "number of parameters below", deck::at_least(1))
      .key("mean", &Params::mean, "", "name of the parameter above that is their mean; none: fixed_mean")
      .key("sd", &Params::sd, "",
           "name of the positive parameter above that is their standard deviation; none: fixed_sd")
      .key("fixed_mean", &Params::fixed_mean, "", "mean, where it is no parameter")
      .key("fixed_sd", &Params::fixed_sd, "", "standard deviation, where it is no parameter", deck::positive())
      .key("factors", &Params::factors, "",
           "name of the part above, with as many positive entries, that multiplies the standard deviation of each "
           "parameter; none: 1");
  return s;
}

Hierarchical::Hierarchical(const Params& params, std::vector<Product::Part> parts)
    : hyper_(std::move(parts)),
      size_(params.dimension),
      group_(params.group),
      fixed_mean_(params.fixed_mean),
      fixed_sd_(params.fixed_sd),
      mean_column_(column_of(params.mean, 1, "mean")),
      sd_column_(column_of(params.sd, 1, "sd")),
      factor_column_(column_of(params.factors, params.dimension, "factors")) {
  for (const Variable& variable : hyper_.variables(""))
    if (variable.name == group_) throw deck::KeyError("group", fmt::format("'{}' is also one of the parts", group_));
  refuse_negative(sd_column_, 1, "sd", params.sd);
  refuse_negative(factor_column_, params.dimension, "factors", params.factors);
}

// Standard deviations: in the bulk and far out in both tails.
void Hierarchical::refuse_negative(int column, int size, const std::string& key, const std::string& part) const {
  if (column < 0) return;
  std::vector<double> z(static_cast<std::size_t>(hyper_.latent_dimension())),
      u(static_cast<std::size_t>(hyper_.dimension()));
  for (const double place : {-8.0, -3.0, -1.0, 0.0, 1.0, 3.0, 8.0}) {
    std::fill(z.begin(), z.end(), place);
    hyper_.to_parameters(z.data(), u.data());
    for (int k = column; k < column + size; ++k)
      if (u[k] < 0.0)
        throw deck::KeyError(key, fmt::format("'{}' may be negative: {:.4g}, say", part, u[k]),
                             "a prior on positive numbers, such as prior/half_normal or prior/log_normal");
  }
}

int Hierarchical::column_of(const std::string& name, int size, const std::string& key) const {
  if (name.empty()) return -1;
  int column = 0;
  std::vector<std::string> names;
  for (const Variable& variable : hyper_.variables("")) {
    names.push_back(variable.name);
    if (variable.name == name && variable.size == size) return column;
    if (variable.name == name)
      throw deck::KeyError(key, fmt::format("'{}' has {} entries; {} needed", name, variable.size,
                                            size == 1 ? "a single parameter is" : fmt::format("{} are", size)));
    column += variable.size;
  }
  throw deck::KeyError(key, fmt::format("'{}' is none of the parts", name), deck::did_you_mean(name, names));
}

void Hierarchical::to_parameters(const double* z, double* u) const {
  hyper_.to_parameters(z, u);
  z += hyper_.latent_dimension();
  for (int j = 0; j < size_; ++j) u[hyper_.dimension() + j] = mean(u) + sd(u, j) * z[j];
}

void Hierarchical::to_latent(const double* u, double* z) const {
  hyper_.to_latent(u, z);
  for (int j = 0; j < size_; ++j)
    z[hyper_.latent_dimension() + j] =
        sd(u, j) > 0.0 ? (u[hyper_.dimension() + j] - mean(u)) / sd(u, j) : std::numeric_limits<double>::quiet_NaN();
}

// d theta_j / d mu = 1, d theta_j / d tau = lambda_j z_j, d theta_j / d lambda_j = tau z_j, d theta_j / d z_j = tau lambda_j.
void Hierarchical::pullback(const double* z, const double* g_u, double* g_z) const {
  const int above = hyper_.dimension(), latent = hyper_.latent_dimension();
  std::vector<double> u(static_cast<std::size_t>(above)), g(g_u, g_u + above);
  hyper_.to_parameters(z, u.data());
  for (int j = 0; j < size_; ++j) {
    if (mean_column_ >= 0) g[mean_column_] += g_u[above + j];
    const double tau = scale(u.data()), lambda = factor(u.data(), j);
    if (sd_column_ >= 0) g[sd_column_] += g_u[above + j] * lambda * z[latent + j];
    if (factor_column_ >= 0) g[factor_column_ + j] += g_u[above + j] * tau * z[latent + j];
    g_z[latent + j] = g_u[above + j] * tau * lambda;
  }
  hyper_.pullback(z, g.data(), g_z);
}

double Hierarchical::log_density(const double* u) const {
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  double sum = hyper_.log_density(u);
  for (int j = 0; j < size_; ++j) {
    const double s = sd(u, j), z = (u[hyper_.dimension() + j] - mean(u)) / s;
    if (!(s > 0.0)) return -std::numeric_limits<double>::infinity();
    sum -= half_log_two_pi + std::log(s) + 0.5 * z * z;
  }
  return sum;
}

// With s_j = tau lambda_j, r_j = (theta_j - mu) / s_j: -r_j / s_j, sum r_j / s_j, sum (r_j^2 - 1) / tau, (r_j^2 - 1) / lambda_j.
void Hierarchical::log_density_gradient(const double* u, double* g) const {
  hyper_.density_slope()->log_density_gradient(u, g);
  for (int j = 0; j < size_; ++j) {
    const double s = sd(u, j), r = (u[hyper_.dimension() + j] - mean(u)) / s;
    g[hyper_.dimension() + j] = -r / s;
    if (mean_column_ >= 0) g[mean_column_] += r / s;
    if (sd_column_ >= 0) g[sd_column_] += (r * r - 1.0) / u[sd_column_];
    if (factor_column_ >= 0) g[factor_column_ + j] += (r * r - 1.0) / factor(u, j);
  }
}

std::vector<Variable> Hierarchical::variables(const std::string& name) const {
  std::vector<Variable> all = hyper_.variables(name);
  all.push_back({group_, size_});
  return all;
}

}  // namespace aleator::prob
