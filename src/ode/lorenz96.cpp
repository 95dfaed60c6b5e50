#include "ode/lorenz96.hpp"

#include <fmt/format.h>

#include "ode/engine.hpp"

namespace aleator::ode {
namespace {

struct Lorenz96Rhs {
  static constexpr int states = 0, parameters = 1;
  static constexpr bool knows_time = false, derives = false;
  int n;
  int size() const { return n; }

  // work(i, i + 1, i - 1, i - 2) around the ring.
  template <class Work>
  void around(const Work& work) const {
    work(0, 1, n - 1, n - 2);
    work(1, 2, 0, n - 1);
    for (int i = 2; i < n - 1; ++i) work(i, i + 1, i - 1, i - 2);
    work(n - 1, 0, n - 2, n - 3);
  }
  void f(const Lanes* x, const Lanes* q, Lanes* f) const {
    const Lanes forcing = q[0];
    around([&](int i, int right, int left, int second) { f[i] = (x[right] - x[second]) * x[left] - x[i] + forcing; });
  }
  void tangent(const Lanes* x, const Lanes*, const Lanes* dx, const Lanes* dq, Lanes* df) const {
    around([&](int i, int right, int left, int second) {
      df[i] = (dx[right] - dx[second]) * x[left] + (x[right] - x[second]) * dx[left] - dx[i] + dq[0];
    });
  }
  void transposed(const Lanes* x, const Lanes*, const Lanes* w, Lanes* gx, Lanes* gq) const {
    Lanes sum{};
    for (int i = 0; i < n; ++i) gx[i] = -w[i], sum += w[i];
    around([&](int i, int right, int left, int second) {
      const Lanes product = x[left] * w[i];
      gx[right] += product;
      gx[second] -= product;
      gx[left] += (x[right] - x[second]) * w[i];
    });
    gq[0] += sum;
  }

  void initial(const Lanes* q, Lanes* x) const { std::copy_n(q + parameters, n, x); }
  void initial_tangent(const Lanes*, const Lanes* dq, Lanes* dx) const { initial(dq, dx); }
  void initial_transposed(const Lanes*, const Lanes* gx, Lanes* gq) const {
    for (int i = 0; i < n; ++i) gq[parameters + i] += gx[i];
  }
};

}  // namespace

Lorenz96::Params::Params() {
  unknown = {"forcing"};
  observe = {"x"};
  dt = 0.025;
}

deck::Schema<Lorenz96::Params> Lorenz96::schema() {
  deck::Schema<Params> s("Lorenz' ring of n variables, a small weather: chaotic for F = 8",
                         "Lorenz 1996; Runge-Kutta of order 4 with its discrete adjoint");
  s.key("variables", &Params::variables, "1", "n, length of the ring", deck::between(4, 1000000))
      .key("forcing", &Params::forcing, "1", "F")
      .key("initial", &Params::initial, "1",
           "x_0, …, x_(n-1) at the start; empty: F, and F + 0.01 for x_0. Unknown they are initial_0, …; initial for "
           "all");
  add_common_keys(s, "1", "x_0, x_1, …; x for all");
  return s;
}

std::unique_ptr<model::ForwardModel> Lorenz96::make(const Params& p) {
  const int n = p.variables;
  std::vector<double> initial = p.initial;
  if (initial.empty()) {
    initial.assign(static_cast<std::size_t>(n), p.forcing);
    initial[0] += 0.01;
  }
  if (static_cast<int>(initial.size()) != n)
    throw deck::KeyError("initial", fmt::format("{} values for {} variables", initial.size(), n));
  System system;
  system.states = n;
  system.quantities = {{"forcing", p.forcing}};
  system.quantity_groups = {{"initial", {}}}, system.groups = {{"x", {}}};
  for (int i = 0; i < n; ++i) {
    const std::string start = fmt::format("initial_{}", i), name = fmt::format("x_{}", i);
    system.quantities.push_back({start, initial[static_cast<std::size_t>(i)]});
    system.observables.push_back({name, {{i, 1.0}}});
    system.quantity_groups[0].members.push_back(start);
    system.groups[0].members.push_back(name);
  }
  system.coordinates = {{{}, static_cast<double>(n)}};
  for (int i = 0; i < n; ++i) system.coordinates[0].position.push_back(i);
  return std::make_unique<Engine<Lorenz96Rhs>>(Lorenz96Rhs{n}, Plan(p, system));
}

}  // namespace aleator::ode
