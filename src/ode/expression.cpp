#include "ode/expression.hpp"

#include <fmt/format.h>

#include <cmath>

#include "model/formula_text.hpp"
#include "ode/engine.hpp"
#include "ode/iterated_map.hpp"

namespace aleator::ode {
namespace {

using math::Tape;

// Lanes (entry by entry, samples side by side) <-> the rows of a tape.
struct Rows {
  Tape::Workspace work;
  std::vector<double> u, du, y, dy;
  const double* at_u[Tape::lanes];
  const double* at_dy_in[Tape::lanes];
  double *at_y[Tape::lanes], *at_du[Tape::lanes];
};

Rows& rows_for(int inputs, int outputs) {
  thread_local Rows rows;
  const auto in = static_cast<std::size_t>(inputs), out = static_cast<std::size_t>(outputs);
  rows.u.resize(Tape::lanes * in), rows.du.resize(Tape::lanes * in);
  rows.y.resize(Tape::lanes * out), rows.dy.resize(Tape::lanes * out);
  for (std::size_t lane = 0; lane < Tape::lanes; ++lane) {
    rows.at_u[lane] = rows.u.data() + lane * in, rows.at_du[lane] = rows.du.data() + lane * in;
    rows.at_y[lane] = rows.y.data() + lane * out, rows.at_dy_in[lane] = rows.dy.data() + lane * out;
  }
  return rows;
}

// A formula of x (n entries; null: it depends on none) and q (p entries).
class LaneFormula {
 public:
  LaneFormula(std::shared_ptr<const math::Formula> formula, int n, int p)
      : formula_(std::move(formula)), n_(n), p_(p) {}

  void values(const Lanes* x, const Lanes* q, Lanes* y) const {
    each_group([&](Rows& r, int first) {
      run(r, first, x, q);
      unload(r.y, first, y, outputs());
    });
  }
  void tangent(const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* dy) const {
    each_group([&](Rows& r, int first) {
      run(r, first, x, q);
      load(r.du, first, dx, dq);
      const double* direction[Tape::lanes];
      std::copy_n(r.at_du, Tape::lanes, direction);
      formula_->tape().push_forward(direction, r.at_y, r.work);
      unload(r.y, first, dy, outputs());
    });
  }
  /// gx = J_x^T w, gq += J_q^T w.
  void transposed(const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) const {
    each_group([&](Rows& r, int first) {
      run(r, first, x, q);
      const int m = outputs(), d = n_ + p_;
      for (int lane = 0; lane < Tape::lanes; ++lane)
        for (int i = 0; i < m; ++i) r.dy[lane * m + i] = w[i][lane_of(first, lane)];
      formula_->tape().pull_back(r.at_dy_in, d, r.at_du, r.work);
      for (int lane = 0; lane < width() && first + lane < Lanes::count; ++lane) {
        for (int i = 0; gx != nullptr && i < n_; ++i) gx[i][first + lane] = r.du[lane * d + i];
        for (int j = 0; j < p_; ++j) gq[j][first + lane] += r.du[lane * d + n_ + j];
      }
    });
  }

 private:
  int width() const { return formula_->tape().width(); }
  int outputs() const { return formula_->outputs(); }
  // Lanes past the last repeat it.
  static int lane_of(int first, int lane) { return std::min(first + lane, Lanes::count - 1); }

  template <class Work>
  void each_group(const Work& work) const {
    Rows& rows = rows_for(n_ + p_, outputs());
    for (int first = 0; first < Lanes::count; first += width()) work(rows, first);
  }
  void load(std::vector<double>& to, int first, const Lanes* x, const Lanes* q) const {
    const int d = n_ + p_;
    for (int lane = 0; lane < width(); ++lane) {
      for (int i = 0; i < n_; ++i) to[lane * d + i] = x == nullptr ? 0.0 : x[i][lane_of(first, lane)];
      for (int j = 0; j < p_; ++j) to[lane * d + n_ + j] = q[j][lane_of(first, lane)];
    }
  }
  void unload(const std::vector<double>& from, int first, Lanes* y, int m) const {
    for (int lane = 0; lane < width() && first + lane < Lanes::count; ++lane)
      for (int i = 0; i < m; ++i) y[i][first + lane] = from[lane * m + i];
  }
  void run(Rows& r, int first, const Lanes* x, const Lanes* q) const {
    load(r.u, first, x, q);
    formula_->tape().run(r.at_u, r.at_y, r.work);
  }

  std::shared_ptr<const math::Formula> formula_;
  int n_, p_;
};

struct FormulaRhs {
  static constexpr int states = 0, parameters = 0;
  int n, p;
  LaneFormula rates, start;

