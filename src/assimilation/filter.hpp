#pragma once
/// What      What the program asks of every filter; an algorithm is a struct with Params, State, init and step.
/// Method    A step is one cycle: from the analysis at one observation time to that at the next. Erased<Algorithm> puts the
///           algorithm behind the interface: a new filter is one file and one line in register.cpp.
/// Parallel  init and step are collective unless the experiment is spread over the ranks.
/// Cost      -
/// Fails     as the algorithm.
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "assimilation/experiment.hpp"
#include "deck/registry.hpp"

namespace aleator::assimilation {

/// The ensemble of one replicate: members x states, row-major.
struct Members {
  double* x;
  int count, states;
  double* operator[](int j) const { return x + static_cast<std::ptrdiff_t>(j) * states; }
};

/// What every State has. Vectors hold the numbers of this rank's replicates one after the other.
struct BaseState {
  int members = 0;
  int cycle = 0;                        ///< cycles done
  std::vector<double> x;                ///< [replicate][member][state], at the last observation time done
  std::vector<double> weights;          ///< [replicate][member], summing to 1; empty: all alike
  std::vector<double> forecast_mean;    ///< [replicate][state], before the last analysis
  std::vector<double> forecast_spread;  ///< [replicate], root mean variance
  std::vector<double>
      innovation_ratio;                ///< [replicate], squares over their variances by the filter, mean; NaN: no data
  std::vector<double> log_likelihood;  ///< [replicate], of the last cycle's data given those before; NaN: not known
  std::vector<double> inflation;       ///< [replicate], factor of the anomalies
  std::vector<double> replaced;        ///< [replicate], members replaced in all cycles

  /// Members drawn from the initial distribution.
  void start(const Experiment& experiment, int member_count, double inflation_at_start);
  Members of(const Experiment& experiment, int replicate) {
    const int d = experiment.states();
    return {x.data() + static_cast<std::ptrdiff_t>(replicate) * members * d, members, d};
  }
  void fields(io::Archive& archive, const Experiment& experiment);
};

enum class OnDivergence { replace, stop };

/// The forecast: x_j <- M(x_j) + noise. Members that diverged become draws from the Gaussian of the others, or the run stops;
/// then mean and spread. Throws NumericsError, with the cycle and what to do, when fewer than two members are left.
void forecast(const Experiment& experiment, const Cycle& cycle, OnDivergence on_divergence, BaseState& s);
/// What follows a batch of model runs: diverged members replaced.
void replace_diverged(const Experiment& experiment, const Cycle& cycle, OnDivergence on_divergence, BaseState& s);
/// Mean, spread and innovations before an analysis; `is_before_noise`: the members do not have the model's noise yet.
void note_forecast(const Experiment& experiment, const Cycle& cycle, BaseState& s, bool is_before_noise = false);
/// Throws NumericsError, with the cycle, when a state is not finite after the analysis, or already in the forecast.
void check_finite(const Members& x, const Cycle& cycle);
void check_forecast(const Experiment& experiment, const Members& x, const Cycle& cycle);

class Filter {
 public:
  virtual ~Filter() = default;
  virtual int members() const = 0;
  /// The same filter with so many members; null where their number is no choice.
  virtual std::unique_ptr<Filter> with_members(int members) const = 0;
  /// Why this filter cannot treat the model, or empty: asked before any work. has_model_noise: of the experiment.
  virtual std::string objection(const model::StateInfo& info, bool has_model_noise) const = 0;
  /// Why its likelihoods are none of the parameters, or empty.
  virtual std::string objection_to_likelihood() const = 0;
  /// Why it cannot treat data that have a density of their own, or empty.
  virtual std::string objection_to_density() const = 0;
  /// What its likelihoods take for granted, so that they err by more than chance where that does not hold; or empty.
  virtual std::string approximation() const = 0;
  virtual void init(const Experiment& experiment) = 0;
  virtual void step(const Experiment& experiment, const Cycle& cycle) = 0;
  /// Saves or loads the state.
  virtual void fields(io::Archive& archive, const Experiment& experiment) = 0;
  virtual const BaseState& state() const = 0;
  virtual BaseState& state() = 0;
  /// Remembers the state, and returns to it.
  virtual void keep() = 0;
  virtual void go_back() = 0;
};

template <typename Params>
auto set_members(Params& params, int members, int) -> decltype(params.members = members, true) {
  params.members = members;
  return true;
}
template <typename Params>
bool set_members(Params&, int, long) {
  return false;
}

/// What an algorithm answers that can be asked, and what holds for those that cannot.
template <typename Algorithm, typename Ask>
std::string answer(const Algorithm& algorithm, [[maybe_unused]] const Ask& ask,
                   [[maybe_unused]] const char* otherwise) {
  if constexpr (std::is_invocable_v<const Ask&, const Algorithm&>)
    return ask(algorithm);
  else
    return otherwise;
}

template <typename Algorithm>
class Erased final : public Filter {
 public:
  explicit Erased(const typename Algorithm::Params& params) : algorithm_{params} {}
  int members() const override { return algorithm_.members(); }
  std::unique_ptr<Filter> with_members(int members) const override {
    typename Algorithm::Params params = algorithm_.params;
    return set_members(params, members, 0) ? std::make_unique<Erased>(params) : nullptr;
  }
  std::string objection(const model::StateInfo& info, bool has_model_noise) const override {
    return algorithm_.objection(info, has_model_noise);
  }
  // Inflated members belong to a wider forecast than the model's, and every later factor of the likelihood is one of that.
  std::string objection_to_likelihood() const override {
    const auto ask = [](const auto& a) -> decltype(a.params.inflation, a.params.adaptation, std::string()) {
      return a.params.inflation == 1.0 && a.params.adaptation == 0.0
                 ? ""
                 : "inflates its members, which makes likelihoods wrong: set inflation = 1 and no adaptation in its "
                   "block";
    };
    return answer(algorithm_, ask, "");
  }
  std::string objection_to_density() const override {
    const auto ask = [](const auto& a) -> decltype(a.objection_to_density()) { return a.objection_to_density(); };
    return answer(algorithm_, ask,
                  "needs data that are weighted sums of the states with Gaussian errors: take filter/particle, or "
                  "noise_sd instead of observation_density");
  }
  std::string approximation() const override {
    const auto ask = [](const auto& a) -> decltype(a.approximation()) { return a.approximation(); };
    return answer(algorithm_, ask, "is right for linear models with normal errors, and many members");
  }
  void init(const Experiment& experiment) override { state_ = algorithm_.init(experiment); }
  void step(const Experiment& experiment, const Cycle& cycle) override {
    algorithm_.step(experiment, cycle, state_);
    ++state_.cycle;
  }
  void fields(io::Archive& archive, const Experiment& experiment) override {
    state_.members = members();
    state_.fields(archive, experiment);
  }
  const BaseState& state() const override { return state_; }
  BaseState& state() override { return state_; }
  void keep() override { kept_ = state_; }
  void go_back() override { state_ = kept_; }

 private:
  Algorithm algorithm_;
  typename Algorithm::State state_, kept_;
};

void register_components(deck::Registry& registry);

}  // namespace aleator::assimilation
