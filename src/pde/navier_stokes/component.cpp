#include "pde/navier_stokes/component.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::pde::navier_stokes {

using spectral::Complex;
using spectral::Fields;
using spectral::Modes;
using spectral::Spectrum;
using spectral::times;

namespace {

// The modes of u and v for those of w: (i k_y, - i k_x) / |k|^2.
Complex symbol_of_u(double kx, double ky) {
  return kx == 0.0 && ky == 0.0 ? Complex() : Complex(0.0, ky / (kx * kx + ky * ky));
}
Complex symbol_of_v(double kx, double ky) {
  return kx == 0.0 && ky == 0.0 ? Complex() : Complex(0.0, -kx / (kx * kx + ky * ky));
}

// N(w) = straight(k) (u v)_k + skew(k) (v^2 - u^2)_k with straight = k_x^2 - k_y^2 and skew = k_x k_y.
class SelfAdvection : public spectral::Advection {
 public:
  explicit SelfAdvection(const Modes& modes)
      : modes_(modes), u_(modes.symbol(symbol_of_u)), v_(modes.symbol(symbol_of_v)) {
    for (std::size_t m = 0; m < modes.size(); ++m) {
      const double kx = modes.kx()[m], ky = modes.ky()[m];
      straight_.push_back(kx * kx - ky * ky);
      skew_.push_back(kx * ky);
    }
  }
  bool is_linear() const override { return false; }
  int work_grids() const override { return 3; }
  int kept_grids() const override { return 2; }

  double speed(const Fields& fields) const override {
    double largest = 0.0, sum = 0.0;
    for (std::size_t p = 0; p < modes_.values(); ++p) {
      const double here = std::fabs(fields.kept(0)[p]) + std::fabs(fields.kept(1)[p]);
      largest = std::max(largest, here), sum += here;
    }
    return std::isfinite(sum) ? largest : std::numeric_limits<double>::infinity();  // max() would let a NaN pass
  }
  void linearise(const Complex* w, const Fields& fields) const override {
    to_velocity(w, fields, fields.kept(0), fields.kept(1));
  }
  void apply(const Complex* w, const Fields& fields, Complex* out) const override {
    linearise(w, fields);
    const double *const u = fields.kept(0), *const v = fields.kept(1);
    double *const product = fields.work(0), *const difference = fields.work(1);
    for (std::size_t p = 0; p < modes_.values(); ++p)
      product[p] = u[p] * v[p], difference[p] = (v[p] - u[p]) * (v[p] + u[p]);
    to_slope(fields, out);
  }
  void tangent(const Complex* dw, const Fields& fields, Complex* out) const override {
    const double *const u = fields.kept(0), *const v = fields.kept(1);
    double *const du = fields.work(0), *const dv = fields.work(1);
    to_velocity(dw, fields, du, dv);
    for (std::size_t p = 0; p < modes_.values(); ++p) {
      const double product = du[p] * v[p] + u[p] * dv[p], difference = 2.0 * (v[p] * dv[p] - u[p] * du[p]);
      du[p] = product, dv[p] = difference;
    }
    to_slope(fields, out);
  }
  void transposed(const Complex* lambda, const Fields& fields, Complex* out) const override {
    const double *const u = fields.kept(0), *const v = fields.kept(1);
    double *const p1 = fields.work(0), *const p2 = fields.work(1);
    for (std::size_t m = 0; m < modes_.size(); ++m) out[m] = straight_[m] * lambda[m];
    modes_.to_values(out, fields.buffer, p1);
    for (std::size_t m = 0; m < modes_.size(); ++m) out[m] = skew_[m] * lambda[m];
    modes_.to_values(out, fields.buffer, p2);
    for (std::size_t p = 0; p < modes_.values(); ++p) {
      const double to_u = v[p] * p1[p] - 2.0 * u[p] * p2[p], to_v = u[p] * p1[p] + 2.0 * v[p] * p2[p];
      p1[p] = to_u, p2[p] = to_v;
    }
    Complex* const of_v = fields.work_spectrum(2);
    modes_.to_spectrum(p1, fields.buffer, out);
    modes_.to_spectrum(p2, fields.buffer, of_v);
    for (std::size_t m = 0; m < modes_.size(); ++m)
      out[m] = times(std::conj(u_[m]), out[m]) + times(std::conj(v_[m]), of_v[m]);
  }

