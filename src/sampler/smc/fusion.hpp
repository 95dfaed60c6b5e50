#pragma once
/// What      Divide-and-conquer fusion: each part of the data has a sub-posterior of its own, sampled without the others; the
///           samples are merged two by two up a tree; unlike an average of sub-posteriors it assumes no shape of them.
/// Method    sub-posteriors f_c as in sub_posteriors.hpp, all sampled by SMC (part_samplers.hpp). Two populations, of f and f',
///           are merged by SMC along a time t in [0, T] (Dai, Pollock, Roberts 2023, Bayesian Fusion; the preconditioning and
///           the tree of Chan, Pollock, Johansen, Roberts 2023). Pairs x, x' start with weight rho_0 = N(x - x'; 0, T (A + A')).
///           In a step x and x' go on Brownian bridges of covariances A, A' towards a common end, which is drawn anew each step,
///           y ~ N((A^-1 + A'^-1)^-1 (A^-1 x + A'^-1 x'), (T - t) (A^-1 + A'^-1)^-1); weight exp(-integral of phi + phi'),
///           phi = (|B^T grad log f|^2 + tr(B^T (Hess log f) B)) / 2, A = B B^T. At T they have met, and their law is f f'.
///           A, A': the populations' covariances. T: the least at which rho_0 has `start_share` of the ESS. Steps: so long that
///           the ESS falls by 1 - `mesh_share`, at most `step`. Systematic resampling below half the ESS.
///           Integral: the trapezoidal rule, which is the symmetric splitting of the Feynman-Kac semigroup: bias O(step^2) for
///           smooth f. Estimators without bias need bounds of phi along bridges, which no model gives. Hessian: central
///           differences of gradients along the columns of B, error some 1e-5 of fourth derivatives in that frame.
///           log Z = sum of the parts' and of the log mean weights of all merges.
/// Parallel  same bits on any number of ranks. Parts as part_samplers.hpp; of a merge every rank has its share of the pairs, and
///           the ranks exchange some numbers of each pair and step.
/// Cost      the parts' SMC; then in each of log2 C levels of the tree 1 + 2 d runs with adjoint of all data a particle and step.
/// Fails     NumericsError when every particle of a part has likelihood zero, no pair comes through a merge or it takes more than
///           `max_steps`, or a population lies in a hyperplane. A pair whose path meets a failed row has weight zero. Objects to
///           problems without gradient or independent data, fewer data than parts, fewer than 2 d particles, d > 256.
#include "sampler/smc/part_samplers.hpp"

namespace aleator::sampler {

struct Fusion {
  struct Params : MoveChoice {
    Params() { move = InnerMove::mala; }
    int parts = 16;
    int particles = 4096;
    double start_share = 0.5;
    double mesh_share = 0.95;
    double step = 0.1;
    int max_steps = 10000;
  };
  /// Two populations on their way.
  struct Merge {
    double time = 0.0, duration = 0.0;           ///< t, T; T = 0: none is under way
    std::int64_t steps = 0;                      ///< taken
    std::vector<double> left, right;             ///< B, B', d x d
    std::vector<double> log_weights, potential;  ///< of all pairs; phi + phi' at t
    std::vector<std::int64_t> pairs;             ///< which pair at t = 0 each descends from
    double rounding = 0.0;                       ///< as Smc2's
    void fields(io::Archive& archive);
  };
  struct State : BaseState {
    PartSamplers parts;
    std::vector<std::int64_t> ends;  ///< nodes of the tree that are present, in order: the last part of each, plus 1
    std::vector<Batch> populations;  ///< theirs
    std::int64_t cursor = 0;         ///< node that is merged with the next one
    Merge merge;
    double variance = 0.0;                                ///< of log_evidence
    std::vector<double> consensus;                        ///< sum of the parts' precisions, then of precision x mean
    std::shared_ptr<const SubPosteriors> sub_posteriors;  ///< follows from problem and seed: not saved
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::particles, params.particles, 1, true}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  /// One level of the parts' SMC, or the start or a step of a merge.
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  Smc part_sampler() const;
  double sample_parts(const Context& context, State& s) const;
  void begin_merge(const Context& context, State& s) const;
  void step_merge(const Context& context, State& s) const;
  void end_merge(const Context& context, State& s) const;
  void set_potential(const Context& context, State& s) const;
  double finish(const Problem& problem, const Context& context, State& s) const;
};

}  // namespace aleator::sampler
