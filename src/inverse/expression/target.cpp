#include "inverse/expression/target.hpp"

#include <fmt/format.h>

namespace aleator::inverse {

deck::Schema<ExpressionTarget::Params> ExpressionTarget::schema() {
  deck::Schema<Params> s("A log-density written as a formula, with exact gradients", "");
  add_expression_keys(s);
  s.key("log_density", &Params::log_density, "", "formula of the log-density, one number")
      .required()
      .example("\"-(a^2 + b^2) / 2\"");
  return s;
}

ExpressionTarget::ExpressionTarget(const Params& params)
    : formula_(make_formula(params, {params.log_density}, "log_density")), variables_(variables_of(formula_)) {
  if (formula_.outputs() != 1)
    throw deck::KeyError("log_density",
                         fmt::format("is an array of {} entries; a log-density is one number", formula_.outputs()),
                         "sum(…)");
}

model::RowStatus ExpressionTarget::evaluate(model::ConstBatch u, model::Vector values) const {
  formula_.evaluate(u, model::Batch(values.data(), u.extent(0), 1));
  return {};
}

model::RowStatus ExpressionTarget::evaluate_with_gradient(model::ConstBatch u, model::Vector values,
                                                          model::Batch gradient) const {
  const auto one = [](int, model::ConstBatch, model::Batch dy) {
    for (std::size_t row = 0; row < dy.extent(0); ++row) dy(row, 0) = 1.0;
  };
  formula_.evaluate_and_pullback(u, model::Batch(values.data(), u.extent(0), 1), one, gradient);
  return {};
}

}  // namespace aleator::inverse
