#include "pde/advection_diffusion/component.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::pde::advection_diffusion {

using spectral::Complex;
using spectral::Fields;
using spectral::Modes;
using spectral::times;

namespace {

// N(c) = - div(v c) for v = (psi_y, -psi_x), psi = swirl / k sin(k x) sin(k y): largest speed along an axis is swirl.
class Swirls : public spectral::Advection {
 public:
  Swirls(const Modes& modes, double swirl, int waves) : modes_(modes), is_still_(swirl == 0.0) {
    const int n = modes.points();
    const double k = 2.0 * std::acos(-1.0) * waves / modes.length(), h = modes.length() / n;
    for (int j = modes.first_row(); j < modes.first_row() + modes.rows(); ++j)
      for (int i = 0; i < n; ++i) {
        const double x = k * (i + 0.5) * h, y = k * (j + 0.5) * h;
        u_.push_back(swirl * std::sin(x) * std::cos(y));
        v_.push_back(-swirl * std::cos(x) * std::sin(y));
        speed_ = std::max(speed_, std::fabs(u_.back()) + std::fabs(v_.back()));
      }
  }
  bool is_linear() const override { return true; }
  int work_grids() const override { return 3; }
  int kept_grids() const override { return 0; }
  double speed(const Fields&) const override { return speed_; }
  void linearise(const Complex*, const Fields&) const override {}
  void tangent(const Complex* dw, const Fields& fields, Complex* out) const override { apply(dw, fields, out); }

  void apply(const Complex* w, const Fields& fields, Complex* out) const override {
    if (is_still_) return std::fill_n(out, modes_.size(), Complex()), void();
    double *const c = fields.work(0), *const cu = fields.work(1), *const cv = fields.work(2);
    modes_.to_values(w, fields.buffer, c);
    for (std::size_t p = 0; p < modes_.values(); ++p) cu[p] = u_[p] * c[p], cv[p] = v_[p] * c[p];
    Complex* const second = fields.work_spectrum(0);
    modes_.to_spectrum(cu, fields.buffer, out);
    modes_.to_spectrum(cv, fields.buffer, second);
    for (std::size_t m = 0; m < modes_.size(); ++m)
      out[m] = times(Complex(0.0, -1.0), modes_.kx()[m] * out[m] + modes_.ky()[m] * second[m]);
  }

  // v . grad lambda.
  void transposed(const Complex* lambda, const Fields& fields, Complex* out) const override {
    if (is_still_) return std::fill_n(out, modes_.size(), Complex()), void();
    double *const gx = fields.work(0), *const gy = fields.work(1);
    for (std::size_t m = 0; m < modes_.size(); ++m) out[m] = times(Complex(0.0, modes_.kx()[m]), lambda[m]);
    modes_.to_values(out, fields.buffer, gx);
    for (std::size_t m = 0; m < modes_.size(); ++m) out[m] = times(Complex(0.0, modes_.ky()[m]), lambda[m]);
    modes_.to_values(out, fields.buffer, gy);
    for (std::size_t p = 0; p < modes_.values(); ++p) gx[p] = u_[p] * gx[p] + v_[p] * gy[p];
    modes_.to_spectrum(gx, fields.buffer, out);
  }

 private:
  const Modes modes_;
  bool is_still_;
  std::vector<double> u_, v_;
  double speed_ = 0.0;
};

std::string fault_of_swirls(const Params& p) {
  const int largest = Modes::largest_of(p.mesh);
  return p.swirl == 0.0 || p.swirl_waves <= largest
             ? ""
             : fmt::format("swirl_waves = {} are too many for mesh = {}, which keeps {}", p.swirl_waves, p.mesh,
                           largest);
}

}  // namespace

deck::Schema<Params> schema() {
  using spectral::Unknown;
  deck::Schema<Params> s(
      "Transport of a concentration on the periodic square by wind and swirls, c_t + v . grad c = kappa lap c + s",
      "Fourier modes, 2/3 rule; Runge-Kutta of order 4 with an integrating factor (Lawson 1967)");
  s.choice("unknown", &Params::unknown, "the unknown field",
           {{"initial", Unknown::initial, "c at time 0; no source"},
            {"source", Unknown::source, "s, constant in time; c is initial_state at time 0"}});
  spectral::add_common_keys(s, "the unknown");
  s.key("diffusivity", &Params::diffusivity, "", "kappa", deck::at_least(0))
      .key("wind", &Params::wind, "", "[wx, wy], the uniform part of v")
      .key("swirl", &Params::swirl, "",
           "S: v = wind + S [sin(k x) cos(k y), -cos(k x) sin(k y)], k = 2 pi swirl_waves / length")
      .key("swirl_waves", &Params::swirl_waves, "1", "swirls: 2 swirl_waves along each axis", deck::between(1, 1000))
      .only_with("swirl", [](const Params& p) { return p.swirl != 0.0; })
      .check("wind",
             [](const Params& p) {
               return p.wind.size() == 2 ? "" : fmt::format("wind has {} numbers, not the two wx, wy", p.wind.size());
             })
      .check("swirl_waves", fault_of_swirls)
      .check("dt", [](const Params& p) { return spectral::fault_of_step(p, std::fabs(p.swirl)); });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  spectral::Setup setup = common_setup(params, "c");
  setup.unknown = params.unknown;
  setup.unknown_name = params.unknown == spectral::Unknown::initial ? "initial" : "source";
  setup.state_name = "concentration";
  setup.observables = {{"c", [](double, double) { return Complex(1.0, 0.0); }, true}};
  setup.rate = [kappa = params.diffusivity, wind = params.wind](double kx, double ky) {
    return Complex(-kappa * (kx * kx + ky * ky), -(wind[0] * kx + wind[1] * ky));
  };
  setup.advection = [swirl = params.swirl, waves = params.swirl_waves](const Modes& modes) {
    return std::make_unique<const Swirls>(modes, swirl, waves);
  };
  return std::make_unique<spectral::Engine>("pde/advection_diffusion", std::move(setup), std::move(ranks));
}

}  // namespace aleator::pde::advection_diffusion
