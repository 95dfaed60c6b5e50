#include "inverse/expression/text.hpp"

#include <fmt/format.h>

#include <sstream>

#include "io/files.hpp"

namespace aleator::inverse {

std::vector<math::NamedArray> read_columns(const deck::File& file) {
  if (file.empty()) return {};
  const auto fail = [&](const std::string& message) { throw core::UserError(file.path + ":1:1: " + message); };
  const std::size_t end = std::min(file.text.find('\n'), file.text.size());
  std::string head = file.text.substr(0, end);
  for (char& c : head)
    if (std::string(",;\t\r\"#").find(c) != std::string::npos) c = ' ';
  std::istringstream words(head);
  std::vector<math::NamedArray> columns;
  for (std::string name; words >> name;) {
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") !=
            std::string::npos ||
        std::isdigit(static_cast<unsigned char>(name[0])) != 0)
      fail(fmt::format("'{}' is no name of a column; the first line names the columns, as in: x, y, group", name));
    columns.push_back({name, 0, {}});
  }
  // The head becomes an empty line, so that places in messages stay true.
  const io::Table table = io::parse_table(file.text.substr(end), file.path);
  if (table.columns != columns.size()) fail(fmt::format("{} names for {} columns", columns.size(), table.columns));
  for (std::size_t k = 0; k < columns.size(); ++k) {
    columns[k].size = static_cast<int>(table.rows);
    for (std::size_t row = 0; row < table.rows; ++row) columns[k].values.push_back(table(row, k));
  }
  return columns;
}

math::Formula make_formula(const ExpressionParams& params, const std::vector<std::string>& results,
                           const std::string& result_key) {
  using Text = math::FormulaError::Text;
  try {
    return math::Formula({params.parameters, read_columns(params.data), params.definitions, results});
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
