#include "sampler/mcmc/dili.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::sampler {
namespace {

constexpr double widest_scale = 3.0;  // beta = tanh(3) = 0.995: independent proposals

ChainParams as_chains(const ChainLength& length) {
  ChainParams chains;
  static_cast<ChainLength&>(chains) = length;
  chains.covariance = Covariance::prior;  // the shape is this file's
  return chains;
}

// delta(z) of every row, from c = V z and the slope V grad log L.
Batch drift_of(Dili::Drift drift, const Dili::State& s, const Batch& c, const Batch& gradient) {
  const int r = s.subspace.rank();
  const Batch slope = drift == Dili::Drift::gradient ? coordinates_of(s.subspace, gradient) : Batch();
  const Batch delta = kernels::new_batch(c.extent(0), r);
  kernels::for_each_row(static_cast<int>(c.extent(0)), [&](int row) {
    double squares = 0.0;
    for (int k = 0; k < r; ++k) {
      const double d = s.subspace.variance(k);
      delta(row, k) = drift == Dili::Drift::gradient ? d * (slope(row, k) - c(row, k)) : s.mean[k] - c(row, k);
      squares += delta(row, k) * delta(row, k) / d;
    }
    const double length = std::sqrt(squares), limit = 2.0 * std::sqrt(r);
    if (drift == Dili::Drift::gradient && length > limit)
      for (int k = 0; k < r; ++k) delta(row, k) *= limit / length;
  });
  return delta;
}

// The chains in coordinates of the subspace.
Ensemble in_subspace(const Dili::State& s) {
  Ensemble e;
  e.layout = s.ensemble.layout;
  e.position = coordinates_of(s.subspace, s.ensemble.position);
  return e;
}

}  // namespace

deck::Schema<Dili::Params> Dili::schema() {
  deck::Schema<Params> s("Dimension-independent likelihood-informed MCMC: Hessian-informed MALA and pCN",
                         "Cui, Law, Marzouk 2016; Petra, Martin, Stadler, Ghattas 2014");
  add_length_keys(s).choice(
      "drift", &Params::drift, "where proposals lead in the subspace",
      {{"gradient", Drift::gradient, "along the Newton step: Hessian-informed MALA"},
       {"mean", Drift::mean, "to the mean of all chains: Hessian-informed pCN, no gradients when sampling"}});
  add_subspace_keys(s).key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate the step is tuned to",
                           deck::inside(0, 1));
  return s;
}

void Dili::State::fields(io::Archive& archive) {
  ChainState::fields(archive);
  subspace.fields(archive, "subspace");
  archive.field("mean", mean);
}

Dili::State Dili::init(const Problem& problem, const Context& context) const {
  State s;
  static_cast<ChainState&>(s) = begin_chains(as_chains(params), 0.2, params.drift == Drift::gradient, problem, context);
  return s;
}

Vector Dili::move(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const LowRankHessian& v = s.subspace;
  const double beta = std::tanh(std::exp(s.log_scale)), rho = std::sqrt(1.0 - beta * beta);
  const double pull = beta * beta / (1.0 + rho);  // 1 - rho
  const int r = v.rank(), d = problem.dimension();
  const Batch xi = proposal_normals(e, context, s.iteration), x = coordinates_of(v, xi);
  const Batch c = coordinates_of(v, e.position), delta = drift_of(params.drift, s, c, e.gradient);
  const Batch c_proposed = kernels::new_batch(e.rows(), r), proposed = kernels::new_batch(e.rows(), d);
  kernels::for_each_row(e.rows(), [&, position = e.position](int row) {
    for (int k = 0; k < d; ++k) proposed(row, k) = rho * position(row, k) + beta * xi(row, k);
    std::vector<double> change(static_cast<std::size_t>(r));
    for (int k = 0; k < r; ++k) {
      c_proposed(row, k) = c(row, k) + pull * delta(row, k) + beta * std::sqrt(v.variance(k)) * x(row, k);
      change[k] = c_proposed(row, k) - rho * c(row, k) - beta * x(row, k);
    }
    v.add(change.data(), &proposed(row, 0));
  });

  const Candidates candidates = evaluate_candidates(problem, context, e, proposed);
  const Batch back = drift_of(params.drift, s, c_proposed, candidates.evaluation.gradient);
  kernels::for_each_row(e.rows(), [&](int row) {
    // The step outside the subspace is reversible with respect to the prior. In it: log p0(c') - log p0(c)
    // + log q(c | c') - log q(c' | c), with |x|^2 / 2 - |x'|^2 / 2, x' the noise of the way back.
    double sum = 0.0;
    for (int k = 0; k < r; ++k) {
      const double noise = (c(row, k) - c_proposed(row, k) - pull * back(row, k)) / (beta * std::sqrt(v.variance(k)));
      sum += (c(row, k) - c_proposed(row, k)) * (c(row, k) + c_proposed(row, k));
      sum += (x(row, k) - noise) * (x(row, k) + noise);
    }
    candidates.log_ratio(row) = 0.5 * sum;
  });
  return accept(candidates, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, context, e);
}

// Where a Newton step of each chain leads on the average, for chains that are still on their way would be a poor mean.
void Dili::learn_mean(const Problem& problem, const Context& context, State& s) const {
  Ensemble ends = in_subspace(s);
  model::Evaluation e{
      Vector("log_likelihood", s.ensemble.rows()), Batch("gradient", s.ensemble.rows(), problem.dimension()), {}};
  evaluate(problem, s.ensemble.position, e, context);
  RunCount{params.chains, params.chains}.add_to(s);
  const Batch delta = drift_of(Drift::gradient, s, ends.position, e.gradient);
  for (int row = 0; row < ends.rows(); ++row)
    for (int k = 0; k < s.subspace.rank(); ++k) ends.position(row, k) += delta(row, k);
  s.mean = mean_position(ends, context);
}

StepInfo Dili::step(const Problem& problem, const Context& context, State& s) const {
  const Vector acceptance = move(problem, context, s);
  int window = -1;
  const StepReport report{acceptance, 1, params.drift == Drift::gradient ? 1 : 0};
  StepInfo info = end_step(as_chains(params), params.target_acceptance, report, problem, context, s, &window);
  // A chain beyond the longest drift is never left for it once steps have grown: Gaussian posteriors let them grow without end.
  s.log_scale = std::min(s.log_scale, std::log(widest_scale));
  if (window >= 0) relocate_stragglers(context, s);
  if (!info.numbers.empty()) info.numbers.emplace_back("rank", s.subspace.rank());
  if (learn_subspace(params, window, problem, context, s, s.subspace) && params.drift == Drift::mean)
    learn_mean(problem, context, s);
  return info;
}

}  // namespace aleator::sampler
