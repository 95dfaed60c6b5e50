#pragma once
/// What      What the program asks of every sampler; an algorithm is a struct with Params, State, init and step.
/// Method    Erased<Algorithm> puts the one behind the other: a new sampler is one file and one line in register.cpp.
/// Parallel  init and step are collective; the ensemble's rows are spread over the ranks by its layout.
/// Cost      -
/// Fails     as the algorithm.
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "deck/registry.hpp"
#include "io/archive.hpp"
#include "model/problem.hpp"
#include "parallel/row_layout.hpp"
#include "sampler/running_means.hpp"

namespace aleator::sampler {

using kernels::Batch;
using kernels::ConstBatch;
using kernels::Vector;
using model::Context;
using model::Problem;

/// The samples of an algorithm: J rows of latent coordinates.
struct Ensemble {
  parallel::RowLayout layout;
  Batch position;         ///< local rows x d
  Vector log_likelihood;  ///< local rows
  Batch gradient;         ///< of the log-likelihood with respect to z; no columns when the algorithm needs none
  Vector accepted;        ///< 1 or 0: was the last proposal accepted; NaN where there is none

  Ensemble() = default;
  /// Members at 0, of which nothing else is known.
  Ensemble(const parallel::RowLayout& layout, int dimension, int gradient_columns = 0);
  /// `members` members drawn from the prior N(0, I) and evaluated.
  static Ensemble from_prior(std::int64_t members, bool with_gradient, const Problem& problem, const Context& context);
  static Ensemble from_prior(const parallel::RowLayout& layout, bool with_gradient, const Problem& problem,
                             const Context& context);
  /// The same without gradients and model runs: log-likelihoods are NaN until a step runs the model there.
  static Ensemble unevaluated(std::int64_t members, const Problem& problem, const Context& context);
  /// Members first ... first + count - 1 of this rank: a view of their data, with their random numbers.
  Ensemble part(int first, int count) const;
  /// With data of its own; = shares them.
  Ensemble copy() const;
  /// Member i becomes a copy of member source[i].
  void take(const std::vector<std::int64_t>& source, const Context& context);
  /// All members' log-likelihoods, in order, on every rank.
  std::vector<double> all_log_likelihoods(const Context& context) const;
  /// The same of log-likelihood + log N(z; 0, I), up to a constant, less `minus` (of the local rows) where it is given.
  std::vector<double> all_log_posteriors(const Context& context, const Vector& minus = {}) const;

  void fields(io::Archive& archive);
  int rows() const { return layout.local_rows(); }
};

/// Problem::evaluate of the local rows; an error on one rank is thrown on all. Failed rows are imputed where the problem says so:
/// they get likelihood and outputs of the row nearest in z among all ranks' rows, and gradient 0. Collective where may_stop().
std::vector<int> evaluate(const Problem& problem, const ConstBatch& position, model::Evaluation& result,
                          const Context& context);

/// Log-likelihoods of the local rows `chosen` of `position`, into theirs of `log_likelihood`; collective as evaluate().
void evaluate_rows(const Problem& problem, const Context& context, const std::vector<int>& chosen,
                   const ConstBatch& position, const Vector& log_likelihood);

/// A number that chains of one method have with every draw, kept under sample_stats by the name that ArviZ knows.
struct DrawStatistic {
  enum class Kind { truth, integer, real };
  std::string name, meaning;
  Kind kind = Kind::real;
};

/// The law that draws come from where it is known: m + A xi, xi ~ N(0, I).
class NormalLaw {
 public:
  virtual ~NormalLaw() = default;
  virtual const std::vector<double>& mean() const = 0;
  /// x <- A x
  virtual void multiply_root(double* x) const = 0;
  /// x <- A^-1 x
  virtual void divide_root(double* x) const = 0;
  /// log |det A|
  virtual double log_det() const = 0;
};

/// Draws of the prior that a method has looked at before it goes elsewhere, resampled by their likelihoods: rough draws of the
/// posterior.
struct PriorDraws {
  math::Matrix z;  ///< by rows
  std::vector<double> log_likelihood;
  double log_mean = 0.0;  ///< ln of the mean likelihood of all draws: an estimate of the evidence

