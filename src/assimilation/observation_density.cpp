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

// The states as a formula declares them: a field by its name, x[0], x[1], ... as an array, others one by one.
std::vector<std::string> declared(const model::StateInfo& info) {
  std::vector<std::string> out;
  const std::size_t n = info.names.size();
  if (!info.fields.empty()) {
    for (const std::string& field : info.fields) out.push_back(fmt::format("{}[{}]", field, n / info.fields.size()));
    return out;
  }
  for (std::size_t i = 0; i < n;) {
    const std::string base(prob::array_of(info.names[i]));
    std::size_t length = 0;
    while (i + length < n && info.names[i + length] == fmt::format("{}[{}]", base, length)) ++length;
    out.push_back(length == 0 ? info.names[i] : fmt::format("{}[{}]", base, length));
    i += std::max<std::size_t>(length, 1);
  }
  return out;
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
  for (const model::Constant& constant : info.constants) {  // those that are unknown come row by row
    if (!is_name(constant.name) || !taken.insert(constant.name).second) continue;
    const auto at = std::find(inputs.begin(), inputs.end(), constant.name);
    if (at == inputs.end()) {
      text.data.push_back({constant.name, 1, {constant.value}});
      continue;
    }
    text.parameters.push_back(constant.name);
    inputs_.push_back(static_cast<int>(at - inputs.begin())), own_values_.push_back(constant.value);
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
    for (std::size_t k = 0; k < inputs_.size(); ++k) *to++ = inputs == nullptr ? own_values_[k] : inputs[inputs_[k]];
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
