#include "ode/lotka_volterra.hpp"

#include "ode/engine.hpp"

namespace aleator::ode {
namespace {

struct LotkaVolterraRhs : RightHandSide<2, 4> {
  enum { alpha, beta, gamma, delta };

  static void f(const Lanes* x, const Lanes* q, Lanes* f) {
    const Lanes meetings = x[0] * x[1];
    f[0] = q[alpha] * x[0] - q[beta] * meetings;
    f[1] = q[delta] * meetings - q[gamma] * x[1];
  }
  static void tangent(const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) {
    const Lanes meetings = x[0] * x[1], change = x[1] * dx[0] + x[0] * dx[1];
    df[0] = q[alpha] * dx[0] + dq[alpha] * x[0] - q[beta] * change - dq[beta] * meetings;
    df[1] = q[delta] * change + dq[delta] * meetings - q[gamma] * dx[1] - dq[gamma] * x[1];
  }
  static void transposed(const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) {
    const Lanes meetings = x[0] * x[1], change = q[delta] * w[1] - q[beta] * w[0];
    gx[0] = q[alpha] * w[0] + x[1] * change;
    gx[1] = x[0] * change - q[gamma] * w[1];
    gq[alpha] += x[0] * w[0];
    gq[beta] -= meetings * w[0];
    gq[gamma] -= x[1] * w[1];
    gq[delta] += meetings * w[1];
  }
};

}  // namespace

LotkaVolterra::Params::Params() {
  unknown = {"alpha", "beta", "gamma", "delta"};
  observe = {"prey", "predators"};
  dt = 0.05;
}

deck::Schema<LotkaVolterra::Params> LotkaVolterra::schema() {
  deck::Schema<Params> s("Prey and predators of Lotka and Volterra",
                         "Lotka 1925, Volterra 1926; Runge-Kutta of order 4 with its discrete adjoint");
  s.key("alpha", &Params::alpha, "1/year", "growth rate of the prey without predators", deck::at_least(0))
      .key("beta", &Params::beta, "1/year", "share of the prey that one predator eats, per time", deck::at_least(0))
      .key("gamma", &Params::gamma, "1/year", "death rate of the predators without prey", deck::at_least(0))
      .key("delta", &Params::delta, "1/year", "growth rate of the predators for each prey", deck::at_least(0))
      .key("prey0", &Params::prey0, "1", "prey at the start", deck::at_least(0))
      .key("predators0", &Params::predators0, "1", "predators at the start", deck::at_least(0));
  add_common_keys(s, "year", "prey, predators");
  return s;
}

std::unique_ptr<model::ForwardModel> LotkaVolterra::make(const Params& p) {
  System system;
  system.states = 2;
  system.quantities = {{"alpha", p.alpha, Domain::not_negative}, {"beta", p.beta, Domain::not_negative},
                       {"gamma", p.gamma, Domain::not_negative}, {"delta", p.delta, Domain::not_negative},
                       {"prey0", p.prey0, Domain::not_negative}, {"predators0", p.predators0, Domain::not_negative}};
  system.observables = {{"prey", {{0, 1.0}}}, {"predators", {{1, 1.0}}}};
  system.stays_positive = true;
  return std::make_unique<Engine<LotkaVolterraRhs>>(LotkaVolterraRhs(), Plan(p, system));
}

}  // namespace aleator::ode
