#pragma once
/// What      What all models of ordinary differential equations have in common: their keys in a deck, and the plan made
///           of them: which quantities are unknown, which steps are taken, what is observed when.
/// Method    Quantities q are parameters of the right-hand side, then whatever the initial state is made of. Those named in
///           `unknown` are the model's inputs u, the others have the values of their own keys.
/// Parallel  local.
/// Cost      -
/// Fails     KeyError for names that the model does not know or that stand twice, times that do not increase, neither or both
///           of `times` and `end`, more than 10 million steps.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "deck/schema.hpp"
#include "model/forward_model.hpp"
#include "model/observation_times.hpp"
#include "model/state_space.hpp"

namespace aleator::ode {

enum class Transform { none, log, sqrt };

/// Steps that begin at time `from`.
struct Piece : model::Piece {
  double from;
};

/// What share of a step, next to nothing, is more than the rounding of its times: so far inside its ends a step is on its own
/// side of a break.
inline double inside_step(const Piece& piece) {
  const double latest = std::abs(piece.from) + piece.steps * piece.h;
  return std::max(1e-9, 8.0 * std::numeric_limits<double>::epsilon() * latest / piece.h);
}

struct CommonParams : model::TimesParams {
  std::vector<std::string> unknown;
  std::vector<std::string> observe;
  Transform transform = Transform::none;
  double start = 0.0;
  double dt = 0.1;
};

/// Adds the keys of CommonParams to those of a model; `observables`: their names, for the help.
template <class Params>
void add_common_keys(deck::Schema<Params>& s, const std::string& time_unit, const std::string& observables) {
  s.key("unknown", &CommonParams::unknown, "",
        "the unknown quantities, by the names of their keys above, in the order of the prior; the others keep their "
        "values")
      .key("observe", &CommonParams::observe, "", "what is observed at each time: " + observables)
      .choice("transform", &CommonParams::transform, "what is done to each observed value",
              {{"none", Transform::none, "nothing"},
               {"log", Transform::log, "natural logarithm: noise proportional to the value becomes additive"},
               {"sqrt", Transform::sqrt, "square root: counts with Poisson noise get noise of standard deviation 1/2"}})
      .key("start", &CommonParams::start, time_unit, "time of the initial state");
  model::add_times_keys(s, time_unit, "increasing");
  s.key("dt", &CommonParams::dt, time_unit,
        "longest step; between two observations all steps are equal and end on the second", deck::positive());
}

enum class Domain { any, not_negative, positive };

struct Quantity {
  std::string name;
  double value;  ///< when it is not unknown
  Domain domain = Domain::any;
};

/// A combination sum_i w_i x_i of states and derived values; `is_increment`: its change since the observation before (or the
/// start).
struct Observable {
  std::string name;
  std::vector<std::pair<int, double>> weights;
  bool is_increment = false;
};

/// A name for several quantities or observables.
struct Group {
  std::string name;
  std::vector<std::string> members;
};

/// A model as its deck sees it.
struct System {
  int states;
  std::vector<Quantity> quantities;
  std::vector<Observable> observables;
  bool stays_positive = false;                      ///< a negative state is a failed run
  std::vector<Group> groups;                        ///< of observables
  std::vector<model::Coordinate> coordinates = {};  ///< where the states are; none: nowhere
  int derived = 0;  ///< values that a right-hand side makes of the state, after the states in an observable
  std::vector<double> breaks = {};          ///< times, increasing, at which a step ends whatever is observed
  int least_steps = 1;                      ///< from one time to the next
  bool is_map = false;                      ///< a step is dt and nothing else: times are start + k dt, to rounding
  std::string advice = {};                  ///< what else to try where a step is too long
  std::vector<Group> quantity_groups = {};  ///< names for several quantities
};

/// What went wrong with a row.
struct Fault {
  enum class Kind { none, quantity, not_finite, negative, observed, transform };
  Kind kind = Kind::none;
  int at = 0;      ///< quantity, observation time or output
  double value{};  ///< what was found there
};

class Plan {
 public:
  Plan(const CommonParams& params, System system);

  System system;
  model::Shape shape;
  std::vector<int> unknown;  ///< indices into quantities
  std::vector<Observable> observed;
  std::vector<double> times;
  std::vector<Piece> pieces;
  Transform transform;
  int longest_piece = 0;
  int steps = 0;
  bool keeps_all_states = true;  ///< for the adjoint; else it keeps the first state of each piece and repeats the rest

  double start() const { return start_; }
  /// Whether a quantity may have this value.
  bool allows(int quantity, double value) const;
  std::string reason(const Fault& fault) const;
  /// The same where the state is looked at, at a time that need not be one of the observations.
  std::string reason_of_state(const Fault& fault, double time) const;
  /// The plan as data assimilation sees it; the initial state is the caller's.
  model::StateInfo state_info() const;
  double dt() const { return dt_; }
  /// The steps from one time to another, as those of the plan are: equal, none longer than dt, from break to break.
  std::vector<Piece> pieces_of(model::Interval interval) const;
  /// The same with steps as much shorter as rows that have failed `attempt` times need (model/observation_times.hpp).
  Plan for_attempt(int attempt) const;
  /// The same with every state (no increment) at cells + 1 equally spaced times, from the start to the last observation.
  Plan trajectory(int cells) const;
  /// The same at the ends of whole steps, each as long as dt: at most most_cells + 1 times, the last may be missing.
  Plan trajectory_of_steps(int most_cells) const;

 private:
  Plan trajectory(int cells, double length) const;
  void choose_unknown(const std::vector<std::string>& names);
  void choose_observed(const std::vector<std::string>& names);
  void make_pieces();
  Piece piece_between(double from, double to) const;
  double whole_steps(double t) const { return std::round((t - start_) / dt_); }
  std::vector<std::pair<double, int>> ends(double from, const std::vector<double>& times) const;
  static std::vector<std::string> expanded(const std::vector<std::string>& names, const std::vector<std::string>& known,
                                           const std::vector<Group>& groups, const char* key);
  double start_, dt_;
};

}  // namespace aleator::ode
