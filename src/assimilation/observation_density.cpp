#include "assimilation/observation_density.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <set>

#include "assimilation/filter.hpp"
#include "core/error.hpp"
#include "model/formula_text.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::assimilation {
namespace {

bool is_name(const std::string& text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// As a formula declares them: x[0], x[1], … as the array x[n], others one by one.
std::vector<std::string> arrays_of(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size();) {
    const std::string base(prob::array_of(names[i]));
    std::size_t length = 0;
    while (i + length < names.size() && names[i + length] == fmt::format("{}[{}]", base, length)) ++length;
    out.push_back(length == 0 ? names[i] : fmt::format("{}[{}]", base, length));
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

// The states: a field by its name.
std::vector<std::string> declared(const model::StateInfo& info) {
  std::vector<std::string> out;
  for (const std::string& field : info.fields)
    out.push_back(fmt::format("{}[{}]", field, info.names.size() / info.fields.size()));
  return out.empty() ? arrays_of(info.names) : out;
}

}  // namespace

std::shared_ptr<const ObservationDensity> ObservationDensity::make(const DensityParams& params,
                                                                   const model::StateInfo& info,
                                                                   const std::vector<std::string>& inputs) {
  if (!params.observation_density.empty())
    return std::shared_ptr<const ObservationDensity>(new ObservationDensity(params, info, inputs));
  for (const auto& [key, given] :
       {std::pair{"observed", !params.observed.empty()}, std::pair{"definitions", !params.definitions.empty()}})
    if (given)
      throw deck::KeyError(key, "is for observation_density, which is not given", "give it, or leave this out");
  return nullptr;
}

ObservationDensity::ObservationDensity(const DensityParams& params, const model::StateInfo& info,
                                       const std::vector<std::string>& inputs)
    : names_(params.observed), formulas_(params.observation_density), states_(info.names) {
  if (names_.size() != formulas_.size())
    throw deck::KeyError(names_.empty() ? "observation_density" : "observed",
                         fmt::format("{} formulas for {} names", formulas_.size(), names_.size()),
                         "name the columns of the observations after the time, and give a formula for each of them");
  math::FormulaText text;
  text.parameters = declared(info);
  std::set<std::string> taken;
  for (const std::string& state : text.parameters) taken.emplace(prob::array_of(state));
  std::vector<std::string> constants;
  for (const model::Constant& constant : info.constants) constants.push_back(constant.name);
  std::size_t next = 0;
  for (const std::string& array : arrays_of(constants)) {  // those that are unknown come row by row
    const std::string base(prob::array_of(array));
    const std::size_t first = next;
    std::vector<double> values;
    std::vector<int> places;  // among the inputs, or -1
    while (next < constants.size() && prob::array_of(constants[next]) == base && (next == first || base != array)) {
      const auto at = std::find(inputs.begin(), inputs.end(), constants[next]);
      places.push_back(at == inputs.end() ? -1 : static_cast<int>(at - inputs.begin()));
      values.push_back(info.constants[next++].value);
    }
    if (!is_name(base) || !taken.insert(base).second) continue;
    if (*std::max_element(places.begin(), places.end()) < 0) {
      text.data.push_back({base, static_cast<int>(values.size()), values});
      continue;
    }
    text.parameters.push_back(array);
    inputs_.insert(inputs_.end(), places.begin(), places.end());
    own_values_.insert(own_values_.end(), values.begin(), values.end());
  }
  has_time_ = taken.count("t") == 0;
  if (has_time_) taken.insert("t");
  for (std::size_t k = 0; k < names_.size(); ++k) {
    const deck::TextPlace place{static_cast<int>(k), 0};
    if (!is_name(names_[k]))
      throw deck::KeyError("observed", fmt::format("'{}' is no name", names_[k]), "letters, digits and _", place);
    if (!taken.insert(names_[k]).second)
      throw deck::KeyError(
          "observed",
          fmt::format("'{}' is the name of a state, a parameter or the time, or stands there twice", names_[k]),
          "call the column otherwise: y", place);
  }
  text.parameters.insert(text.parameters.end(), names_.begin(), names_.end());
  if (has_time_) text.parameters.emplace_back("t");
  text.definitions = params.definitions, text.results = formulas_, text.has_time = has_time_;
  formula_ = std::make_shared<const math::Formula>(
      model::compile(text, {}, {"model", "observed", "definitions", "observation_density"}));
  for (std::size_t k = 0; k < formulas_.size(); ++k)
    if (const int size = formula_->results()[k].size; size != 1)
      throw deck::KeyError("observation_density", fmt::format("gives {} numbers, but one is wanted", size),
                           "sum(...), or a density that ends in _lpdf or _lpmf", {static_cast<int>(k), 0});
}

void ObservationDensity::evaluate(const std::string& when, double t, const double* inputs, const double* data,
                                  const Members& x, double* out) const {
  const int p = static_cast<int>(names_.size());
  const kernels::Batch rows = kernels::new_batch(static_cast<std::size_t>(x.count), formula_->inputs()),
                       terms = kernels::new_batch(static_cast<std::size_t>(x.count), p);
  for (int j = 0; j < x.count; ++j) {
    double* to = std::copy_n(x[j], x.states, &rows(j, 0));
    for (std::size_t k = 0; k < inputs_.size(); ++k)
      *to++ = inputs == nullptr || inputs_[k] < 0 ? own_values_[k] : inputs[inputs_[k]];
    to = std::copy_n(data, p, to);
    if (has_time_) *to = t;
  }
  formula_->evaluate(rows, terms);
  for (int j = 0; j < x.count; ++j) {
    out[j] = 0.0;
    for (int k = 0; k < p; ++k) {
      if (std::isnan(data[k])) continue;
      out[j] += terms(j, k);
      if (terms(j, k) < std::numeric_limits<double>::infinity()) continue;
      std::string state;
      for (int i = 0; i < std::min(x.states, 6); ++i) state += fmt::format(", {} = {:.6g}", states_[i], x[j][i]);
      throw core::NumericsError(fmt::format("{}: observation_density \"{}\" is {} at {} = {:.6g}{}", when, formulas_[k],
                                            terms(j, k), names_[k], data[k], state));
    }
  }
}

}  // namespace aleator::assimilation
