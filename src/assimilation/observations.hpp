#pragma once
/// What      What an experiment's block in a deck says beside the model: standard deviations, and observations of a file.
/// Method    a table: time, then the value of each observable, NA or nothing where it is missing.
/// Parallel  local.
/// Cost      -
/// Fails     KeyError: sizes that do not fit, times that do not increase or lie outside the model's run, infinite values.
#include <string>
#include <vector>

#include "assimilation/observation_density.hpp"
#include "deck/schema.hpp"
#include "model/forward_model.hpp"
#include "model/state_space.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::assimilation {

class Filter;

struct Observations {
  std::vector<double> times;
  std::vector<double> data;  ///< [time][observable], NaN where missing
};
/// What a deck says of the data and of both noises.
struct ObservationParams : DensityParams {
  deck::File observations;
  bool nan_is_missing = false;
  std::vector<double> noise_sd, model_noise_sd;
};
/// Adds the keys of ObservationParams; `otherwise`: what holds without a file. The schema as the last key, observations, leaves
/// it, for .required().
template <typename Params>
auto& add_observation_keys(deck::Schema<Params>& s, const std::string& otherwise = "") {
  s.key("noise_sd", &ObservationParams::noise_sd, "",
        "standard deviation of the observations' errors: one, or one for each observable", deck::positive())
      .key(
          "model_noise_sd", &ObservationParams::model_noise_sd, "",
          "standard deviation of the noise added to the states at every observation time, whatever lies between two of "
          "them; a time without data belongs into the file as a row of NA: none, one, or one for each state",
          deck::at_least(0.0));
  add_density_keys(s);
  s.key("nan_is_missing", &ObservationParams::nan_is_missing, "",
        "whether nan in the table of observations is a value that is missing; else it is an error");
  return s.key(
      "observations", &ObservationParams::observations, "",
      "table of observations: time, then the value of each observable, NA or nothing where it is missing" + otherwise);
}

/// Of the file under the key `observations`; what is observed is that of the model, or of a density.
Observations read_observations(const ObservationParams& params, const model::StateInfo& info,
                               const ObservationDensity* density);

/// The states of the model `name`; KeyError at `model`.
const model::StateSpace& states_of(const model::ForwardModel& model, const std::string& name);

/// The errors of the observations: standard deviations of the model's observables, which must be linear then, or the density
/// that the deck gives instead (then empty). KeyError where it gives both or neither.
std::vector<double> observation_noise(const std::vector<double>& noise_sd, const ObservationDensity* density,
                                      const model::StateInfo& info, const std::string& model);

/// KeyError where the filter `name` cannot treat the model, its noise, or a density of the data; null is none.
void refuse_filter(const Filter& filter, const std::string& name, const std::string& component,
                   const model::StateInfo& info, bool has_model_noise, const ObservationDensity* density);

/// One value for all, or one each; `what`: "observables".
std::vector<double> spread_out(const char* key, const std::vector<double>& values, int count, const char* what);
/// The same for noise of the states, which is none where all values are 0: then empty.
std::vector<double> model_noise(const std::vector<double>& values, int states);

/// KeyError at initial_perturbation when a prior has not as many parameters as the model `name` has states.
void check_perturbation(const prob::Prior& prior, const std::string& name, int states);

}  // namespace aleator::assimilation
