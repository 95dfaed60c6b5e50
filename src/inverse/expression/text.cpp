#include "inverse/expression/text.hpp"

#include <fmt/ranges.h>

#include "core/log.hpp"
#include "model/formula_text.hpp"

namespace aleator::inverse {

math::Formula make_formula(const ExpressionParams& params, const std::vector<std::string>& results,
                           const std::string& result_key) {
  math::Formula formula =
      model::compile({params.parameters, model::read_columns(params.data), params.definitions, results}, params.data,
                     {"parameters", "data", "definitions", result_key});
  if (const std::vector<std::string>& unused = formula.unused_parameters(); !unused.empty())
    core::info("{} does not contain {}: of these the data speak through the prior alone", result_key,
               fmt::join(unused, ", "));
  return formula;
}

std::vector<prob::Variable> variables_of(const math::Formula& formula) {
  std::vector<prob::Variable> variables;
  for (const math::NamedArray& parameter : formula.parameters()) variables.push_back({parameter.name, parameter.size});
  return variables;
}

}  // namespace aleator::inverse
