#include "ode/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <regex>
#include <set>
#include <utility>

#include "model/formula_text.hpp"
#include "ode/engine.hpp"
#include "ode/implicit_runge_kutta.hpp"
#include "ode/iterated_map.hpp"
#include "ode/lane_formula.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::ode {
namespace {

struct FormulaRhs {
  static constexpr int states = 0, parameters = 0;
  static constexpr bool knows_time = true, derives = true;
  int n;
  double begin;
  LaneFormula rates, start, seen;

  int size() const { return n; }
  void f(double t, const Lanes* x, const Lanes* q, Lanes* f) const { rates.values(t, x, q, f); }
  void tangent(double t, const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) const {
    rates.tangent(t, x, q, dx, dq, df);
  }
  void transposed(double t, const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) const {
    rates.transposed(t, x, q, w, gx, gq);
  }
  void jacobian(double t, const Lanes* x, const Lanes* q, Lanes* matrix) const { rates.jacobian(t, x, q, matrix); }
  void initial(const Lanes* q, Lanes* x) const { start.values(begin, nullptr, q, x); }
  void initial_tangent(const Lanes* q, const Lanes* dq, Lanes* dx) const {
    start.tangent(begin, nullptr, q, nullptr, dq, dx);
  }
  void initial_transposed(const Lanes* q, const Lanes* gx, Lanes* gq) const {
    start.transposed(begin, nullptr, q, gx, nullptr, gq);
  }
  void derived(double t, const Lanes* x, const Lanes* q, Lanes* v) const { seen.values(t, x, q, v); }
  void derived_tangent(double t, const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* dv) const {
    seen.tangent(t, x, q, dx, dq, dv);
  }
  void derived_transposed(double t, const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) const {
    seen.transposed(t, x, q, w, gx, gq);
  }
};

// "x" or "x[0]", "x[1]", …
std::vector<std::string> entries(const math::NamedArray& array) {
  std::vector<std::string> names;
  for (int i = 0; i < array.size; ++i)
    names.push_back(array.size == 1 ? array.name : fmt::format("{}[{}]", array.name, i));
  return names;
}

// Names, or arrays as "k[4]".
void check_names(const deck::Table<double>& parameters) {
  static const std::regex form("[A-Za-z_][A-Za-z0-9_]*(\\[[1-9][0-9]*\\])?");
  std::set<std::string> seen;
  for (const deck::Named<double>& one : parameters) {
    if (!std::regex_match(one.name, form))
      throw deck::KeyError("parameters", fmt::format("'{}' is no name, nor one with a size from 1", one.name),
                           "{k = 1.0, \"rate[4]\" = 0.5}");
    if (!seen.emplace(prob::array_of(one.name)).second)
      throw deck::KeyError("parameters", fmt::format("'{}' stands there twice", prob::array_of(one.name)),
                           "call one of them otherwise");
  }
}

// The deck's formulas, all of the same states, parameters and time.
class Formulas {
 public:
  explicit Formulas(const Expression::Params& p) : params_(p), columns_(model::read_columns(p.data)) {
    for (const std::string& state : p.states) arguments_.push_back(state);
    check_names(p.parameters);
    for (const deck::Named<double>& one : p.parameters) arguments_.push_back(one.name);
    // A state or parameter of this name: the deck's own affair.
    has_time_ = std::none_of(arguments_.begin(), arguments_.end(),
                             [](const std::string& name) { return prob::array_of(name) == "t"; });
    for (const math::NamedArray& column : columns_)
      if (column.name == "t" && has_time_)
        throw deck::KeyError("data", fmt::format("{} has a column 't', which is the time in the formulas", p.data.path),
                             "give the column another name");
    if (has_time_) arguments_.emplace_back("t");
  }

  math::Formula of(const std::vector<std::string>& results, const std::string& key) const {
    return model::compile({arguments_, columns_, params_.definitions, results, has_time_}, params_.data,
                          {"states", "data", "definitions", key});
  }

