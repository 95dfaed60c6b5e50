#include <algorithm>
#include <cmath>

#include "pde/burgers/equation.hpp"
#include "pde/evolution/stencil.hpp"

namespace aleator::pde::burgers {
namespace {

using evolution::Point;
using evolution::Rates;

// x = (u, v), each n values by rows along x. Components c = u, v: c_t = -(u D_x c + v D_y c) + nu L c with central differences
// D and the five-point L. On a torus D^T = -D and L^T = L.
class Plane : public Equation {
 public:
  using Equation::Equation;

  void f(const Point& at, double* f) const override {
    const double nu = at.q[0] / (h_ * h_), half = 0.5 / h_;
    const double *const u = at.x, *const v = at.x + n_;
    for (int k = 0; k < 2; ++k) {
      const double* const c = at.x + k * n_;
      double* const to = f + k * n_;
      each([=](const Star& s) {
        const double slope_x = half * (c[s.east] - c[s.west]), slope_y = half * (c[s.north] - c[s.south]);
        to[s.here] = -u[s.here] * slope_x - v[s.here] * slope_y + nu * five_points(c, s);
      });
    }
  }
  void tangent(const Point& at, const double* dq, const double* dx, double* df) const override {
    const double nu = at.q[0] / (h_ * h_), dnu = dq[0] / (h_ * h_), half = 0.5 / h_;
    const double *const u = at.x, *const v = at.x + n_, *const du = dx, *const dv = dx + n_;
    for (int k = 0; k < 2; ++k) {
      const double *const c = at.x + k * n_, *const dc = dx + k * n_;
      double* const to = df + k * n_;
      each([=](const Star& s) {
        const double slope_x = half * (c[s.east] - c[s.west]), slope_y = half * (c[s.north] - c[s.south]);
        const double change_x = half * (dc[s.east] - dc[s.west]), change_y = half * (dc[s.north] - dc[s.south]);
        to[s.here] = -du[s.here] * slope_x - u[s.here] * change_x - dv[s.here] * slope_y - v[s.here] * change_y +
                     nu * five_points(dc, s) + dnu * five_points(c, s);
      });
    }
  }
  // Through c: D_x (u w_c) + D_y (v w_c) + nu L w_c; through u: - sum_c w_c D_x c; through v: - sum_c w_c D_y c.
  void transposed(const Point& at, const double* w, double* gx, double* gq) const override {
    const double nu = at.q[0] / (h_ * h_), half = 0.5 / h_;
    const double *const u = at.x, *const v = at.x + n_, *const wu = w, *const wv = w + n_;
    if (params().viscosity_is_unknown) {  // gx is room for the terms until it is needed
      each([=](const Star& s) { gx[s.here] = wu[s.here] * five_points(u, s) + wv[s.here] * five_points(v, s); });
      const double* const own = gx + cells_.begin;
      gq[0] += evolution::sum_terms(cells_.own(), [=](int i) { return own[i]; }) / (h_ * h_);
    }
    each([=](const Star& s) {
      const auto carried = [&](const double* weight) {
        return half * (u[s.east] * weight[s.east] - u[s.west] * weight[s.west]) +
               half * (v[s.north] * weight[s.north] - v[s.south] * weight[s.south]) + nu * five_points(weight, s);
      };
      gx[s.here] = carried(wu) - half * (wu[s.here] * (u[s.east] - u[s.west]) + wv[s.here] * (v[s.east] - v[s.west]));
      gx[n_ + s.here] =
          carried(wv) - half * (wu[s.here] * (u[s.north] - u[s.south]) + wv[s.here] * (v[s.north] - v[s.south]));
    });
  }

  // Neither |u| nor |v| grows: the maximum principle.
  Rates rates(const double* q, const double* x) const override {
    double speed[2] = {0.0, 0.0};
    for (int k = 0; k < 2; ++k)
      for (int i = cells_.begin; i < cells_.end; ++i) speed[k] = std::max(speed[k], std::abs(x[k * n_ + i]));
    warn_if_unresolved(std::max(speed[0], speed[1]), q[0]);
    return {(speed[0] + speed[1]) / h_, 8.0 * q[0] / (h_ * h_)};
  }
  Rates known_rates() const override {
    return {0.0, params().viscosity_is_unknown ? 0.0 : 8.0 * params().viscosity / (h_ * h_)};
  }

 private:
  // Places of a point and of those beside it.
  struct Star {
    int here, west, east, south, north;
  };
  static double five_points(const double* c, const Star& s) {
    return (c[s.west] + c[s.east]) + (c[s.south] + c[s.north]) - 4.0 * c[s.here];
  }
  // Rows and columns go round; a strip has the rows beside it.
  template <class Work>
  void each(const Work& work) const {
    const int nx = layout().grid.points[0], first = cells_.begin / nx, last = cells_.end / nx, rows = n_ / nx;
    for (int j = first; j < last; ++j) {
      const int row = j * nx, south = (is_closed_ && j == 0 ? rows - 1 : j - 1) * nx,
                north = (is_closed_ && j + 1 == rows ? 0 : j + 1) * nx;
      work(Star{row, row + nx - 1, row + 1, south, north});
#pragma GCC ivdep
      for (int i = 1; i < nx - 1; ++i) work(Star{row + i, row + i - 1, row + i + 1, south + i, north + i});
      work(Star{row + nx - 1, row + nx - 2, row, south + nx - 1, north + nx - 1});
    }
  }
};

}  // namespace

std::unique_ptr<evolution::SemiDiscrete> make_plane(const Params& params, evolution::Share share) {
  return std::make_unique<Plane>(params, share);
}

}  // namespace aleator::pde::burgers
