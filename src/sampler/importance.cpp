#include "sampler/importance.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/log.hpp"
#include "math/special.hpp"
#include "prob/pareto.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

constexpr int freedom = 5;  // nu
const double shrink =
    std::sqrt((freedom - 2.0) / freedom);  // of the t distribution's root: so its covariance is that wanted

// log q(z) of the t distribution with mean m and covariance A A^T; `squares`: of x = A^-1 (z - m), shrunk likewise.
double log_student(double squares, double log_det, int d) {
  const double nu = freedom;
  return std::lgamma(0.5 * (nu + d)) - std::lgamma(0.5 * nu) - 0.5 * d * std::log(nu * M_PI) - log_det -
         d * std::log(shrink) - 0.5 * (nu + d) * std::log1p(squares / nu);
}

// The sample's mean and covariance.
class FittedLaw final : public NormalLaw {
 public:
  FittedLaw(std::vector<double> mean, std::vector<double> lower) : mean_(std::move(mean)), lower_(std::move(lower)) {}
  const std::vector<double>& mean() const override { return mean_; }
  void multiply_root(double* x) const override {
    const std::size_t d = mean_.size();
    for (std::size_t k = d; k-- > 0;) {
      double sum = 0.0;
      for (std::size_t j = 0; j <= k; ++j) sum += lower_[k * d + j] * x[j];
      x[k] = sum;
    }
  }
  void divide_root(double* x) const override {
    const std::size_t d = mean_.size();
    for (std::size_t k = 0; k < d; ++k) {
      for (std::size_t j = 0; j < k; ++j) x[k] -= lower_[k * d + j] * x[j];
      x[k] /= lower_[k * d + k];
    }
  }
  double log_det() const override {
    double sum = 0.0;
    for (std::size_t k = 0; k < mean_.size(); ++k) sum += std::log(lower_[k * mean_.size() + k]);
    return sum;
  }

 private:
  std::vector<double> mean_, lower_;
};

}  // namespace

deck::Schema<Importance::Params> Importance::schema() {
  deck::Schema<Params> s("Another sampler's draws, corrected by importance sampling",
                         "Vehtari, Simpson, Gelman, Yao, Gabry 2024");
  s.reference("sampler", &Params::sampler, "sampler", "whose draws are corrected: an ensemble or chains").required();
  return s;
}

std::string Importance::objection(const Problem& problem) const {
  if (const std::string text = correction_objection(*first_, params_.sampler); !text.empty()) return text;
  if (!first_->plan().has_law && plan().members < 2 * problem.dimension())
    return fmt::format("corrects a sample of {} draws in {} coordinates; it needs at least {}: two for each",
                       plan().members, problem.dimension(), 2 * problem.dimension());
  const std::string inner = first_->objection(problem);
  return inner.empty() ? "" : "corrects '" + params_.sampler + "', which " + inner;
}

void Importance::clear() {
  first_->clear();
  moments_ = {}, sum_.clear(), draws_ = 0;
  own_ = {}, is_first_done_ = is_done_ = false;
}

void Importance::observe(const Ensemble& drawn, const Context& context) {
  const std::vector<double> mean = mean_position(drawn, context);
  if (draws_++ == 0) moments_.reset(static_cast<int>(mean.size())), sum_.assign(mean.size(), 0.0);
  moments_.observe(drawn, context);
  for (std::size_t k = 0; k < mean.size(); ++k) sum_[k] += mean[k];
}

StepInfo Importance::step(const Problem& problem, const Context& context) {
  if (is_first_done_) return correct(problem, context);
  StepInfo info = first_->step(problem, context);
  if (info.is_draw && !first_->plan().has_law) observe(first_->state().ensemble, context);
  is_first_done_ = info.is_finished;
  info.is_draw = info.is_finished = false;
  info.progress *= 0.9;
  return info;
}

// As many draws as the sample has, at most; what sampler/laplace does of itself. They are others than those that methods begin
// with, and one that fails has no likelihood, whatever the deck says of failures.
PriorDraws Importance::look_at_prior(const Problem& problem, const Context& context) {
  constexpr std::int64_t most = 256;
  constexpr int kept = 32;
  Ensemble e(parallel::RowLayout(std::min(most, plan().members), context.comm), problem.dimension());
  context.rng.normals({kernels::Purpose::importance, 2}, e.layout.first(), e.position);
  const auto rows = static_cast<std::size_t>(e.rows());
  const Batch u = kernels::new_batch(rows, problem.parameter_dimension());
  problem.parameters(e.position, u);
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  const Vector log_prior("log_prior", rows);
  parallel::agree(context.comm, [&] {
    if (rows > 0) problem.evaluate_parameters(u, evaluation, log_prior);
  });
  own_.model_evaluations += e.layout.rows();
  return PriorDraws::of(e, kept, context);
}

