#pragma once
/// What      For models that compute the log-likelihood themselves: their single output is it.
/// Method    log p(data | u) = y_1. A model that gives the posterior's density including the prior is target/model in a
///           problem/target with relative_to = "lebesgue".
/// Parallel  local, row by row; thread-safe.
/// Cost      nothing.
/// Fails     the problem refuses models with another number of outputs.
#include "deck/registry.hpp"
#include "model/likelihood.hpp"

namespace aleator::inverse {

class LogDensityLikelihood : public model::Likelihood {
 public:
  struct Params {};
  static deck::Schema<Params> schema() {
    return deck::Schema<Params>("The model's single output is the log-likelihood", "");
  }

  int outputs() const override { return 1; }
  void log_density(model::ConstBatch y, model::Vector out) const override {
    for (std::size_t row = 0; row < y.extent(0); ++row) out(row) = y(row, 0);
  }
  void gradient(model::ConstBatch y, model::Batch dy) const override {
    for (std::size_t row = 0; row < y.extent(0); ++row) dy(row, 0) = 1.0;
  }
  const std::vector<double>& data() const override { return none_; }

 private:
  std::vector<double> none_;
};

}  // namespace aleator::inverse
