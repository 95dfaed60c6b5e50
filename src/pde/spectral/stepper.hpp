#pragma once
/// What      One step of w_t = rate(k) w + N(w) + f in Fourier modes, its tangent and its adjoint.
/// Method    Runge-Kutta of order 4 with an integrating factor (Lawson 1967): the linear part, diffusion and wind, is
///           exact, N and f are stepped. The adjoint is that of the step: it repeats the stages and goes back through them.
/// Parallel  one object a thread; collective where Modes are those of several ranks.
/// Cost      4 applications of N; tangent 4 products more; adjoint 3 applications and 4 transposed products, the latter alone
///           for linear N.
/// Fails     -
#include "pde/spectral/modes.hpp"

namespace aleator::pde::spectral {

/// The fields an Advection works on: scratch, and those that its linearisation needs again.
struct Fields {
  const Modes::Buffer& buffer;
  int first_kept;
  double* work(int g) const { return buffer.grid(g); }
  /// The same memory for a spectrum.
  Complex* work_spectrum(int g) const { return reinterpret_cast<Complex*>(work(g)); }
  double* kept(int g) const { return buffer.grid(first_kept + g); }
};

/// N and its derivative N'(w), which hangs on what apply or linearise left in the kept fields.
class Advection {
 public:
  virtual ~Advection() = default;
  virtual bool is_linear() const = 0;
  virtual int work_grids() const = 0;
  virtual int kept_grids() const = 0;
  virtual void apply(const Complex* w, const Fields& fields, Complex* out) const = 0;
  virtual void linearise(const Complex* w, const Fields& fields) const = 0;
  virtual void tangent(const Complex* dw, const Fields& fields, Complex* out) const = 0;
  virtual void transposed(const Complex* lambda, const Fields& fields, Complex* out) const = 0;
  /// Largest |u| + |v| of the velocity at this rank's points; infinite where it is not finite.
  virtual double speed(const Fields& fields) const = 0;
};

class Stepper {
 public:
  Stepper(const Modes& modes, const Advection& advection, const Spectrum& rate);

  /// speed() * largest wave number * h must stay below this: Runge-Kutta of order 4 on the imaginary axis.
  static constexpr double stability = 2.8;

  const Modes::Buffer& buffer() const { return buffer_; }
  void set_step(double h);
  /// w -> next, which may be w.
  void step(const Complex* w, const Complex* f, Complex* next);
  /// (w, dw) -> the next, in place.
  void step_tangent(Complex* w, Complex* dw, const Complex* f, const Complex* df);
  /// lambda = dJ/dnext -> dJ/dw, adds to gf = dJ/df; w: the state at which the step began.
  void step_back(const Complex* w, const Complex* f, Complex* lambda, Complex* gf);
  /// The same at the beginning of the last step.
  double speed() const { return advection_.speed(fields(0)); }

 private:
  Fields fields(int stage) const;
  void slope(int stage, const Complex* at, const Complex* f);
  template <class Slope>
  void stages(const Complex* w, const Slope& slope);
  void finish(const Complex* w, Complex* next);
  void transposed(int stage, const Complex* gradient, Complex* lambda, Complex* gf);

  const Modes& modes_;
  const Advection& advection_;
  const Spectrum& rate_;
  Modes::Buffer buffer_;
  double h_ = -1.0;
  Spectrum half_, whole_;  ///< exp(rate h / 2), exp(rate h)
  Spectrum slope_[4], point_[4], back_[4], gradient_;
};

}  // namespace aleator::pde::spectral
