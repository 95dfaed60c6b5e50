#include "prob/field/karhunen_loeve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <queue>
#include <set>
#include <utility>

#include "core/log.hpp"
#include "math/kronecker.hpp"
#include "prob/field/conjugate_gradients.hpp"
#include "prob/field/grid_modes.hpp"
#include "prob/field/stationary.hpp"

namespace aleator::prob {
namespace {

using Shape = std::array<int, 3>;

math::AxisView view_along(const Shape& shape, int axis) {
  math::AxisView view;
  for (int k = 0; k < 3; ++k) (k < axis ? view.inner : view.outer) *= k == axis ? 1 : shape[k];
  return view;
}

std::size_t size_of(const Shape& shape) { return static_cast<std::size_t>(shape[0]) * shape[1] * shape[2]; }

std::size_t place(const Shape& shape, const Shape& at) {
  return at[0] + shape[0] * (at[1] + static_cast<std::size_t>(shape[1]) * at[2]);
}

/// x . y in 16 sums beside one another: as fast as memory, and always in the same order.
double lane_dot(const double* x, const double* y, int count) {
  constexpr int lanes = 16;
  double sums[lanes] = {};
  int i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += x[i + lane] * y[i + lane];
  for (; i < count; ++i) sums[0] += x[i] * y[i];
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum;
}

Covariance covariance_of(KarhunenLoeve::Form form) {
  if (form == KarhunenLoeve::Form::matern) return Covariance::matern;
  return form == KarhunenLoeve::Form::exponential ? Covariance::exponential : Covariance::squared_exponential;
}

}  // namespace

std::vector<AxisMode> exponential_modes(double a, double b, int count) {
  const double c = 1.0 / b;
  std::vector<AxisMode> modes;
  for (int n = 0; n < count; ++n) {  // the root t = w a of mode n lies in (n pi/2, (n + 1) pi/2)
    const auto residual = [&](double t) {
      return n % 2 == 0 ? c * a * std::cos(t) - t * std::sin(t) : t * std::cos(t) + c * a * std::sin(t);
    };
    std::uintmax_t steps = 100;
    const auto ends = boost::math::tools::toms748_solve(residual, 0.5 * M_PI * n, 0.5 * M_PI * (n + 1),
                                                        boost::math::tools::eps_tolerance<double>(52), steps);
    const double w = 0.5 * (ends.first + ends.second) / a;
    modes.push_back({2.0 * c / (w * w + c * c), w});
  }
  return modes;
}

deck::Schema<KarhunenLoeve::Params> KarhunenLoeve::schema() {
  deck::Schema<Params> s("Field on a box from the largest Karhunen-Loeve modes of a covariance", "Ghanem, Spanos 1991");
  add_field_keys(s);
  s.choice("covariance", &Params::covariance, "correlation of values at a distance d, r^2 = sum (d_k / b_k)^2",
           {{"separable_exponential", Form::separable_exponential, "exp(-sum |d_k| / b_k): modes in closed form"},
            {"exponential", Form::exponential, "exp(-r)"},
            {"matern", Form::matern, "2^(1 - nu) / Gamma(nu) s^nu K_nu(s), s = sqrt(2 nu) r"},
            {"squared_exponential", Form::squared_exponential, "exp(-r^2 / 2)"}})
      .key("nu", &Params::nu, "1", "smoothness", deck::inside(0.0, 20.0))
      .only_with("covariance = \"matern\"", [](const Params& p) { return p.covariance == Form::matern; })
      .key("correlation_lengths", &Params::correlation_lengths, "", "b: one for all axes or one for each",
           deck::positive())
      .key("sd", &Params::sd, "", "standard deviation of the field with all its modes", deck::positive())
      .key("modes", &Params::modes, "1", "number of modes kept, the largest first: the latent dimension",
           deck::between(1, 100000))
      .check("correlation_lengths", [](const Params& p) {
        return axes_fault("correlation_lengths", p.correlation_lengths.size(), p.cells.size());
      });
  return s;
}

KarhunenLoeve::KarhunenLoeve(const Params& params)
    : BoxField(make_box(params.cells, params.lengths), params.mean, params.transform),
      total_(params.sd * params.sd * box().size() * box().cell_volume()) {
  const std::vector<double> b = spread(params.correlation_lengths, box().axes(), "correlation_lengths", "axes");
  if (params.covariance != Form::separable_exponential) {
    find_on_grid(params, b);
    return;
  }
  std::vector<std::vector<AxisMode>> modes;
  for (int axis = 0; axis < box().axes(); ++axis)
    modes.push_back(
        exponential_modes(0.5 * box().lengths[axis], b[axis], std::min(params.modes, box().cells[axis] + 1)));
  choose(modes, params.modes, params.sd * params.sd);
  tabulate(modes);
}

// Modes are taken from a heap in falling order; behind a mode wait those with one number higher by one.
void KarhunenLoeve::choose(const std::vector<std::vector<AxisMode>>& modes, int count, double variance) {
  using Candidate = std::pair<double, Shape>;
  // Of equal products that with the lower numbers comes first.
  const auto is_behind = [](const Candidate& p, const Candidate& q) {
    return p.first != q.first ? p.first < q.first : p.second > q.second;
  };
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(is_behind)> waiting(is_behind);
  std::set<Shape> seen;
  const auto put = [&](const Shape& number) {
    if (!seen.insert(number).second) return;
    double product = variance;
    for (int axis = 0; axis < box().axes(); ++axis) product *= modes[axis][number[axis]].eigenvalue;
    waiting.push({product, number});
  };
  put({0, 0, 0});
  while (latent_dimension() < count && !waiting.empty()) {
    const Candidate best = waiting.top();
    waiting.pop();
    eigenvalues_.push_back(best.first), numbers_.push_back(best.second);
    for (int axis = 0; axis < box().axes(); ++axis) {
      Shape next = best.second;
      if (best.second[axis] >= box().cells[axis])
        throw deck::KeyError("modes",
                             fmt::format("the {} largest modes have more than {} along {}, which has {} cells", count,
                                         box().cells[axis], "xyz"[axis], box().cells[axis]),
                             "take fewer modes or more cells");
      if (++next[axis] < static_cast<int>(modes[axis].size())) put(next);
    }
  }
  if (!waiting.empty()) warn_of_cut(waiting.top().first);
}

// Modes of one eigenvalue may be turned among each other: a field that has some of them alone has lost its symmetry.
void KarhunenLoeve::warn_of_cut(double left_out) const {
  constexpr double tie = 1e-7;
  const auto is_tied = [&](double value) { return std::abs(value - left_out) <= tie * left_out; };
  const auto tied = std::count_if(eigenvalues_.begin(), eigenvalues_.end(), is_tied);
  if (tied == 0) return;
  core::warn(
      "prior/karhunen_loeve: modes = {} keeps {} of the modes with the variance {:.4g} and leaves out others with the "
      "same: the field prefers some directions. Take modes = {}, or enough to keep all of them.",
      latent_dimension(), tied, left_out, latent_dimension() - tied);
}

void KarhunenLoeve::tabulate(const std::vector<std::vector<AxisMode>>& modes) {
  for (int axis = 0; axis < box().axes(); ++axis) {
    int count = 0;
    for (const auto& number : numbers_) count = std::max(count, number[axis] + 1);
    const double a = 0.5 * box().lengths[axis];
    math::Matrix phi(box().cells[axis], count);
    for (int n = 0; n < count; ++n) {
      const double w = modes[axis][n].frequency, part = std::sin(2.0 * w * a) / (2.0 * w);
      for (int i = 0; i < phi.rows; ++i) {
        const double x = (i + 0.5) * box().spacing(axis) - a;
        phi(i, n) = n % 2 == 0 ? std::cos(w * x) / std::sqrt(a + part) : std::sin(w * x) / std::sqrt(a - part);
      }
    }
    phi_.push_back(std::move(phi));
  }
}

void KarhunenLoeve::find_on_grid(const Params& params, const std::vector<double>& lengths) {
  constexpr double most_values = 1 << 26, least_share = 1e-8, tolerance = 1e-8;
  const int n = box().size(), count = params.modes;
  if (count > n) throw deck::KeyError("modes", fmt::format("{} modes of {} cells", count, n), "take fewer modes");
  if (static_cast<double>(count) * n > most_values)
    throw deck::KeyError("modes", fmt::format("a search for {} modes of {} cells takes too much memory", count, n),
                         "take fewer modes or cells, covariance = \"separable_exponential\", or prior/matern_spde");
  const math::BoxFft fft(padded_period(box(), 1.0));
  std::vector<double> lambda =
      periodic_eigenvalues(fft, {covariance_of(params.covariance), params.nu, params.sd, lengths}, box());
  for (double& value : lambda) value *= box().cell_volume() / static_cast<double>(fft.size());
  const auto shape = shape_of(box());
  const int size = fft.column_size();
  std::vector<math::Complex> spectrum(lambda.size());
  const auto multiply = [&](const double* x, double* y) {  // y = v C x
    fft.to_spectrum(x, shape, [&](int column, const math::Complex* in) {
      for (std::size_t i = 0, at = static_cast<std::size_t>(column) * size; i < static_cast<std::size_t>(size);
           ++i, ++at)
        spectrum[at] = lambda[at] * in[i];
    });
    const auto load = [&](int column, math::Complex* out) {
      std::copy_n(spectrum.data() + static_cast<std::size_t>(column) * size, size, out);
    };
    fft.to_values(load, shape, y);
  };
  GridModes found = largest_grid_modes(box(), count, tolerance, multiply);
  int kept = 0;
  while (kept < count && found.values[kept] > least_share * found.values[0]) ++kept;
  if (kept < count)
    throw deck::KeyError(
        "modes", fmt::format("only {} modes have more than {:.0e} of the first one's variance", kept, least_share),
        fmt::format("take at most {}", kept));
  eigenvalues_ = std::move(found.values), modes_ = std::move(found.vectors);
  if (found.next > 0.0) warn_of_cut(found.next);
  for (double& value : modes_.a) value /= std::sqrt(box().cell_volume());  // v sum phi^2 = 1
}

void KarhunenLoeve::apply(const double* z, double* x) const {
  if (modes_.rows != 0) {
    std::fill_n(x, modes_.cols, 0.0);
    for (int n = 0; n < modes_.rows; ++n) {
      const double factor = std::sqrt(eigenvalues_[n]) * z[n];
      for (int i = 0; i < modes_.cols; ++i) x[i] += factor * modes_(n, i);
    }
    return;
  }
  Shape shape = {1, 1, 1};  // of the coefficients, then axis by axis of the values
  for (int axis = 0; axis < box().axes(); ++axis) shape[axis] = phi_[axis].cols;
  std::vector<double> from(size_of(shape), 0.0), to;
  for (std::size_t n = 0; n < numbers_.size(); ++n) from[place(shape, numbers_[n])] = std::sqrt(eigenvalues_[n]) * z[n];
  for (int axis = box().axes() - 1; axis >= 0; --axis) {  // x last: until then the arrays are small
    shape[axis] = box().cells[axis];
    if (axis > 0) to.resize(size_of(shape));
    math::multiply_along_axis(phi_[axis], view_along(shape, axis), from.data(), axis > 0 ? to.data() : x);
    from.swap(to);
  }
}

void KarhunenLoeve::apply_transposed(const double* g_x, double* g_z) const {
  for (int n = 0; n < modes_.rows; ++n) {
    g_z[n] = std::sqrt(eigenvalues_[n]) * lane_dot(modes_.row(n), g_x, modes_.cols);
  }
  if (modes_.rows != 0) return;
  Shape shape = {1, 1, 1};
  for (int axis = 0; axis < box().axes(); ++axis) shape[axis] = box().cells[axis];
  std::vector<double> from, to;
  for (int axis = 0; axis < box().axes(); ++axis) {
    shape[axis] = phi_[axis].cols;
    to.resize(size_of(shape));
    math::transposed_multiply_along_axis(phi_[axis], view_along(shape, axis), axis > 0 ? from.data() : g_x, to.data());
    from.swap(to);
  }
  for (std::size_t n = 0; n < numbers_.size(); ++n)
    g_z[n] = std::sqrt(eigenvalues_[n]) * from[place(shape, numbers_[n])];
}

// Least squares for y_n = sqrt(lambda_n) z_n: Phi' Phi y = Phi' x by conjugate gradients. Phi' Phi is near I / v, v the
// cell's volume, since the modes are orthonormal functions.
void KarhunenLoeve::solve(const double* x, double* z) const {
  using Row = std::vector<double>;
  const auto unscaled = [this](Row v) {
    for (std::size_t n = 0; n < v.size(); ++n) v[n] /= std::sqrt(eigenvalues_[n]);
    return v;
  };
  const auto project = [&](const double* values) {
    Row r(eigenvalues_.size());
    apply_transposed(values, r.data());
    return unscaled(std::move(r));
  };
  const auto multiply = [&](const Row& p) {
    Row values(static_cast<std::size_t>(dimension()));
    apply(unscaled(p).data(), values.data());
    return project(values.data());
  };
  const auto itself = [](const Row& r) { return r; };
  const Row y = unscaled(conjugate_gradients(multiply, itself, project(x), 2 * latent_dimension() + 50));
  std::copy(y.begin(), y.end(), z);
}

double KarhunenLoeve::log_density(const double* u) const { return density_of_latent(u); }

}  // namespace aleator::prob