std::shared_ptr<const NormalLaw> Importance::fitted_law() const {
  std::vector<double> lower = moments_.factor(PooledMoments::Correlations::as_seen), mean = sum_;
  if (lower.empty())
    throw core::NumericsError("importance correction: the sample lies in a hyperplane; use more members or draws");
  for (double& value : mean) value /= draws_;
  return std::make_shared<FittedLaw>(std::move(mean), std::move(lower));
}

StepInfo Importance::correct(const Problem& problem, const Context& context) {
  const BaseState& first = first_->state();
  const int d = problem.dimension();
  const double members = static_cast<double>(plan().members);
  const std::shared_ptr<const NormalLaw> law = first.law != nullptr ? first.law : fitted_law();
  const double log_det = law->log_det();
  own_ = BaseState();
  own_.mode = first.mode, own_.curvatures = first.curvatures;
  Ensemble& e = own_.ensemble;
  e = Ensemble(plan().layout(context.comm), d);
  const int rows = e.rows();
  const Batch xi("xi", rows, d + freedom);
  context.rng.normals({kernels::Purpose::importance}, e.layout.first(), xi);
  const Vector log_q("log_q", rows);
  kernels::for_each_row(rows, [=, z = e.position](int row) {
    double chi = 0.0, squares = 0.0;
    for (int i = 0; i < freedom; ++i) chi += xi(row, d + i) * xi(row, d + i);
    const double stretch = std::sqrt(freedom / chi);
    for (int k = 0; k < d; ++k) {
      xi(row, k) *= stretch;
      squares += xi(row, k) * xi(row, k);
      z(row, k) = shrink * xi(row, k);
    }
    log_q(row) = log_student(squares, log_det, d);
    law->multiply_root(&z(row, 0));
    for (int k = 0; k < d; ++k) z(row, k) += law->mean()[static_cast<std::size_t>(k)];
  });
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  evaluate(problem, e.position, evaluation, context);
  std::vector<double> log_weights = e.all_log_posteriors(context, log_q);
  const double share = effective_share(log_weights), k = prob::smooth_weights(log_weights);
  own_.log_evidence = math::log_sum_exp(log_weights) - std::log(members);
  own_.log_evidence_standard_error = std::sqrt((1.0 / effective_share(log_weights) - 1.0) / members);
  const std::vector<std::int64_t> source =
      systematic_resampling(log_weights, context.rng.uniform({kernels::Purpose::importance, 1}, 0));
  e.take(source, context);
  own_.ancestors = source;
  own_.model_evaluations = first.model_evaluations + plan().members;
  own_.gradient_evaluations = first.gradient_evaluations;
  own_.iteration = 1;
  const PriorDraws explored = first.explored.z.rows > 0 ? first.explored : look_at_prior(problem, context);
  is_done_ = true;
  if (k == std::numeric_limits<double>::infinity())
    core::warn("importance correction: {} draws are too few to tell how well '{}' covers the posterior", plan().members,
               params_.sampler);
  else if (k > 0.7)
    core::warn(
        "importance correction: Pareto k = {:.2f} (> 0.7): '{}' does not cover the posterior; trust neither the draws "
        "nor the evidence",
        k, params_.sampler);
  const auto log_q_of = [&](const double* z) {
    std::vector<double> x(z, z + d);
    for (int i = 0; i < d; ++i) x[i] -= law->mean()[static_cast<std::size_t>(i)];
    law->divide_root(x.data());
    return log_student(math::dot(x, x) / (shrink * shrink), log_det, d);
  };
  const double unseen = explored.unseen_share(log_q_of, own_.log_evidence, share);
  constexpr double much = 0.1;
  if (unseen > much)
    core::warn(
        "importance correction: by draws of the prior {:.0f} % of the posterior lie where '{}' has next to no draws, "
        "as in "
        "another mode; trust neither the draws nor the evidence",
        100.0 * unseen, params_.sampler);
  StepInfo info;
  info.is_draw = info.is_finished = true;
  info.phase = "correction";
  info.progress = 1.0;
  info.numbers = {{"pareto_k", k}, {"effective_share", share}};
  if (explored.z.rows > 0) info.numbers.emplace_back("unseen_share", unseen);
  return info;
}

void Importance::fields(io::Archive& archive, const Context& context) {
  archive.field("is_first_done", is_first_done_);
  archive.field("is_done", is_done_);
  if (!is_done_) {
    archive.field("draws", draws_);
    archive.field("sum", sum_);
    moments_.fields(archive, "moments");
    const io::ArchiveGroup group(archive, "first");
    first_->fields(archive, context);
    return;
  }
  if (archive.is_loading()) own_.ensemble.layout = plan().layout(context.comm);
  own_.fields(archive);
}

}  // namespace aleator::sampler
