#pragma once
/// What      The keys that target/expression and model/expression share, and their formula.
/// Method    a table of data with a first line of column names; every column is an array of that name.
/// Parallel  local.
/// Cost      reading the table and compiling.
/// Fails     KeyError with the place of the character in the deck; UserError for a table that cannot be read.
#include "deck/registry.hpp"
#include "math/expression/formula.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {

struct ExpressionParams {
  std::vector<std::string> parameters;
  deck::File data;
  std::vector<std::string> definitions;
};

/// Adds parameters, data and definitions to a schema.
template <typename Params>
void add_expression_keys(deck::Schema<Params>& s) {
  s.key("parameters", &Params::parameters, "",
        "names of the parameters in their order, arrays with their size: \"theta[8]\"")
      .required()
      .example("[\"a\", \"b\"]")
      .key("data", &Params::data, "",
           "table (CSV) whose first line names its columns; each is an array of that name, a column of text the places "
           "of its entries in alphabetical order")
      .key("definitions", &Params::definitions, "",
           "lines name = formula, each may use those before it; name(a, b) = formula is a function");
}

/// The formula of `results`, which are the values of key `result_key`.
math::Formula make_formula(const ExpressionParams& params, const std::vector<std::string>& results,
                           const std::string& result_key);
std::vector<prob::Variable> variables_of(const math::Formula& formula);

}  // namespace aleator::inverse
