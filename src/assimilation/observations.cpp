#include "assimilation/observations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assimilation/filter.hpp"
#include "deck/schema.hpp"
#include "io/data_table.hpp"
#include "io/files.hpp"
#include "model/observation_times.hpp"

namespace aleator::assimilation {

namespace {

// A row for each time, its time first.
io::Table times_and_values(const deck::File& file, io::NonFinite non_finite, const std::vector<std::string>& names) {
  io::NamedColumns named = io::find_columns(file.text, file.path, names);
  if (named.places.empty()) return io::parse_table(file.text, file.path, non_finite);
  std::size_t time = 0;
  for (std::size_t i = named.all.size(); i-- > 0;)
    if (named.all[i].name == "time" || named.all[i].name == "t") time = i;
  if (std::find(named.places.begin(), named.places.end(), time) != named.places.end())
    throw deck::KeyError("observations", "the first line names no column 'time', and the first column is an observable",
                         "name the column of the times: time");
  named.places.insert(named.places.begin(), time);
  return io::rows_of(named.all, named.places, file.path, non_finite);
}

// Values behind the time that are not missing.
std::size_t count_of_sound(const io::Table& table, std::size_t values) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < table.rows; ++k)
    for (std::size_t i = 0; i < values; ++i) count += std::isnan(table(k, 1 + i)) ? 0 : 1;
  return count;
}

}  // namespace

Observations read_observations(const ObservationParams& params, const model::StateInfo& info,
                               const ObservationDensity* density) {
  std::vector<std::string> names;
  if (density != nullptr)
    names = density->names();
  else
    for (const model::LinearObservable& one : info.observed) names.push_back(one.name);
  const std::size_t p = names.size();
  const io::Table table = times_and_values(
      params.observations, params.nan_is_missing ? io::NonFinite::allowed : io::NonFinite::missing, names);
  if (table.columns != 1 + p)
    throw deck::KeyError("observations", fmt::format("has {} columns, but the time and {} observables make {}",
                                                     table.columns, p, 1 + p));
  if (p > 0 && count_of_sound(table, p) == 0)
    throw deck::KeyError("observations", params.observations.path + " holds missing entries only");
  Observations out;
  double before = info.start;
  for (std::size_t k = 0; k < table.rows; ++k) {
    double t = table(k, 0);
    const double end = info.times.back();
    if (t > end && t - end <= 1e-14 * std::abs(end)) t = end;  // rounded otherwise
    if (!(t > before))
      throw deck::KeyError("observations", fmt::format("row {}: time {} does not come after {}", k + 1, t, before),
                           "times increase, and come after the model's start");
    if (info.map_step > 0.0 && !model::is_whole((t - info.start) / info.map_step))
      throw deck::KeyError(
          "observations",
          fmt::format("row {}: t = {} is no whole number of steps dt = {} after the start", k + 1, t, info.map_step),
          "a map has no states between its steps");
    if (t > end)
      throw deck::KeyError("observations",
                           fmt::format("row {}: time {} lies outside the run, which ends at {}", k + 1, t, end),
                           "let the model's last observation time be that of the file, or later");
    out.times.push_back(before = t);
    for (std::size_t i = 0; i < p; ++i) {
      if (std::isinf(table(k, 1 + i)))
        throw deck::KeyError("observations", fmt::format("row {}: a value is infinite", k + 1), "NA means missing");
      out.data.push_back(table(k, 1 + i));
    }
  }
  return out;
}

const model::StateSpace& states_of(const model::ForwardModel& model, const std::string& name) {
  const model::StateSpace* const space = model.state_space();
  if (space == nullptr)
    throw deck::KeyError("model", fmt::format("'{}' is no model of states in time", name),
                         "take one of ode/…, or of pde/… in time on a regular grid");
  return *space;
}

std::vector<double> observation_noise(const std::vector<double>& noise_sd, const ObservationDensity* density,
                                      const model::StateInfo& info, const std::string& model) {
  if (density != nullptr) {
    if (!noise_sd.empty())
      throw deck::KeyError("noise_sd", "stands beside observation_density, which says how the data err",
                           "leave one of them out");
    return {};
  }
  if (noise_sd.empty())
    throw deck::KeyError("noise_sd", "is not given, and no observation_density either", "set one of them");
  if (!info.objection.empty())
    throw deck::KeyError("model", fmt::format("'{}' {}", model, info.objection),
                         "or give observation_density, formulas of any kind");
  return spread_out("noise_sd", noise_sd, static_cast<int>(info.observed.size()), "observables");
}

void refuse_filter(const Filter& filter, const std::string& name, const std::string& component,
                   const model::StateInfo& info, bool has_model_noise, const ObservationDensity* density) {
  std::string objection = filter.objection(info, has_model_noise);
  if (objection.empty() && density != nullptr) objection = filter.objection_to_density();
  if (!objection.empty()) throw deck::KeyError("filter", fmt::format("{} ({}) {}", name, component, objection));
}

std::vector<double> spread_out(const char* key, const std::vector<double>& values, int count, const char* what) {
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(count), values[0]);
  if (static_cast<int>(values.size()) != count)
    throw deck::KeyError(key, fmt::format("{} values for {} {}", values.size(), count, what),
                         "give one value for all, or one for each");
  return values;
}

void check_perturbation(const prob::Prior& prior, const std::string& name, int states) {
  if (prior.dimension() != states)
    throw deck::KeyError("initial_perturbation", fmt::format("has {} parameters, but model '{}' has {} states",
                                                             prior.dimension(), name, states));
}

std::vector<double> model_noise(const std::vector<double>& values, int states) {
  if (values.empty()) return {};
  std::vector<double> sd = spread_out("model_noise_sd", values, states, "states");
  return std::any_of(sd.begin(), sd.end(), [](double one) { return one > 0.0; }) ? sd : std::vector<double>();
}

}  // namespace aleator::assimilation