  /// One formula for each state (a number stands for all entries), as one formula of all entries.
  std::shared_ptr<const math::Formula> of_states(const std::vector<std::string>& formulas, const std::string& key,
                                                 const std::vector<math::NamedArray>& states) const {
    if (formulas.size() != states.size())
      throw deck::KeyError(key, fmt::format("{} formulas for {} states", formulas.size(), states.size()),
                           "one formula for each entry of states, in its order");
    const std::vector<math::NamedArray> found = of(formulas, key).results();
    std::vector<std::string> filled = formulas;
    for (std::size_t k = 0; k < states.size(); ++k) {
      if (found[k].size == states[k].size) continue;
      if (found[k].size != 1)
        throw deck::KeyError(
            key, fmt::format("{} numbers for state '{}', which has {}", found[k].size, states[k].name, states[k].size),
            {}, {static_cast<int>(k), 0});
      filled[k] = fmt::format("rep({}, {})", formulas[k], states[k].size);
    }
    return std::make_shared<const math::Formula>(of(filled, key));
  }

  bool has(const std::string& formula) const {
    try {
      of({formula}, "observe");
      return true;
    } catch (const deck::KeyError&) {
      return false;
    }
  }

 private:
  const Expression::Params& params_;
  std::vector<math::NamedArray> columns_;
  std::vector<std::string> arguments_;
  bool has_time_ = true;
};

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\n"), last = text.find_last_not_of(" \t\n");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

bool is_name(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '[' || c == ']'; });
}

// What is observed, and is neither a state nor its change: formulas, which become values derived of the state. `names`: those of
// the deck, which become those of observables. Returns the formula of all; null where there is none.
std::shared_ptr<const math::Formula> add_formulas_observed(const Formulas& formulas, std::vector<std::string>& names,
                                                           System& system) {
  const auto states = static_cast<std::ptrdiff_t>(system.observables.size());
  const auto is_known = [&](const std::string& name) {
    const auto has_it = [&](const auto& one) { return one.name == name; };
    return std::any_of(system.observables.begin(), system.observables.begin() + states, has_it) ||
           std::any_of(system.groups.begin(), system.groups.end(), has_it);
  };
  const std::string change = "change_";
  std::vector<std::string> texts(names.size(), "0");  // of the other places, so that faults are told at the right one
  std::vector<char> is_formula(names.size(), 0), is_increment(names.size(), 0);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string text = trimmed(names[k]);
    if (is_known(text)) continue;
    const bool is_change = text.rfind(change, 0) == 0 && is_name(text) && formulas.has(text.substr(change.size()));
    if (is_name(text) && !is_change && !formulas.has(text)) continue;  // Plan tells what there is
    texts[k] = is_change ? text.substr(change.size()) : names[k];
    is_formula[k] = 1, is_increment[k] = is_change ? 1 : 0;
  }
  if (std::find(is_formula.begin(), is_formula.end(), 1) == is_formula.end()) return nullptr;
  const std::vector<math::NamedArray> results = formulas.of(texts, "observe").results();
  std::vector<std::string> expanded, wanted;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (is_formula[k] == 0) {
      expanded.push_back(names[k]);
      continue;
    }
    math::NamedArray result = results[k];
    if (result.name.empty()) result.name = trimmed(names[k]);
    if (is_known(result.name))
      throw deck::KeyError("observe", fmt::format("'{}' is the name of a state already", result.name),
                           "give the formula another name", {static_cast<int>(k), 0});
    for (const std::string& entry : entries(result)) {
      expanded.push_back(entry);
      system.observables.push_back({entry, {{system.states + system.derived++, 1.0}}, is_increment[k] != 0});
    }
    wanted.push_back(texts[k]);
  }
  names = expanded;
  return std::make_shared<const math::Formula>(formulas.of(wanted, "observe"));
}

// Of the formulas observed those that are sums of states with fixed weights, whatever state and time, become that, so that
// filters can observe them.
void recognise_sums(const math::Formula& seen, System& system) {
  const std::vector<std::optional<math::Tape::Affine>> forms = seen.tape().affine_results();
  for (std::size_t r = 0; r < forms.size(); ++r) {
    if (!forms[r] || forms[r]->offset != 0.0 || forms[r]->weights.empty()) continue;
    const auto& weights = forms[r]->weights;
    const bool is_of_states = weights.back().first < system.states;  // parameters and the time come after them
    for (Observable& one : system.observables)
      if (is_of_states && one.weights.front().first == system.states + static_cast<int>(r)) one.weights = weights;
  }
}

