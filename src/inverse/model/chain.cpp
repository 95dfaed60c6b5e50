#include "inverse/model/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "core/error.hpp"
#include "deck/registry.hpp"

namespace aleator::inverse {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

deck::Schema<ChainModel::Params> ChainModel::schema() {
  deck::Schema<Params> s("Models one behind the other: each takes what the one before it gives", "");
  s.reference("models", &Params::models, "model",
              "from the one that takes the parameters, a model/expression say, to the one whose outputs are measured")
      .required();
  return s;
}

std::unique_ptr<ChainModel> ChainModel::make(const Params& params, deck::Builder& builder) {
  if (params.models.size() < 2) throw deck::KeyError("models", "are fewer than two, of which one follows the other");
  std::vector<Part> parts;
  for (const std::string& name : params.models)
    parts.push_back({name, builder.get<model::ForwardModel>("model", name)});
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const int gives = parts[i - 1].model->shape().outputs, takes = parts[i].model->shape().inputs;
    if (gives != takes)
      throw deck::KeyError("models",
                           fmt::format("'{}' takes {} parameters, but '{}' before it has {} outputs", parts[i].name,
                                       takes, parts[i - 1].name, gives),
                           "", {static_cast<int>(i), 0});
  }
  Part rest = parts.back();
  for (std::size_t i = parts.size() - 2; i > 0; --i) rest = {"", std::make_shared<ChainModel>(parts[i], rest)};
  return std::make_unique<ChainModel>(parts[0], rest);
}

ChainModel::ChainModel(Part first, Part second) : first_(std::move(first)), second_(std::move(second)) {
  shape_ = first_.model->shape();
  shape_.outputs = second_.model->shape().outputs, shape_.output_names = second_.model->shape().output_names;
}

// The most of either: a model that could do more would wait for the other.
int ChainModel::rows_at_once() const { return std::max(first_.model->rows_at_once(), second_.model->rows_at_once()); }

const model::Adjoint* ChainModel::adjoint() const {
  return first_.model->adjoint() != nullptr && second_.model->adjoint() != nullptr ? this : nullptr;
}

const model::Tangent* ChainModel::tangent() const {
  return first_.model->tangent() != nullptr && second_.model->tangent() != nullptr ? this : nullptr;
}

RowStatus ChainModel::merged(const RowStatus& of_first, const RowStatus& of_second, Batch y) const {
  std::map<int, std::string> reasons;
  for (const auto& [part, status] : {std::pair(&first_, &of_first), std::pair(&second_, &of_second)})
    for (const model::FailedRow& failed : status->failed)
      reasons.emplace(failed.row,
                      part->name.empty() ? failed.reason : fmt::format("model '{}': {}", part->name, failed.reason));
  RowStatus status;
  for (auto& [row, reason] : reasons) {
    status.failed.push_back({row, reason});
    std::fill_n(&y(row, 0), shape_.outputs, std::numeric_limits<double>::quiet_NaN());
  }
  return status;
}

RowStatus ChainModel::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  const Batch v = kernels::new_batch(u.extent(0), second_.model->shape().inputs);
  const RowStatus of_first = first_.model->evaluate_again(u, v, attempt);  // failed rows are NaN, which fail again
  return merged(of_first, second_.model->evaluate_again(v, y, attempt), y);
}

RowStatus ChainModel::evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du,
                                                  int attempt) const {
  const int between = second_.model->shape().inputs;
  const Batch v = kernels::new_batch(u.extent(0), between), dv = kernels::new_batch(u.extent(0), between);
  const RowStatus of_first = first_.model->evaluate_again(u, v, attempt);
  const RowStatus of_second = second_.model->adjoint()->evaluate_and_pullback_again(v, y, cotangent, dv, attempt);
  RowStatus status = merged(of_first, of_second, y);
  for (const model::FailedRow& failed : status.failed) std::fill_n(&dv(failed.row, 0), between, 0.0);
  first_.model->adjoint()->evaluate_and_pullback_again(
      u, v,
      [&](int row, ConstBatch of_tile, Batch out) {
        for (std::size_t i = 0; i < of_tile.extent(0); ++i)
          for (int k = 0; k < between; ++k) out(i, k) = dv(row + static_cast<int>(i), k);
      },
      du, attempt);
  for (const model::FailedRow& failed : status.failed)
    std::fill_n(&du(failed.row, 0), shape_.inputs, std::numeric_limits<double>::quiet_NaN());
  return status;
}

RowStatus ChainModel::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  const int between = second_.model->shape().inputs;
  const Batch v = kernels::new_batch(u.extent(0), between), dv = kernels::new_batch(u.extent(0), between);
  const RowStatus of_first = first_.model->tangent()->evaluate_and_pushforward(u, du, v, dv);
  return merged(of_first, second_.model->tangent()->evaluate_and_pushforward(v, dv, y, dy), y);
}

std::vector<model::GridField> ChainModel::states_again(const double* u, int attempt) const {
  const Batch v = kernels::new_batch(1, second_.model->shape().inputs);
  const RowStatus status = first_.model->evaluate_again(ConstBatch(u, 1, shape_.inputs), v, attempt);
  if (!status.ok()) throw core::NumericsError(fmt::format("model '{}': {}", first_.name, status.failed[0].reason));
  return second_.model->states()->states_again(&v(0, 0), attempt);
}

}  // namespace aleator::inverse
