#include "inverse/model/joint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "deck/registry.hpp"

namespace aleator::inverse {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

deck::Schema<JointModel::Params> JointModel::schema() {
  deck::Schema<Params> s("Several models of the same parameters, their outputs one after the other", "");
  s.reference("models", &Params::models, "model", "in the order of their outputs, and so of the data").required();
  s.key("inputs", &Params::inputs, "",
        "for each model the numbers of the parameters it takes, from 0: [[0, 1, 2], [2, 3]]; not given: each takes all",
        deck::at_least(0));
  return s;
}

std::unique_ptr<JointModel> JointModel::make(const Params& params, deck::Builder& builder) {
  std::vector<std::shared_ptr<const model::ForwardModel>> models;
  for (const std::string& name : params.models) models.push_back(builder.get<model::ForwardModel>("model", name));
  return std::make_unique<JointModel>(params, std::move(models));
}

JointModel::JointModel(const Params& params, std::vector<std::shared_ptr<const model::ForwardModel>> models) {
  if (models.empty()) throw deck::KeyError("models", "names no model");
  if (!params.inputs.empty() && params.inputs.size() != models.size())
    throw deck::KeyError("inputs", fmt::format("has {} lists for {} models", params.inputs.size(), models.size()));
  int numbers = 0;
  std::map<int, std::string> names;  // of the parameters, from the first model that takes each
  std::map<int, std::string> takers;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const int entry = static_cast<int>(i), value = numbers;  // of the model; of its first number in inputs
    if (std::count(params.models.begin(), params.models.end(), params.models[i]) > 1)
      throw deck::KeyError("models", fmt::format("names '{}' twice", params.models[i]), "", {entry, 0});
    const model::Shape& shape = models[i]->shape();
    Part part{params.models[i], models[i], {}, shape_.outputs, shape.outputs};
    if (!params.inputs.empty()) numbers += static_cast<int>(params.inputs[i].size());
    for (int k = 0; k < shape.inputs && params.inputs.empty(); ++k) part.inputs.push_back(k);
    for (const double number : params.inputs.empty() ? std::vector<double>() : params.inputs[i]) {
      if (number != std::floor(number))
        throw deck::KeyError("inputs", fmt::format("{} is no number of a parameter", number), "", {value, 0});
      part.inputs.push_back(static_cast<int>(number));
    }
    if (static_cast<int>(part.inputs.size()) != shape.inputs || shape.inputs < 1)
      throw deck::KeyError(
          "inputs",
          fmt::format("gives model '{}' {} parameters, but it takes {}", part.name, part.inputs.size(), shape.inputs),
          "", {value, 0});
    for (const int k : part.inputs) takers.emplace(k, part.name);
    for (int k = 0; k < shape.inputs; ++k)
      names.emplace(part.inputs[static_cast<std::size_t>(k)],
                    shape.input_names.empty() ? fmt::format("u[{}]", part.inputs[static_cast<std::size_t>(k)])
                                              : shape.input_names[static_cast<std::size_t>(k)]);
    for (int k = 0; k < shape.outputs; ++k)
      shape_.output_names.push_back(fmt::format(
          "{}.{}", part.name,
          shape.output_names.empty() ? fmt::format("y[{}]", k) : shape.output_names[static_cast<std::size_t>(k)]));
    if (params.inputs.empty() && !parts_.empty() && shape.inputs != models[0]->shape().inputs)
      throw deck::KeyError("models",
                           fmt::format("'{}' takes {} parameters and '{}' {}", parts_[0].name,
                                       models[0]->shape().inputs, part.name, shape.inputs),
                           "inputs says which takes which", {entry, 0});
    shape_.outputs += shape.outputs;
    parts_.push_back(std::move(part));
  }
  shape_.inputs = names.rbegin()->first + 1;
  for (int k = 0; k < shape_.inputs; ++k) {
    if (names.count(k) == 0)
      throw deck::KeyError("inputs", fmt::format("no model takes parameter {}", k),
                           "every parameter goes to a model: one that acts through the prior alone, as the scale of a "
                           "prior/hierarchical, to any that ignores it (a model/expression that does not use it)");
    const auto is_same = [&](const auto& other) { return other.second == names[k]; };
    const bool is_alone = std::count_if(names.begin(), names.end(), is_same) == 1;
    shape_.input_names.push_back(is_alone ? names[k] : takers[k] + "." + names[k]);
  }
  if (params.inputs.empty()) shape_.input_fields = models[0]->shape().input_fields;
}

// The most of any: a model that could do more would wait for the others.
int JointModel::rows_at_once() const {
  int rows = 0;
  for (const Part& part : parts_) rows = std::max(rows, part.model->rows_at_once());
  return rows;
}

bool JointModel::may_throw() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.model->may_throw(); });
}

const model::Adjoint* JointModel::adjoint() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.model->adjoint() != nullptr; })
             ? this
             : nullptr;
}

const model::Tangent* JointModel::tangent() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.model->tangent() != nullptr; })
             ? this
             : nullptr;
}

const model::States* JointModel::states() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.model->states() != nullptr; })
             ? this
             : nullptr;
}

