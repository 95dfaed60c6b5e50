#include "sampler/mcmc/slice.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/triangular.hpp"
#include "math/dense.hpp"

namespace aleator::sampler {
namespace {

constexpr int most_rounds = 200;  // the bracket is then shorter than 1e-30 with certainty: the chain stays

// One chain's ellipse and what is needed of it: positions are m + start cos t + noise sin t.
struct Ellipse {
  double x_x = 0.0, x_n = 0.0, n_n = 0.0;  // |x|^2, x . n, |n|^2, in x = L^-1 (z - m)
  double low = 0.0, high = 0.0, angle = 0.0;
  double level = 0.0;  // f(z) + log u
};

// log of the Student t (or, without a learned shape, of the prior) at squared distance q: what the reference takes from
// log pi = log L - |z|^2 / 2.
struct Reference {
  bool is_prior;
  double degrees;
  int d;
  double f(double log_likelihood, double z_z, double q) const {
    return is_prior ? log_likelihood : log_likelihood - 0.5 * z_z + 0.5 * (degrees + d) * std::log1p(q / degrees);
  }
};

double squared(const double* x, int d) {
  double sum = 0.0;
  for (int k = 0; k < d; ++k) sum += x[k] * x[k];
  return sum;
}

// s = (nu + q) / chi^2_(nu + d): the scale of the normal law that z is thought to be drawn from.
double scale_given(const Context& context, const Reference& reference, std::int64_t iteration, std::int64_t member,
                   double q) {
  const int count = static_cast<int>(reference.degrees) + reference.d;
  std::vector<double> normals(static_cast<std::size_t>(count));
  context.rng.row_of_normals({kernels::Purpose::slice_scale, iteration}, member, normals.data(), count);
  return (reference.degrees + q) / squared(normals.data(), count);
}

// What all chains of a step share.
struct Sweep {
  const Slice::State& s;
  const Context& context;
  Reference reference;
  Batch start, noise;  // z - m, and xi
  std::vector<Ellipse> ellipses;

