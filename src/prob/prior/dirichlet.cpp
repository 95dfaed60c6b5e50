#include "prob/prior/dirichlet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::prob {
namespace {

// Of v_k, or of 1 - v_k.
std::vector<BetaLaw> stick_laws(const std::vector<double>& a, bool of_rests) {
  if (a.size() < 2) throw deck::KeyError("concentration", "names fewer than two shares", "one number for each share");
  std::vector<BetaLaw> laws;
  double after = 0.0;  // a_(k+1) + … + a_K
  for (std::size_t k = a.size() - 1; k-- > 0;) {
    after += a[k + 1];
    laws.push_back(of_rests ? BetaLaw(after, a[k]) : BetaLaw(a[k], after));
  }
  std::reverse(laws.begin(), laws.end());
  return laws;
}

// Then 1 - v has lost digits, and its own law is asked.
bool is_nearly_whole(double v) { return v > 0.999; }

}  // namespace

deck::Schema<Dirichlet::Params> Dirichlet::schema() {
  deck::Schema<Params> s("Dirichlet prior on shares that sum to 1", "");
  s.key("concentration", &Params::concentration, "", "a_1 … a_K: one number for each share; all 1 is uniform",
        deck::positive())
      .required()
      .example("[1.0, 1.0, 1.0]");
  return s;
}

Dirichlet::Dirichlet(const Params& params)
    : concentration_(params.concentration),
      sticks_(stick_laws(params.concentration, false)),
      rests_(stick_laws(params.concentration, true)) {
  double sum = 0.0;
  for (const double a : concentration_) sum += a, log_constant_ -= std::lgamma(a);
  log_constant_ += std::lgamma(sum);
}

Dirichlet::Sticks Dirichlet::sticks_at(const double* z) const {
  const auto n = static_cast<std::size_t>(latent_dimension());
  Sticks s{std::vector<double>(n), std::vector<double>(n), {}};
  sticks_.to_parameters(z, s.broken.data());
  for (std::size_t k = 0; k < n; ++k) s.left[k] = 1.0 - s.broken[k];
  if (std::none_of(s.broken.begin(), s.broken.end(), is_nearly_whole)) return s;
  for (std::size_t k = 0; k < n; ++k) s.reversed.push_back(-z[k]);
  std::vector<double> left(n);
  rests_.to_parameters(s.reversed.data(), left.data());
  for (std::size_t k = 0; k < n; ++k)
    if (is_nearly_whole(s.broken[k])) s.left[k] = left[k];
  return s;
}

void Dirichlet::to_parameters(const double* z, double* u) const {
  const Sticks s = sticks_at(z);
  double rest = 1.0;
  for (std::size_t k = 0; k < s.left.size(); ++k) u[k] = rest * s.broken[k], rest *= s.left[k];
  u[latent_dimension()] = rest;
}

void Dirichlet::to_latent(const double* u, double* z) const {
  std::vector<double> v(concentration_.size());
  double rest = 0.0;  // u_(k+1) + … + u_K, from the end: no cancellation
  for (int k = latent_dimension(); k >= 0; --k) v[static_cast<std::size_t>(k)] = u[k] / (rest += u[k]);
  constexpr double rounding = 1e-9;
  if (std::abs(rest - 1.0) < rounding) return sticks_.to_latent(v.data(), z);
  std::fill_n(z, latent_dimension(), std::numeric_limits<double>::quiet_NaN());  // not on the simplex
}

// u_j = v_j R_j, R_(j+1) = R_j (1 - v_j): backwards through the sticks.
void Dirichlet::pullback(const double* z, const double* g_u, double* g_z) const {
  const auto n = static_cast<std::size_t>(latent_dimension());
  const auto [v, left, reversed] = sticks_at(z);
  std::vector<double> rest(n + 1, 1.0), g_v(n);
  for (std::size_t k = 0; k < n; ++k) rest[k + 1] = rest[k] * left[k];
  double g_rest = g_u[n];
  for (std::size_t k = n; k-- > 0;) {
    g_v[k] = rest[k] * (g_u[k] - g_rest);
    g_rest = v[k] * g_u[k] + left[k] * g_rest;
  }
  sticks_.pullback(z, g_v.data(), g_z);
  if (reversed.empty()) return;
  std::vector<double> of_rests(n);  // d(1 - v)/d(-z) = dv/dz
  rests_.pullback(reversed.data(), g_v.data(), of_rests.data());
  for (std::size_t k = 0; k < n; ++k)
    if (is_nearly_whole(v[k])) g_z[k] = of_rests[k];
}

double Dirichlet::log_density(const double* u) const {
  double sum = log_constant_, total = 0.0;
  for (std::size_t k = 0; k < concentration_.size(); ++k) {
    if (!(u[k] > 0.0)) return -std::numeric_limits<double>::infinity();
    sum += (concentration_[k] - 1.0) * std::log(u[k]);
    total += u[k];
  }
  return std::abs(total - 1.0) < 1e-8 ? sum : -std::numeric_limits<double>::infinity();
}

}  // namespace aleator::prob
