#include "inverse/model/pass_through.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using model::ConstBatch;

// Columns [from, from + count) of a to columns [to, to + count) of b.
void copy_columns(ConstBatch a, int from, Batch b, int to, int count) {
  for (std::size_t row = 0; row < a.extent(0); ++row)
    for (int k = 0; k < count; ++k) b(row, to + k) = a(row, from + k);
}

}  // namespace

PassThrough::PassThrough(std::shared_ptr<const model::ForwardModel> model, int count)
    : model_(std::move(model)),
      shape_(model_->shape()),
      inputs_(shape_.inputs),
      outputs_(shape_.outputs),
      count_(count) {
  shape_.inputs += count, shape_.outputs += count;
  for (int k = 0; k < count; ++k) {
    const std::string name = count == 1 ? "likelihood_parameter" : fmt::format("likelihood_parameter[{}]", k);
    if (!shape_.input_names.empty()) shape_.input_names.push_back(name);
    if (!shape_.output_names.empty()) shape_.output_names.push_back(name);
  }
}

std::shared_ptr<const model::ForwardModel> PassThrough::only(const std::vector<int>& outputs) const {
  const auto* const partial = dynamic_cast<const model::PartialOutputs*>(model_.get());
  ALEATOR_ASSERT(static_cast<int>(outputs.size()) >= count_ && outputs.back() == shape_.outputs - 1);
  std::shared_ptr<const model::ForwardModel> some =
      partial == nullptr ? nullptr : partial->only({outputs.begin(), outputs.end() - count_});
  return some == nullptr ? nullptr : std::make_shared<PassThrough>(some, count_);
}

model::RowStatus PassThrough::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  const Batch v("v", u.extent(0), inputs_), w("w", u.extent(0), outputs_);
  copy_columns(u, 0, v, 0, inputs_);
  const model::RowStatus status = model_->evaluate_again(v, w, attempt);
  copy_columns(w, 0, y, 0, outputs_);
  copy_columns(u, inputs_, y, outputs_, count_);
  return status;
}

model::RowStatus PassThrough::evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                                          Batch du, int attempt) const {
  const Batch v("v", u.extent(0), inputs_), w("w", u.extent(0), outputs_), dv("dv", u.extent(0), inputs_);
  copy_columns(u, 0, v, 0, inputs_);
  const auto inner = [&, this](int first, ConstBatch w_tile, Batch dw_tile) {
    // On a worker thread, where views can be made but not filled.
    const Batch y_tile = kernels::new_batch(w_tile.extent(0), shape_.outputs),
                dy_tile = kernels::new_batch(w_tile.extent(0), shape_.outputs);
    copy_columns(w_tile, 0, y_tile, 0, outputs_);
    for (std::size_t row = 0; row < w_tile.extent(0); ++row)
      for (int k = 0; k < count_; ++k) y_tile(row, outputs_ + k) = u(first + row, inputs_ + k);
    cotangent(first, y_tile, dy_tile);
    copy_columns(dy_tile, 0, dw_tile, 0, outputs_);
    for (std::size_t row = 0; row < w_tile.extent(0); ++row)
      for (int k = 0; k < count_; ++k) du(first + row, inputs_ + k) = dy_tile(row, outputs_ + k);
  };
  const model::RowStatus status = model_->adjoint()->evaluate_and_pullback_again(v, w, inner, dv, attempt);
  copy_columns(w, 0, y, 0, outputs_);
  copy_columns(u, inputs_, y, outputs_, count_);
  copy_columns(dv, 0, du, 0, inputs_);
  return status;
}

model::RowStatus PassThrough::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  const std::size_t rows = u.extent(0);
  const Batch v("v", rows, inputs_), dv("dv", rows, inputs_), w("w", rows, outputs_), dw("dw", rows, outputs_);
  copy_columns(u, 0, v, 0, inputs_);
  copy_columns(du, 0, dv, 0, inputs_);
  const model::RowStatus status = model_->tangent()->evaluate_and_pushforward(v, dv, w, dw);
  copy_columns(w, 0, y, 0, outputs_);
  copy_columns(dw, 0, dy, 0, outputs_);
  copy_columns(u, inputs_, y, outputs_, count_);
  copy_columns(du, inputs_, dy, outputs_, count_);
  return status;
}

}  // namespace aleator::inverse
