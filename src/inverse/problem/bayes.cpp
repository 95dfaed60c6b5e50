#include "inverse/problem/bayes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "inverse/model/measured.hpp"
#include "inverse/problem/parameter_order.hpp"
#include "model/prior_fields.hpp"

namespace aleator::inverse {
namespace {

// The first infinite output of a row, or -1. A log-density may be minus infinity: zero.
int infinite_output(const double* y, std::size_t outputs, bool is_log_density) {
  for (std::size_t i = 0; i < outputs; ++i)
    if (std::isinf(y[i]) && !(is_log_density && y[i] < 0.0)) return static_cast<int>(i);
  return -1;
}

}  // namespace

using model::Batch;
using model::ConstBatch;

deck::Schema<BayesProblem::Params> BayesProblem::schema() {
  deck::Schema<Params> s("Posterior of a model's parameters given data", "");
  s.reference("model", &Params::model, "model", "forward model G").required();
  s.reference("prior", &Params::prior, "prior", "prior of the parameters u").required();
  s.reference("likelihood", &Params::likelihood, "likelihood", "density of the data given G(u)").required();
  add_common_keys(s);
  return s;
}

BayesProblem::BayesProblem(const Params& params, Parts parts)
    : Posterior(params, parts.prior), parts_(std::move(parts)) {
  if (parts_.model_in_words.empty()) parts_.model_in_words = "model '" + params.model + "'";
  const model::Shape& shape = parts_.model->shape();
  const int d = parts_.prior->dimension(), p = parts_.likelihood->outputs();
  const int own = parts_.likelihood->parameters();  // handed on behind the outputs
  if (shape.inputs != d && own > 0)
    throw deck::KeyError("prior",
                         fmt::format("has {} parameters, but model '{}' takes {}, and likelihood '{}' {} of its own", d,
                                     params.model, shape.inputs - own, params.likelihood, own),
                         fmt::format("a prior/product of {} parameters, the likelihood's last", shape.inputs));
  if (shape.inputs != d)
    throw deck::KeyError(
        "prior", fmt::format("has {} parameters, but model '{}' takes {}", d, params.model, shape.inputs),
        fmt::format("[prior.{}] must have {}: by its dimension, or the cells of a field", params.prior, shape.inputs));
  if (shape.outputs != p)
    throw deck::KeyError(
        "likelihood",
        fmt::format("has {} data, but model '{}' gives {} outputs", p - own, params.model, shape.outputs - own),
        "the data file must hold one number for each output");
  refuse_other_order(variables(), shape.input_names, fmt::format("model '{}'", params.model));
  model::refuse_other_fields(*parts_.prior, params.prior, shape, params.model);
  read_known_parameters();
  facts_.data = parts_.likelihood->data();
  facts_.data_places = parts_.data_places, facts_.data_units = parts_.data_units;
  facts_.output_names = model::output_names(shape);
  facts_.input_fields = shape.input_fields;
}

std::unique_ptr<model::Problem> BayesProblem::with_data(const std::vector<double>& data) const {
  std::shared_ptr<const model::Likelihood> likelihood = parts_.likelihood->with_data(data);
  if (likelihood == nullptr) return nullptr;
  auto copy = std::make_unique<BayesProblem>(*this);
  copy->begin_list_of_failures();
  copy->parts_.likelihood = std::move(likelihood);
  copy->facts_.data = data;
  copy->facts_.reference_mean.clear(), copy->facts_.truth.clear();
  return copy;
}

int BayesProblem::terms() const {
  const auto* const independent = dynamic_cast<const model::IndependentData*>(parts_.likelihood.get());
  return independent == nullptr || independent->only({0}) == nullptr ? 0 : outputs() - parts_.likelihood->parameters();
}

// The outputs that the terms hang on: theirs, and behind them the likelihood's own parameters.
std::vector<int> BayesProblem::outputs_of(std::vector<int> terms) const {
  for (int k = parts_.likelihood->parameters(); k > 0; --k) terms.push_back(outputs() - k);
  return terms;
}

// Null where the model cannot compute some outputs without the others.
std::shared_ptr<const model::ForwardModel> BayesProblem::some_outputs(const std::vector<int>& terms) const {
  const auto* const partial = dynamic_cast<const model::PartialOutputs*>(parts_.model.get());
  return partial == nullptr ? nullptr : partial->only(outputs_of(terms));
}

std::shared_ptr<const model::Problem> BayesProblem::only(const std::vector<int>& terms) const {
  auto part = std::make_shared<BayesProblem>(*this);
  part->become_part();
  part->parts_.model = some_outputs(terms);
  if (part->parts_.model == nullptr) part->parts_.model = std::make_shared<Measured>(parts_.model, outputs_of(terms));
  part->parts_.likelihood = dynamic_cast<const model::IndependentData&>(*parts_.likelihood).only(terms);
  part->facts_.data = part->parts_.likelihood->data();
  part->facts_.data_places = terms;
  part->facts_.output_names = model::output_names(part->parts_.model->shape());
  return part;
}

model::RowStatus BayesProblem::density(ConstBatch u, model::Evaluation& result, Batch du, int attempt) const {
  const std::size_t rows = u.extent(0);
  const Batch y = result.outputs.size() != 0
                      ? result.outputs
                      : Batch(Kokkos::view_alloc("outputs", Kokkos::WithoutInitializing), rows, outputs());
  model::RowStatus status;
  if (du.size() == 0) {
    status = parts_.model->evaluate_again(u, y, attempt);
  } else {
    const auto cotangent = [this](int, ConstBatch y_tile, Batch dy_tile) {
      parts_.likelihood->gradient(y_tile, dy_tile);
    };
    status = parts_.model->adjoint()->evaluate_and_pullback_again(u, y, cotangent, du, attempt);
  }
  const model::Vector log_likelihood = result.log_likelihood;
  kernels::for_each_row(static_cast<int>(rows), [=](int row) {
    parts_.likelihood->log_density(Kokkos::subview(ConstBatch(y), Kokkos::make_pair(row, row + 1), Kokkos::ALL),
                                   Kokkos::subview(log_likelihood, Kokkos::make_pair(row, row + 1)));
  });
  // A residual that is infinite would be likelihood zero without a word; the model has failed.
  std::vector<char> has_failed(rows, 0);
  for (const model::FailedRow& failed : status.failed) has_failed[static_cast<std::size_t>(failed.row)] = 1;
  for (std::size_t row = 0; row < rows; ++row)
    if (const int i = infinite_output(&y(row, 0), y.extent(1), parts_.likelihood->data().empty());
        i >= 0 && has_failed[row] == 0)
      status.failed.push_back(
          {static_cast<int>(row),
           i >= outputs() - parts_.likelihood->parameters()
               ? fmt::format("the likelihood's parameter is {}", y(row, i))
               : fmt::format("output {} is {}", facts_.output_names[static_cast<std::size_t>(i)], y(row, i))});
  return status;
}

model::RowStatus BayesProblem::curve(ConstBatch u, ConstBatch v, const std::vector<double>&, Batch slope,
                                     Batch product) const {
  const Batch y = kernels::new_batch(u.extent(0), outputs()), dy = kernels::new_batch(u.extent(0), outputs());
  const auto cotangent = [&](int first, ConstBatch y_tile, Batch dy_tile) {
    parts_.likelihood->gradient(y_tile, dy_tile);
    for (std::size_t row = 0; row < dy_tile.extent(0); ++row)
      for (std::size_t i = 0; i < dy.extent(1); ++i) dy(static_cast<std::size_t>(first) + row, i) = dy_tile(row, i);
  };
  model::RowStatus status = parts_.model->adjoint()->evaluate_and_pullback(u, y, cotangent, slope);
  const model::RowStatus other = parts_.model->curvature()->apply_hessian(u, dy, v, product);
  status.failed.insert(status.failed.end(), other.failed.begin(), other.failed.end());
  return status;
}

}  // namespace aleator::inverse
