#include <algorithm>
#include <cmath>

#include "pde/burgers/equation.hpp"
#include "pde/evolution/stencil.hpp"

namespace aleator::pde::burgers {
namespace {

using evolution::Point;
using evolution::Rates;

// q = {nu}. A whole grid is closed at its ends; a strip has a neighbour's point at either.
class Circle : public Equation {
 public:
  using Equation::Equation;

  // f_i = -(F_(i+1/2) - F_(i-1/2)) / h; both fluxes of a point are computed there, so that the loop has no recurrence.
  void f(const Point& at, double* f) const override {
    const double convection = -1.0 / (6.0 * h_), diffusion = at.q[0] / (h_ * h_);
    each(at.x, [&](int i, double left, double x, double right) {
      f[i] = convection * (right - left) * (right + left + x) + diffusion * (left - 2.0 * x + right);
    });
  }
  void tangent(const Point& at, const double* dq, const double* dx, double* df) const override {
    const double c = -1.0 / (6.0 * h_), d = at.q[0] / (h_ * h_), dd = dq[0] / (h_ * h_);
    for (int i = cells_.begin; i < cells_.end; ++i) {
      const int l = before(i), r = after(i);
      const double left = at.x[l], x = at.x[i], right = at.x[r];
      df[i] = c * ((dx[r] - dx[l]) * (right + left + x) + (right - left) * (dx[r] + dx[l] + dx[i])) +
              d * (dx[l] - 2.0 * dx[i] + dx[r]) + dd * (left - 2.0 * x + right);
    }
  }
  // Column i of the Jacobian has entries in the rows i - 1, i, i + 1.
  void transposed(const Point& at, const double* w, double* gx, double* gq) const override {
    const double c = -1.0 / (6.0 * h_), d = at.q[0] / (h_ * h_);
    const double* const x = at.x;
    const auto point = [&](int i, int l, int r) {
      gx[i] = w[l] * (c * (2.0 * x[i] + x[l]) + d) + w[r] * (d - c * (2.0 * x[i] + x[r])) +
              w[i] * (c * (x[r] - x[l]) - 2.0 * d);
    };
    if (is_closed_) point(0, n_ - 1, 1);
#pragma GCC ivdep
    for (int i = 1; i + 1 < n_; ++i) point(i, i - 1, i + 1);
    if (is_closed_) point(n_ - 1, n_ - 2, 0);
    if (!params().viscosity_is_unknown) return;
    double sum = evolution::sum_terms(n_ - 2, [&](int i) { return w[i + 1] * (x[i] - 2.0 * x[i + 1] + x[i + 2]); });
    if (is_closed_) sum += w[0] * (x[n_ - 1] - 2.0 * x[0] + x[1]) + w[n_ - 1] * (x[n_ - 2] - 2.0 * x[n_ - 1] + x[0]);
    gq[0] += sum / (h_ * h_);
  }

  // |u| does not grow: the maximum principle.
  Rates rates(const double* q, const double* x) const override {
    double speed = 0.0;
    for (int i = cells_.begin; i < cells_.end; ++i) speed = std::max(speed, std::abs(x[i]));
    warn_if_unresolved(speed, q[0]);
    return {speed / h_, 4.0 * q[0] / (h_ * h_)};
  }
  Rates known_rates() const override {
    return {0.0, params().viscosity_is_unknown ? 0.0 : 4.0 * params().viscosity / (h_ * h_)};
  }

 private:
  int before(int i) const { return i == 0 ? n_ - 1 : i - 1; }
  int after(int i) const { return i + 1 == n_ ? 0 : i + 1; }
  // work(i, x_(i-1), x_i, x_(i+1))
  template <class Work>
  void each(const double* x, const Work& work) const {
    if (is_closed_) work(0, x[n_ - 1], x[0], x[1]);
#pragma GCC ivdep
    for (int i = 1; i + 1 < n_; ++i) work(i, x[i - 1], x[i], x[i + 1]);
    if (is_closed_) work(n_ - 1, x[n_ - 2], x[n_ - 1], x[0]);
  }
};

}  // namespace

std::unique_ptr<evolution::SemiDiscrete> make_circle(const Params& params, evolution::Share share) {
  return std::make_unique<Circle>(params, share);
}

}  // namespace aleator::pde::burgers
