#pragma once
/// What      Laplace's approximation: the normal law at the point of largest posterior density whose covariance is the inverse
///           Hessian there; independent draws of it, and the evidence.
/// Method    MAP point m by Gauss-Newton (newton.hpp) from the best of J draws of the prior and its middle z = 0;
///           N(m, (I + H)^-1) with a low-rank H (Bui-Thanh, Ghattas, Martin, Stadler 2013, section 3.3):
///           z = m + xi - V^T diag(1 - (1 + lambda)^-1/2) V xi; log Z = log L(m) - |m|^2 / 2 - log det(I + H) / 2. The draws'
///           importance weights pi / q are known: where they are good (Pareto k <= 0.5) log Z is their estimate, with its
///           standard error, and exact as J grows.
/// Parallel  collective; same bits on any number of ranks. The search for m is one row and does not share out.
/// Cost      2 J model runs, some ten Newton steps, and the Hessian's runs.
/// Fails     NumericsError when no start has a density; objects to problems without a gradient. Biased where the posterior is
///           no normal law; of several modes it sees one.
#include "sampler/hessian/newton.hpp"

namespace aleator::sampler {

struct Laplace {
  struct Params {
    int members = 1000;
    int max_iterations = 100;
    double tolerance = 1e-6;
    int rank = 100;
    double least_eigenvalue = 0.01;
  };
  struct State : BaseState {
    Newton newton;
    LowRankHessian hessian;
    void fields(io::Archive& archive);
    void know_law();
  };
  static deck::Schema<Params> schema();
  Plan plan() const {
    Plan plan{Plan::Kind::ensemble, params.members, 1, false};
    plan.has_law = true;
    return plan;
  }
  std::string objection(const Problem& problem) const { return hessian_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  LowRankHessian hessian_at_mode(const Problem& problem, const Context& context, Newton& newton, RunCount& count) const;
  StepInfo finish(const Problem& problem, const Context& context, State& s) const;
};

}  // namespace aleator::sampler