Batch JointModel::taken(const Part& part, ConstBatch u) {
  const Batch v = kernels::new_batch(u.extent(0), static_cast<int>(part.inputs.size()));
  for (std::size_t row = 0; row < u.extent(0); ++row)
    for (std::size_t k = 0; k < part.inputs.size(); ++k) v(row, k) = u(row, part.inputs[k]);
  return v;
}

void JointModel::put(const Part& part, ConstBatch from, Batch y) {
  for (std::size_t row = 0; row < from.extent(0); ++row)
    for (int k = 0; k < part.outputs; ++k) y(row, part.first_output + k) = from(row, k);
}

RowStatus JointModel::merged(const std::vector<RowStatus>& of_parts, Batch y) const {
  std::map<int, std::string> reasons;
  for (std::size_t i = 0; i < parts_.size(); ++i)
    for (const model::FailedRow& failed : of_parts[i].failed)
      reasons.emplace(failed.row, fmt::format("model '{}': {}", parts_[i].name, failed.reason));
  RowStatus status;
  for (auto& [row, reason] : reasons) {
    status.failed.push_back({row, reason});
    for (int k = 0; k < shape_.outputs; ++k) y(row, k) = std::numeric_limits<double>::quiet_NaN();
  }
  return status;
}

RowStatus JointModel::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  std::vector<RowStatus> of_parts;
  for (const Part& part : parts_) {
    const Batch v = taken(part, u), w = kernels::new_batch(u.extent(0), part.outputs);
    of_parts.push_back(part.model->evaluate_again(v, w, attempt));
    put(part, w, y);
  }
  return merged(of_parts, y);
}

RowStatus JointModel::evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du,
                                                  int attempt) const {
  const std::size_t rows = u.extent(0);
  const Batch all_dy = kernels::new_batch(rows, shape_.outputs);
  std::vector<RowStatus> of_parts(parts_.size());
  std::fill_n(du.data(), du.size(), 0.0);
  const auto go_back = [&](std::size_t i, const model::Cotangent& of_part) {
    const Part& part = parts_[i];
    const Batch v = taken(part, u), w = kernels::new_batch(rows, part.outputs),
                dv = kernels::new_batch(rows, static_cast<int>(part.inputs.size()));
    of_parts[i] = part.model->adjoint()->evaluate_and_pullback_again(v, w, of_part, dv, attempt);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t k = 0; k < part.inputs.size(); ++k) du(row, part.inputs[k]) += dv(row, k);
    return w;
  };
  const std::size_t last = parts_.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const Batch w = kernels::new_batch(rows, parts_[i].outputs);
    of_parts[i] = parts_[i].model->evaluate_again(taken(parts_[i], u), w, attempt);
    put(parts_[i], w, y);
  }
  put(parts_[last],
      go_back(last,
              [&](int first, ConstBatch w, Batch dw) {
                const std::size_t count = w.extent(0);  // on a worker thread
                const Batch y_tile = kernels::new_batch(count, shape_.outputs),
                            dy_tile = kernels::new_batch(count, shape_.outputs);
                const Part& part = parts_[last];
                for (std::size_t row = 0; row < count; ++row)
                  for (int k = 0; k < part.first_output; ++k) y_tile(row, k) = y(first + row, k);
                put(part, w, y_tile);
                cotangent(first, y_tile, dy_tile);
                for (std::size_t row = 0; row < count; ++row) {
                  for (int k = 0; k < shape_.outputs; ++k) all_dy(first + row, k) = dy_tile(row, k);
                  for (int k = 0; k < part.outputs; ++k) dw(row, k) = dy_tile(row, part.first_output + k);
                }
              }),
      y);
  for (const model::FailedRow& failed : of_parts[last].failed)  // nobody has asked for their cotangent
    for (int k = 0; k < shape_.outputs; ++k) all_dy(failed.row, k) = 0.0;
  for (std::size_t i = 0; i < last; ++i)
    go_back(i, [&, i](int first, ConstBatch w, Batch dw) {
      for (std::size_t row = 0; row < w.extent(0); ++row)
        for (int k = 0; k < parts_[i].outputs; ++k) dw(row, k) = all_dy(first + row, parts_[i].first_output + k);
    });
  RowStatus status = merged(of_parts, y);
  for (const model::FailedRow& failed : status.failed)
    std::fill_n(&du(failed.row, 0), shape_.inputs, std::numeric_limits<double>::quiet_NaN());
  return status;
}

RowStatus JointModel::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  std::vector<RowStatus> of_parts;
  for (const Part& part : parts_) {
    const Batch w = kernels::new_batch(u.extent(0), part.outputs), dw = kernels::new_batch(u.extent(0), part.outputs);
    of_parts.push_back(part.model->tangent()->evaluate_and_pushforward(taken(part, u), taken(part, du), w, dw));
    put(part, w, y), put(part, dw, dy);
  }
  return merged(of_parts, y);
}

std::vector<model::GridField> JointModel::states_again(const double* u, int attempt) const {
  std::vector<model::GridField> all;
  const ConstBatch row(u, 1, shape_.inputs);
  for (const Part& part : parts_) {
    if (part.model->states() == nullptr) continue;
    for (model::GridField& field : part.model->states()->states_again(&taken(part, row)(0, 0), attempt)) {
      field.name = part.name + "_" + field.name;
      all.push_back(std::move(field));
    }
  }
  return all;
}

}  // namespace aleator::inverse
