#include "assimilation/particle/particle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "assimilation/particle/proposals.hpp"
#include "core/error.hpp"

namespace aleator::assimilation {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// log sum exp, and the weights normalised; -infinity when all are zero.
double normalise(std::vector<double>& log_w, double* w) {
  const double top = *std::max_element(log_w.begin(), log_w.end());
  if (!(top > minus_infinity)) return minus_infinity;
  double sum = 0.0;
  for (std::size_t j = 0; j < log_w.size(); ++j) sum += w[j] = std::exp(log_w[j] - top);
  for (std::size_t j = 0; j < log_w.size(); ++j) w[j] /= sum;
  return top + std::log(sum);
}

// Where no ancestor is taken though its noise might lead to the data, the likelihood would be too small.
void refuse_impossible(const std::vector<double>& log_density, const double* w, const Cycle& cycle) {
  bool is_one = false;
  for (std::size_t j = 0; j < log_density.size(); ++j)
    is_one = is_one || (w[j] > 0.0 && log_density[j] == minus_infinity);
  if (is_one)
    throw core::NumericsError(
        fmt::format("{}: the data's density is 0 at a particle before the model's noise, and proposal = \"auxiliary\" "
                    "would never choose it; take proposal = \"bootstrap\"",
                    cycle.label()));
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

  // Weights sum to `total`.
  std::vector<double> mean_of_weights(double total) const {
    std::vector<double> mean(static_cast<std::size_t>(x.states));
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < x.states; ++i) mean[i] += w[j] / total * x[j][i];
    return mean;
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
    const Batch xi = kernels::new_batch(root.rows == 0 ? 0 : static_cast<std::size_t>(x.count), d);
    rng.normals({Purpose::jitter, cycle}, first_row, xi);
    each_particle(x.count, [&](int i) {
      std::copy_n(&old[static_cast<std::size_t>(source[i]) * d], d, x[i]);
      if (root.rows == 0 || i == 0 || source[i] != source[i - 1]) return;
      for (int k = 0; k < d; ++k)
        for (int l = 0; l <= k; ++l) x[i][k] += h * root(k, l) * xi(i, l);
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
      datum.log_densities(x, log_density);
    }
    for (double& l : log_density) l *= rest;
    return log_likelihood;
  }

  // Without model noise a cloud that has lost the truth stays small and dense: seen from far away all its particles fit alike
  // badly, no weight degenerates, and nothing brings it back. Where the data refute the forecast N(H m, H C H^T + R) at the
  // level `refuted`, deviations from the mean are stretched until they no longer do. Was that so?
  bool widen(const Datum& datum) const {
    constexpr double refuted = 1e-8, plausible = 0.05, largest = 1e12;
    const int p = static_cast<int>(datum.y.size()), d = x.states;
    if (p == 0) return false;
    std::vector<double> innovation(datum.y), deviation(innovation.size());
    const double total = std::accumulate(w, w + x.count, 0.0);
    const std::vector<double> mean = mean_of_weights(total);
    math::Matrix seen(p, p);
    for (int o = 0; o < p; ++o) innovation[o] -= datum.seen(mean.data(), o);
    for (int j = 0; j < x.count; ++j) {
      for (int o = 0; o < p; ++o) deviation[o] = datum.seen(x[j], o) - datum.y[o] + innovation[o];
      for (int o = 0; o < p; ++o)
        for (int l = 0; l <= o; ++l) seen(o, l) += w[j] / total * deviation[o] * deviation[l];
    }
    const auto chance_at = [&](double factor) {
      math::Matrix s = seen;
      for (int o = 0; o < p; ++o) {
        for (int l = 0; l <= o; ++l) s(l, o) = s(o, l) *= factor;
        s(o, o) += datum.sd[o] * datum.sd[o];
      }
      const std::vector<double> r = math::solve_lower(math::cholesky(s), innovation);
      const double square = math::dot(r, r);
      return square < 1e6 * p ? boost::math::gamma_q(0.5 * p, 0.5 * square) : 0.0;
    };
    if (chance_at(1.0) >= refuted) return false;
    double factor = 2.0;
    while (factor < largest && chance_at(factor) < plausible) factor *= 2.0;
    if (factor >= largest) return false;
    const double stretch = std::sqrt(factor);
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < d; ++i) x[j][i] = mean[i] + stretch * (x[j][i] - mean[i]);
    return true;
  }

