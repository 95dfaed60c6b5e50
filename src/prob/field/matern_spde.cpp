#include "prob/field/matern_spde.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "core/log.hpp"
#include "math/kronecker.hpp"

namespace aleator::prob {
namespace {

/// l^2 times the finite-volume matrix of -d^2/dx^2 on n cells of width h. Outside the box u_n + beta u = 0: eliminating the
/// value on the end face from (u_face - u_1) / (h/2) = -beta u_face leaves beta / (h (1 + beta h/2)) on the diagonal; beta
/// infinite: 2 / h^2.
math::SymmetricEigen eigen_of_axis(int n, double h, double l, MaternSpde::Boundary boundary) {
  constexpr double best_robin = 1.42;  // boundary variance nearest that inside (Roininen, Huttunen, Lasanen 2014)
  const double weight = l * l / (h * h);
  double at_end = 0.0;
  if (boundary == MaternSpde::Boundary::dirichlet) at_end = 2.0 * weight;
  if (boundary == MaternSpde::Boundary::robin) {
    const double beta = 1.0 / (best_robin * l);
    at_end = weight * beta * h / (1.0 + 0.5 * beta * h);
  }
  std::vector<double> diagonal(static_cast<std::size_t>(n), 0.0);
  for (int i = 0; i < n; ++i) diagonal[i] = weight * ((i > 0) + (i < n - 1)) + at_end * ((i == 0) + (i == n - 1));
  return math::eigen_tridiagonal(std::move(diagonal), std::vector<double>(static_cast<std::size_t>(n) - 1, -weight));
}

// Nodes and weights of the mean over theta in (0, pi): Gauss-Legendre on intervals that double from h / l on, where the symbol
// changes.
std::vector<std::pair<double, double>> angles(double l_over_h) {
  using Gauss = boost::math::quadrature::gauss<double, 12>;
  std::vector<std::pair<double, double>> nodes;
  double end = std::min(M_PI, 1.0 / l_over_h);
  for (double begin = 0.0; begin < M_PI; begin = end, end = std::min(M_PI, 2.0 * end)) {
    const double middle = 0.5 * (begin + end), half = 0.5 * (end - begin);
    for (std::size_t k = 0; k < Gauss::abscissa().size(); ++k)
      for (const double sign : {-1.0, 1.0})
        nodes.emplace_back(middle + sign * half * Gauss::abscissa()[k], half * Gauss::weights()[k] / M_PI);
  }
  return nodes;
}

// The variance on cells without end of (1 - sum_k l_k^2 d_k^2)^(-alpha/2) of independent standard normal values.
double lattice_variance(const std::vector<double>& l_over_h, double alpha) {
  std::vector<std::vector<std::pair<double, double>>> symbol;  // of each axis, with its weight
  for (const double ratio : l_over_h) {
    symbol.push_back(angles(ratio));
    for (auto& [theta, weight] : symbol.back()) theta = std::pow(2.0 * ratio * std::sin(0.5 * theta), 2);
  }
  symbol.resize(3, {{0.0, 1.0}});
  double variance = 0.0;
  for (const auto& [z, weight_z] : symbol[2])
    for (const auto& [y, weight_y] : symbol[1])
      for (const auto& [x, weight_x] : symbol[0])
        variance += weight_z * weight_y * weight_x * std::pow(1.0 + z + y + x, -alpha);
  return variance;
}

// Cells that are longer than half the range leave nothing of the correlation's form.
void warn_if_coarse(const Box& box, const std::vector<double>& range) {
  for (int axis = 0; axis < box.axes(); ++axis)
    if (2.0 * box.spacing(axis) > range[axis])
      return core::warn(
          "prior/matern_spde: cells of length {:.3g} along {} do not resolve the range {:.3g}: values of neighbours "
          "hang on each other otherwise than in the continuous field; take cells of at most half the range",
          box.spacing(axis), "xyz"[axis], range[axis]);
}

}  // namespace

deck::Schema<MaternSpde::Params> MaternSpde::schema() {
  deck::Schema<Params> s("Whittle-Matern field on a box, any smoothness, by fast diagonalisation of its SPDE",
                         "Lindgren, Rue, Lindstrom 2011; Khristenko et al. 2019");
  add_field_keys(s);
  s.key("range", &Params::range, "",
        "distance at which the correlation is about 0.1, sqrt(8 nu) / kappa: one for all axes or one for each",
        deck::positive())
      .key("sd", &Params::sd, "", "standard deviation of the normal field's cells away from the boundary",
           deck::positive())
      .key("alpha", &Params::alpha, "1",
           "power of the operator 1 - div(H grad), any real number above d/2; smoothness nu = alpha - d/2",
           deck::inside(0.0, 20.0))
      .choice("boundary", &Params::boundary, "condition on the boundary of the box",
              {{"neumann", Boundary::neumann, "normal derivative 0: variance at the boundary doubled, more in corners"},
               {"dirichlet", Boundary::dirichlet, "the mean on the boundary"},
               {"robin", Boundary::robin,
                "variance at the sides near that inside: 0.97 of it in the plane with alpha = 2, 0.4 to 1.2 for other "
                "alpha and numbers of axes"}})
      .check("range", [](const Params& p) { return axes_fault("range", p.range.size(), p.cells.size()); })
      .check("alpha", [](const Params& p) {
        const double half = 0.5 * static_cast<double>(p.cells.size());
        return p.alpha > half || p.cells.size() > 3
                   ? std::string()
                   : fmt::format("alpha = {} must be above d/2 = {}, or no field has a variance", p.alpha, half);
      });
  return s;
}

MaternSpde::MaternSpde(const Params& params)
    : BoxField(make_box(params.cells, params.lengths), params.mean, params.transform) {
  const double nu = params.alpha - 0.5 * box().axes();
  if (!(nu > 0.0)) throw deck::KeyError("alpha", "must be above half the number of axes");
  std::vector<double> l = spread(params.range, box().axes(), "range", "axes");
  warn_if_coarse(box(), l);
  for (double& value : l) value /= std::sqrt(8.0 * nu);
  diagonalise(params, l);

  std::vector<double> l_over_h = l;
  for (int axis = 0; axis < box().axes(); ++axis) l_over_h[axis] /= box().spacing(axis);
  const double s = params.sd / std::sqrt(lattice_variance(l_over_h, params.alpha));
  scale_.resize(static_cast<std::size_t>(box().size()));
  const auto eigenvalue = [&](int axis, int k) { return axis < box().axes() ? axes_[axis]->values[k] : 0.0; };
  const int nx = box().cells[0], ny = box().axes() > 1 ? box().cells[1] : 1, nz = box().axes() > 2 ? box().cells[2] : 1;
  std::size_t at = 0;
  for (int k = 0; k < nz; ++k)
    for (int j = 0; j < ny; ++j)
      for (int i = 0; i < nx; ++i, ++at) {
        const double lambda = 1.0 + eigenvalue(0, i) + eigenvalue(1, j) + eigenvalue(2, k);
        scale_[at] = s * std::pow(lambda, -0.5 * params.alpha);
        log_determinant_ += std::log(scale_[at]);
      }
}

void MaternSpde::diagonalise(const Params& params, const std::vector<double>& l) {
  for (int axis = 0; axis < box().axes(); ++axis) {
    for (int other = 0; other < axis && static_cast<int>(axes_.size()) == axis; ++other)
      if (box().cells[other] == box().cells[axis] && box().lengths[other] == box().lengths[axis] && l[other] == l[axis])
        axes_.push_back(axes_[other]);
    if (static_cast<int>(axes_.size()) == axis)
      axes_.push_back(std::make_shared<const math::SymmetricEigen>(
          eigen_of_axis(box().cells[axis], box().spacing(axis), l[axis], params.boundary)));
  }
}

void MaternSpde::rotate(bool is_transposed, double* in, double* out) const {
  const auto multiply = is_transposed ? math::transposed_multiply_along_axis : math::multiply_along_axis;
  const auto along = [&](int axis, const double* from, double* to) {
    multiply(axes_[axis]->vectors, {box().outer(axis), box().inner(axis)}, from, to);
  };
  if (box().axes() == 1) return along(0, in, out);
  const std::unique_ptr<double[]> between(new double[scale_.size()]);
  along(0, in, between.get());
  if (box().axes() == 2) return along(1, between.get(), out);
  along(1, between.get(), in);
  along(2, in, out);
}

void MaternSpde::apply(const double* z, double* x) const {
  const std::unique_ptr<double[]> scaled(new double[scale_.size()]);
  for (std::size_t i = 0; i < scale_.size(); ++i) scaled[i] = scale_[i] * z[i];
  rotate(false, scaled.get(), x);
}

void MaternSpde::apply_transposed(const double* g_x, double* g_z) const {
  const std::unique_ptr<double[]> copy(new double[scale_.size()]);
  std::copy(g_x, g_x + scale_.size(), copy.get());
  rotate(true, copy.get(), g_z);
  for (std::size_t i = 0; i < scale_.size(); ++i) g_z[i] *= scale_[i];
}

void MaternSpde::solve(const double* x, double* z) const {
  const std::unique_ptr<double[]> copy(new double[scale_.size()]);
  std::copy(x, x + scale_.size(), copy.get());
  rotate(true, copy.get(), z);
  for (std::size_t i = 0; i < scale_.size(); ++i) z[i] /= scale_[i];
}

double MaternSpde::log_density(const double* u) const {
  const std::unique_ptr<double[]> x(new double[scale_.size()]), z(new double[scale_.size()]);
  double log_jacobian = 0.0, sum = 0.0;
  if (!to_field(u, x.get(), &log_jacobian)) return -std::numeric_limits<double>::infinity();
  solve(x.get(), z.get());
  for (std::size_t i = 0; i < scale_.size(); ++i) sum += z[i] * z[i];
  return -0.5 * sum - 0.5 * std::log(2.0 * M_PI) * static_cast<double>(scale_.size()) - log_determinant_ - log_jacobian;
}

}  // namespace aleator::prob
