#include "ode/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace aleator::ode {
namespace {

constexpr double most_steps = 1e7;  // of a plan

template <class Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.push_back(one.name);
  return names;
}

int index_of(const std::string& name, const std::vector<std::string>& names) {
  return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > most ? text + ", …" : text;
}

}  // namespace

Plan::Plan(const CommonParams& params, System system_)
    : system(std::move(system_)), transform(params.transform), start_(params.start), dt_(params.dt) {
  choose_unknown(params.unknown);
  choose_observed(params.observe);
  times = model::observation_times(params, start_, model::FirstTime::at_start_or_later);
  if (!(dt_ > 1e3 * std::numeric_limits<double>::epsilon() * std::abs(times.back())))
    throw deck::KeyError("dt",
                         fmt::format("steps of {} are lost in the rounding of times such as {}", dt_, times.back()),
                         "count the time from a nearer start");
  make_pieces();
  shape.inputs = static_cast<int>(unknown.size());
  shape.outputs = static_cast<int>(times.size() * observed.size());
  for (const int k : unknown) shape.input_names.push_back(system.quantities[k].name);
  const char* const forms[] = {"{}({})", "log {}({})", "sqrt {}({})"};
  for (const std::string& t : model::time_labels(times))
    for (const Observable& one : observed)
      shape.output_names.push_back(fmt::format(fmt::runtime(forms[static_cast<int>(transform)]), one.name, t));
}

// Groups replaced by their members, each name known and once.
std::vector<std::string> Plan::expanded(const std::vector<std::string>& names, const std::vector<std::string>& known,
                                        const std::vector<Group>& groups, const char* key) {
  std::vector<std::string> result;
  for (const std::string& name : names) {
    const int group = index_of(name, names_of(groups));
    if (group == static_cast<int>(groups.size()))
      result.push_back(name);
    else
      result.insert(result.end(), groups[group].members.begin(), groups[group].members.end());
  }
  std::set<std::string> seen;
  for (const std::string& name : result) {
    if (index_of(name, known) == static_cast<int>(known.size())) {
      const std::string nearest = deck::did_you_mean(name, known);
      throw deck::KeyError(key, fmt::format("this model has no '{}', but: {}", name, listed(known)), nearest);
    }
    if (!seen.insert(name).second)
      throw deck::KeyError(key, fmt::format("'{}' stands there twice", name), "leave one of them out");
  }
  if (result.empty()) throw deck::KeyError(key, "names nothing", "choose of: " + listed(known));
  return result;
}

void Plan::choose_unknown(const std::vector<std::string>& names) {
  const std::vector<std::string> known = names_of(system.quantities);
  if (known.empty() && names.empty()) return;  // a model without unknowns: its states can be followed
  for (const std::string& name : expanded(names, known, system.quantity_groups, "unknown"))
    unknown.push_back(index_of(name, known));
}

void Plan::choose_observed(const std::vector<std::string>& names) {
  const std::vector<std::string> known = names_of(system.observables);
  for (const std::string& name : expanded(names, known, system.groups, "observe"))
    observed.push_back(system.observables[static_cast<std::size_t>(index_of(name, known))]);
}

// These times and the breaks between them, each with its place among the times, or -1.
std::vector<std::pair<double, int>> Plan::ends(double from, const std::vector<double>& times) const {
  std::vector<std::pair<double, int>> all;
  for (std::size_t k = 0; k < times.size(); ++k) all.emplace_back(times[k], static_cast<int>(k));
  for (const double t : system.breaks) {  // one that is a time but for rounding is met there
    const double rounding = 8.0 * std::numeric_limits<double>::epsilon() * std::abs(t);
    const auto near = std::lower_bound(times.begin(), times.end(), t - rounding);
    if (t > from + rounding && t < times.back() && *near > t + rounding) all.emplace_back(t, -1);
  }
  std::sort(all.begin(), all.end());
  return all;
}

// The one rule for the steps between two times.
Piece Plan::piece_between(double from, double to) const {
  if (system.is_map)
    return {{static_cast<int>(whole_steps(to) - whole_steps(from)), dt_, -1}, start_ + whole_steps(from) * dt_};
  model::Piece piece = model::piece_between(from, to, dt_);
  if (piece.steps > 0 && piece.steps < system.least_steps)
    piece.steps = system.least_steps, piece.h = (to - from) / piece.steps;
  return {piece, from};
}

// Cut where the adjoint could not keep all states.
void Plan::make_pieces() {
  constexpr std::int64_t most_kept = 65536;  // values of a sample: 8 MB for 16 lanes
  const std::vector<std::pair<double, int>> marks = ends(start_, times);
  std::vector<Piece> intervals;
  double from = start_, count = 0.0;
  for (const auto& [t, place] : marks) {
    model::refuse_many_steps(count + (t - from) / dt_, dt_, most_steps);
    intervals.push_back(piece_between(from, t));
    intervals.back().output = place;
    model::refuse_many_steps(count += intervals.back().steps, dt_, most_steps);
    from = t;
  }
  steps = static_cast<int>(count);
  keeps_all_states = (static_cast<std::int64_t>(steps) + 1) * system.states <= most_kept;
  const int longest = keeps_all_states ? steps : static_cast<int>(std::ceil(std::sqrt(1.0 * steps)));
  for (const Piece& interval : intervals) {
    int done = 0;
    for (const model::Piece& piece : model::cut({interval}, longest)) {
      pieces.push_back({piece, interval.from + done * piece.h});
      done += piece.steps;
      longest_piece = std::max(longest_piece, piece.steps);
    }
  }
}