void refuse_dependence_on_states(const math::Formula& start, const std::vector<math::NamedArray>& states) {
  const std::vector<std::string>& unused = start.unused_parameters();
  for (const math::NamedArray& state : states)
    if (std::find(unused.begin(), unused.end(), state.name) == unused.end())
      throw deck::KeyError("initial", fmt::format("depends on the state '{}', which it is to begin", state.name),
                           "use numbers, parameters and data");
}

void check_steps(const Expression::Params& p) {
  if (p.time == Expression::Time::discrete && p.method == Expression::Method::implicit_steps)
    throw deck::KeyError("method", "a map in discrete time is iterated as it stands", "leave it out");
  if (p.time == Expression::Time::discrete && p.least_steps > 1)
    throw deck::KeyError("least_steps", "a map in discrete time takes one step every dt", "leave it out");
  if (p.time == Expression::Time::discrete && !p.breaks.empty())
    throw deck::KeyError("breaks", "a map in discrete time has none: each of its steps is a jump", "leave it out");
  for (std::size_t k = 1; k < p.breaks.size(); ++k)
    if (!(p.breaks[k] > p.breaks[k - 1]))
      throw deck::KeyError("breaks",
                           fmt::format("they do not increase: {} comes after {}", p.breaks[k], p.breaks[k - 1]));
}

void refuse_times_between_steps(const Expression::Params& p, const std::vector<double>& times) {
  for (const double t : times)
    if (!model::is_whole((t - p.start) / p.dt))
      throw deck::KeyError(p.times.empty() ? "end" : "times",
                           fmt::format("t = {} is no whole number of steps dt = {} after the start", t, p.dt),
                           "a map has no states between its steps");
}

}  // namespace

Expression::Params::Params() { dt = 0.01; }

deck::Schema<Expression::Params> Expression::schema() {
  deck::Schema<Params> s("Differential equations or a map in time, written as formulas, with exact gradients",
                         "Runge-Kutta of order 4 with its discrete adjoint");
  s.key("states", &Params::states, "", "names of the states, arrays with their size: \"x[40]\"")
      .required()
      .example("[\"x\", \"v\"]")
      .key("rates", &Params::rates, "",
           "a formula for each of the states: its rate of change, or with time = \"discrete\" its next value; of "
           "states, parameters, definitions and the time t")
      .required()
      .example("[\"v\", \"-stiffness * x\"]")
      .key("initial", &Params::initial, "",
           "a formula for each of the states: its value at the start; of parameters, data and t, the start")
      .required()
      .example("[\"1\", \"0\"]")
      .key("parameters", &Params::parameters, "",
           "names of what may be unknown, with the values they have when they are not, {name = value}; arrays as "
           "{\"name[40]\" = value}, the value of every entry")
      .key("data", &Params::data, "", "table (CSV) whose columns the formulas may use by their names")
      .key("definitions", &Params::definitions, "",
           "lines name = formula, each may use those before it; name(a, b) = formula is a function")
      .choice(
          "time", &Params::time, "how time passes",
          {{"continuous", Time::continuous, "x' = rates, by Runge-Kutta steps of at most dt"},
           {"discrete", Time::discrete, "x <- rates, once every dt; t in the formulas is the time before the step"}})
      .choice("layout", &Params::layout, "where the entries of the states are, for filters that localise",
              {{"none", Layout::none, "nowhere"},
               {"line", Layout::line, "entry i of each array at i"},
               {"ring", Layout::ring, "the same, and the last is a neighbour of the first"}});
  s.choice("method", &Params::method, "how steps are taken in continuous time",
           {{"explicit", Method::explicit_steps, "Runge-Kutta of order 4"},
            {"implicit", Method::implicit_steps,
             "diagonally implicit Runge-Kutta of order 3, for stiff systems: dt may be far longer than the fastest "
             "process; a step costs some ten times as much with few states, a hundred times with fifty"}})
      .key("least_steps", &Params::least_steps, "1",
           "from one time to the next (observation or break) at least so many, however short: steps that grow with "
           "times spaced by factors, with a long dt",
           deck::at_least(1));
  s.key("breaks", &Params::breaks, "1",
        "times at which a rate jumps (a dose begins, a rule takes effect), increasing: a step ends there, so that no "
        "accuracy is lost");
  add_common_keys(s, "1",
                  "states; change_x, how much x has changed since the time before; definitions; formulas of states, "
                  "parameters and t, as in \"log(x)\" or \"rate = beta * x\"; all states, if empty");
  return s;
}

