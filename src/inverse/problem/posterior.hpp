#pragma once
/// What      What the problems of this folder share: the prior's map, names, known answers, and what a failed row means.
/// Method    z -> u = T(z), then density(u) of the derived problem; its gradient goes back through T.
/// Parallel  local rows; threads inside the density.
/// Cost      the density's. Parameters u exist for a tile of rows at a time, about 8 MB of them: an ensemble of fields has
///           no second copy.
/// Fails     KeyError when a prior is called like a dimension of the results or a table has the wrong size; NumericsError
///           when a row fails under on_failure = "stop". A row fails when the density says so or is NaN; it then has
///           log-likelihood -infinity and gradient 0.
#include <cstdint>
#include <memory>
#include <utility>

#include "deck/registry.hpp"
#include "model/failures.hpp"
#include "model/latent_inverse.hpp"
#include "model/problem.hpp"

namespace aleator::inverse {

enum class OnFailure { reject, retry, impute, stop };

/// Keys of every problem.
struct PosteriorParams {
  std::string prior;
  OnFailure on_failure = OnFailure::reject;
  int retries = 2;
  deck::File reference_mean, truth;
};

class Posterior : public model::Problem,
                  public model::CountsFailures,
                  public model::LatentInverse,
                  private model::Hessian {
 public:
  using OnFailure = inverse::OnFailure;
  /// Adds on_failure, reference_mean and truth to a schema.
  template <typename Params>
  static void add_common_keys(deck::Schema<Params>& s);

  int dimension() const override { return prior_->latent_dimension(); }
  int parameter_dimension() const override { return prior_->dimension(); }
  std::string missing_gradient() const override;
  bool may_stop() const override {
    return common_.on_failure == OnFailure::stop || imputes_failures() || density_may_throw();
  }
  bool imputes_failures() const override { return common_.on_failure == OnFailure::impute; }
  std::vector<int> evaluate(model::ConstBatch z, model::Evaluation& result) const override;
  void parameters(model::ConstBatch z, model::Batch u) const override;
  void latent(model::ConstBatch u, model::Batch z) const override;
  const model::Hessian* hessian() const override { return has_curvature() ? this : nullptr; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  const model::ProblemFacts& facts() const override { return facts_; }
  model::RowStatus evaluate_parameters(model::ConstBatch u, model::Evaluation& result,
                                       model::Vector log_prior) const override;
  /// Whether evaluate_parameters fills result.gradient (rows x parameter_dimension), where it is allocated, with the gradient of
  /// log-likelihood + log-prior with respect to u; 0 outside the prior's support.
  bool has_parameter_gradient() const { return has_gradient() && prior_->density_slope() != nullptr; }
  const prob::Prior& prior() const { return *prior_; }
  std::vector<std::string> take_failures() const override {
    log_->bytes = 0;
    return std::exchange(log_->rows, {});
  }
  model::FailureCounts take_failure_counts() const override { return std::exchange(log_->counts, {}); }

 protected:
  Posterior(PosteriorParams common, std::shared_ptr<const prob::Prior> prior);
  bool rejects_failures() const { return common_.on_failure == OnFailure::reject; }
  /// The tables of reference_mean and truth, by the names of `variables_`.
  void read_known_parameters();
  /// Warns of failed rows, counts and lists them.
  void record(const model::RowStatus& status, model::ConstBatch u) const;
  void record_recovered(const std::vector<model::FailedRow>& failed_once, const model::RowStatus& status,
                        model::ConstBatch u) const;
  /// A row for failed_rows.csv.
  void list_row(model::ConstBatch u, int row, std::string reason) const;
  /// Of a copy that is a part of the problem: its failures go to the list of the whole, and it has no rows to impute from.
  void become_part();
  /// Of a copy that is a problem of its own.
  void begin_list_of_failures() { log_ = std::make_shared<FailureLog>(); }
  /// Log-likelihood of every row, and where the views are allocated outputs and du, its gradient with respect to u. Attempt 0
  /// is the first.
  virtual model::RowStatus density(model::ConstBatch u, model::Evaluation& result, model::Batch du,
                                   int attempt) const = 0;
  /// As ForwardModel::may_throw.
  virtual bool density_may_throw() const = 0;
  /// Whether the density has second derivatives, and then its slope and their product with v, both with respect to u, for
  /// small steps step_r v_r. No attempts are made again.
  virtual bool has_curvature() const = 0;
  virtual model::RowStatus curve(model::ConstBatch u, model::ConstBatch v, const std::vector<double>& step,
                                 model::Batch slope, model::Batch product) const = 0;
  /// How often a row that failed is computed again; 0 unless on_failure = "retry".
  int retries() const { return common_.on_failure == OnFailure::retry ? common_.retries : 0; }
  /// What failed, for messages: "model 'membrane'".
  virtual std::string culprit() const = 0;

  model::ProblemFacts facts_;
  std::vector<prob::Variable> variables_;

 private:
  model::RowStatus multiply_hessian(model::ConstBatch z, model::ConstBatch v,
                                    model::Batch h) const override;  // hessian.cpp
  std::vector<int> evaluate_tile(model::ConstBatch z, model::Evaluation& result) const;
  void retry(model::RowStatus& status, model::ConstBatch u, model::Evaluation& result, model::Batch du) const;
  void handle_failures(const model::RowStatus& status, model::ConstBatch u, model::Evaluation& result) const;
  std::string shown_row(model::ConstBatch u, int row) const;
  struct FailureLog {
    std::int64_t failures = 0;  // the first few are shown
    std::vector<std::string> rows;
    std::size_t bytes = 0;  // of the rows
    bool is_cut = false;
    model::FailureCounts counts;
  };
  PosteriorParams common_;
  std::shared_ptr<const prob::Prior> prior_;
  std::shared_ptr<FailureLog> log_ = std::make_shared<FailureLog>();  // of this rank; parts of the problem share it
};

template <typename Params>
void Posterior::add_common_keys(deck::Schema<Params>& s) {
  s.choice("on_failure", &Params::on_failure, "what a row that cannot be computed means",
           {{"reject", OnFailure::reject, "likelihood zero: the sampler does not go there"},
            {"retry", OnFailure::retry,
             "it is computed again, with tighter settings where the model has them; then reject"},
            {"impute", OnFailure::impute,
             "it gets the outputs of the nearest row that could be computed: for ensemble methods, which are not exact "
             "anyway"},
            {"stop", OnFailure::stop, "the run ends with exit code 3"}})
      .may_change()
      .key("retries", &Params::retries, "1", "how often a failed row is computed again", deck::at_least(1))
      .may_change()
      .only_with("on_failure = \"retry\"", [](const Params& p) { return p.on_failure == OnFailure::retry; })
      .key("reference_mean", &Params::reference_mean, "",
           "known posterior mean of u, a table; the report then shows the error")
      .key("truth", &Params::truth, "",
           "the u that made the data, a table, where it is known; the report then shows it")
      .check("truth", [](const Params& p) {
        return p.truth.empty() || p.reference_mean.empty() ? std::string()
                                                           : std::string("give truth or reference_mean, not both");
      });
}

}  // namespace aleator::inverse
