#include "campaign/sampling/problem_fields.hpp"

#include <algorithm>

#include "inverse/problem/posterior.hpp"

namespace aleator::campaign {
namespace {

// Of the array that parameter `first` belongs to.
std::string name_at(const std::vector<prob::Variable>& variables, int first) {
  for (const prob::Variable& variable : variables) {
    if (first < variable.size) return variable.name;
    first -= variable.size;
  }
  return "";
}

}  // namespace

std::vector<prob::FieldPart> fields_of(const model::Problem& problem) {
  std::vector<prob::FieldPart> fields;
  const std::vector<prob::Variable> variables = problem.variables();
  if (const auto* const posterior = dynamic_cast<const inverse::Posterior*>(&problem))
    fields = prob::field_parts(posterior->prior(), variables.front().name);
  const std::size_t of_prior = fields.size();
  for (const model::InputField& taken : problem.facts().input_fields) {
    const int size = taken.size();
    const bool is_known = std::any_of(
        fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(of_prior), [&](const prob::FieldPart& given) {
          return given.first < taken.first + size && taken.first < given.first + given.size;
        });
    if (is_known || size < 2 || (taken.cells.size() != taken.lengths.size())) continue;
    fields.push_back(
        {name_at(variables, taken.first), taken.first, size, taken.cells, taken.lengths, taken.mesh, taken.owner});
  }
  if (fields.size() == 1 && fields[0].size == problem.parameter_dimension()) fields[0].name.clear();
  return fields;
}

}  // namespace aleator::campaign
