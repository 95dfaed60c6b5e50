#pragma once
/// What      How a particle filter's particles are moved with an eye to the data of their cycle.
/// Method    particle.hpp: the optimal proposal (Doucet, Godsill, Andrieu 2000), annealed Hamiltonian moves (Neal 2001).
/// Parallel  local: of one replicate, of one particle each.
/// Cost      Conditional: p^3 once, O(p (p + d)) a particle; Hamiltonian: O(stages leapfrog_steps (d + p)) a particle.
/// Fails     UserError where H Q H^T + R is not positive definite.
#include <algorithm>
#include <cmath>
#include <vector>

#include "assimilation/filter.hpp"
#include "math/dense.hpp"

namespace aleator::assimilation {

inline constexpr double log_two_pi = 1.8378770664093454836;

/// Work of one particle each; of many on the threads.
template <class Work>
void each_particle(int count, const Work& work) {
  constexpr int worth_a_team = 4096;
  if (count >= worth_a_team) return kernels::for_each_row(count, work);
  for (int j = 0; j < count; ++j) work(j);
}

/// The data of a cycle that are present, and the Gaussian of their errors: diagonal R, or H Q H^T + R; where the data have a
/// density of their own there is that instead, and no y.
struct Datum {
  std::vector<int> index;
  std::vector<double> y, sd;
  double log_constant = 0.0;
  const Experiment& experiment;
  const Cycle& cycle;
  int replicate;

  Datum(const Experiment& of, const Cycle& at, int r) : experiment(of), cycle(at), replicate(r) {
    if (experiment.density() != nullptr) return;
    const std::vector<double> all = experiment.noise_sd(replicate);
    for (int k = 0; k < experiment.observables(); ++k) {
      if (std::isnan(cycle.data(replicate, k))) continue;
      index.push_back(k), y.push_back(cycle.data(replicate, k)), sd.push_back(all[k]);
      log_constant -= 0.5 * log_two_pi + std::log(all[k]);
    }
  }
  /// Of datum o: states and what each of them adds.
  const std::vector<std::pair<int, double>>& weights(std::size_t o) const {
    return experiment.info().observed[static_cast<std::size_t>(index[o])].weights;
  }
  double seen(const double* x, std::size_t o) const {
    double sum = 0.0;
    for (const auto& [i, weight] : weights(o)) sum += weight * x[i];
    return sum;
  }
  /// Of all particles.
  void log_densities(const Members& x, std::vector<double>& out) const {
    if (const ObservationDensity* const density = experiment.density(); density != nullptr)
      return density->evaluate(cycle.label(), cycle.interval.to, experiment.inputs(replicate),
                               &cycle.data(replicate, 0), x, out.data());
    each_particle(x.count, [&](int j) { out[j] = log_density(x[j]); });
  }
  double log_density(const double* x) const {
    double sum = log_constant;
    for (std::size_t o = 0; o < y.size(); ++o) {
      const double r = (y[o] - seen(x, o)) / sd[o];
      sum -= 0.5 * r * r;
    }
    return sum;
  }
};

/// The conditional of N(m, Q) given y = H x + N(0, R).
struct Conditional {
  math::Matrix q_h;     // Q H^T, d x p
  math::Matrix factor;  // of H Q H^T + R
  double log_constant = 0.0;

  Conditional(const Datum& datum, const std::vector<double>& noise_sd)
      : q_h(static_cast<int>(noise_sd.size()), static_cast<int>(datum.y.size())) {
    const int p = q_h.cols;
    math::Matrix s(p, p);
    for (int o = 0; o < p; ++o)
      for (const auto& [i, weight] : datum.weights(o)) q_h(i, o) += noise_sd[i] * noise_sd[i] * weight;
    for (int l = 0; l < p; ++l) {
      for (int o = 0; o < p; ++o)
        for (const auto& [i, weight] : datum.weights(l)) s(l, o) += weight * q_h(i, o);
      s(l, l) += datum.sd[l] * datum.sd[l];
    }
    factor = math::cholesky(s);
    log_constant = -0.5 * (p * log_two_pi + math::log_det_cholesky(factor));
  }
  double log_density(const Datum& datum, const double* m) const {
    std::vector<double> r(datum.y);
    for (std::size_t o = 0; o < r.size(); ++o) r[o] -= datum.seen(m, o);
    r = math::solve_lower(factor, std::move(r));
    return log_constant - 0.5 * math::dot(r, r);
  }
  // x + K (y + sd e - H x) with x ~ N(m, Q) has the conditional's distribution.
  void correct(const Datum& datum, const double* e, double* x) const {
    std::vector<double> r(datum.y);
    for (std::size_t o = 0; o < r.size(); ++o) r[o] += datum.sd[o] * e[datum.index[o]] - datum.seen(x, o);
    r = math::solve_cholesky(factor, std::move(r));
    for (int i = 0; i < q_h.rows; ++i)
      for (std::size_t o = 0; o < r.size(); ++o) x[i] += q_h(i, static_cast<int>(o)) * r[o];
  }
};

/// Annealed importance sampling from N(m, Q) to the conditional (Neal 2001): through N(m, Q) N(y; H x, R)^beta at stages
/// 0 < beta_1 < ... = 1, with a Hamiltonian move at each. In xi = Q^-1/2 (x - m) the flow of N(0, I) is a rotation, done exactly
/// between half kicks by the data (Beskos, Pinski, Sanz-Serna, Stuart 2011).
struct Hamiltonian {
  const Datum& datum;
  const std::vector<double>& noise_sd;
  int stages, leaps;
  double curvature;  // no less than the largest eigenvalue of Q^1/2 H^T R^-1 H Q^1/2