bool Plan::allows(int quantity, double value) const {
  if (!std::isfinite(value)) return false;
  switch (system.quantities[static_cast<std::size_t>(quantity)].domain) {
    case Domain::any:
      return true;
    case Domain::not_negative:
      return value >= 0.0;
    case Domain::positive:
      return value > 0.0;
  }
  return false;
}

std::string Plan::reason(const Fault& fault) const {
  const auto at = static_cast<std::size_t>(fault.at);
  switch (fault.kind) {
    case Fault::Kind::none:
      break;
    case Fault::Kind::quantity: {
      const Quantity& quantity = system.quantities[at];
      const char* const must = quantity.domain == Domain::positive       ? "positive and finite"
                               : quantity.domain == Domain::not_negative ? "finite and not negative"
                                                                         : "finite";
      return fmt::format("{} = {} is not {}", quantity.name, fault.value, must);
    }
    case Fault::Kind::not_finite:
    case Fault::Kind::negative:
      return reason_of_state(fault, times[at]);
    case Fault::Kind::observed:
      return fmt::format("{} is {}: the formula has no finite value at this state", shape.output_names[at],
                         fault.value);
    case Fault::Kind::transform:
      return fmt::format("{} has no value: the observed quantity is {}; transform = \"none\" allows any value",
                         shape.output_names[at], fault.value);
  }
  return {};
}

std::string Plan::reason_of_state(const Fault& fault, double time) const {
  if (fault.kind == Fault::Kind::not_finite && system.is_map)
    return fmt::format("the state is not finite at t = {:.6g}: the map grows without bound for these parameters", time);
  const bool has_least = system.least_steps > 1;
  if (fault.kind == Fault::Kind::not_finite)
    return fmt::format(
        "the state is not finite at t = {:.6g}: the step ({}) is too long for these parameters, or the solution grows "
        "without bound; try a dt ten times smaller{}{}",
        time,
        has_least ? fmt::format("dt = {}, least_steps = {}", dt_, system.least_steps) : fmt::format("dt = {}", dt_),
        has_least ? ", or ten times the least_steps" : "", system.advice);
  if (fault.kind == Fault::Kind::negative)
    return fmt::format(
        "a state that cannot be negative is so at t = {:.6g}: the initial values do not fit together, or the step dt = "
        "{} is too long for these parameters; try a dt ten times smaller",
        time, dt_);
  return reason(fault);
}

model::StateInfo Plan::state_info() const {
  model::StateInfo info;
  info.names.resize(static_cast<std::size_t>(system.states));
  for (const Observable& one : system.observables) {  // the first that is the state itself names it
    const bool is_state = !one.is_increment && one.weights.size() == 1 && one.weights[0].second == 1.0 &&
                          one.weights[0].first < system.states;
    if (!is_state) continue;
    std::string& name = info.names[static_cast<std::size_t>(one.weights[0].first)];
    if (name.empty()) name = one.name;
  }
  for (std::size_t i = 0; i < info.names.size(); ++i)
    if (info.names[i].empty()) info.names[i] = fmt::format("state_{}", i);
  for (const Quantity& quantity : system.quantities) info.constants.push_back({quantity.name, quantity.value});
  info.start = start_, info.times = times, info.coordinates = system.coordinates;
  for (const Observable& one : observed) {
    info.observed.push_back({one.name, one.weights});
    if (one.is_increment)
      info.objection = fmt::format("observes '{}', a change since the time before: no sum of states", one.name);
    if (one.weights[0].first >= system.states)
      info.objection =
          fmt::format("observes the formula '{}': filters take states, or sums of them with fixed weights", one.name);
  }
  if (transform != Transform::none) info.objection = "transforms what it observes: transform = \"none\" is needed";
  return info;
}

std::vector<Piece> Plan::pieces_of(model::Interval interval) const {
  std::vector<Piece> result;
  double from = interval.from;
  for (const auto& [to, place] : ends(interval.from, {interval.to})) {
    result.push_back(piece_between(from, to));
    from = to;
  }
  return result;
}

Plan Plan::for_attempt(int attempt) const {
  const int parts = model::parts_of_a_step(attempt, steps, most_steps);
  Plan finer = *this;
  finer.dt_ = dt_ / parts, finer.system.least_steps = system.least_steps * parts;
  finer.pieces.clear(), finer.longest_piece = 0;
  finer.make_pieces();
  return finer;
}

Plan Plan::trajectory(int cells) const {
  return trajectory(cells, times.back() > start_ ? times.back() - start_ : dt_);
}

Plan Plan::trajectory_of_steps(int most_cells) const {
  const int all = std::max(steps, 1), stride = (all + most_cells - 1) / most_cells, cells = all / stride;
  return trajectory(cells, cells * stride * dt_);
}

Plan Plan::trajectory(int cells, double length) const {
  CommonParams params;
  for (const int k : unknown) params.unknown.push_back(system.quantities[static_cast<std::size_t>(k)].name);
  for (const Observable& one : system.observables)
    if (!one.is_increment && one.weights[0].first < system.states) params.observe.push_back(one.name);
  params.start = start_, params.dt = dt_;
  for (int k = 0; k <= cells; ++k) params.times.push_back(start_ + length * k / cells);
  return Plan(params, system);
}

}  // namespace aleator::ode