  // Lower Cholesky factor of the weighted covariance; empty when the particles are all alike. Weights may sum to less than 1:
  // those of buried particles are missing, and count in the likelihood.
  math::Matrix covariance_root() const {
    const int d = x.states;
    const double total = std::accumulate(w, w + x.count, 0.0);
    const std::vector<double> mean = mean_of_weights(total);
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
    const Batch xi = kernels::new_batch(static_cast<std::size_t>(x.count), x.states);
    rng.normals({Purpose::model_noise, cycle}, 1, xi);
    each_particle(x.count, [&](int j) {
      for (int i = 0; i < x.states; ++i) x[j][i] += sd[i] * xi(j, i);
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

std::string Particle::approximation() const {
  return params.regularisation > 0.0 ? "moves its particles after resampling (regularisation)" : "";
}

std::string Particle::objection_to_density() const {
  return params.proposal == Proposal::bootstrap || params.proposal == Proposal::auxiliary
             ? ""
             : "has a proposal for data that are weighted sums of the states with Gaussian errors: with "
               "observation_density take proposal = \"bootstrap\" or \"auxiliary\"";
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
      const Batch e = kernels::new_batch(static_cast<std::size_t>(n), experiment.observables());
      c.rng.normals({Purpose::proposal, cycle.number}, 0, e);
      each_particle(n, [&](int j) { conditional.correct(datum, &e(j, 0), c.x[j]); });
    } else if (params.proposal == Proposal::hamiltonian && !datum.y.empty()) {
      const Hamiltonian moves(datum, noise_sd, params.stages, params.leapfrog_steps);
      each_particle(n, [&](int j) { log_w[j] = std::log(c.w[j]) + moves.carry(c.rng, cycle.number, j, n, c.x[j]); });
      log_likelihood = normalise(log_w, c.w);
    } else {
      std::vector<double> first_stage(static_cast<std::size_t>(n));  // log N(y; H m_a, R)
      if (params.proposal == Proposal::auxiliary) {
        datum.log_densities(c.x, first_stage);
        refuse_impossible(first_stage, c.w, cycle);
        for (int j = 0; j < n; ++j) log_w[j] = std::log(c.w[j]) + first_stage[j];
        log_likelihood = normalise(log_w, c.w);
        if (log_likelihood > minus_infinity) resample(c);
        datum.log_densities(c.x, first_stage);
      }
      if (!noise_sd.empty()) c.add_noise(noise_sd);
      std::vector<double> log_density(static_cast<std::size_t>(n));
      const auto weigh = [&](double* weights) {
        for (int j = 0; j < n; ++j) log_w[j] = std::log(c.w[j]) + log_density[j];
        return normalise(log_w, weights);
      };
      datum.log_densities(c.x, log_density);
      for (int j = 0; j < n; ++j) log_density[j] -= first_stage[j];
      const bool is_regularised = params.regularisation > 0.0 && params.proposal == Proposal::bootstrap;
      const bool is_widened = is_regularised && c.widen(datum);
      double of_forecast = 0.0;  // the likelihood knows no second forecast
      if (is_widened) {
        of_forecast = weigh(std::vector<double>(log_density.size()).data());
        datum.log_densities(c.x, log_density);
      }
      if (is_regularised)
        log_likelihood = c.temper(datum, std::min(0.5, params.least_effective / n), params.regularisation, log_density);
      log_likelihood += weigh(c.w);
      if (is_widened) log_likelihood = of_forecast;
    }
    s.log_likelihood[r] = log_likelihood;
    if (!(log_likelihood > minus_infinity))
      throw core::NumericsError(
          fmt::format("{}: no particle explains the data (all weights are zero); try more "
                      "particles, a larger model_noise_sd, a larger regularisation{}",
                      cycle.label(), experiment.density() == nullptr ? " or proposal = \"optimal\"" : ""));
  });
}

}  // namespace aleator::assimilation
