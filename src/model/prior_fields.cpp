#include "model/prior_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "deck/diagnostics.hpp"
#include "prob/prior/grid_parts.hpp"

namespace aleator::model {
namespace {

// A grid of n x 1 cells is a line.
std::vector<int> without_ones(std::vector<int> cells) {
  cells.erase(std::remove(cells.begin(), cells.end(), 1), cells.end());
  return cells;
}

bool are_same(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double rounding = 1e-6;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return std::abs(x - y) <= rounding * std::max(x, y); });
}

std::string box_in_words(const std::vector<double>& lengths) {
  return fmt::format("{:.6g}", fmt::join(lengths, " x "));
}

void compare(const prob::GridPart& given, const InputField& taken, const std::string& model_name) {
  const std::string of_model = fmt::format("model '{}' takes one", model_name);
  if (given.first != taken.first)
    throw deck::KeyError(
        "prior",
        fmt::format("'{}' is a field and gives parameters {} to {}, but {} as parameters {} to {}", given.name,
                    given.first + 1, given.first + given.size, of_model, taken.first + 1, taken.first + taken.size()),
        "parameters go by their order, which is that of the model");
  if (without_ones(given.grid) != without_ones(taken.cells))
    throw deck::KeyError("prior",
                         fmt::format("'{}' is a field on {} cells (x first), but {} on {}", given.name,
                                     fmt::join(given.grid, " x "), of_model, fmt::join(taken.cells, " x ")),
                         fmt::format("cells = [{}]", fmt::join(taken.cells, ", ")));
  if (!given.lengths.empty() && given.lengths.size() == taken.lengths.size() && !are_same(given.lengths, taken.lengths))
    core::warn(
        "prior '{}' is a field on a box of {}, that of model '{}' on one of {}: range and places of the prior count on "
        "its own box; lengths = [{:.6g}] makes it that of the model",
        given.name, box_in_words(given.lengths), model_name, box_in_words(taken.lengths),
        fmt::join(taken.lengths, ", "));
}

}  // namespace

void refuse_other_fields(const prob::Prior& prior, const std::string& prior_name, const Shape& shape,
                         const std::string& model_name) {
  for (const prob::GridPart& given : prob::grid_parts(prior, prior_name)) {
    InputField of_cells{given.first, given.grid, {}};
    if (of_cells.size() != given.size) continue;  // values at nodes, of which the cells do not tell
    for (const InputField& taken : shape.input_fields) {
      const bool meets = given.first < taken.first + taken.size() && taken.first < given.first + given.size;
      if (meets && given.size == taken.size()) compare(given, taken, model_name);
    }
  }
}

}  // namespace aleator::model
