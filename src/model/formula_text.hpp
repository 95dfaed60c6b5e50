#pragma once
/// What      Formulas of a deck: their data, and faults told at the character of the key where they stand.
/// Method    a table of data with a first line of column names; every column is an array of that name.
/// Parallel  local.
/// Cost      reading the table and compiling.
/// Fails     KeyError with the place of the character in the deck; UserError for a table that cannot be read.
#include <string>
#include <vector>

#include "deck/schema.hpp"
#include "math/expression/formula.hpp"

namespace aleator::model {

/// Columns of a table with a head line; none without a file.
std::vector<math::NamedArray> read_columns(const deck::File& file);

/// The keys from which the texts of a formula come.
struct FormulaKeys {
  std::string parameters, data, definitions, results;
};

/// KeyError where columns of the data have the same name, or that of a parameter.
math::Formula compile(const math::FormulaText& text, const deck::File& data, const FormulaKeys& keys);

}  // namespace aleator::model
