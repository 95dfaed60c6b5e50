#include "campaign/sampling/problem_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "inverse/problem/posterior.hpp"

namespace aleator::campaign {
namespace {

// Of the array that the parameters from `first` on belong to; where they are several, which they are.
std::string name_of(const std::vector<prob::Variable>& variables, int first, int size) {
  int place = first;
  for (const prob::Variable& variable : variables) {
    if (place < variable.size) {
      if (place + size <= variable.size) return variable.name;
      break;
    }
    place -= variable.size;
  }
  return fmt::format("parameters {} to {}", first + 1, first + size);
}

// Names are keys of files.
void tell_apart(std::vector<prob::FieldPart>& fields) {
  std::map<std::string, int> seen;
  for (prob::FieldPart& field : fields)
    if (const int times = ++seen[field.name]; times > 1) field.name += fmt::format(" ({})", times);
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
    if (is_known || size < 2) continue;
    fields.push_back({name_of(variables, taken.first, size), taken.first, size, taken.cells, taken.lengths, taken.mesh,
                      taken.owner});
  }
  tell_apart(fields);
  if (fields.size() == 1 && fields[0].size == problem.parameter_dimension()) fields[0].name.clear();
  return fields;
}

}  // namespace aleator::campaign