  static PriorDraws of(const Ensemble& prior, int count, const Context& context);
  /// The mass of the posterior that these draws find where a law q has next to none, over this mass and the evidence that q has
  /// found: pi / q is fifty times what the weights allow. A law that covers the posterior has a fiftieth there at most (Markov's
  /// inequality for E_pi[pi / q]). A single draw, however often resampled, tells nothing.
  double unseen_share(const std::function<double(const double* z)>& log_q, double log_evidence,
                      double effective_share) const;
  void fields(io::Archive& archive, const std::string& name);
};

/// What every State has: the sample and the bill.
struct BaseState {
  Ensemble ensemble;
  Batch statistics;    ///< local rows x those of the Plan, of the last step; not part of a checkpoint
  RunningMeans means;  ///< over all states after the warm-up; empty (count 0) for particles and ensembles
  std::int64_t iteration = 0;
  std::int64_t model_evaluations = 0;     ///< over all ranks
  std::int64_t gradient_evaluations = 0;  ///< those of them that carried an adjoint
  std::vector<std::int64_t> ancestors;    ///< of every particle, its ancestor at time 0; empty for chains
  /// Of every member of an ensemble: how far it has moved the mean, over J-th of its own deviation; empty: by that alone.
  std::vector<double> influence;
  double log_evidence = std::numeric_limits<double>::quiet_NaN();
  double log_evidence_standard_error = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> curvatures;  ///< eigenvalues of the Hessian of -log-likelihood in z, where the method has them
  std::vector<double> mode;        ///< z of the largest posterior density, where the method looks for it
  std::shared_ptr<const NormalLaw> law;  ///< of the draws, in plans with has_law, once there are any
  PriorDraws explored;                   ///< in plans with has_law

  void fields(io::Archive& archive);
};

/// What a step reports; the numbers go to the log, the progress line and history.json.
struct StepInfo {
  bool is_draw = false;  ///< the ensemble as it stands is part of the posterior sample
  bool is_finished = false;
  double progress = 0.0;  ///< 0 to 1
  std::string phase;      ///< "warm-up", "sampling", "tempering"
  std::vector<std::pair<std::string, double>> numbers;
};

/// The shape of what a sampler returns.
struct Plan {
  enum class Kind { chains, particles, ensemble };
  Kind kind = Kind::chains;
  std::int64_t members = 0;  ///< J: chains, or particles
  int draws = 1;             ///< for each chain
  bool is_exact = true;      ///< false: biased outside the linear-Gaussian case
  int group = 1;             ///< so many members that follow each other are on one rank
  bool is_posterior = true;  ///< false: of another law by intent, which corrections towards the posterior would undo
  /// A step that throws before the iteration is counted has moved nothing: the state is the one it began with.
  bool fails_before_it_moves = false;
  std::vector<DrawStatistic> statistics{};  ///< of chains
  bool has_law = false;                     ///< BaseState::law

  parallel::RowLayout layout(const parallel::Comm& comm) const {
    return parallel::RowLayout(members / group, comm).groups_of(group);
  }
};

class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual Plan plan() const = 0;
  /// Why this sampler cannot treat the problem, or empty: asked before any work.
  virtual std::string objection(const Problem& problem) const = 0;
  virtual void init(const Problem& problem, const Context& context) = 0;
  virtual StepInfo step(const Problem& problem, const Context& context) = 0;
  /// Saves or loads the state.
  virtual void fields(io::Archive& archive, const Context& context) = 0;
  virtual const BaseState& state() const = 0;
  /// Gives the memory of the state back; init or fields comes before the next step.
  virtual void clear() = 0;
};

template <typename Algorithm>
class Erased final : public Sampler {
 public:
  explicit Erased(const typename Algorithm::Params& params) : algorithm_{params} {}
  explicit Erased(Algorithm algorithm) : algorithm_(std::move(algorithm)) {}
  Plan plan() const override { return algorithm_.plan(); }
  std::string objection(const Problem& problem) const override { return algorithm_.objection(problem); }
  void init(const Problem& problem, const Context& context) override { state_ = algorithm_.init(problem, context); }
  StepInfo step(const Problem& problem, const Context& context) override {
    return algorithm_.step(problem, context, state_);
  }
  void fields(io::Archive& archive, const Context& context) override {
    if (archive.is_loading()) state_.ensemble.layout = plan().layout(context.comm);
    state_.fields(archive);
  }
  const BaseState& state() const override { return state_; }
  void clear() override { state_ = {}; }

 private:
  Algorithm algorithm_;
  typename Algorithm::State state_;
};

/// Why the draws of `first` (the deck's `name`) are not to be moved to the posterior, or empty.
std::string correction_objection(const Sampler& first, const std::string& name);

void register_components(deck::Registry& registry);

}  // namespace aleator::sampler
