#include "prob/prior/ordered.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "math/special.hpp"

namespace aleator::prob {
namespace {

// Phi^-1(e^log_p), with the accuracy of log_p in both tails.
double quantile_of_log(double log_p) {
  constexpr double log_half = -0.693147180559945309417;
  return log_p < log_half ? math::normal_quantile(std::exp(log_p)) : -math::normal_quantile(-std::expm1(log_p));
}

// log (Phi(w) / phi(w))
double log_mills(double w) { return math::log_normal_cdf(w) + 0.5 * w * w + 0.918938533204672741780329736406; }

// One increasing function of each coordinate alone, the same for all.
bool is_one_law(const Prior& prior) {
  const auto d = static_cast<std::size_t>(prior.dimension());
  if (prior.latent_dimension() != prior.dimension()) return false;
  double before = -std::numeric_limits<double>::infinity();
  for (const double z : {-2.0, -0.5, 0.0, 1.0, 2.5}) {
    std::vector<double> all(d, z), u(d), moved(d);
    prior.to_parameters(all.data(), u.data());
    for (const double value : u)
      if (value != u[0]) return false;
    if (!(u[0] > before)) return false;
    before = u[0];
    for (std::size_t k = 0; k < d; ++k) {
      std::vector<double> one = all;
      one[k] += 0.25;
      prior.to_parameters(one.data(), moved.data());
      for (std::size_t i = 0; i < d; ++i)
        if ((moved[i] != u[i]) != (i == k)) return false;
    }
  }
  return true;
}

}  // namespace

deck::Schema<Ordered::Params> Ordered::schema() {
  deck::Schema<Params> s("Parameters in rising order: the order statistics of independent draws of one law",
                         "Lurie, Hartley 1972");
  s.reference("values", &Params::values, "prior",
              "the law and the number of the parameters: a prior whose parameters are independent with one law")
      .required();
  return s;
}

Ordered::Ordered(const Params& params, std::shared_ptr<const Prior> values)
    : values_(std::move(values)), log_factorial_(std::lgamma(values_->dimension() + 1.0)) {
  if (!is_one_law(*values_))
    throw deck::KeyError(
        "values",
        fmt::format("'{}' is not one law for all of its parameters, independent of each other", params.values),
        "such as prior/normal with a dimension, one mean and one sd");
}

// log U_(k) from the largest down.
std::vector<double> Ordered::ordered_normals(const double* z) const {
  std::vector<double> w(static_cast<std::size_t>(dimension()));
  double log_u = 0.0;
  for (std::size_t k = w.size(); k-- > 0;)
    w[k] = quantile_of_log(log_u += math::log_normal_cdf(z[k]) / static_cast<double>(k + 1));
  return w;
}

void Ordered::to_parameters(const double* z, double* u) const { values_->to_parameters(ordered_normals(z).data(), u); }

void Ordered::to_latent(const double* u, double* z) const {
  const auto d = static_cast<std::size_t>(dimension());
  std::vector<double> w(d);
  values_->to_latent(u, w.data());
  double log_next = 0.0;
  for (std::size_t k = d; k-- > 0;) {
    const double log_u = math::log_normal_cdf(w[k]);
    const bool rises = k + 1 == d || u[k] < u[k + 1];
    z[k] = rises ? quantile_of_log((log_u - log_next) * static_cast<double>(k + 1))
                 : std::numeric_limits<double>::quiet_NaN();
    log_next = log_u;
  }
}

// dw_k / d log U_(k) = Phi(w_k) / phi(w_k), d log U_(k) / dz_j = phi(z_j) / Phi(z_j) / j for j >= k.
void Ordered::pullback(const double* z, const double* g_u, double* g_z) const {
  const std::vector<double> w = ordered_normals(z);
  std::vector<double> g_w(w.size());
  values_->pullback(w.data(), g_u, g_w.data());
  double sum = 0.0;
  for (std::size_t j = 0; j < w.size(); ++j) {
    if (g_w[j] != 0.0) sum += g_w[j] * std::exp(log_mills(w[j]));
    g_z[j] = sum * std::exp(-log_mills(z[j])) / static_cast<double>(j + 1);
  }
}

double Ordered::log_density(const double* u) const {
  for (int k = 1; k < dimension(); ++k)
    if (!(u[k - 1] < u[k])) return -std::numeric_limits<double>::infinity();
  return log_factorial_ + values_->log_density(u);
}

}  // namespace aleator::prob
