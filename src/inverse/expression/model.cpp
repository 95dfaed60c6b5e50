#include "inverse/expression/model.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace aleator::inverse {
namespace {

// "mu", "theta[0]", "theta[1]", …
std::vector<std::string> entry_names(const std::vector<math::NamedArray>& arrays) {
  std::vector<std::string> names;
  for (const math::NamedArray& array : arrays)
    for (int i = 0; i < array.size; ++i)
      names.push_back(array.size == 1 ? array.name : fmt::format("{}[{}]", array.name, i));
  return names;
}

// Minus infinity is a value, as of a log-density; likelihoods of data refuse it themselves.
model::RowStatus rows_that_are_undefined(model::Batch y, const std::vector<std::string>& names) {
  model::RowStatus status;
  for (std::size_t row = 0; row < y.extent(0); ++row)
    for (std::size_t i = 0; i < y.extent(1); ++i)
      if (!(y(row, i) < std::numeric_limits<double>::infinity())) {
        status.failed.push_back(
            {static_cast<int>(row),
             fmt::format("output {} is {}", names[i], std::isnan(y(row, i)) ? "not a number" : "infinite")});
        for (std::size_t j = 0; j < y.extent(1); ++j) y(row, j) = std::numeric_limits<double>::quiet_NaN();
        break;
      }
  return status;
}

}  // namespace

deck::Schema<ExpressionModel::Params> ExpressionModel::schema() {
  deck::Schema<Params> s("A forward model written as formulas, with exact gradients", "");
  add_expression_keys(s);
  s.key("outputs", &Params::outputs, "", "formulas of the outputs, numbers or arrays, or name = formula")
      .required()
      .example("[\"a + b\", \"difference = a - b\"]");
  return s;
}

ExpressionModel::ExpressionModel(const Params& params) : formula_(make_formula(params, params.outputs, "outputs")) {
  shape_.inputs = formula_.inputs(), shape_.outputs = formula_.outputs();
  shape_.input_names = entry_names(formula_.parameters());
  std::vector<math::NamedArray> results = formula_.results();
  for (std::size_t k = 0; k < results.size(); ++k)
    if (results[k].name.empty()) results[k].name = results.size() == 1 ? "y" : fmt::format("y{}", k);
  shape_.output_names = entry_names(results);
}

std::shared_ptr<const model::ForwardModel> ExpressionModel::only(const std::vector<int>& outputs) const {
  auto part = std::make_shared<ExpressionModel>(*this);
  part->formula_ = formula_.only(outputs);
  part->shape_.outputs = static_cast<int>(outputs.size());
  part->shape_.output_names = model::entries_at(outputs, shape_.output_names);
  return part;
}

model::RowStatus ExpressionModel::evaluate(model::ConstBatch u, model::Batch y) const {
  formula_.evaluate(u, y);
  return rows_that_are_undefined(y, shape_.output_names);
}

model::RowStatus ExpressionModel::evaluate_and_pullback(model::ConstBatch u, model::Batch y,
                                                        const model::Cotangent& cotangent, model::Batch du) const {
  formula_.evaluate_and_pullback(u, y, cotangent, du);
  return rows_that_are_undefined(y, shape_.output_names);
}

model::RowStatus ExpressionModel::evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                                           model::Batch dy) const {
  formula_.evaluate_and_pushforward(u, du, y, dy);
  return rows_that_are_undefined(y, shape_.output_names);
}

}  // namespace aleator::inverse
