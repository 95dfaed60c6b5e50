#include "model/prior_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "deck/diagnostics.hpp"
#include "prob/prior/field_parts.hpp"

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

std::string domain_in_words(const std::vector<int>& cells, const io::Simplices* mesh) {
  if (mesh == nullptr) return fmt::format("{} cells (x first)", fmt::join(cells, " x "));
  return fmt::format("a mesh of {} elements", mesh->elements());
}

bool are_on_one_domain(const prob::FieldPart& given, const InputField& taken) {
  if (given.mesh != nullptr && taken.mesh != nullptr) return *given.mesh == *taken.mesh;
  return given.mesh == taken.mesh && without_ones(given.grid) == without_ones(taken.cells);
}

void compare(const prob::FieldPart& given, const InputField& taken, const std::string& model_name) {
  const std::string of_model = fmt::format("model '{}' takes one", model_name);
  if (given.first != taken.first)
    throw deck::KeyError(
        "prior",
        fmt::format("'{}' is a field and gives parameters {} to {}, but {} as parameters {} to {}", given.name,
                    given.first + 1, given.first + given.size, of_model, taken.first + 1, taken.first + taken.size()),
        "parameters go by their order, which is that of the model");
  if (!are_on_one_domain(given, taken))
    throw deck::KeyError(
        "prior",
        fmt::format("'{}' is a field on {}, but {} on {}{}", given.name, domain_in_words(given.grid, given.mesh.get()),
                    of_model, given.mesh != nullptr && taken.mesh != nullptr ? "another: " : "",
                    domain_in_words(taken.cells, taken.mesh.get())),
        taken.mesh != nullptr ? "a prior/matern_mesh on it: with the keys mesh, or cells and lengths, of the model"
                              : fmt::format("cells = [{}]", fmt::join(taken.cells, ", ")));
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
  for (const prob::FieldPart& given : prob::field_parts(prior, prior_name)) {
    InputField of_cells{given.first, given.grid, {}};
    if (given.mesh == nullptr && of_cells.size() != given.size) continue;  // at nodes, of which the cells do not tell
    for (const InputField& taken : shape.input_fields) {
      const bool meets = given.first < taken.first + taken.size() && taken.first < given.first + given.size;
      const bool is_of_groups = taken.cells.empty() && !taken.is_by_element();
      if (meets && given.size == taken.size() && !is_of_groups) compare(given, taken, model_name);
    }
  }
}

}  // namespace aleator::model
