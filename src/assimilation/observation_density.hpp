#pragma once
/// What      The density of the data given the state, written as formulas: for data that are no weighted sums of the states with
///           Gaussian errors (counts, returns whose variance is the state, powers of a state).
/// Method    log p(y | x, u, t) = sum of one formula for each value of the data, those of missing values left out. The formulas
///           know the states by their names (a field by its name, as an array), the model's parameters, the data and t.
/// Parallel  local rows, threads over tiles of particles; the same bits for a particle whatever the others are.
/// Cost      of N particles: N times the formulas; memory N (states + parameters + data) doubles.
/// Fails     KeyError at the character of a formula, or where a name stands for two things; NumericsError where a log-density
///           is NaN or +infinity at a particle; -infinity, a density of 0, is a value.
#include <memory>
#include <string>
#include <vector>

#include "deck/schema.hpp"
#include "kernels/batch.hpp"
#include "math/expression/formula.hpp"
#include "model/state_space.hpp"

namespace aleator::assimilation {

struct Members;

/// What a deck says of it.
struct DensityParams {
  std::vector<std::string> observed;
  std::vector<std::string> observation_density;
  std::vector<std::string> definitions;
};

/// Adds the keys of DensityParams.
template <typename Params>
void add_density_keys(deck::Schema<Params>& s) {
  s.key("observation_density", &DensityParams::observation_density, "",
        "instead of noise_sd: log-densities of the data given the state, a formula for each of `observed`, of these, "
        "the model's states, the time t and of ode/… its parameters; with filter/particle")
      .example("[\"normal_lpdf(y, 0, exp(h / 2))\"]")
      .key("observed", &DensityParams::observed, "",
           "names of the columns of `observations` after the time, as observation_density calls them")
      .example("[\"y\"]")
      .key("definitions", &DensityParams::definitions, "",
           "lines name = formula for observation_density, each may use those before it");
}

class ObservationDensity {
 public:
  /// Null where the deck gives none. `inputs`: names of the model's inputs, whose values come with each evaluation.
  static std::shared_ptr<const ObservationDensity> make(const DensityParams& params, const model::StateInfo& info,
                                                        const std::vector<std::string>& inputs);

  /// Of the data, in the order of their columns.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::string>& formulas() const { return formulas_; }
  /// out[j] = the log-density of `data` (NaN: missing) at time t and state x[j]. `inputs`: as many as `make` was given names, or
  /// null for the model's own values. `when`: how an error begins.
  void evaluate(const std::string& when, double t, const double* inputs, const double* data, const Members& x,
                double* out) const;

 private:
  ObservationDensity(const DensityParams& params, const model::StateInfo& info, const std::vector<std::string>& inputs);

  std::vector<std::string> names_, formulas_, states_;
  std::vector<int> inputs_;         // which of the model's inputs the formulas may use
  std::vector<double> own_values_;  // of them
  bool has_time_ = true;
  std::shared_ptr<const math::Formula> formula_;
};

}  // namespace aleator::assimilation
