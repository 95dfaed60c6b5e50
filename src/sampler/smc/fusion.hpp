#pragma once
/// What      Divide-and-conquer fusion: each part of the data has its own sub-posterior, sampled without the others, and the
///           samples are merged two by two up a tree; unlike an average of sub-posteriors it assumes no shape of them.
/// Method    sub-posteriors f_c as in sub_posteriors.hpp, all sampled by SMC (smc.hpp). Two populations of f and g are merged by
///           SMC along time t in [0, T] (Dai, Pollock, Roberts 2023, Bayesian Fusion, with the preconditioning and the tree of
///           Chan, Pollock, Johansen, Roberts 2023): pairs (x, x') at t = 0 have weight rho_0 = N(x - x'; 0, T (A + A')); a step
///           moves each by a Brownian bridge of covariance A (A') towards a common end y ~ N(mean, (T - t) (A^-1 + A'^-1)^-1) that
///           is drawn anew each step, with weight exp(- integral phi + phi'), phi = (|B^T grad log f|^2 + tr(B^T Hess log f B)) / 2,
///           A = B B^T. At t = T they meet, with law f g. A, A': the populations' covariances. T: the least whose weights rho_0 have
///           `start_share` of the ESS. Next step: that whose weights vary by `mesh_share`, at most `step`.
///           Integral: trapezoidal rule, the symmetric splitting of the Feynman-Kac semigroup, bias O(step^2) for smooth
///           f; its unbiased alternatives need bounds of phi along bridges, which nobody knows of an arbitrary model. Hessian:
///           central differences of gradients along the columns of B, bias O(1e-4) relative to f's fourth derivatives.
///           log Z = sum of the parts' and of log mean weights of all merges.
/// Parallel  same bits on any number of ranks. A part is sampled whole by one rank, which exchanges nothing (more ranks than
///           parts wait); of a merge every rank has its share of the pairs, and the ranks exchange one number a pair and step.
/// Cost      C SMC of a part each, then log2(C) times about (1 + 2 d) T / step + 2 d runs with adjoint of all data a particle.
/// Fails     NumericsError when every particle of a part has likelihood zero, when a merge needs more than `max_steps`, when a
///           population lies in a hyperplane; a pair of which a path meets a failed row has weight zero. Objects to problems
///           without gradient or independent data, fewer data than parts, fewer than 2 d particles, more than 256 coordinates.
#include "sampler/smc/smc.hpp"
#include "sampler/smc/sub_posteriors.hpp"

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
    std::int64_t part_count = 0;     ///< C while the parts are sampled; before and after it 0
    Batch parts;                     ///< C rows: an SMC of particles each
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