 private:
  void to_velocity(const Complex* w, const Fields& fields, double* u, double* v) const {
    Complex* const spectrum = fields.work_spectrum(2);
    for (std::size_t m = 0; m < modes_.size(); ++m) spectrum[m] = times(u_[m], w[m]);
    modes_.to_values(spectrum, fields.buffer, u);
    for (std::size_t m = 0; m < modes_.size(); ++m) spectrum[m] = times(v_[m], w[m]);
    modes_.to_values(spectrum, fields.buffer, v);
  }
  // From u v and v^2 - u^2 in the first two work fields.
  void to_slope(const Fields& fields, Complex* out) const {
    Complex* const difference = fields.work_spectrum(2);
    modes_.to_spectrum(fields.work(0), fields.buffer, out);
    modes_.to_spectrum(fields.work(1), fields.buffer, difference);
    for (std::size_t m = 0; m < modes_.size(); ++m) out[m] = straight_[m] * out[m] + skew_[m] * difference[m];
  }

  const Modes modes_;
  Spectrum u_, v_;
  std::vector<double> straight_, skew_;
};

std::string fault_of_forcing(const Params& p) {
  return p.forcing != 0.0 && p.unknown == spectral::Unknown::source
             ? "forcing is the unknown: leave it out, or set unknown = \"initial\""
             : "";
}

std::string fault_of_waves(const Params& p) {
  const int largest = Modes::largest_of(p.mesh);
  return p.forcing == 0.0 || p.forcing_waves <= largest
             ? ""
             : fmt::format("forcing_waves = {} are too many for mesh = {}, which keeps {}", p.forcing_waves, p.mesh,
                           largest);
}

// f = forcing cos(k y), Kolmogorov's: its modes are (0, +-forcing_waves), exp(i k y) counted from the first point.
spectral::Symbol forcing_of(const Params& p) {
  const double k = 2.0 * std::acos(-1.0) * p.forcing_waves / p.length, phase = k * 0.5 * p.length / p.mesh;
  return [k, phase, half = 0.5 * p.forcing](double kx, double ky) {
    if (kx != 0.0 || std::fabs(std::fabs(ky) - k) > 1e-9 * k) return Complex();
    return std::polar(half, ky > 0.0 ? phase : -phase);
  };
}

}  // namespace

deck::Schema<Params> schema() {
  using spectral::Unknown;
  deck::Schema<Params> s(
      "Navier-Stokes equations in two dimensions on the periodic square, w_t + u . grad w = nu lap w + f",
      "Fourier modes, 2/3 rule; Runge-Kutta of order 4 with an integrating factor (Lawson 1967)");
  s.choice("unknown", &Params::unknown, "the unknown field, its mean taken away",
           {{"initial", Unknown::initial, "the vorticity w = v_x - u_y at time 0"},
            {"source", Unknown::source, "f, constant in time; w is initial_state at time 0"}});
  spectral::add_common_keys(s, "the unknown");
  s.key("viscosity", &Params::viscosity, "", "nu", deck::at_least(0))
      .key("forcing", &Params::forcing, "", "F: f = F cos(k y), k = 2 pi forcing_waves / length")
      .key("forcing_waves", &Params::forcing_waves, "1", "waves of f along y", deck::between(1, 1000))
      .only_with("forcing", [](const Params& p) { return p.forcing != 0.0; })
      .choice("observe", &Params::observe, "what is observed at each point and time",
              {{"vorticity", Observed::vorticity, "w"}, {"velocity", Observed::velocity, "u and v"}})
      .check("forcing", fault_of_forcing)
      .check("forcing_waves", fault_of_waves);
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  spectral::Setup setup = common_setup(params, "w");
  setup.unknown = params.unknown;
  setup.unknown_name = params.unknown == spectral::Unknown::initial ? "initial" : "forcing";
  setup.state_name = "vorticity";
  setup.has_mean = false;
  if (params.observe == Observed::vorticity)
    setup.observables = {{"w", [](double, double) { return Complex(1.0, 0.0); }, true}};
  else
    setup.observables = {{"u", symbol_of_u}, {"v", symbol_of_v}};
  setup.rate = [nu = params.viscosity](double kx, double ky) { return Complex(-nu * (kx * kx + ky * ky), 0.0); };
  if (params.forcing != 0.0) setup.source = forcing_of(params);
  setup.advection = [](const Modes& modes) { return std::make_unique<const SelfAdvection>(modes); };
  return std::make_unique<spectral::Engine>("pde/navier_stokes", std::move(setup), std::move(ranks));
}

}  // namespace aleator::pde::navier_stokes
