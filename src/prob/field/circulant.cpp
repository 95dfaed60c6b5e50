#include "prob/field/circulant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "prob/field/conjugate_gradients.hpp"

namespace aleator::prob {
namespace {

using math::Complex;

/// How z holds a conjugate-symmetric spectrum of columns of n entries. With 0 < kx < Mx/2 column kx + half ky has 2 n values
/// of its own, real and imaginary parts in turn. The planes kx = 0 and kx = Mx/2 are symmetric in themselves: z holds them
/// side by side where column kx = 0 has its place, one value an entry each. Of two opposite entries the first holds the real
/// part, the second the imaginary part; an entry opposite to itself is real, with twice the variance.
struct Packing {
  int n, half, others;  // others: values of ky that count columns, or 1

  explicit Packing(const math::BoxFft& fft) : n(fft.column_size()), half(fft.half()), others(fft.columns() / half) {}
  bool is_edge(int column) const { return column % half == 0 || column % half == half - 1; }
  std::size_t inner(int column) const {  // half - 1 places for each ky, the first taken by both edges
    return 2 * static_cast<std::size_t>(n) * (column % half + static_cast<std::size_t>(half - 1) * (column / half));
  }
  std::size_t edge(int column, int i) const {
    return 2 * (i + static_cast<std::size_t>(n) * (half - 1) * (column / half)) + (column % half == 0 ? 0 : 1);
  }
  int opposite_column(int column) const { return column % half + half * ((others - column / half) % others); }
  int opposite(int i) const { return (n - i) % n; }