  double centre(int k) const { return s.centre.empty() ? 0.0 : s.centre[static_cast<std::size_t>(k)]; }
};

Sweep begin_sweep(const Slice::Params& params, const Context& context, const Slice::State& s) {
  const Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = static_cast<int>(e.position.extent(1));
  Sweep sweep{s,
              context,
              {s.lower.empty(), static_cast<double>(params.degrees), d},
              Batch("start", rows, d),
              proposal_normals(e, context, s.iteration),
              {}};
  sweep.ellipses.resize(static_cast<std::size_t>(rows));
  math::Matrix lower(s.lower.empty() ? 0 : d, d);
  lower.a = s.lower;
  const kernels::Stream stream{kernels::Purpose::slice, s.iteration};
  kernels::for_each_row(rows, [&](int row) {
    Ellipse& ellipse = sweep.ellipses[static_cast<std::size_t>(row)];
    const std::int64_t member = e.layout.first() + row;
    std::vector<double> x(static_cast<std::size_t>(d));
    for (int k = 0; k < d; ++k) x[k] = sweep.start(row, k) = e.position(row, k) - sweep.centre(k);
    if (!sweep.reference.is_prior) x = math::solve_lower(lower, std::move(x));
    double* const n = &sweep.noise(row, 0);
    ellipse.x_x = squared(x.data(), d);
    if (!sweep.reference.is_prior) {
      const double root = std::sqrt(scale_given(context, sweep.reference, s.iteration, member, ellipse.x_x));
      for (int k = 0; k < d; ++k) n[k] *= root;
    }
    ellipse.n_n = squared(n, d);
    for (int k = 0; k < d; ++k) ellipse.x_n += x[k] * n[k];
    const double f = sweep.reference.f(e.log_likelihood(row), squared(&e.position(row, 0), d), ellipse.x_x);
    ellipse.level = f + std::log(context.rng.uniform(stream, member, 0));
    ellipse.angle = 2.0 * M_PI * context.rng.uniform(stream, member, 1);
    ellipse.low = ellipse.angle - 2.0 * M_PI, ellipse.high = ellipse.angle;
  });
  kernels::multiply_lower(  // xi = L n
      s.lower.data(), rows, d, [=, n = sweep.noise](int row, int k) { return n(row, k); },
      [=, n = sweep.noise](int row, int k, double value) { n(row, k) = value; });
  return sweep;
}

// Whether the point of a chain lies in its slice; if not the bracket shrinks and gives the next angle.
bool is_found(const Sweep& sweep, double log_likelihood, double z_z, std::int64_t member, int round, Ellipse& ellipse) {
  const double c = std::cos(ellipse.angle), sine = std::sin(ellipse.angle);
  const double q = c * c * ellipse.x_x + 2.0 * c * sine * ellipse.x_n + sine * sine * ellipse.n_n;
  if (sweep.reference.f(log_likelihood, z_z, q) > ellipse.level) return true;
  (ellipse.angle < 0.0 ? ellipse.low : ellipse.high) = ellipse.angle;
  const double u = sweep.context.rng.uniform({kernels::Purpose::slice, sweep.s.iteration}, member,
                                             static_cast<std::uint32_t>(2 + round));
  ellipse.angle = ellipse.low + u * (ellipse.high - ellipse.low);
  return false;
}

// Rounds until every chain has its next point; the model runs of this rank.
std::int64_t move_chains(const Problem& problem, const Context& context, Sweep& sweep, Ensemble& e) {
  std::vector<int> active(static_cast<std::size_t>(e.rows()));
  for (int row = 0; row < e.rows(); ++row) active[row] = row, e.accepted(row) = 0.0;
  const int d = problem.dimension();
  const bool is_agreed = context.comm.size() > 1 && problem.may_stop();  // then evaluate is collective
  std::int64_t runs = 0;
  for (int round = 0; round < most_rounds; ++round) {
    if (is_agreed ? !context.comm.any(!active.empty()) : active.empty()) break;
    const int count = static_cast<int>(active.size());
    const Batch z("z", count, d);
    const Vector log_likelihood("log_likelihood", count);
    kernels::for_each_row(count, [&](int i) {
      const int row = active[static_cast<std::size_t>(i)];
      const double c = std::cos(sweep.ellipses[static_cast<std::size_t>(row)].angle),
                   sine = std::sin(sweep.ellipses[static_cast<std::size_t>(row)].angle);
      for (int k = 0; k < d; ++k) z(i, k) = sweep.centre(k) + c * sweep.start(row, k) + sine * sweep.noise(row, k);
    });
    model::Evaluation evaluation{log_likelihood, {}, {}};
    evaluate(problem, z, evaluation, context);
    runs += count;
    kernels::for_each_row(count, [&](int i) {
      const int row = active[static_cast<std::size_t>(i)];
      if (!is_found(sweep, log_likelihood(i), squared(&z(i, 0), d), e.layout.first() + row, round,
                    sweep.ellipses[static_cast<std::size_t>(row)]))
        return;
      e.accepted(row) = 1.0;
      e.log_likelihood(row) = log_likelihood(i);
      std::copy_n(&z(i, 0), d, &e.position(row, 0));
    });
    active.erase(std::remove_if(active.begin(), active.end(), [&e](int row) { return e.accepted(row) == 1.0; }),
                 active.end());
  }
  return runs;
}

}  // namespace

deck::Schema<Slice::Params> Slice::schema() {
  deck::Schema<Params> s("Elliptical slice sampling with a learned reference",
                         "Murray, Adams, MacKay 2010; Nishihara, Murray, Adams 2014");
  add_chain_keys(s)
      .key("degrees", &Params::degrees, "1",
           "nu, degrees of freedom of the learned reference, a Student t: fewer have wider tails", deck::at_least(1))
      .only_with("another covariance than the prior's",
                 [](const Params& p) { return p.covariance != Covariance::prior; });
  return s;
}

void Slice::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("centre", centre);
  archive.field("lower", lower);
  moments.fields(archive, "moments");
}

Slice::State Slice::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.chains, false, problem, context);
  s.model_evaluations = params.chains;
  if (learns_covariance(params, problem.dimension())) s.moments.reset(problem.dimension());
  return s;
}

StepInfo Slice::step(const Problem& problem, const Context& context, State& s) const {
  if (s.iteration == 0) relocate_stragglers(context, s);
  Sweep sweep = begin_sweep(params, context, s);
  const std::int64_t runs = context.comm.sum(move_chains(problem, context, sweep, s.ensemble));
  s.model_evaluations += runs;
  StepInfo info = count_step(params, problem, s);
  if (s.iteration <= params.warmup) {
    const int window = ended_window(s.iteration, params.warmup);
    if (learns_covariance(params, problem.dimension())) {
      s.moments.observe(s.ensemble, context);
      if (window >= 0) {
        if (std::vector<double> lower = learned_factor(params, s.moments); !lower.empty())
          s.lower = std::move(lower), s.centre = s.moments.mean();
        s.moments.reset(problem.dimension());
      }
    }
    relocate_after_window(window, context, s);
  }
  info.numbers = {{"runs_a_draw", static_cast<double>(runs) / params.chains}};
  return info;
}

}  // namespace aleator::sampler
