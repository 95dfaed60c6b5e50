#include "inverse/target/model_target.hpp"

#include <fmt/format.h>

namespace aleator::inverse {

using model::Batch;

deck::Schema<ModelTarget::Params> ModelTarget::schema() {
  deck::Schema<Params> s("A model whose single output is a log-density", "");
  s.reference("model", &Params::model, "model", "gives one output, the log-density").required();
  return s;
}

ModelTarget::ModelTarget(const Params& params, std::shared_ptr<const model::ForwardModel> model)
    : model_(std::move(model)) {
  if (model_->shape().outputs != 1)
    throw deck::KeyError(
        "model",
        fmt::format("'{}' gives {} outputs, but a log-density is one number", params.model, model_->shape().outputs),
        "with data: problem/bayes and a likelihood");
}

model::RowStatus ModelTarget::evaluate(model::ConstBatch u, model::Vector values) const {
  const Batch y(values.data(), u.extent(0), 1);
  return model_->evaluate(u, y);
}

model::RowStatus ModelTarget::evaluate_with_gradient(model::ConstBatch u, model::Vector values, Batch gradient) const {
  const Batch y(values.data(), u.extent(0), 1);
  const auto one = [](int, model::ConstBatch, Batch dy) {
    for (std::size_t row = 0; row < dy.extent(0); ++row) dy(row, 0) = 1.0;
  };
  return model_->adjoint()->evaluate_and_pullback(u, y, one, gradient);
}

model::RowStatus ModelTarget::apply_hessian(model::ConstBatch u, model::ConstBatch v, Batch h) const {
  const Batch one("dy", u.extent(0), 1);
  Kokkos::deep_copy(one, 1.0);
  return model_->curvature()->apply_hessian(u, one, v, h);
}

}  // namespace aleator::inverse
