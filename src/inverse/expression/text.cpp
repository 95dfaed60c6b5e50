#include "inverse/expression/text.hpp"

#include <fmt/ranges.h>

#include "core/log.hpp"
#include "io/data_table.hpp"

namespace aleator::inverse {

std::vector<math::NamedArray> read_columns(const deck::File& file) {
  if (file.empty()) return {};
  std::vector<math::NamedArray> arrays;
  for (io::Column& column : io::parse_data_table(file.text, file.path)) {
    const auto rows = static_cast<int>(column.values.size());
    arrays.push_back({std::move(column.name), rows, std::move(column.values)});
  }
  return arrays;
}

namespace {

// Columns that a formula could not tell from a parameter or from each other.
void refuse_names_given_twice(const std::vector<math::NamedArray>& columns, const ExpressionParams& params) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const std::string& name = columns[k].name;
    for (const std::string& parameter : params.parameters)
      if (parameter.substr(0, parameter.find('[')) == name)
        throw deck::KeyError("data",
                             fmt::format("{} has a column '{}', and so is a parameter called", params.data.path, name),
                             "give one of them another name");
    for (std::size_t j = 0; j < k; ++j)
      if (columns[j].name == name)
        throw deck::KeyError("data", fmt::format("{} has two columns '{}'", params.data.path, name));
  }
}

}  // namespace

math::Formula make_formula(const ExpressionParams& params, const std::vector<std::string>& results,
                           const std::string& result_key) {
  using Text = math::FormulaError::Text;
  try {
    std::vector<math::NamedArray> columns = read_columns(params.data);
    refuse_names_given_twice(columns, params);
    math::Formula formula({params.parameters, std::move(columns), params.definitions, results});
    if (const std::vector<std::string>& unused = formula.unused_parameters(); !unused.empty())
      core::info("{} does not depend on {}: only the prior speaks of what is named so", result_key,
                 fmt::join(unused, ", "));
    return formula;
  } catch (const math::FormulaError& error) {
    const std::string key = error.text == Text::parameters    ? "parameters"
                            : error.text == Text::definitions ? "definitions"
                                                              : result_key;
    throw deck::KeyError(key, error.what(), error.hint, {error.entry, static_cast<int>(error.at)});
  }
}

std::vector<prob::Variable> variables_of(const math::Formula& formula) {
  std::vector<prob::Variable> variables;
  for (const math::NamedArray& parameter : formula.parameters()) variables.push_back({parameter.name, parameter.size});
  return variables;
}

}  // namespace aleator::inverse
