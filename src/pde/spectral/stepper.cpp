#include "pde/spectral/stepper.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::pde::spectral {

Stepper::Stepper(const Modes& modes, const Advection& advection, const Spectrum& rate)
    : modes_(modes),
      advection_(advection),
      rate_(rate),
      buffer_(modes, std::max(1, advection.work_grids() + 4 * advection.kept_grids())),
      half_(modes.size()),
      whole_(modes.size()),
      gradient_(modes.size()) {
  for (int s = 0; s < 4; ++s)
    for (Spectrum* one : {&slope_[s], &point_[s], &back_[s]}) one->resize(modes.size());
}

Fields Stepper::fields(int stage) const { return {buffer_, advection_.work_grids() + stage * advection_.kept_grids()}; }

void Stepper::set_step(double h) {
  if (h == h_) return;
  h_ = h;
  for (std::size_t m = 0; m < rate_.size(); ++m) {
    half_[m] = std::polar(std::exp(0.5 * h * rate_[m].real()), 0.5 * h * rate_[m].imag());
    whole_[m] = times(half_[m], half_[m]);
  }
}

void Stepper::slope(int stage, const Complex* at, const Complex* f) {
  Complex* const k = slope_[stage].data();
  advection_.apply(at, fields(stage), k);
  for (std::size_t m = 0; m < modes_.size(); ++m) k[m] += f[m];
}

// slope(stage, at) fills slope_[stage]; the points lie at w, twice in the middle and at the end.
template <class Slope>
void Stepper::stages(const Complex* w, const Slope& slope) {
  const std::size_t n = modes_.size();
  slope(0, w);
  for (std::size_t m = 0; m < n; ++m) point_[1][m] = times(half_[m], w[m] + 0.5 * h_ * slope_[0][m]);
  slope(1, point_[1].data());
  for (std::size_t m = 0; m < n; ++m) point_[2][m] = times(half_[m], w[m]) + 0.5 * h_ * slope_[1][m];
  slope(2, point_[2].data());
  for (std::size_t m = 0; m < n; ++m) point_[3][m] = times(whole_[m], w[m]) + h_ * times(half_[m], slope_[2][m]);
}

void Stepper::finish(const Complex* w, Complex* next) {
  for (std::size_t m = 0; m < modes_.size(); ++m)
    next[m] = times(whole_[m], w[m] + h_ / 6.0 * slope_[0][m]) +
              h_ / 3.0 * times(half_[m], slope_[1][m] + slope_[2][m]) + h_ / 6.0 * slope_[3][m];
}

void Stepper::step(const Complex* w, const Complex* f, Complex* next) {
  stages(w, [&](int stage, const Complex* at) { slope(stage, at, f); });
  slope(3, point_[3].data(), f);
  finish(w, next);
}

void Stepper::step_tangent(Complex* w, Complex* dw, const Complex* f, const Complex* df) {
  step(w, f, w);
  const auto derivative = [&](int stage, const Complex* at) {
    Complex* const k = slope_[stage].data();
    advection_.tangent(at, fields(stage), k);
    for (std::size_t m = 0; m < modes_.size(); ++m) k[m] += df[m];
  };
  stages(dw, derivative);
  derivative(3, point_[3].data());
  finish(dw, dw);
}

void Stepper::transposed(int stage, const Complex* gradient, Complex* lambda, Complex* gf) {
  advection_.transposed(gradient, fields(stage), lambda);
  for (std::size_t m = 0; m < modes_.size(); ++m) gf[m] += gradient[m];
}

void Stepper::step_back(const Complex* w, const Complex* f, Complex* lambda, Complex* gf) {
  if (!advection_.is_linear()) {
    stages(w, [&](int stage, const Complex* at) { slope(stage, at, f); });
    advection_.linearise(point_[3].data(), fields(3));
  }
  const std::size_t n = modes_.size();
  Complex* const g = gradient_.data();  // of a stage's slope
  for (std::size_t m = 0; m < n; ++m) g[m] = h_ / 6.0 * lambda[m];
  transposed(3, g, back_[3].data(), gf);
  for (std::size_t m = 0; m < n; ++m) g[m] = times(std::conj(half_[m]), h_ / 3.0 * lambda[m] + h_ * back_[3][m]);
  transposed(2, g, back_[2].data(), gf);
  for (std::size_t m = 0; m < n; ++m) g[m] = h_ / 3.0 * times(std::conj(half_[m]), lambda[m]) + 0.5 * h_ * back_[2][m];
  transposed(1, g, back_[1].data(), gf);
  for (std::size_t m = 0; m < n; ++m)
    g[m] = h_ / 6.0 * times(std::conj(whole_[m]), lambda[m]) + 0.5 * h_ * times(std::conj(half_[m]), back_[1][m]);
  transposed(0, g, back_[0].data(), gf);
  for (std::size_t m = 0; m < n; ++m)
    lambda[m] = times(std::conj(whole_[m]), lambda[m] + back_[3][m]) +
                times(std::conj(half_[m]), back_[2][m] + back_[1][m]) + back_[0][m];
}

}  // namespace aleator::pde::spectral
