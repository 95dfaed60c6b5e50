#include "sampler/mcmc/gpcn.hpp"

#include <cmath>

namespace aleator::sampler {

deck::Schema<Gpcn::Params> Gpcn::schema() {
  deck::Schema<Params> s("Generalised preconditioned Crank-Nicolson: prior-reversible, shaped by the Hessian",
                         "Rudolf, Sprungk 2018");
  add_length_keys(s);
  add_subspace_keys(s).key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate beta is tuned to",
                           deck::inside(0, 1));
  return s;
}

void Gpcn::State::fields(io::Archive& archive) {
  ChainState::fields(archive);
  subspace.fields(archive, "subspace");
}

Gpcn::State Gpcn::init(const Problem& problem, const Context& context) const {
  State s;
  static_cast<ChainState&>(s) = begin_chains(params, 0.2, false, problem, context);
  return s;
}

Batch gpcn_proposal(const LowRankHessian& subspace, double beta, const Batch& position, const Batch& xi) {
  const double rho = std::sqrt(1.0 - beta * beta);
  const int r = subspace.rank(), d = static_cast<int>(xi.extent(1));
  const Batch c = coordinates_of(subspace, position), x = coordinates_of(subspace, xi);
  const Batch proposed = kernels::new_batch(xi.extent(0), xi.extent(1));
  kernels::for_each_row(static_cast<int>(xi.extent(0)), [&, position](int row) {
    for (int k = 0; k < d; ++k) proposed(row, k) = rho * position(row, k) + beta * xi(row, k);
    std::vector<double> change(static_cast<std::size_t>(r));
    for (int k = 0; k < r; ++k) {
      const double variance = subspace.variance(k);  // D_k
      change[k] =
          (std::sqrt(1.0 - beta * beta * variance) - rho) * c(row, k) + beta * (std::sqrt(variance) - 1.0) * x(row, k);
    }
    subspace.add(change.data(), &proposed(row, 0));
  });
  return proposed;
}

StepInfo Gpcn::step(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const double scale = std::exp(s.log_scale);
  const Batch xi = proposal_normals(e, context, s.iteration);
  const Candidates c =
      evaluate_candidates(problem, context, e, gpcn_proposal(s.subspace, std::tanh(scale), e.position, xi));
  Kokkos::deep_copy(c.log_ratio, 0.0);  // the proposal is reversible with respect to N(0, I)
  const Vector acceptance = accept(c, {1.0, scale, s.lower, s.iteration}, context, e);
  int window = -1;
  StepInfo info = end_step(params, params.target_acceptance, {acceptance}, problem, context, s, &window);
  if (!info.numbers.empty()) info.numbers.emplace_back("rank", s.subspace.rank());
  learn_subspace(params, window, problem, context, s, s.subspace);
  return info;
}

}  // namespace aleator::sampler
