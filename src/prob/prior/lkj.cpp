#include "prob/prior/lkj.hpp"

#include <limits>

namespace aleator::prob {
namespace {

// Of row j, column i (from 0) among the entries below the diagonal, row by row; with the diagonal.
std::size_t below(int j, int i) { return static_cast<std::size_t>(j * (j - 1) / 2 + i); }
std::size_t lower(int j, int i) { return static_cast<std::size_t>(j * (j + 1) / 2 + i); }

// eta + (K - 2 - i) / 2 for column i from 0.
std::vector<BetaLaw> laws_of_partial(const Lkj::Params& params) {
  std::vector<BetaLaw> laws;
  for (int j = 1; j < params.size; ++j)
    for (int i = 0; i < j; ++i) {
      const double b = params.shape + 0.5 * (params.size - 2 - i);
      laws.emplace_back(b, b);
    }
  return laws;
}

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

}  // namespace

deck::Schema<Lkj::Params> Lkj::schema() {
  deck::Schema<Params> s("Prior on correlation matrices, density det(R)^(shape - 1)",
                         "Lewandowski, Kurowicka, Joe 2009");
  s.key("size", &Params::size, "1", "K, the number of quantities", deck::at_least(2))
      .key("shape", &Params::shape, "", "eta: 1 is uniform, larger values prefer weak correlations", deck::positive())
      .choice(
          "parameters", &Params::parameters, "what the parameters are",
          {{"correlations", Parameters::correlations, "those below the diagonal, row by row: K (K - 1) / 2 numbers"},
           {"cholesky", Parameters::cholesky,
            "the lower triangle of the Cholesky factor L, R = L L^T, with its diagonal, row by row: K (K + 1) / 2"}});
  return s;
}

Lkj::Lkj(const Params& params) : params_(params), partial_(laws_of_partial(params)) {
  // Lewandowski, Kurowicka, Joe 2009: the constant
  for (int k = 1; k < size(); ++k) {
    const int rest = size() - k;
    const double b = params.shape + 0.5 * (rest - 1);
    log_constant_ -= rest * ((2.0 * (params.shape - 1.0) + rest) * std::log(2.0) + log_beta(b, b));
  }
}

// L from v = (1 + p) / 2.
std::vector<double> Lkj::factor_of_partial(const double* v) const {
  std::vector<double> l(lower(size(), 0));
  l[0] = 1.0;
  for (int j = 1; j < size(); ++j) {
    double left = 1.0;  // s_ji
    for (int i = 0; i < j; ++i) {
      l[lower(j, i)] = (2.0 * v[below(j, i)] - 1.0) * left;
      left *= 2.0 * std::sqrt(v[below(j, i)] * (1.0 - v[below(j, i)]));  // (1 - p^2)^1/2
    }
    l[lower(j, j)] = left;
  }
  return l;
}

void Lkj::to_parameters(const double* z, double* u) const {
  std::vector<double> v(static_cast<std::size_t>(pairs()));
  partial_.to_parameters(z, v.data());
  const std::vector<double> l = factor_of_partial(v.data());
  if (params_.parameters == Parameters::cholesky) {
    std::copy(l.begin(), l.end(), u);
    return;
  }
  for (int j = 1; j < size(); ++j)
    for (int i = 0; i < j; ++i) {
      u[below(j, i)] = 0.0;
      for (int m = 0; m <= i; ++m) u[below(j, i)] += l[lower(j, m)] * l[lower(i, m)];
    }
}

// L from the parameters; empty where R is not positive definite, or L no factor of a correlation matrix.
std::vector<double> Lkj::factor_of(const double* u) const {
  constexpr double rounding = 1e-8;
  std::vector<double> l(lower(size(), 0));
  for (int j = 0; j < size(); ++j) {
    double squares = 0.0;
    for (int i = 0; i < j; ++i) {
      double& entry = l[lower(j, i)];
      if (params_.parameters == Parameters::cholesky) {
        entry = u[lower(j, i)];
      } else {
        entry = u[below(j, i)];
        for (int m = 0; m < i; ++m) entry -= l[lower(j, m)] * l[lower(i, m)];
        entry /= l[lower(i, i)];
      }
      squares += entry * entry;
    }
    if (!(squares < 1.0)) return {};
    l[lower(j, j)] = std::sqrt(1.0 - squares);
    if (params_.parameters == Parameters::cholesky && !(std::abs(u[lower(j, j)] - l[lower(j, j)]) < rounding))
      return {};
  }
  return l;
}

void Lkj::to_latent(const double* u, double* z) const {
  const std::vector<double> l = factor_of(u);
  if (l.empty()) {
    std::fill_n(z, pairs(), std::numeric_limits<double>::quiet_NaN());
    return;
  }
  std::vector<double> v(static_cast<std::size_t>(pairs()));
  for (int j = 1; j < size(); ++j) {
    double left = l[lower(j, j)] * l[lower(j, j)];  // s_ji^2 from the end: no cancellation
    for (int i = j; i-- > 0;) {
      left += l[lower(j, i)] * l[lower(j, i)];
      v[below(j, i)] = 0.5 * (1.0 + l[lower(j, i)] / std::sqrt(left));
    }
  }
  partial_.to_latent(v.data(), z);
}

void Lkj::pullback(const double* z, const double* g_u, double* g_z) const {
  std::vector<double> v(static_cast<std::size_t>(pairs())), g_v(v.size());
  partial_.to_parameters(z, v.data());
  const std::vector<double> l = factor_of_partial(v.data());
  std::vector<double> g(l.size(), 0.0);  // of L
  if (params_.parameters == Parameters::cholesky)
    g.assign(g_u, g_u + l.size());
  else
    for (int j = 1; j < size(); ++j)
      for (int i = 0; i < j; ++i)
        for (int m = 0; m <= i; ++m) {
          g[lower(j, m)] += g_u[below(j, i)] * l[lower(i, m)];
          g[lower(i, m)] += g_u[below(j, i)] * l[lower(j, m)];
        }
  for (int j = 1; j < size(); ++j) {
    // Backwards through L_ji = p s_i, s_(i+1) = s_i (1 - p^2)^1/2, dp = 2 dv.
    double g_left = g[lower(j, j)], left_squared = l[lower(j, j)] * l[lower(j, j)];
    for (int i = j; i-- > 0;) {
      left_squared += l[lower(j, i)] * l[lower(j, i)];
      const double left = std::sqrt(left_squared), p = 2.0 * v[below(j, i)] - 1.0,
                   q = 2.0 * std::sqrt(v[below(j, i)] * (1.0 - v[below(j, i)]));
      g_v[below(j, i)] = 2.0 * left * (g[lower(j, i)] - g_left * p / q);
      g_left = g[lower(j, i)] * p + g_left * q;
    }
  }
  partial_.pullback(z, g_v.data(), g_z);
}

double Lkj::log_density(const double* u) const {
  const std::vector<double> l = factor_of(u);
  if (l.empty()) return -std::numeric_limits<double>::infinity();
  double sum = log_constant_;
  for (int k = 0; k < size(); ++k) {
    const int jacobian = params_.parameters == Parameters::cholesky ? size() - 1 - k : 0;
    sum += (2.0 * (params_.shape - 1.0) + jacobian) * std::log(l[lower(k, k)]);
  }
  return sum;
}

}  // namespace aleator::prob