std::unique_ptr<model::ForwardModel> Expression::make(const Params& p) {
  System system;
  check_steps(p);
  const Formulas formulas(p);
  if (p.rates.size() != p.states.size())
    throw deck::KeyError("rates", fmt::format("{} formulas for {} states", p.rates.size(), p.states.size()),
                         "one formula for each entry of states, in its order");
  const std::vector<math::NamedArray> arguments = formulas.of(p.rates, "rates").parameters();
  const std::vector<math::NamedArray> states(arguments.begin(),
                                             arguments.begin() + static_cast<std::ptrdiff_t>(p.states.size()));
  std::vector<std::string> names;  // of all parameters, entry by entry
  for (std::size_t k = 0; k < p.parameters.size(); ++k) {
    const math::NamedArray& array = arguments[p.states.size() + k];
    const std::vector<std::string> all = entries(array);
    for (const std::string& entry : all) {
      names.push_back(entry);
      system.quantities.push_back({entry, p.parameters[k].value});
    }
    if (array.size > 1) system.quantity_groups.push_back({array.name, all});
  }
  const auto rates = formulas.of_states(p.rates, "rates", states);
  const auto start = formulas.of_states(p.initial, "initial", states);
  refuse_dependence_on_states(*start, states);

  system.states = 0;
  model::Coordinate places;
  int longest = 0;
  for (const math::NamedArray& state : states) {
    Group values{state.name, {}}, changes{"change_" + state.name, {}};
    for (const std::string& entry : entries(state)) {
      const int i = system.states++;
      system.observables.push_back({entry, {{i, 1.0}}});
      places.position.push_back(static_cast<int>(values.members.size()));
      values.members.push_back(entry), changes.members.push_back("change_" + entry);
    }
    longest = std::max(longest, state.size);
    if (state.size > 1) system.groups.push_back(changes), system.groups.push_back(values);
  }
  for (int i = 0, n = system.states; i < n; ++i) {
    const std::string name = "change_" + system.observables[static_cast<std::size_t>(i)].name;
    system.observables.push_back({name, {{i, 1.0}}, true});
  }
  if (p.layout == Layout::ring) places.period = longest;
  if (p.layout != Layout::none) system.coordinates = {places};

  Params common = p;
  if (common.unknown.empty()) common.unknown = names;
  if (common.observe.empty())
    for (const math::NamedArray& state : states) common.observe.push_back(state.name);
  const auto seen = add_formulas_observed(formulas, common.observe, system);
  if (seen != nullptr) recognise_sums(*seen, system);
  system.breaks = p.breaks, system.least_steps = p.least_steps;
  system.is_map = p.time == Time::discrete;
  if (p.method == Method::explicit_steps) system.advice = ", or method = \"implicit\" if the system is stiff";
  Plan plan(common, system);
  const int n = system.states, q = static_cast<int>(names.size());
  const FormulaRhs rhs{n, p.start, LaneFormula(rates, n, q), LaneFormula(start, n, q), LaneFormula(seen, n, q)};
  if (p.time == Time::continuous && p.method == Method::implicit_steps)
    return std::make_unique<Engine<FormulaRhs, ImplicitRungeKutta>>(rhs, plan);
  if (p.time == Time::continuous) return std::make_unique<Engine<FormulaRhs>>(rhs, plan);
  refuse_times_between_steps(p, plan.times);
  return std::make_unique<Engine<FormulaRhs, IteratedMap>>(rhs, plan);
}

}  // namespace aleator::ode
