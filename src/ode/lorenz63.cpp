#include "ode/lorenz63.hpp"

#include "ode/engine.hpp"

namespace aleator::ode {
namespace {

struct Lorenz63Rhs : RightHandSide<3, 3> {
  enum { sigma, rho, beta };

  static void f(const Lanes* x, const Lanes* q, Lanes* f) {
    f[0] = q[sigma] * (x[1] - x[0]);
    f[1] = x[0] * (q[rho] - x[2]) - x[1];
    f[2] = x[0] * x[1] - q[beta] * x[2];
  }
  static void tangent(const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) {
    df[0] = q[sigma] * (dx[1] - dx[0]) + dq[sigma] * (x[1] - x[0]);
    df[1] = dx[0] * (q[rho] - x[2]) + x[0] * (dq[rho] - dx[2]) - dx[1];
    df[2] = dx[0] * x[1] + x[0] * dx[1] - q[beta] * dx[2] - dq[beta] * x[2];
  }
  static void transposed(const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) {
    const Lanes mixed = q[sigma] * w[0];
    gx[0] = (q[rho] - x[2]) * w[1] + x[1] * w[2] - mixed;
    gx[1] = mixed - w[1] + x[0] * w[2];
    gx[2] = -(x[0] * w[1]) - q[beta] * w[2];
    gq[sigma] += (x[1] - x[0]) * w[0];
    gq[rho] += x[0] * w[1];
    gq[beta] -= x[2] * w[2];
  }
};

}  // namespace

Lorenz63::Params::Params() {
  unknown = {"sigma", "rho", "beta"};
  observe = {"x", "y", "z"};
  dt = 0.01;
}

deck::Schema<Lorenz63::Params> Lorenz63::schema() {
  deck::Schema<Params> s("Lorenz' three equations of convection: chaotic for the default parameters",
                         "Lorenz 1963; Runge-Kutta of order 4 with its discrete adjoint");
  s.key("sigma", &Params::sigma, "1", "Prandtl number")
      .key("rho", &Params::rho, "1", "Rayleigh number over its critical value")
      .key("beta", &Params::beta, "1", "form of the convection cells")
      .key("x0", &Params::x0, "1", "x at the start")
      .key("y0", &Params::y0, "1", "y at the start")
      .key("z0", &Params::z0, "1", "z at the start");
  add_common_keys(s, "1", "x, y, z");
  return s;
}

std::unique_ptr<model::ForwardModel> Lorenz63::make(const Params& p) {
  System system;
  system.states = 3;
  system.quantities = {{"sigma", p.sigma}, {"rho", p.rho}, {"beta", p.beta}, {"x0", p.x0}, {"y0", p.y0}, {"z0", p.z0}};
  system.observables = {{"x", {{0, 1.0}}}, {"y", {{1, 1.0}}}, {"z", {{2, 1.0}}}};
  return std::make_unique<Engine<Lorenz63Rhs>>(Lorenz63Rhs(), Plan(p, system));
}

}  // namespace aleator::ode
