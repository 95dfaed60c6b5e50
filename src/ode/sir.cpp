#include "ode/sir.hpp"

#include "ode/engine.hpp"

namespace aleator::ode {
namespace {

struct SirRhs : RightHandSide<3, 3> {
  enum { beta, gamma, population, infectious0, recovered0 };

  static void f(const Lanes* x, const Lanes* q, Lanes* f) {
    const Lanes infections = q[beta] / q[population] * (x[0] * x[1]), recoveries = q[gamma] * x[1];
    f[0] = -infections;
    f[1] = infections - recoveries;
    f[2] = recoveries;
  }
  // d(beta S I / N) = (beta / N) (I dS + S dI) + S I / N dbeta - beta S I / N^2 dN
  static void tangent(const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) {
    const Lanes rate = q[beta] / q[population], contacts = x[0] * x[1];
    const Lanes d_rate = (dq[beta] - rate * dq[population]) / q[population];
    const Lanes infections = rate * (x[1] * dx[0] + x[0] * dx[1]) + d_rate * contacts;
    const Lanes recoveries = q[gamma] * dx[1] + dq[gamma] * x[1];
    df[0] = -infections;
    df[1] = infections - recoveries;
    df[2] = recoveries;
  }
  static void transposed(const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) {
    const Lanes rate = q[beta] / q[population];
    const Lanes infections = w[1] - w[0], recoveries = w[2] - w[1];
    const Lanes g_rate = Lanes::all(1.0) / q[population] * (infections * (x[0] * x[1]));
    gx[0] = rate * x[1] * infections;
    gx[1] = rate * x[0] * infections + q[gamma] * recoveries;
    gx[2] = Lanes{};
    gq[beta] += g_rate;
    gq[population] -= rate * g_rate;
    gq[gamma] += x[1] * recoveries;
  }

  static void initial(const Lanes* q, Lanes* x) {
    x[0] = q[population] - q[infectious0] - q[recovered0];
    x[1] = q[infectious0];
    x[2] = q[recovered0];
  }
  static void initial_tangent(const Lanes*, const Lanes* dq, Lanes* dx) { initial(dq, dx); }
  static void initial_transposed(const Lanes*, const Lanes* gx, Lanes* gq) {
    gq[population] += gx[0];
    gq[infectious0] += gx[1] - gx[0];
    gq[recovered0] += gx[2] - gx[0];
  }
};

}  // namespace

Sir::Params::Params() {
  unknown = {"beta", "gamma", "infectious0"};
  observe = {"new_cases"};
  dt = 0.25;
}

deck::Schema<Sir::Params> Sir::schema() {
  deck::Schema<Params> s("SIR model of an epidemic: susceptible, infectious and recovered people",
                         "Kermack, McKendrick 1927; Runge-Kutta of order 4 with its discrete adjoint");
  s.key("beta", &Params::beta, "1/day", "contacts of a person that infect, per time", deck::at_least(0))
      .key("gamma", &Params::gamma, "1/day", "rate of recovery: 1 / gamma is the mean time of being infectious",
           deck::at_least(0))
      .key("population", &Params::population, "people", "N = S + I + R", deck::positive())
      .key("infectious0", &Params::infectious0, "people", "infectious at the start", deck::at_least(0))
      .key("recovered0", &Params::recovered0, "people", "recovered (immune) at the start", deck::at_least(0));
  add_common_keys(s, "day", "susceptible, infectious, recovered, new_cases (infections since the time before)");
  return s;
}

std::unique_ptr<model::ForwardModel> Sir::make(const Params& p) {
  System system;
  system.states = 3;
  system.quantities = {{"beta", p.beta, Domain::not_negative},
                       {"gamma", p.gamma, Domain::not_negative},
                       {"population", p.population, Domain::positive},
                       {"infectious0", p.infectious0, Domain::not_negative},
                       {"recovered0", p.recovered0, Domain::not_negative}};
  system.observables = {{"susceptible", {{0, 1.0}}},
                        {"infectious", {{1, 1.0}}},
                        {"recovered", {{2, 1.0}}},
                        {"new_cases", {{0, -1.0}}, true}};
  system.stays_positive = true;
  return std::make_unique<Engine<SirRhs>>(SirRhs(), Plan(p, system));
}

}  // namespace aleator::ode
