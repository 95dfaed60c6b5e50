#include "model/formula_text.hpp"

#include <fmt/format.h>

#include "io/data_table.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::model {
namespace {

// Columns that a formula could not tell from a parameter or from each other.
void refuse_names_given_twice(const math::FormulaText& text, const deck::File& data, const FormulaKeys& keys) {
  for (std::size_t k = 0; k < text.data.size(); ++k) {
    const std::string& name = text.data[k].name;
    for (const std::string& parameter : text.parameters)
      if (prob::array_of(parameter) == name)
        throw deck::KeyError(keys.data,
                             fmt::format("{} has a column '{}', and so is a parameter called", data.path, name),
                             "give one of them another name");
    for (std::size_t j = 0; j < k; ++j)
      if (text.data[j].name == name)
        throw deck::KeyError(keys.data, fmt::format("{} has two columns '{}'", data.path, name));
  }
}

}  // namespace

std::vector<math::NamedArray> read_columns(const deck::File& file) {
  if (file.empty()) return {};
  std::vector<math::NamedArray> arrays;
  for (io::Column& column : io::parse_data_table(file.text, file.path)) {
    const auto rows = static_cast<int>(column.values.size());
    arrays.push_back({std::move(column.name), rows, std::move(column.values)});
  }
  return arrays;
}

math::Formula compile(const math::FormulaText& text, const deck::File& data, const FormulaKeys& keys) {
  using Text = math::FormulaError::Text;
  try {
    refuse_names_given_twice(text, data, keys);
    return math::Formula(text);
  } catch (const math::FormulaError& error) {
    const std::string& key = error.text == Text::parameters    ? keys.parameters
                             : error.text == Text::definitions ? keys.definitions
                                                               : keys.results;
    throw deck::KeyError(key, error.what(), error.hint, {error.entry, static_cast<int>(error.at)});
  }
}

}  // namespace aleator::model
