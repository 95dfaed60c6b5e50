#include "sampler/mcmc/mala.hpp"

#include <cmath>

#include "kernels/triangular.hpp"

namespace aleator::sampler {
namespace {

// b(z) of every row: the drift in the coordinates in which the proposal's covariance is epsilon^2 I.
Batch whitened_drift(const MoveSetting& setting, const Batch& position, const Batch& gradient) {
  Batch b(Kokkos::view_alloc("drift", Kokkos::WithoutInitializing), position.extent(0), position.extent(1));
  const int rows = static_cast<int>(b.extent(0)), d = static_cast<int>(b.extent(1));
  kernels::multiply_lower_transposed(
      setting.lower.data(), rows, d,
      [=, temper = setting.temper](int row, int k) { return temper * gradient(row, k) - position(row, k); },
      [=](int row, int k, double value) { b(row, k) = value; });
  const double half_step = 0.5 * setting.scale * setting.scale, limit = setting.scale * std::sqrt(d);
  kernels::for_each_row(rows, [=](int row) {
    double squares = 0.0;
    for (int k = 0; k < d; ++k) squares += b(row, k) * b(row, k);
    const double length = half_step * std::sqrt(squares);
    const double factor = length > limit ? half_step * limit / length : half_step;
    for (int k = 0; k < d; ++k) b(row, k) *= factor;
  });
  return b;
}

}  // namespace

deck::Schema<Mala::Params> Mala::schema() {
  deck::Schema<Params> s("Metropolis-adjusted Langevin algorithm, preconditioned",
                         "Roberts, Tweedie 1996; Roberts, Stramer 2002; Roberts, Rosenthal 1998");
  add_chain_keys(s).key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate the step is tuned to",
                        deck::inside(0, 1));
  return s;
}

Mala::State Mala::init(const Problem& problem, const Context& context) const {
  return begin_chains(params, 0.1, true, problem, context);
}

Vector Mala::move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
  const double epsilon = setting.scale;
  const Batch xi = proposal_normals(e, context, setting.step);
  const Batch forward = whitened_drift(setting, e.position, e.gradient);  // b(z)
  const Batch jump(Kokkos::view_alloc("jump", Kokkos::WithoutInitializing), e.rows(), xi.extent(1)),
      proposed("proposed", e.rows(), xi.extent(1));
  const int d = static_cast<int>(xi.extent(1));
  kernels::multiply_lower(  // z' = z + L (b(z) + epsilon xi)
      setting.lower.data(), e.rows(), d,
      [=](int row, int k) { return jump(row, k) = forward(row, k) + epsilon * xi(row, k); },
      [=, position = e.position](int row, int k, double step) { proposed(row, k) = position(row, k) + step; });

  const Candidates c = evaluate_candidates(problem, context, e, proposed);
  const Batch backward = whitened_drift(setting, proposed, c.evaluation.gradient);  // b(z')
  kernels::for_each_row(e.rows(), [=, position = e.position](int row) {
    // log q(z | z') - log q(z' | z) = |xi|^2 / 2 - |jump + b(z')|^2 / (2 epsilon^2)
    double difference = 0.0;
    for (int k = 0; k < d; ++k) {
      const double back = (jump(row, k) + backward(row, k)) / epsilon;
      difference += (xi(row, k) - back) * (xi(row, k) + back);
    }
    c.log_ratio(row) = log_prior_ratio(proposed, position, row) + 0.5 * difference;
  });
  return accept(c, setting, context, e);
}

namespace {

StepInfo mala_step(const ChainParams& params, double target_acceptance, const Problem& problem, const Context& context,
                   ChainState& s) {
  const Vector acceptance =
      Mala::move(problem, context, {1.0, std::exp(s.log_scale), s.lower, s.iteration}, s.ensemble);
  return end_step(params, target_acceptance, {acceptance, 1, 1}, problem, context, s);
}

}  // namespace

StepInfo Mala::step(const Problem& problem, const Context& context, State& s) const {
  return mala_step(params, params.target_acceptance, problem, context, s);
}

StepInfo warm_up_by_mala(const ChainParams& params, const Problem& problem, const Context& context, ChainState& s) {
  return mala_step(params, Mala::optimal_acceptance, problem, context, s);
}

}  // namespace aleator::sampler
