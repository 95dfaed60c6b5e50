#include "inverse/problem/target.hpp"

#include <fmt/format.h>

#include <limits>

#include "inverse/problem/parameter_order.hpp"
#include "inverse/problem/steps.hpp"

namespace aleator::inverse {
namespace {

std::string listed(const std::vector<prob::Variable>& variables) {
  std::string text;
  for (const prob::Variable& variable : variables)
    text += (text.empty() ? "" : ", ") + variable.name + (variable.size > 1 ? fmt::format("[{}]", variable.size) : "");
  return text;
}

bool is_same(const std::vector<prob::Variable>& a, const std::vector<prob::Variable>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].name != b[i].name || a[i].size != b[i].size) return false;
  return true;
}

}  // namespace

deck::Schema<TargetProblem::Params> TargetProblem::schema() {
  deck::Schema<Params> s("Posterior of a prior and a log-density, without a forward model", "");
  s.reference("target", &Params::target, "target", "log-density f(u)").required();
  s.reference("prior", &Params::prior, "prior", "reference measure of the parameters u: where samplers start")
      .required();
  s.choice(
      "relative_to", &Params::relative_to, "what f is a density with respect to",
      {{"prior", Reference::prior, "f is a log-likelihood: the posterior is prior(u) exp f(u)"},
       {"lebesgue", Reference::lebesgue, "f is a log-density itself: exp f(u) is sampled, the prior is divided out"}});
  add_common_keys(s);
  return s;
}

TargetProblem::TargetProblem(const Params& params, std::shared_ptr<const prob::Prior> prior,
                             std::shared_ptr<const model::Target> target, std::string target_in_words)
    : Posterior(params, std::move(prior)),
      target_name_(params.target),
      target_in_words_(target_in_words.empty() ? "target '" + params.target + "'" : std::move(target_in_words)),
      relative_to_(params.relative_to),
      target_(std::move(target)) {
  facts_.approximation = target_->approximation();
  const int d = parameter_dimension();
  if (target_->dimension() != d)
    throw deck::KeyError(
        "prior", fmt::format("has {} parameters, but target '{}' takes {}", d, params.target, target_->dimension()),
        fmt::format("[prior.{}] must have {}: by its dimension, or the cells of a field", params.prior,
                    target_->dimension()));
  if (relative_to_ == Reference::lebesgue && !this->prior().has_density())
    throw deck::KeyError(
        "relative_to",
        dimension() == d ? fmt::format("\"lebesgue\" divides by the density of prior '{}', of which no normalised "
                                       "one is known",
                                       params.prior)
                         : fmt::format("\"lebesgue\" divides by the density of prior '{}', whose {} parameters hang "
                                       "on {} latent coordinates and have none",
                                       params.prior, d, dimension()),
        "relative_to = \"prior\"");
  take_names(params.prior);
  refuse_other_order(variables_, target_->parameter_names(), fmt::format("target '{}'", params.target));
  read_known_parameters();
}

// The target's names, where the prior is one block of parameters; else both must say the same.
void TargetProblem::take_names(const std::string& prior_name) {
  const std::vector<prob::Variable>& wanted = target_->variables();
  if (wanted.empty() || is_same(wanted, variables_)) return;
  if (variables_.size() > 1)
    throw deck::KeyError("prior",
                         fmt::format("'{}' gives the parameters {}, but target '{}' takes {}", prior_name,
                                     listed(variables_), target_name_, listed(wanted)),
                         "give prior blocks the target's names, in its order");
  variables_ = wanted;
}

bool TargetProblem::has_gradient() const {
  return target_->gradient() != nullptr && prior().is_continuous() &&
         (relative_to_ == Reference::prior || prior().density_slope() != nullptr);
}

std::string TargetProblem::missing_gradient() const {
  if (!prior().is_continuous()) return Posterior::missing_gradient();
  return target_->gradient() == nullptr
             ? "the target does not offer"
             : "is not known, for relative_to = \"lebesgue\" divides by the prior's density, "
               "whose slope is not at hand (another prior, or relative_to = \"prior\")";
}

const model::Sequence* TargetProblem::sequence() const {
  const bool is_whole = relative_to_ == Reference::prior && rejects_failures();
  return is_whole ? dynamic_cast<const model::Sequence*>(target_.get()) : nullptr;
}

int TargetProblem::terms() const {
  const auto* const sum = dynamic_cast<const model::SumOfTerms*>(target_.get());
  return sum == nullptr || sum->terms() < 2 ? 0 : sum->terms();
}

std::shared_ptr<const model::Problem> TargetProblem::only(const std::vector<int>& terms) const {
  auto part = std::make_shared<TargetProblem>(*this);
  part->become_part();
  part->target_ = dynamic_cast<const model::SumOfTerms&>(*target_).only(terms);
  part->share_ = share_ * static_cast<double>(terms.size()) / this->terms();
  return part;
}

model::RowStatus TargetProblem::density(model::ConstBatch u, model::Evaluation& result, model::Batch du, int) const {
  const model::RowStatus status = du.size() == 0
                                      ? target_->evaluate(u, result.log_likelihood)
                                      : target_->gradient()->evaluate_with_gradient(u, result.log_likelihood, du);
  if (relative_to_ == Reference::lebesgue) divide_by_prior(u, result.log_likelihood, du);
  return status;
}

// log-likelihood = f(u) - share log p(u), the share of a whole being 1. Where p underflows to 0 nothing can be divided: density
// zero.
void TargetProblem::divide_by_prior(model::ConstBatch u, model::Vector log_likelihood, model::Batch du) const {
  const prob::DensitySlope* const slope = prior().density_slope();
  const int d = parameter_dimension();
  kernels::for_each_row(static_cast<int>(u.extent(0)), [=](int row) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double log_prior = prior().log_density(&u(row, 0));
    log_likelihood(row) = log_prior == -infinity ? -infinity : log_likelihood(row) - share_ * log_prior;
    if (du.size() == 0) return;
    std::vector<double> g(static_cast<std::size_t>(d));
    slope->log_density_gradient(&u(row, 0), g.data());
    for (int k = 0; k < d; ++k) du(row, k) -= share_ * g[static_cast<std::size_t>(k)];
  });
}

// The curvature of the prior that is divided out is a central difference of its slope.
model::RowStatus TargetProblem::curve(model::ConstBatch u, model::ConstBatch v, const std::vector<double>& step,
                                      model::Batch slope, model::Batch product) const {
  const std::size_t rows = u.extent(0);
  const model::Vector values("values", rows);
  model::RowStatus status = target_->gradient()->evaluate_with_gradient(u, values, slope);
  const model::RowStatus other = target_->curvature()->apply_hessian(u, v, product);
  status.failed.insert(status.failed.end(), other.failed.begin(), other.failed.end());
  if (relative_to_ == Reference::prior) return status;
  divide_by_prior(u, values, slope);
  const model::Batch ahead = beside(u, v, step, 1.0), back = beside(u, v, step, -1.0),
                     above = kernels::new_batch(rows, u.extent(1)), below = kernels::new_batch(rows, u.extent(1));
  kernels::for_each_row(static_cast<int>(rows), [=](int row) {
    prior().density_slope()->log_density_gradient(&ahead(row, 0), &above(row, 0));
    prior().density_slope()->log_density_gradient(&back(row, 0), &below(row, 0));
  });
  divide_difference(above, below, step);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < u.extent(1); ++k) product(row, k) -= share_ * above(row, k);
  return status;
}

}  // namespace aleator::inverse