  Hamiltonian(const Datum& data, const std::vector<double>& sd, int stage_count, int leap_count)
      : datum(data), noise_sd(sd), stages(stage_count), leaps(leap_count) {
    std::vector<double> columns(noise_sd.size(), 0.0);
    double row = 0.0;
    for (std::size_t o = 0; o < datum.y.size(); ++o) {
      double sum = 0.0;
      for (const auto& [i, weight] : datum.weights(o)) {
        const double entry = std::abs(weight) * noise_sd[i] / datum.sd[o];
        sum += entry, columns[i] += entry;
      }
      row = std::max(row, sum);
    }
    curvature = row * *std::max_element(columns.begin(), columns.end());
  }
  // Equal factors of the precision 1 + beta curvature.
  double beta(int stage) const {
    if (stage == 0 || curvature == 0.0) return stage == 0 ? 0.0 : 1.0;
    return std::expm1(std::log1p(curvature) * stage / stages) / curvature;
  }
  // x from m to a draw; returns the log of its weight.
  double carry(const kernels::Rng& rng, int cycle, int particle, int count, double* x) const {
    const std::size_t d = noise_sd.size();
    const std::vector<double> m(x, x + d);
    State now{std::vector<double>(d), {}, 0.0};
    rng.row_of_normals({Purpose::model_noise, cycle}, 1 + particle, now.xi.data(), static_cast<int>(d));
    see(m, now, x);
    double log_weight = 0.0;
    std::vector<double> p(d);
    for (int stage = 1; stage <= stages; ++stage) {
      log_weight += (beta(stage) - beta(stage - 1)) * now.log_density;
      rng.row_of_normals({Purpose::proposal, cycle}, static_cast<std::int64_t>(stage) * count + particle, p.data(),
                         static_cast<int>(d));
      State next = now;
      const double before = energy(now, p, beta(stage));
      flow(m, beta(stage), next, p, x);
      const double fall = before - energy(next, p, beta(stage));
      if (std::log(rng.uniform({Purpose::acceptance, cycle}, particle, static_cast<std::uint32_t>(stage))) < fall)
        now = std::move(next);
    }
    see(m, now, x);
    return log_weight;
  }

 private:
  struct State {
    std::vector<double> xi, slope;  // slope: of log N(y; H x, R), with respect to xi
    double log_density;
  };
  // x = m + Q^1/2 xi, and what the data say of it.
  void see(const std::vector<double>& m, State& s, double* x) const {
    for (std::size_t i = 0; i < m.size(); ++i) x[i] = m[i] + noise_sd[i] * s.xi[i];
    s.log_density = datum.log_constant;
    s.slope.assign(m.size(), 0.0);
    for (std::size_t o = 0; o < datum.y.size(); ++o) {
      const double r = (datum.y[o] - datum.seen(x, o)) / datum.sd[o], pull = r / datum.sd[o];
      s.log_density -= 0.5 * r * r;
      for (const auto& [i, weight] : datum.weights(o)) s.slope[i] += noise_sd[i] * weight * pull;
    }
  }
  static double energy(const State& s, const std::vector<double>& p, double power) {
    return 0.5 * (math::dot(s.xi, s.xi) + math::dot(p, p)) - power * s.log_density;
  }
  // A quarter of the shortest period.
  void flow(const std::vector<double>& m, double power, State& s, std::vector<double>& p, double* x) const {
    const double angle = 1.5707963267948966 / (leaps * std::sqrt(1.0 + power * curvature));
    const double cosine = std::cos(angle), sine = std::sin(angle);
    for (int leap = 0; leap < leaps; ++leap) {
      for (std::size_t i = 0; i < m.size(); ++i) {
        const double kicked = p[i] + 0.5 * angle * power * s.slope[i], xi = s.xi[i];
        s.xi[i] = cosine * xi + sine * kicked, p[i] = cosine * kicked - sine * xi;
      }
      see(m, s, x);
      for (std::size_t i = 0; i < m.size(); ++i) p[i] += 0.5 * angle * power * s.slope[i];
    }
  }
};

}  // namespace aleator::assimilation