  Complex edge_value(const double* z, int column, int i) const {
    const int other = opposite_column(column), j = opposite(i);
    const double own = z[edge(column, i)], others_value = z[edge(other, j)];
    if (other == column && i == j) return {std::sqrt(2.0) * own, 0.0};
    const bool is_first = std::make_pair(column, i) < std::make_pair(other, j);
    return is_first ? Complex(own, others_value) : Complex(others_value, -own);
  }
  /// What the entry of z at this place takes from the gradient G.
  double edge_gradient(Complex g, int column, int i) const {
    const int other = opposite_column(column), j = opposite(i);
    if (other == column && i == j) return std::sqrt(2.0) * g.real();
    return std::make_pair(column, i) < std::make_pair(other, j) ? 2.0 * g.real() : -2.0 * g.imag();
  }
};

}  // namespace

deck::Schema<Circulant::Params> Circulant::schema() {
  deck::Schema<Params> s(
      "Field on a box with a stationary covariance, exact at the cells' centres, by circulant embedding",
      "Dietrich, Newsam 1997; Wood, Chan 1994");
  add_field_keys(s);
  s.choice("covariance", &Params::covariance, "correlation rho(r), r^2 = sum (d_k / l_k)^2 for a distance d",
           {{"exponential", Covariance::exponential, "exp(-r)"},
            {"matern", Covariance::matern, "2^(1 - nu) / Gamma(nu) s^nu K_nu(s), s = sqrt(2 nu) r"},
            {"squared_exponential", Covariance::squared_exponential, "exp(-r^2 / 2)"}})
      .key("nu", &Params::nu, "1", "smoothness", deck::inside(0.0, 20.0))
      .only_with("covariance = \"matern\"", [](const Params& p) { return p.covariance == Covariance::matern; })
      .key("correlation_lengths", &Params::correlation_lengths, "", "l: one for all axes or one for each",
           deck::positive())
      .key("sd", &Params::sd, "", "standard deviation of the normal field", deck::positive())
      .check("correlation_lengths", [](const Params& p) {
        return axes_fault("correlation_lengths", p.correlation_lengths.size(), p.cells.size());
      });
  return s;
}

// The least embedding has 2 (n - 1) cells along an axis. Eigenvalues below zero are set to zero where that changes no
// covariance by more than sum |lambda| / M = 1e-13 sd^2; else the box grows.
Circulant::Embedding Circulant::embed(const Params& params) {
  constexpr double most_cells = 1 << 28;
  const Box box = make_box(params.cells, params.lengths);
  const Stationary stationary{params.covariance, params.nu, params.sd,
                              spread(params.correlation_lengths, box.axes(), "correlation_lengths", "axes")};
  double worst = 0.0;
  for (const double padding : {1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0}) {
    const math::BoxFft::Shape period = padded_period(box, padding);
    if (static_cast<double>(period[0]) * period[1] * period[2] > most_cells) break;
    math::BoxFft fft(period);
    std::vector<double> root = periodic_eigenvalues(fft, stationary, box);
    double negative = 0.0;
    const Packing packing(fft);
    for (std::size_t i = 0; i < root.size(); ++i)  // an inner entry stands for its conjugate too
      if (root[i] < 0.0) negative -= (packing.is_edge(static_cast<int>(i / packing.n)) ? 1.0 : 2.0) * root[i];
    worst = negative / static_cast<double>(fft.size());
    if (worst > 1e-13 * params.sd * params.sd) continue;
    const double m = static_cast<double>(fft.size());
    for (double& value : root) value = std::sqrt(std::max(0.0, value) / (2.0 * m));
    return {std::move(fft), std::move(root)};
  }
  throw deck::KeyError(
      "correlation_lengths",
      fmt::format(
          "the covariance cannot be embedded in a periodic box: negative eigenvalues make {:.1e} of the variance",
          worst / (params.sd * params.sd)),
      "take shorter correlation_lengths, a longer box (lengths, cells), or a smaller nu; prior/matern_spde has no such "
      "limit");
}

Circulant::Circulant(const Params& params) : Circulant(params, embed(params)) {}

Circulant::Circulant(const Params& params, Embedding embedding)
    : BoxField(make_box(params.cells, params.lengths), params.mean, params.transform),
      fft_(std::move(embedding.fft)),
      cells_(shape_of(box())),
      root_(std::move(embedding.root)) {
  // 1 / lambda in place of lambda, with a floor where rounding has eaten the eigenvalue.
  const double floor = 1e-8 * *std::max_element(root_.begin(), root_.end()), m = static_cast<double>(fft_.size());
  inverse_root_.reserve(root_.size());
  for (const double value : root_) inverse_root_.push_back(0.5 / (m * std::max(value, floor)));
}

void Circulant::multiply(const std::vector<double>& root, const double* z, double* x) const {
  const Packing packing(fft_);
  const auto load = [&](int column, Complex* out) {
    const double* const scale = root.data() + static_cast<std::size_t>(column) * packing.n;
    const double* const own = z + packing.inner(column);
    if (packing.is_edge(column))
      for (int i = 0; i < packing.n; ++i) out[i] = scale[i] * packing.edge_value(z, column, i);
    else
      for (int i = 0; i < packing.n; ++i) out[i] = {scale[i] * own[2 * i], scale[i] * own[2 * i + 1]};
  };
  fft_.to_values(load, cells_, x);
}

// x_j = ... + 2 Re(X_k exp(i theta_jk)) for an entry X_k that stands for its conjugate too, so that with G = sum_j g_j
// exp(-i theta_jk) the derivatives along its real and imaginary part are 2 Re G and 2 Im G.
void Circulant::multiply_transposed(const std::vector<double>& root, const double* g_x, double* g_z) const {
  const Packing packing(fft_);
  const auto store = [&](int column, const Complex* g) {
    const double* const scale = root.data() + static_cast<std::size_t>(column) * packing.n;
    double* const own = g_z + packing.inner(column);
    if (packing.is_edge(column))
      for (int i = 0; i < packing.n; ++i)
        g_z[packing.edge(column, i)] = scale[i] * packing.edge_gradient(g[i], column, i);
    else
      for (int i = 0; i < packing.n; ++i)
        own[2 * i] = 2.0 * scale[i] * g[i].real(), own[2 * i + 1] = 2.0 * scale[i] * g[i].imag();
  };
  fft_.to_spectrum(g_x, cells_, store);
}

void Circulant::apply(const double* z, double* x) const { multiply(root_, z, x); }
void Circulant::apply_transposed(const double* g_x, double* g_z) const { multiply_transposed(root_, g_x, g_z); }

std::vector<double> Circulant::solve_covariance(const double* x) const {
  using Row = std::vector<double>;
  const auto twice = [this](const Row& root, const Row& p) {  // with `root` and its transpose
    Row z(fft_.size()), y(p.size());
    multiply_transposed(root, p.data(), z.data());
    multiply(root, z.data(), y.data());
    return y;
  };
  const auto covariance = [&](const Row& p) { return twice(root_, p); };
  const auto inverse_on_the_torus = [&](const Row& r) { return twice(inverse_root_, r); };
  return conjugate_gradients(covariance, inverse_on_the_torus, Row(x, x + dimension()), 1000);
}

// The least |z| with S z = x is S' (S S')^-1 x.
void Circulant::solve(const double* x, double* z) const { apply_transposed(solve_covariance(x).data(), z); }

double Circulant::log_density(const double* u) const {
  std::vector<double> x(static_cast<std::size_t>(dimension()));
  double log_jacobian = 0.0, square = 0.0;
  if (!to_field(u, x.data(), &log_jacobian)) return -std::numeric_limits<double>::infinity();
  const std::vector<double> y = solve_covariance(x.data());
  for (std::size_t i = 0; i < x.size(); ++i) square += x[i] * y[i];
  return -0.5 * square - log_jacobian;
}

}  // namespace aleator::prob
