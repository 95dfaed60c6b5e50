#include "assimilation/particle/particle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"

namespace aleator::assimilation {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double log_two_pi = 1.8378770664093454836;

template <class Work>
void each_particle(int count, const Work& work) {
  constexpr int worth_a_team = 4096;
  if (count >= worth_a_team) return kernels::for_each_row(count, work);
  for (int j = 0; j < count; ++j) work(j);
}

// log sum exp, and the weights normalised; -infinity when all are zero.
double normalise(std::vector<double>& log_w, double* w) {
  const double top = *std::max_element(log_w.begin(), log_w.end());
  if (!(top > minus_infinity)) return minus_infinity;
  double sum = 0.0;
  for (std::size_t j = 0; j < log_w.size(); ++j) sum += w[j] = std::exp(log_w[j] - top);
  for (std::size_t j = 0; j < log_w.size(); ++j) w[j] /= sum;
  return top + std::log(sum);
}

// source[i]: the particle copied to place i (Kitagawa 1996); u uniform on (0, 1].
std::vector<int> systematic(const double* w, int count, double u) {
  std::vector<int> source(static_cast<std::size_t>(count));
  double passed = w[0];
  for (int i = 0, j = 0; i < count; ++i) {
    while (j + 1 < count && passed * count < i + u) passed += w[++j];
    source[i] = j;
  }
  return source;
}

// Data present, and their errors' Gaussian: diagonal R, or H Q H^T + R.
struct Datum {
  std::vector<int> index;
  std::vector<double> y, sd;
  double log_constant = 0.0;
  const std::vector<model::LinearObservable>* observed;

