#include "inverse/model/measured.hpp"

namespace aleator::inverse {

using model::Batch;
using model::ConstBatch;

Measured::Measured(std::shared_ptr<const model::ForwardModel> model, std::vector<int> places)
    : model_(std::move(model)), places_(std::move(places)), shape_(model_->shape()) {
  shape_.outputs = static_cast<int>(places_.size());
  if (shape_.output_names.empty()) return;
  shape_.output_names.clear();
  for (const int place : places_)
    shape_.output_names.push_back(model_->shape().output_names[static_cast<std::size_t>(place)]);
}

std::shared_ptr<const model::ForwardModel> Measured::only(const std::vector<int>& outputs) const {
  const auto* const partial = dynamic_cast<const model::PartialOutputs*>(model_.get());
  if (partial == nullptr) return nullptr;
  return partial->only(model::entries_at(outputs, places_));
}

Batch Measured::all_outputs(std::size_t rows) const { return kernels::new_batch(rows, model_->shape().outputs); }

void Measured::take(ConstBatch all, Batch some) const {
  for (std::size_t row = 0; row < all.extent(0); ++row)
    for (std::size_t i = 0; i < places_.size(); ++i) some(row, i) = all(row, places_[i]);
}

model::RowStatus Measured::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  const Batch all = all_outputs(u.extent(0));
  const model::RowStatus status = model_->evaluate_again(u, all, attempt);
  take(all, y);
  return status;
}

model::RowStatus Measured::evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                                       Batch du, int attempt) const {
  const Batch all = all_outputs(u.extent(0));
  const auto inner = [&, this](int first, ConstBatch all_tile, Batch slopes) {
    // On a worker thread, where views can be made but not filled.
    const Batch y_tile = kernels::new_batch(all_tile.extent(0), shape_.outputs),
                dy_tile = kernels::new_batch(all_tile.extent(0), shape_.outputs);
    take(all_tile, y_tile);
    cotangent(first, y_tile, dy_tile);
    for (std::size_t row = 0; row < slopes.extent(0); ++row) {
      for (std::size_t k = 0; k < slopes.extent(1); ++k) slopes(row, k) = 0.0;
      for (std::size_t i = 0; i < places_.size(); ++i) slopes(row, places_[i]) = dy_tile(row, i);
    }
  };
  const model::RowStatus status = model_->adjoint()->evaluate_and_pullback_again(u, all, inner, du, attempt);
  take(all, y);
  return status;
}

model::RowStatus Measured::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  const Batch all = all_outputs(u.extent(0)), slopes = all_outputs(u.extent(0));
  const model::RowStatus status = model_->tangent()->evaluate_and_pushforward(u, du, all, slopes);
  take(all, y);
  take(slopes, dy);
  return status;
}

}  // namespace aleator::inverse
