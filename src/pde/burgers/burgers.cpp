#include "pde/burgers/burgers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/log.hpp"
#include "pde/evolution/engine.hpp"
#include "pde/evolution/stencil.hpp"

namespace aleator::pde::burgers {
namespace {

using evolution::Layout;
using evolution::Point;
using evolution::Rates;

Layout burgers_layout(const Params& p, evolution::Share share) {
  Layout layout;
  layout.grid = {{p.mesh}, {p.length}, true, share};
  layout.field_names = {"u"};
  layout.observed = {0};
  layout.coefficients = 1;
  for (int k = 0; k < p.unknowns; ++k) layout.input_names.push_back(fmt::format("u0_{}", k));
  if (p.viscosity_is_unknown) layout.input_names.push_back("viscosity");
  return layout;
}

// Linear between `count` equally spaced values on a circle.
evolution::SparseMap linear_between(const evolution::Grid& grid, int count) {
  std::vector<std::vector<double>> points;
  for (int i = 0; i < grid.size(); ++i) points.push_back({grid.position_of(0, i)});
  return evolution::interpolation({{count}, grid.length, true}, points);
}

// q = {nu}. A whole grid is closed at its ends; a strip has a neighbour's point at either.
class Burgers : public evolution::SemiDiscrete {
 public:
  Burgers(const Params& p, evolution::Share share)
      : SemiDiscrete(burgers_layout(p, share)),
        params_(p),
        cells_(layout().grid.cells()),
        n_(cells_.size),
        is_closed_(share.count == 1),
        h_(p.length / p.mesh),
        initial_(linear_between(layout().grid, p.unknowns)),
        own_initial_(initial_state(p, layout())) {
    own_initial_.resize(static_cast<std::size_t>(n_));
  }

  std::string fault(const double* u) const override {
    return !params_.viscosity_is_unknown || u[params_.unknowns] > 0.0
               ? std::string()
               : fmt::format("viscosity = {} is not positive", u[params_.unknowns]);
  }
  void prepare(const double* u, double* q, double* x) const override {
    q[0] = params_.viscosity_is_unknown ? u[params_.unknowns] : params_.viscosity;
    initial_.apply(u, x);
  }
  bool prepare_own(double* q, double* x) const override {
    q[0] = params_.viscosity;
    std::copy(own_initial_.begin(), own_initial_.end(), x);
    return true;
  }
  void prepare_tangent(const double*, const double* du, double* dq, double* dx) const override {
    dq[0] = params_.viscosity_is_unknown ? du[params_.unknowns] : 0.0;
    initial_.apply(du, dx);
  }
  void prepare_transposed(const double*, const double* gq, const double* gx, double* gu) const override {
    if (params_.viscosity_is_unknown) gu[params_.unknowns] += gq[0];
    initial_.add_transposed(cells_.begin, cells_.end, gx, gu);
  }

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
    if (!params_.viscosity_is_unknown) return;
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
    return {0.0, params_.viscosity_is_unknown ? 0.0 : 4.0 * params_.viscosity / (h_ * h_)};
  }

 private:
  // A front of height 2 |u| is some 4 nu / |u| wide.
  void warn_if_unresolved(double speed, double viscosity) const {
    if (speed * h_ > 4.0 * viscosity && !has_warned_.exchange(true))
      core::warn(
          "pde/burgers: with |u| = {:.3g} and viscosity {:.3g} a front is narrower than a mesh width, and the solution "
          "oscillates once there is one; mesh = {:.0f} would resolve it (said once, of a row of unknowns)",
          speed, viscosity, std::ceil(0.5 * speed * params_.length / viscosity));
  }
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

  Params params_;
  evolution::Cells cells_;
  int n_;  ///< own points, and the neighbours' of a strip
  bool is_closed_;
  double h_;
  evolution::SparseMap initial_;
  std::vector<double> own_initial_;
  mutable std::atomic<bool> has_warned_{false};
};

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s("Burgers' equation u_t + u u_x = nu u_xx on a circle: the initial condition from later values",
                         "Burgers 1948; conservative central differences, Tadmor 1984");
  s.key("mesh", &Params::mesh, "1", "number of grid points, at i length / mesh", deck::between(4, 1000000))
      .key("length", &Params::length, "1", "circumference", deck::positive())
      .key("unknowns", &Params::unknowns, "1",
           "the initial condition has this many unknown values, at k length / unknowns, and is linear between them; "
           "all values for unknowns = mesh",
           deck::between(2, 1000000))
      .key("viscosity", &Params::viscosity, "1", "nu, when it is known", deck::positive())
      .key("viscosity_is_unknown", &Params::viscosity_is_unknown, "", "whether nu is the last of the unknowns");
  nodal::add_initial_state_key(s, "0");
  evolution::add_common_keys(s);
  s.check("unknowns", [](const Params& p) {
    return p.unknowns <= p.mesh ? std::string()
                                : fmt::format("unknowns = {} is more than mesh = {}", p.unknowns, p.mesh);
  });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  const auto make = [params](evolution::Share share) { return std::make_unique<Burgers>(params, share); };
  return std::make_unique<evolution::Engine>("pde/burgers", make, params, std::move(ranks));
}

}  // namespace aleator::pde::burgers
