#include "ode/pharmacokinetics.hpp"

#include <algorithm>

#include "ode/engine.hpp"

namespace aleator::ode {
namespace {

struct PharmacokineticsRhs : RightHandSide<3, 5> {
  enum { ka, CL, V, Q, V2, dose, F };

  // Quotients of parameters alone are computed once: they are written as such.
  static void f(const Lanes* x, const Lanes* q, Lanes* f) {
    const Lanes difference = x[1] - x[2];
    f[0] = -(q[ka] * x[0]);
    f[1] = q[ka] / q[V] * x[0] - q[CL] / q[V] * x[1] - q[Q] / q[V] * difference;
    f[2] = q[Q] / q[V2] * difference;
  }
  static void tangent(const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) {
    const Lanes difference = x[1] - x[2];
    const Lanes flow = q[ka] / q[V] * x[0] - q[CL] / q[V] * x[1] - q[Q] / q[V] * difference;
    const Lanes d_absorbed = q[ka] * dx[0] + dq[ka] * x[0], d_cleared = q[CL] * dx[1] + dq[CL] * x[1];
    const Lanes d_exchanged = q[Q] * (dx[1] - dx[2]) + dq[Q] * difference;
    df[0] = -d_absorbed;
    df[1] = (d_absorbed - d_cleared - d_exchanged - flow * dq[V]) / q[V];
    df[2] = (d_exchanged - q[Q] / q[V2] * difference * dq[V2]) / q[V2];
  }
  static void transposed(const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) {
    const Lanes one = Lanes::all(1.0), difference = x[1] - x[2];
    const Lanes flow = q[ka] / q[V] * x[0] - q[CL] / q[V] * x[1] - q[Q] / q[V] * difference;
    const Lanes g_flow = one / q[V] * w[1], g_back = one / q[V2] * w[2];
    const Lanes g_absorbed = g_flow - w[0], g_exchanged = g_back - g_flow;
    gx[0] = q[ka] * g_absorbed;
    gx[1] = q[Q] * g_exchanged - q[CL] * g_flow;
    gx[2] = -(q[Q] * g_exchanged);
    gq[ka] += x[0] * g_absorbed;
    gq[CL] -= x[1] * g_flow;
    gq[V] -= flow * g_flow;
    gq[Q] += difference * g_exchanged;
    gq[V2] -= q[Q] / q[V2] * difference * g_back;
  }

  static void initial(const Lanes* q, Lanes* x) {
    x[0] = q[F] * q[dose];
    x[1] = x[2] = Lanes{};
  }
  static void initial_tangent(const Lanes* q, const Lanes* dq, Lanes* dx) {
    dx[0] = q[F] * dq[dose] + dq[F] * q[dose];
    dx[1] = dx[2] = Lanes{};
  }
  static void initial_transposed(const Lanes* q, const Lanes* gx, Lanes* gq) {
    gq[dose] += q[F] * gx[0];
    gq[F] += q[dose] * gx[0];
  }
};

}  // namespace

Pharmacokinetics::Params::Params() {
  unknown = {"ka", "clearance", "volume"};
  observe = {"concentration"};
  dt = 0.1;
}

deck::Schema<Pharmacokinetics::Params> Pharmacokinetics::schema() {
  deck::Schema<Params> s("A drug taken by mouth: gut, central and, if Q > 0, peripheral compartment",
                         "Gibaldi, Perrier 1982; Runge-Kutta of order 4 with its discrete adjoint");
  s.key("ka", &Params::ka, "1/h", "rate of absorption from the gut", deck::at_least(0))
      .key("clearance", &Params::clearance, "L/h", "clearance from the central compartment", deck::at_least(0))
      .key("volume", &Params::volume, "L", "volume of the central compartment", deck::positive())
      .key("exchange", &Params::exchange, "L/h", "exchange with the peripheral compartment; 0: there is none",
           deck::at_least(0))
      .key("peripheral_volume", &Params::peripheral_volume, "L", "volume of the peripheral compartment",
           deck::positive())
      .only_with("exchange",
                 [](const Params& p) {
                   return p.exchange > 0.0 ||
                          std::find(p.unknown.begin(), p.unknown.end(), "exchange") != p.unknown.end();
                 })
      .key("dose", &Params::dose, "mg", "amount taken at the start", deck::at_least(0))
      .key("bioavailability", &Params::bioavailability, "1", "share of the dose that can be absorbed",
           deck::at_least(0));
  add_common_keys(s, "h", "gut (mg), concentration (mg/L), peripheral (mg/L)");
  return s;
}

std::unique_ptr<model::ForwardModel> Pharmacokinetics::make(const Params& p) {
  System system;
  system.states = 3;
  system.quantities = {{"ka", p.ka, Domain::not_negative},
                       {"clearance", p.clearance, Domain::not_negative},
                       {"volume", p.volume, Domain::positive},
                       {"exchange", p.exchange, Domain::not_negative},
                       {"peripheral_volume", p.peripheral_volume, Domain::positive},
                       {"dose", p.dose, Domain::not_negative},
                       {"bioavailability", p.bioavailability, Domain::not_negative}};
  system.observables = {{"gut", {{0, 1.0}}}, {"concentration", {{1, 1.0}}}, {"peripheral", {{2, 1.0}}}};
  system.stays_positive = true;
  return std::make_unique<Engine<PharmacokineticsRhs>>(PharmacokineticsRhs(), Plan(p, system));
}

}  // namespace aleator::ode
