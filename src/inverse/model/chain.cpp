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

namespace {

// Of a batch the rows that the first model could compute: the second runs there alone. Where these are all, nothing is copied.
class SoundRows {
 public:
  SoundRows(const RowStatus& status, std::size_t rows) : rows_(static_cast<int>(rows)) {
    std::vector<char> has_failed(rows, 0);
    for (const model::FailedRow& failed : status.failed) has_failed[static_cast<std::size_t>(failed.row)] = 1;
    for (int row = 0; row < rows_; ++row)
      if (has_failed[static_cast<std::size_t>(row)] == 0) places_.push_back(row);
  }
  bool are_all() const { return static_cast<int>(places_.size()) == rows_; }
  int place(int row) const { return places_[static_cast<std::size_t>(row)]; }
  /// For what the second model gives: `all` itself where these are all rows.
  Batch blank(Batch all) const {
    return are_all() ? all : kernels::new_batch(places_.size(), static_cast<int>(all.extent(1)));
  }
  Batch of(Batch all) const {
    const Batch some = blank(all);
    for (std::size_t i = 0; !are_all() && i < places_.size(); ++i)
      for (std::size_t k = 0; k < all.extent(1); ++k) some(i, k) = all(places_[i], k);
    return some;
  }
  void put(ConstBatch some, Batch all) const {
    for (std::size_t i = 0; !are_all() && i < places_.size(); ++i)
      for (std::size_t k = 0; k < all.extent(1); ++k) all(places_[i], k) = some(i, k);
  }
  RowStatus renumbered(RowStatus status) const {
    for (model::FailedRow& failed : status.failed) failed.row = place(failed.row);
    return status;
  }

 private:
  int rows_;
  std::vector<int> places_;
};

}  // namespace

void refuse_other_order(const ChainModel::Part& before, const ChainModel::Part& behind, int entry) {
  const std::vector<std::string> given = model::output_names(before.model->shape()),
                                 &taken = behind.model->shape().input_names;
  if (taken.size() != given.size() || !std::is_permutation(given.begin(), given.end(), taken.begin())) return;
  for (std::size_t k = 0; k < given.size(); ++k) {
    if (given[k] == taken[k]) continue;
    const auto meant = std::find(taken.begin(), taken.end(), given[k]);
    throw deck::KeyError(
        "models",
        fmt::format("'{}' gives '{}' as output {}, but '{}' takes '{}' there, and '{}' as parameter {}", before.name,
                    given[k], k + 1, behind.name, taken[k], given[k], meant - taken.begin() + 1),
        fmt::format("outputs go by their order, which is that of the parameters: {}", fmt::join(taken, ", ")),
        {entry, 0});
  }
}

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
    refuse_other_order(parts[i - 1], parts[i], static_cast<int>(i));
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

RowStatus ChainModel::merged(const std::vector<const RowStatus*>& of_first, const RowStatus& of_second, Batch y) const {
  std::map<int, std::string> reasons;
  const auto add = [&](const Part& part, const RowStatus& status) {
    for (const model::FailedRow& failed : status.failed)
      reasons.emplace(failed.row,
                      part.name.empty() ? failed.reason : fmt::format("model '{}': {}", part.name, failed.reason));
  };
  for (const RowStatus* const status : of_first) add(first_, *status);
  add(second_, of_second);
  RowStatus status;
  for (auto& [row, reason] : reasons) {
    status.failed.push_back({row, reason});
    std::fill_n(&y(row, 0), shape_.outputs, std::numeric_limits<double>::quiet_NaN());
  }
  return status;
}

RowStatus ChainModel::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  const Batch v = kernels::new_batch(u.extent(0), second_.model->shape().inputs);
  const RowStatus of_first = first_.model->evaluate_again(u, v, attempt);
  const SoundRows rows(of_first, u.extent(0));
  const Batch w = rows.blank(y);
  const RowStatus of_second = second_.model->evaluate_again(rows.of(v), w, attempt);
  rows.put(w, y);
  return merged({&of_first}, rows.renumbered(of_second), y);
}

RowStatus ChainModel::evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du,
                                                  int attempt) const {
  const int between = second_.model->shape().inputs;
  const Batch v = kernels::new_batch(u.extent(0), between), dv = kernels::new_batch(u.extent(0), between);
  const RowStatus of_first = first_.model->evaluate_again(u, v, attempt);
  const SoundRows rows(of_first, u.extent(0));
  const Batch w = rows.blank(y), dw = rows.blank(dv);
  const auto of_sound_rows = [&](int first, ConstBatch tile, Batch out) {
    for (std::size_t i = 0; i < tile.extent(0); ++i) {
      const auto one = std::make_pair(i, i + 1);
      cotangent(rows.place(first + static_cast<int>(i)), Kokkos::subview(tile, one, Kokkos::ALL),
                Kokkos::subview(out, one, Kokkos::ALL));
    }
  };
  const RowStatus of_second = rows.renumbered(second_.model->adjoint()->evaluate_and_pullback_again(
      rows.of(v), w, rows.are_all() ? cotangent : of_sound_rows, dw, attempt));
  rows.put(w, y), rows.put(dw, dv);
  for (const RowStatus* const status : {&of_first, &of_second})
    for (const model::FailedRow& failed : status->failed) std::fill_n(&dv(failed.row, 0), between, 0.0);
  const RowStatus on_the_way_back = first_.model->adjoint()->evaluate_and_pullback_again(
      u, v,
      [&](int row, ConstBatch tile, Batch out) {
        for (std::size_t i = 0; i < tile.extent(0); ++i)
          for (int k = 0; k < between; ++k) out(i, k) = dv(row + static_cast<int>(i), k);
      },
      du, attempt);
  RowStatus status = merged({&of_first, &on_the_way_back}, of_second, y);
  for (const model::FailedRow& failed : status.failed)
    std::fill_n(&du(failed.row, 0), shape_.inputs, std::numeric_limits<double>::quiet_NaN());
  return status;
}

RowStatus ChainModel::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  const int between = second_.model->shape().inputs;
  const Batch v = kernels::new_batch(u.extent(0), between), dv = kernels::new_batch(u.extent(0), between);
  const RowStatus of_first = first_.model->tangent()->evaluate_and_pushforward(u, du, v, dv);
  const SoundRows rows(of_first, u.extent(0));
  const Batch w = rows.blank(y), dw = rows.blank(dy);
  const RowStatus of_second = second_.model->tangent()->evaluate_and_pushforward(rows.of(v), rows.of(dv), w, dw);
  rows.put(w, y), rows.put(dw, dy);
  return merged({&of_first}, rows.renumbered(of_second), y);
}

std::vector<model::GridField> ChainModel::states_again(const double* u, int attempt) const {
  const Batch v = kernels::new_batch(1, second_.model->shape().inputs);
  const RowStatus status = first_.model->evaluate_again(ConstBatch(u, 1, shape_.inputs), v, attempt);
  if (!status.ok()) throw core::NumericsError(fmt::format("model '{}': {}", first_.name, status.failed[0].reason));
  return second_.model->states()->states_again(&v(0, 0), attempt);
}

}  // namespace aleator::inverse