  int size() const { return n; }
  void f(const Lanes* x, const Lanes* q, Lanes* f) const { rates.values(x, q, f); }
  void tangent(const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) const {
    rates.tangent(x, q, dx, dq, df);
  }
  void transposed(const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) const {
    rates.transposed(x, q, w, gx, gq);
  }
  void initial(const Lanes* q, Lanes* x) const { start.values(nullptr, q, x); }
  void initial_tangent(const Lanes* q, const Lanes* dq, Lanes* dx) const { start.tangent(nullptr, q, nullptr, dq, dx); }
  void initial_transposed(const Lanes* q, const Lanes* gx, Lanes* gq) const {
    start.transposed(nullptr, q, gx, nullptr, gq);
  }
};

// "x" or "x[0]", "x[1]", …
std::vector<std::string> entries(const math::NamedArray& array) {
  std::vector<std::string> names;
  for (int i = 0; i < array.size; ++i)
    names.push_back(array.size == 1 ? array.name : fmt::format("{}[{}]", array.name, i));
  return names;
}

// One formula for each state (a number stands for all entries), as one formula of all entries.
std::shared_ptr<const math::Formula> compile(const Expression::Params& p, const std::vector<std::string>& arguments,
                                             const std::vector<std::string>& formulas, const std::string& key,
                                             const std::vector<math::NamedArray>& states) {
  std::vector<math::NamedArray> columns = model::read_columns(p.data);
  const auto of = [&](const std::vector<std::string>& results) {
    return model::compile({arguments, columns, p.definitions, results}, p.data, {"states", "data", "definitions", key});
  };
  if (states.empty()) return std::make_shared<const math::Formula>(of(formulas));
  if (formulas.size() != states.size())
    throw deck::KeyError(key, fmt::format("{} formulas for {} states", formulas.size(), states.size()),
                         "one formula for each entry of states, in its order");
  const std::vector<math::NamedArray> found = of(formulas).results();
  std::vector<std::string> filled = formulas;
  for (std::size_t k = 0; k < states.size(); ++k) {
    if (found[k].size == states[k].size) continue;
    if (found[k].size != 1)
      throw deck::KeyError(
          key, fmt::format("{} numbers for state '{}', which has {}", found[k].size, states[k].name, states[k].size),
          {}, {static_cast<int>(k), 0});
    filled[k] = fmt::format("rep({}, {})", formulas[k], states[k].size);
  }
  return std::make_shared<const math::Formula>(of(filled));
}

void refuse_dependence_on_states(const math::Formula& start, const std::vector<math::NamedArray>& states) {
  const std::vector<std::string>& unused = start.unused_parameters();
  for (const math::NamedArray& state : states)
    if (std::find(unused.begin(), unused.end(), state.name) == unused.end())
      throw deck::KeyError("initial", fmt::format("depends on the state '{}', which it is to begin", state.name),
                           "use numbers, parameters and data");
}

void refuse_times_between_steps(const Expression::Params& p, const std::vector<double>& times) {
  for (const double t : times) {
    const double steps = (t - p.start) / p.dt;
    if (std::abs(steps - std::round(steps)) > 1e-6)
      throw deck::KeyError(p.times.empty() ? "end" : "times",
                           fmt::format("t = {} is no whole number of steps dt = {} after the start", t, p.dt),
                           "a map has no states between its steps");
  }
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
           "states, parameters and definitions")
      .required()
      .example("[\"v\", \"-stiffness * x\"]")
      .key("initial", &Params::initial, "",
           "a formula for each of the states: its value at the start; of parameters and data")
      .required()
      .example("[\"1\", \"0\"]")
      .key("parameters", &Params::parameters, "",
           "names of what may be unknown, with the values they have when they are not, {name = value}")
      .key("data", &Params::data, "", "table (CSV) whose columns the formulas may use by their names")
      .key("definitions", &Params::definitions, "",
           "lines name = formula, each may use those before it; name(a, b) = formula is a function")
      .choice("time", &Params::time, "how time passes",
              {{"continuous", Time::continuous, "x' = rates, by Runge-Kutta steps of at most dt"},
               {"discrete", Time::discrete, "x <- rates, once every dt"}})
      .choice("layout", &Params::layout, "where the entries of the states are, for filters that localise",
              {{"none", Layout::none, "nowhere"},
               {"line", Layout::line, "entry i of each array at i"},
               {"ring", Layout::ring, "the same, and the last is a neighbour of the first"}});
  add_common_keys(s, "1", "states; change_x is how much x has changed since the time before; all states, if empty");
  return s;
}

std::unique_ptr<model::ForwardModel> Expression::make(const Params& p) {
  System system;
  std::vector<std::string> names, arguments = p.states;
  for (const deck::Named<double>& one : p.parameters) {
    names.push_back(one.name);
    system.quantities.push_back({one.name, one.value});
  }
  arguments.insert(arguments.end(), names.begin(), names.end());
  if (p.rates.size() != p.states.size())
    throw deck::KeyError("rates", fmt::format("{} formulas for {} states", p.rates.size(), p.states.size()),
                         "one formula for each entry of states, in its order");
  std::vector<math::NamedArray> states = compile(p, arguments, p.rates, "rates", {})->parameters();
  states.resize(p.states.size());
  const auto rates = compile(p, arguments, p.rates, "rates", states);
  const auto start = compile(p, arguments, p.initial, "initial", states);
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
  Plan plan(common, system);
  const int n = system.states, q = static_cast<int>(names.size());
  const FormulaRhs rhs{n, q, LaneFormula(rates, n, q), LaneFormula(start, n, q)};
  if (p.time == Time::continuous) return std::make_unique<Engine<FormulaRhs>>(rhs, plan);
  refuse_times_between_steps(p, plan.times);
  return std::make_unique<Engine<FormulaRhs, IteratedMap>>(rhs, plan);
}

}  // namespace aleator::ode
