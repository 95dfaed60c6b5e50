#include "inverse/expression/target.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aleator::inverse {
namespace {

void add_up(const model::Batch& terms, const model::Vector& values) {
  if (terms.data() == values.data()) return;
  for (std::size_t row = 0; row < terms.extent(0); ++row) {
    values(row) = 0.0;
    for (std::size_t i = 0; i < terms.extent(1); ++i) values(row) += terms(row, i);
  }
}

}  // namespace

deck::Schema<ExpressionTarget::Params> ExpressionTarget::schema() {
  deck::Schema<Params> s("A log-density written as a formula, with exact gradients", "");
  add_expression_keys(s);
  s.key("log_density", &Params::log_density, "", "formula of the log-density, one number")
      .example("\"-(a^2 + b^2) / 2\"")
      .key("terms", &Params::terms, "",
           "instead of log_density: formulas, numbers or arrays, the sum of all whose entries is the log-density. "
           "Samplers that take a posterior in parts (sampler/fusion, sampler/sgld) may take each entry alone")
      .check("log_density", [](const Params& p) {
        return p.log_density.empty() == p.terms.empty() ? std::string("give either log_density or terms")
                                                        : std::string();
      });
  return s;
}

ExpressionTarget::ExpressionTarget(const Params& params)
    : formula_(params.terms.empty() ? make_formula(params, {params.log_density}, "log_density")
                                    : make_formula(params, params.terms, "terms")),
      variables_(variables_of(formula_)) {
  for (const math::NamedArray& result : formula_.results())
    if (std::any_of(variables_.begin(), variables_.end(), [&](const auto& v) { return v.name == result.name; }))
      throw deck::KeyError(params.terms.empty() ? "log_density" : "terms",
                           fmt::format("begins with '{} =', but '{}' is a parameter", result.name, result.name),
                           "a comparison is written ==");
  if (params.terms.empty() && formula_.outputs() != 1)
    throw deck::KeyError("log_density",
                         fmt::format("is an array of {} entries; a log-density is one number", formula_.outputs()),
                         "sum(…)");
}

std::shared_ptr<const model::Target> ExpressionTarget::only(const std::vector<int>& terms) const {
  auto part = std::make_shared<ExpressionTarget>(*this);
  part->formula_ = formula_.only(terms);
  return part;
}

model::RowStatus ExpressionTarget::evaluate(model::ConstBatch u, model::Vector values) const {
  const model::Batch each = room_for_terms(values);
  formula_.evaluate(u, each);
  add_up(each, values);
  return {};
}

model::RowStatus ExpressionTarget::evaluate_with_gradient(model::ConstBatch u, model::Vector values,
                                                          model::Batch gradient) const {
  const auto ones = [](int, model::ConstBatch, model::Batch dy) {
    for (std::size_t row = 0; row < dy.extent(0); ++row)
      for (std::size_t i = 0; i < dy.extent(1); ++i) dy(row, i) = 1.0;
  };
  const model::Batch each = room_for_terms(values);
  formula_.evaluate_and_pullback(u, each, ones, gradient);
  add_up(each, values);
  return {};
}

// Of one term the values themselves.
model::Batch ExpressionTarget::room_for_terms(const model::Vector& values) const {
  return terms() == 1 ? model::Batch(values.data(), values.extent(0), 1)
                      : kernels::new_batch(values.extent(0), terms());
}

}  // namespace aleator::inverse
