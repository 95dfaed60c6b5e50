#pragma once
// A problem whose prior is N(0, I) on the parameters themselves: benchmarks of samplers only say the log-likelihood.
#include <Kokkos_Core.hpp>
#include <vector>

#include "sampler/sampler.hpp"

namespace aleator {

class LatentProblem : public model::Problem {
 public:
  explicit LatentProblem(int dimension) : d_(dimension), variables_{{"z", dimension}} {}
  int dimension() const override { return d_; }
  int outputs() const override { return 1; }
  bool has_gradient() const override { return false; }
  bool may_stop() const override { return false; }
  const model::GaussianNoise* noise() const override { return nullptr; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  const model::ProblemFacts& facts() const override { return facts_; }
  model::RowStatus evaluate_parameters(model::ConstBatch u, model::Evaluation& result,
                                       model::Vector log_prior) const override {
    evaluate(u, result);
    for (std::size_t row = 0; row < u.extent(0); ++row) log_prior(row) = model::latent_log_prior(&u(row, 0), d_);
    return {};
  }
  void parameters(model::ConstBatch z, model::Batch u) const override { Kokkos::deep_copy(u, z); }

 protected:
  int d_;

 private:
  std::vector<prob::Variable> variables_;
  model::ProblemFacts facts_;
};

}  // namespace aleator
