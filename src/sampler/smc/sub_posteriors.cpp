#include "sampler/smc/sub_posteriors.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::sampler {
namespace {

// N(z; 0, I)^share times the part's likelihood, as a likelihood beside the prior N(z; 0, I).
class SubPosterior final : public Problem {
 public:
  SubPosterior(std::shared_ptr<const Problem> part, double share) : part_(std::move(part)), rest_(1.0 - share) {}
  int dimension() const override { return part_->dimension(); }
  int parameter_dimension() const override { return part_->parameter_dimension(); }
  int outputs() const override { return part_->outputs(); }
  bool has_gradient() const override { return part_->has_gradient(); }
  const model::GaussianNoise* noise() const override { return part_->noise(); }
  bool may_stop() const override { return part_->may_stop(); }
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    std::vector<int> failed = part_->evaluate(z, result);
    const Vector log_likelihood = result.log_likelihood;
    const Batch gradient = result.gradient;
    const int d = dimension();
    kernels::for_each_row(static_cast<int>(z.extent(0)), [=](int row) {
      if (!std::isfinite(log_likelihood(row))) return;
      log_likelihood(row) -= rest_ * model::latent_log_prior(&z(row, 0), d);
      for (std::size_t k = 0; k < gradient.extent(1); ++k) gradient(row, k) += rest_ * z(row, k);
    });
    return failed;
  }
  void parameters(ConstBatch z, Batch u) const override { part_->parameters(z, u); }
  const std::vector<prob::Variable>& variables() const override { return part_->variables(); }
  const model::ProblemFacts& facts() const override { return part_->facts(); }
  model::RowStatus evaluate_parameters(ConstBatch u, model::Evaluation& result, Vector log_prior) const override {
    return part_->evaluate_parameters(u, result, log_prior);
  }

 private:
  std::shared_ptr<const Problem> part_;
  double rest_;
};

}  // namespace

std::vector<int> SubPosteriors::terms_of(PartRange range) const {
  std::vector<int> terms;
  for (int part = range.first; part < range.last; ++part) {
    const std::vector<int>& some = deal_[static_cast<std::size_t>(part)];
    terms.insert(terms.end(), some.begin(), some.end());
  }
  std::sort(terms.begin(), terms.end());
  return terms;
}

const Problem& SubPosteriors::product(PartRange range) const {
  std::shared_ptr<const Problem>& made = made_[range];
  if (made == nullptr)
    made = std::make_shared<SubPosterior>(model::data_terms_of(problem_)->only(terms_of(range)),
                                          (range.last - range.first) / static_cast<double>(deal_.size()));
  return *made;
}

std::int64_t SubPosteriors::runs(PartRange range, std::int64_t rows) const {
  const model::DataTerms& data = *model::data_terms_of(problem_);
  return data.are_cheaper_in_parts() ? rows * static_cast<std::int64_t>(terms_of(range).size()) / data.terms() : rows;
}

}  // namespace aleator::sampler