  Datum(const Experiment& experiment, const Cycle& cycle, int replicate) : observed(&experiment.info().observed) {
    const std::vector<double> all = experiment.noise_sd(replicate);
    for (int k = 0; k < experiment.observables(); ++k) {
      if (std::isnan(cycle.data(replicate, k))) continue;
      index.push_back(k), y.push_back(cycle.data(replicate, k)), sd.push_back(all[k]);
      log_constant -= 0.5 * log_two_pi + std::log(all[k]);
    }
  }
  double seen(const double* x, std::size_t o) const {
    double sum = 0.0;
    for (const auto& [i, weight] : (*observed)[index[o]].weights) sum += weight * x[i];
    return sum;
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

// The conditional of N(m, Q) given y = H x + N(0, R).
struct Conditional {
  math::Matrix q_h;     // Q H^T, d x p
  math::Matrix factor;  // of H Q H^T + R
  double log_constant = 0.0;

  Conditional(const Datum& datum, const std::vector<double>& noise_sd)
      : q_h(static_cast<int>(noise_sd.size()), static_cast<int>(datum.y.size())) {
    const int p = q_h.cols;
    math::Matrix s(p, p);
    for (int o = 0; o < p; ++o)
      for (const auto& [i, weight] : (*datum.observed)[datum.index[o]].weights)
        q_h(i, o) += noise_sd[i] * noise_sd[i] * weight;
    for (int l = 0; l < p; ++l) {
      for (int o = 0; o < p; ++o)
        for (const auto& [i, weight] : (*datum.observed)[datum.index[l]].weights) s(l, o) += weight * q_h(i, o);
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

// Annealed importance sampling from N(m, Q) to the conditional (Neal 2001): through N(m, Q) N(y; H x, R)^beta at stages
// 0 < beta_1 < ... = 1, with a Hamiltonian move at each. In xi = Q^-1/2 (x - m) the flow of N(0, I) is a rotation, done exactly
// between half kicks by the data (Beskos, Pinski, Sanz-Serna, Stuart 2011).
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
      for (const auto& [i, weight] : (*datum.observed)[datum.index[o]].weights) {
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
      for (const auto& [i, weight] : (*datum.observed)[datum.index[o]].weights)
        s.slope[i] += noise_sd[i] * weight * pull;
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

// One replicate's particles during a step.
struct Cloud {
  Members x;
  double* w;
  kernels::Rng rng;
  int cycle;

  double effective_share() const {
    double squares = 0.0;
    for (int j = 0; j < x.count; ++j) squares += w[j] * w[j];
    return 1.0 / (squares * x.count);
  }

  // Copies of a particle, all but the first, are moved by h C^1/2 xi, `root` = C^1/2 (empty: not moved).
  // `round`: 0 at a cycle's start, then the stages of temper().
  void resample(int round, double regularisation, const math::Matrix& root) const {
    const auto column = static_cast<std::uint32_t>(round);
    const std::int64_t first_row = static_cast<std::int64_t>(round) * x.count;
    const std::vector<int> source = systematic(w, x.count, rng.uniform({Purpose::resampling, cycle}, 0, column));
    const std::vector<double> old(x.x, x.x + static_cast<std::ptrdiff_t>(x.count) * x.states);
    const int d = x.states;
    const double h = regularisation * std::pow(x.count, -1.0 / (d + 4.0));
    each_particle(x.count, [&](int i) {
      std::copy_n(&old[static_cast<std::size_t>(source[i]) * d], d, x[i]);
      if (root.rows == 0 || i == 0 || source[i] != source[i - 1]) return;
      std::vector<double> xi(static_cast<std::size_t>(d));
      rng.row_of_normals({Purpose::jitter, cycle}, first_row + i, xi.data(), d);
      for (int k = 0; k < d; ++k)
        for (int l = 0; l <= k; ++l) x[i][k] += h * root(k, l) * xi[l];
    });
    std::fill_n(w, x.count, 1.0 / x.count);
  }

  // Progressive correction: while the weights w_j exp(beta l_j), l_j the log-density of the data, would leave fewer than
  // `share` of the particles effective at beta = 1, the likelihood's largest power that does not is taken into the weights and
  // the particles are resampled, with the forecast's C: that of the survivors has shrunk with each stage, and could not follow.
  // Leaves the rest of l in log_density; returns the log of the stages' mean likelihoods.
  double temper(const Datum& datum, double share, double regularisation, std::vector<double>& log_density) const {
    constexpr int most_stages = 100;
    double log_likelihood = 0.0, rest = 1.0;
    math::Matrix root;
    std::vector<double> log_w(log_density.size()), trial(log_density.size());
    const auto effective_share_at = [&](double power) {
      for (int j = 0; j < x.count; ++j) log_w[j] = std::log(w[j]) + power * log_density[j];
      const double sum = normalise(log_w, trial.data());
      return sum > minus_infinity ? Cloud{x, trial.data(), rng, cycle}.effective_share() : 0.0;
    };
    for (int stage = 1; stage <= most_stages && effective_share_at(rest) < share; ++stage) {
      double low = 0.0, high = rest;
      for (int halving = 0; halving < 40; ++halving) {
        const double middle = 0.5 * (low + high);
        (effective_share_at(middle) < share ? high : low) = middle;
      }
      if (low == 0.0) break;  // the forecast's weights are degenerate already
      if (stage == 1) root = covariance_root();
      effective_share_at(low);
      log_likelihood += normalise(log_w, w);
      rest -= low;
      resample(stage, regularisation, root);
      each_particle(x.count, [&](int j) { log_density[j] = datum.log_density(x[j]); });
    }
    for (double& l : log_density) l *= rest;
    return log_likelihood;
  }

  // Lower Cholesky factor of the weighted covariance; empty when the particles are all alike. Weights may sum to less than 1:
  // those of buried particles are missing, and count in the likelihood.
  math::Matrix covariance_root() const {
    const int d = x.states;
    const double total = std::accumulate(w, w + x.count, 0.0);
    std::vector<double> mean(static_cast<std::size_t>(d));
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < d; ++i) mean[i] += w[j] / total * x[j][i];
    math::Matrix c(d, d), root;
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < d; ++i)
        for (int k = 0; k <= i; ++k) c(i, k) += w[j] / total * (x[j][i] - mean[i]) * (x[j][k] - mean[k]);
    double trace = 0.0;
    for (int i = 0; i < d; ++i) trace += c(i, i);
    math::add_to_diagonal(c, 1e-12 * trace);
    return trace > 0.0 && math::try_cholesky(c, root) ? root : math::Matrix();
  }

  void add_noise(const std::vector<double>& sd) const {
    each_particle(x.count, [&](int j) {
      std::vector<double> xi(sd.size());
      rng.row_of_normals({Purpose::model_noise, cycle}, 1 + j, xi.data(), x.states);
      for (int i = 0; i < x.states; ++i) x[j][i] += sd[i] * xi[i];
    });
  }

  // Particles that are not finite get weight 0 and the place of a sound one; returns their number.
  int bury() const {
    int buried = 0, sound = -1;
    std::vector<char> is_sound(static_cast<std::size_t>(x.count), 1);
    for (int j = 0; j < x.count; ++j) {
      for (int i = 0; i < x.states; ++i) is_sound[j] = is_sound[j] && std::isfinite(x[j][i]) ? 1 : 0;
      if (is_sound[j]) sound = j;
    }
    for (int j = 0; j < x.count && sound >= 0; ++j) {
      if (is_sound[j]) continue;
      std::copy_n(x[sound], x.states, x[j]);
      w[j] = 0.0, ++buried;
    }
    return sound < 0 ? x.count : buried;
  }
};

}  // namespace

deck::Schema<Particle::Params> Particle::schema() {
  deck::Schema<Params> s("Particle filter: bootstrap, auxiliary, with Hamiltonian moves or the optimal proposal",
                         "Gordon, Salmond, Smith 1993; Pitt, Shephard 1999; Doucet, Godsill, Andrieu 2000; Neal 2001");
  s.key("members", &Params::members, "1", "number of particles N", deck::at_least(2))
      .choice("proposal", &Params::proposal, "how particles are moved",
              {{"bootstrap", Proposal::bootstrap, "by the model and its noise alone"},
               {"hamiltonian", Proposal::hamiltonian,
                "towards the next data by Hamiltonian moves in stages; needs model noise"},
               {"auxiliary", Proposal::auxiliary,
                "those that will explain the next data are chosen first; needs model noise"},
               {"optimal", Proposal::optimal, "towards the next data; needs model noise"}})
      .key("stages", &Params::stages, "1", "powers of the data's likelihood, with a move at each", deck::at_least(1))
      .only_with("proposal = \"hamiltonian\"", [](const Params& p) { return p.proposal == Proposal::hamiltonian; })
      .key("leapfrog_steps", &Params::leapfrog_steps, "1", "of a move, which lasts a quarter of the shortest period",
           deck::at_least(1))
      .only_with("proposal = \"hamiltonian\"", [](const Params& p) { return p.proposal == Proposal::hamiltonian; })
      .key("resample_below", &Params::resample_below, "1",
           "effective sample size, as a share of N, below which the particles are resampled; 1: always",
           deck::between(0.0, 1.0))
      .only_with("a proposal that is not \"auxiliary\"",
                 [](const Params& p) { return p.proposal != Proposal::auxiliary; })
      .key("least_effective", &Params::least_effective, "1",
           "effective sample size, in particles and at most N / 2, below which one correction is split into several "
           "with regularised resampling between; 0: never",
           deck::at_least(0.0))
      .only_with("regularisation and proposal = \"bootstrap\"",
                 [](const Params& p) { return p.regularisation > 0.0 && p.proposal == Proposal::bootstrap; })
      .key("regularisation", &Params::regularisation, "1",
           "bandwidth by which copies are moved apart, over N^(-1/(d + 4)); needed where the model has no noise",
           deck::at_least(0.0));
  return s;
}

std::string Particle::objection(const model::StateInfo&, bool has_model_noise) const {
  if (has_model_noise) return "";
  if (params.proposal != Proposal::bootstrap)
    return "has a proposal that moves particles by the model's noise: set model_noise_sd, or proposal = \"bootstrap\"";
  if (params.regularisation == 0.0)
    return "would collapse to one trajectory, since the model has no noise: set model_noise_sd, or regularisation = 1";
  return "";
}

Particle::State Particle::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, params.members, 1.0);
  s.weights.assign(static_cast<std::size_t>(experiment.replicates()) * params.members, 1.0 / params.members);
  return s;
}

void Particle::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  const int n = params.members;
  const auto resample = [&](const Cloud& c) {
    c.resample(0, params.regularisation, params.regularisation > 0.0 ? c.covariance_root() : math::Matrix());
  };
  const auto cloud = [&](int r) {
    return Cloud{s.of(experiment, r), s.weights.data() + static_cast<std::ptrdiff_t>(r) * n, experiment.rng(r),
                 cycle.number};
  };
  experiment.each_replicate([&](int r) {
    const Cloud c = cloud(r);
    if (params.proposal != Proposal::auxiliary && c.effective_share() < params.resample_below) resample(c);
  });
  experiment.advance(cycle.interval, s.x.data(), n);  // m_j
  experiment.each_replicate([&](int r) {
    const int buried = cloud(r).bury();
    s.replaced[r] += buried;
    if (buried == n)
      throw core::NumericsError(
          fmt::format("{}: all {} particles diverged: {}", cycle.label(), n, experiment.last_failure()));
  });
  note_forecast(experiment, cycle, s, true);
  experiment.each_replicate([&](int r) {
    const Cloud c = cloud(r);
    const Datum datum(experiment, cycle, r);
    const std::vector<double> noise_sd = experiment.model_noise_sd(r);
    std::vector<double> log_w(static_cast<std::size_t>(n));
    double log_likelihood = 0.0;
    if (params.proposal == Proposal::optimal && !datum.y.empty()) {
      const Conditional conditional(datum, noise_sd);
      each_particle(n, [&](int j) { log_w[j] = std::log(c.w[j]) + conditional.log_density(datum, c.x[j]); });
      log_likelihood = normalise(log_w, c.w);
      c.add_noise(noise_sd);
      each_particle(n, [&](int j) {
        std::vector<double> e(static_cast<std::size_t>(experiment.observables()));
        c.rng.row_of_normals({Purpose::proposal, cycle.number}, j, e.data(), static_cast<int>(e.size()));
        conditional.correct(datum, e.data(), c.x[j]);
      });
    } else if (params.proposal == Proposal::hamiltonian && !datum.y.empty()) {
      const Hamiltonian moves(datum, noise_sd, params.stages, params.leapfrog_steps);
      each_particle(n, [&](int j) { log_w[j] = std::log(c.w[j]) + moves.carry(c.rng, cycle.number, j, n, c.x[j]); });
      log_likelihood = normalise(log_w, c.w);
    } else {
      std::vector<double> first_stage(static_cast<std::size_t>(n));  // log N(y; H m_a, R)
      if (params.proposal == Proposal::auxiliary) {
        each_particle(n, [&](int j) { log_w[j] = std::log(c.w[j]) + datum.log_density(c.x[j]); });
        log_likelihood = normalise(log_w, c.w);
        if (log_likelihood > minus_infinity) resample(c);
        each_particle(n, [&](int j) { first_stage[j] = datum.log_density(c.x[j]); });
      }
      if (!noise_sd.empty()) c.add_noise(noise_sd);
      std::vector<double> log_density(static_cast<std::size_t>(n));
      each_particle(n, [&](int j) { log_density[j] = datum.log_density(c.x[j]) - first_stage[j]; });
      if (params.regularisation > 0.0 && params.proposal == Proposal::bootstrap)
        log_likelihood = c.temper(datum, std::min(0.5, params.least_effective / n), params.regularisation, log_density);
      for (int j = 0; j < n; ++j) log_w[j] = std::log(c.w[j]) + log_density[j];
      log_likelihood += normalise(log_w, c.w);
    }
    s.log_likelihood[r] = log_likelihood;
    if (!(log_likelihood > minus_infinity))
      throw core::NumericsError(
          fmt::format("{}: no particle explains the data (all weights are zero); try more "
                      "particles, a larger model_noise_sd, a larger regularisation or proposal = \"optimal\"",
                      cycle.label()));
  });
}

}  // namespace aleator::assimilation
