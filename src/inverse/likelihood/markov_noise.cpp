#include "inverse/likelihood/markov_noise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/binomial.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numeric>

#include "core/error.hpp"

namespace aleator::inverse {
namespace {

template <int m>
using States = std::array<double, m>;
template <int m>
using Covariance = std::array<States<m>, m>;

// P of the cascade, in units in which its last state has variance 1.
template <int m>
Covariance<m> stationary() {
  Covariance<m> p;
  const auto entry = [](unsigned k, unsigned l) {
    return boost::math::binomial_coefficient<double>(k + l, k) / std::exp2(k + l + 1.0);
  };
  for (int k = 0; k < m; ++k)
    for (int l = 0; l < m; ++l) p[k][l] = entry(k, l) / entry(m - 1, m - 1);
  return p;
}

// What the recursion needs at a datum.
template <int m>
struct Stage {
  int datum;
  States<m> from_before;  // first column of A, a lower triangular Toeplitz matrix; zero at the first datum of a group
  States<m> gain;         // K
  double innovation_sd;   // sqrt(S), S the variance of the innovation
  double sd;
};

// A x
template <int m>
States<m> advance(const States<m>& a, const States<m>& x) {
  States<m> y{};
  for (int k = 0; k < m; ++k)
    for (int l = 0; l <= k; ++l) y[k] += a[k - l] * x[l];
  return y;
}

// A^T x
template <int m>
States<m> advance_transposed(const States<m>& a, const States<m>& x) {
  States<m> y{};
  for (int k = 0; k < m; ++k)
    for (int l = k; l < m; ++l) y[k] += a[l - k] * x[l];
  return y;
}

template <int m>
class MarkovFactor final : public NoiseFactor {
 public:
  explicit MarkovFactor(const MarkovNoise& noise) : share_(std::sqrt(1.0 - noise.nugget)) {
    std::vector<int> order(noise.sd.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int i, int j) {
      return noise.groups[i] != noise.groups[j] ? noise.groups[i] < noise.groups[j]
                                                : noise.positions[i] < noise.positions[j];
    });
    const double rate = std::sqrt(2.0 * m - 1.0) / noise.length;  // c, nu = m - 1/2
    Covariance<m> after = stationary<m>();
    for (std::size_t n = 0; n < order.size(); ++n) {
      const int i = order[n];
      const bool is_first = n == 0 || noise.groups[order[n - 1]] != noise.groups[i];
      const double s = is_first ? INFINITY : rate * (noise.positions[i] - noise.positions[order[n - 1]]);
      stages_.push_back(stage(i, s, after, noise));
    }
  }

  void solve(const double* in, double* out) const override {
    States<m> x{};
    for (const Stage<m>& at : stages_) {
      x = advance<m>(at.from_before, x);
      const double innovation = in[at.datum] / at.sd - share_ * x[m - 1];
      for (int k = 0; k < m; ++k) x[k] += at.gain[k] * innovation;
      out[at.datum] = innovation / at.innovation_sd;
    }
  }
  void multiply(const double* in, double* out) const override {
    States<m> x{};
    for (const Stage<m>& at : stages_) {
      x = advance<m>(at.from_before, x);
      const double innovation = in[at.datum] * at.innovation_sd;
      out[at.datum] = at.sd * (innovation + share_ * x[m - 1]);
      for (int k = 0; k < m; ++k) x[k] += at.gain[k] * innovation;
    }
  }
  // `slope` is the derivative with respect to x after a datum of what later data make of it.
  void solve_transposed(const double* in, double* out) const override {
    States<m> slope{};
    for (auto at = stages_.rbegin(); at != stages_.rend(); ++at) {
      double innovation = in[at->datum] / at->innovation_sd;
      for (int k = 0; k < m; ++k) innovation += at->gain[k] * slope[k];
      out[at->datum] = innovation / at->sd;
      slope[m - 1] -= share_ * innovation;
      slope = advance_transposed<m>(at->from_before, slope);
    }
  }
  double log_determinant() const override {
    double sum = 0.0;
    for (const Stage<m>& at : stages_) sum += std::log(at.innovation_sd * at.sd);
    return sum;
  }

 private:
  // Kalman's filter: `p` is the covariance of the states after the datum before, and becomes that after this one.
  Stage<m> stage(int datum, double s, Covariance<m>& p, const MarkovNoise& noise) const {
    Stage<m> at{datum, {}, {}, 0.0, noise.sd[datum]};
    Covariance<m> q = stationary<m>();
    if (std::isfinite(s)) {
      at.from_before[0] = std::exp(-s);
      for (int k = 1; k < m; ++k) at.from_before[k] = at.from_before[k - 1] * s / k;
      for (int k = 0; k < m; ++k)
        for (int l = 0; l < m; ++l) q[k][l] *= boost::math::gamma_p(k + l + 1.0, 2.0 * s);
    }
    for (States<m>& row : p) row = advance<m>(at.from_before, row);  // P A^T
    for (int l = 0; l < m; ++l) {
      States<m> column;
      for (int k = 0; k < m; ++k) column[k] = p[k][l];
      column = advance<m>(at.from_before, column);
      for (int k = 0; k < m; ++k) q[k][l] += column[k];
    }
    p = q;
    const double variance = share_ * share_ * p[m - 1][m - 1] + noise.nugget;
    constexpr double rounding = 1e-14;
    if (!(variance > rounding))
      throw core::NumericsError(fmt::format("datum {} at {:.6g} follows from those before it to rounding", datum + 1,
                                            noise.positions[datum]));
    for (int k = 0; k < m; ++k) at.gain[k] = share_ * p[k][m - 1] / variance;
    const States<m> last = p[m - 1];
    for (int k = 0; k < m; ++k)
      for (int l = 0; l < m; ++l) p[k][l] -= share_ * at.gain[k] * last[l];
    at.innovation_sd = std::sqrt(variance);
    return at;
  }

  double share_;  // sqrt(1 - nugget), of the process
  std::vector<Stage<m>> stages_;
};

}  // namespace

std::shared_ptr<const NoiseFactor> markov_noise(const MarkovNoise& noise) {
  ALEATOR_ASSERT(noise.states >= 1 && noise.states <= 3 && noise.positions.size() == noise.sd.size() &&
                 noise.groups.size() == noise.sd.size());
  if (noise.states == 1) return std::make_shared<MarkovFactor<1>>(noise);
  if (noise.states == 2) return std::make_shared<MarkovFactor<2>>(noise);
  return std::make_shared<MarkovFactor<3>>(noise);
}

}  // namespace aleator::inverse
