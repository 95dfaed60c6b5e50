#include "pde/wave/wave.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/log.hpp"
#include "pde/evolution/engine.hpp"
#include "pde/evolution/stencil.hpp"

namespace aleator::pde::wave {
namespace {

using evolution::Layout;
using evolution::Point;
using evolution::Rates;

Layout wave_layout(const Params& p, evolution::Share share) {
  Layout layout;
  layout.grid = {{p.mesh, p.mesh}, {p.length, p.length}, false, share};
  for (std::size_t s = 0; s < p.sources.size(); ++s) {
    layout.field_names.push_back(fmt::format("u{}", s + 1));
    layout.field_names.push_back(fmt::format("v{}", s + 1));
    layout.observed.push_back(static_cast<int>(2 * s));
  }
  layout.coefficients = layout.grid.size();
  for (int k = 0; k < p.cells * p.cells; ++k) layout.input_names.push_back(fmt::format("velocity_{}", k));
  layout.input_fields = {{0, {p.cells, p.cells}, layout.grid.length}};
  return layout;
}

// Rises with the square of the way into the layer, along each edge.
std::vector<double> damping(const Params& p, const evolution::Grid& grid) {
  std::vector<double> d(static_cast<std::size_t>(grid.size()), 0.0);
  const auto depth = [&](double x) { return std::max({0.0, p.sponge - x, x - (p.length - p.sponge)}) / p.sponge; };
  for (int k = 0; k < grid.size() && p.sponge > 0.0; ++k) {
    const double x = depth(grid.position_of(0, k)), y = depth(grid.position_of(1, k));
    d[static_cast<std::size_t>(k)] = p.sponge_rate * std::min(1.0, x * x + y * y);
  }
  return d;
}

// q: c^2 of every cell. State: u and v of the first source, of the second, …
class Wave : public evolution::SemiDiscrete {
 public:
  Wave(const Params& p, evolution::Share share)
      : SemiDiscrete(wave_layout(p, share)),
        params_(p),
        cells_(layout().grid.cells()),
        n_(cells_.size),
        blocks_(from_blocks(layout().grid, p.cells)),
        damping_(damping(p, layout().grid)) {
    for (const std::vector<double>& source : p.sources) sources_.push_back(interpolation(layout().grid, {source}));
  }

  std::string fault(const double* u) const override {
    for (int k = 0; k < params_.cells * params_.cells; ++k)
      if (!(u[k] > 0.0)) return fmt::format("velocity_{} = {} is not positive", k, u[k]);
    return {};
  }
  void prepare(const double* u, double* q, double* x) const override {
    warn_if_coarse(u);
    blocks_.apply(u, q);
    for (int i = 0; i < n_; ++i) q[i] *= q[i];
    std::fill_n(x, layout().state_size(), 0.0);
  }
  void prepare_tangent(const double* u, const double* du, double* dq, double* dx) const override {
    std::vector<double> c(static_cast<std::size_t>(n_));
    blocks_.apply(u, c.data());
    blocks_.apply(du, dq);
    for (int i = 0; i < n_; ++i) dq[i] *= 2.0 * c[static_cast<std::size_t>(i)];
    std::fill_n(dx, layout().state_size(), 0.0);
  }
  void prepare_transposed(const double* u, const double* gq, const double*, double* gu) const override {
    std::vector<double> g(params_.cells * params_.cells, 0.0);
    blocks_.add_transposed(cells_.begin, cells_.end, gq, g.data());
    for (std::size_t k = 0; k < g.size(); ++k) gu[k] += 2.0 * u[k] * g[k];
  }

  void f(const Point& at, double* f) const override {
    const double area = layout().grid.spacing(0) * layout().grid.spacing(1), now = wavelet(at.t) / area;
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      move(at.q, at.x + 2 * s * n_, f + 2 * s * n_);
      sources_[s].add_transposed(&now, f + (2 * s + 1) * n_);
    }
  }
  void tangent(const Point& at, const double* dq, const double* dx, double* df) const override {
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      move(at.q, dx + 2 * s * n_, df + 2 * s * n_);
      double* const dv = df + (2 * s + 1) * n_;
      for_each_laplacian(layout().grid, at.x + 2 * s * n_, [=](int i, double lap) { dv[i] += dq[i] * lap; });
    }
  }
  void transposed(const Point& at, const double* w, double* gx, double* gq) const override {
    const double* const c2 = at.q;
    const double* const d = damping_.data();
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      const double *const wu = w + 2 * s * n_, *const wv = wu + n_;
      double *const gu = gx + 2 * s * n_, *const gv = gu + n_;
      for_each_laplacian(layout().grid, at.x + 2 * s * n_, [=](int i, double lap) { gq[i] += wv[i] * lap; });
      for (int i = 0; i < n_; ++i) gv[i] = c2[i] * wv[i];  // room for it until gv itself comes
      for_each_laplacian(layout().grid, gv, [=](int i, double lap) { gu[i] = lap - d[i] * wu[i]; });
      for (int i = cells_.begin; i < cells_.end; ++i) gv[i] = wu[i] - d[i] * wv[i];
    }
  }

  Rates rates(const double* q, const double*) const override {
    return {std::sqrt(*std::max_element(q, q + n_) * evolution::largest_eigenvalue(layout().grid)),
            *std::max_element(damping_.begin(), damping_.end())};
  }
  Rates known_rates() const override { return {0.0, *std::max_element(damping_.begin(), damping_.end())}; }
  std::vector<std::pair<std::string, std::vector<double>>> coefficient_fields(const double* q) const override {
    std::vector<double> c(q, q + n_);
    for (double& value : c) value = std::sqrt(value);
    return {{"velocity", c}};
  }

 private:
  // All but the source.
  void move(const double* c2, const double* x, double* f) const {
    const double *const u = x, *const v = x + n_, *const d = damping_.data();
    double *const fu = f, *const fv = f + n_;
    for_each_laplacian(layout().grid, u, [=](int i, double lap) {
      fu[i] = v[i] - d[i] * u[i];
      fv[i] = c2[i] * lap - d[i] * v[i];
    });
  }
  // Waves on too few cells run at a wrong speed; said of the first row where they do.
  void warn_if_coarse(const double* u) const {
    constexpr double fewest = 2.0;   // of the shortest wave, which carries little
    constexpr double highest = 2.5;  // of the wavelet's frequencies, over that of its peak
    const double slowest = *std::min_element(u, u + params_.cells * params_.cells),
                 wave = slowest / (highest * params_.frequency), cells = wave / layout().grid.spacing(0);
    if (cells < fewest && !has_warned_.exchange(true))
      core::warn(
          "pde/wave: where c = {:.4g} the shortest wave, of length {:.3g}, has {:.2g} cells; with fewer than about 10 "
          "it runs "
          "at a wrong speed: take a finer mesh or a lower frequency",
          slowest, wave, cells);
  }
  // Ricker, its peak at 1.5 / frequency: 1e-8 of it is cut off before t = 0.
  double wavelet(double t) const {
    const double a = M_PI * (params_.frequency * t - 1.5);
    return params_.amplitude * (1.0 - 2.0 * a * a) * std::exp(-a * a);
  }

  Params params_;
  evolution::Cells cells_;
  int n_;  ///< values of a field: own cells, and the neighbours' of a strip
  evolution::SparseMap blocks_;
  std::vector<evolution::SparseMap> sources_;
  std::vector<double> damping_;
  mutable std::atomic<bool> has_warned_{false};
};

std::string fault_of_sources(const Params& p) {
  for (std::size_t s = 0; s < p.sources.size(); ++s) {
    const std::vector<double>& source = p.sources[s];
    if (source.size() != 2) return fmt::format("sources: source {} has {} coordinates, not 2", s + 1, source.size());
    for (const double x : source)
      if (!(x >= 0.0 && x <= p.length))
        return fmt::format("sources: source {} lies outside the domain: {} is not in [0, {}]", s + 1, x, p.length);
  }
  return p.sources.empty() ? "sources: there is none" : "";
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s("Sound u_tt = c^2 lap u + source in a square: the velocity c from seismograms",
                         "five-point differences, sponge layer; Ricker 1953");
  s.key("mesh", &Params::mesh, "1", "n x n grid cells; about 10 for the shortest wave, c / (2.5 frequency)",
        deck::between(4, 4096))
      .key("length", &Params::length, "1", "side of the square", deck::positive())
      .key("cells", &Params::cells, "1", "c: the velocity is constant on each of c x c blocks, k = i + c j, i along x",
           deck::between(1, 4096))
      .key("sources", &Params::sources, "1", "points [x, y]; each fires in a run of its own")
      .key("frequency", &Params::frequency, "1",
           "peak frequency of the Ricker wavelet, whose peak is at 1.5 / frequency", deck::positive())
      .key("amplitude", &Params::amplitude, "1", "of the wavelet")
      .key("sponge", &Params::sponge, "1",
           "width of the absorbing layer along all edges, best 1.5 c / frequency or more; 0: all is reflected",
           deck::at_least(0))
      .key("sponge_rate", &Params::sponge_rate, "1", "damping at the layer's outer edge, per time", deck::at_least(0))
      .only_with("a sponge", [](const Params& p) { return p.sponge > 0.0; });
  evolution::add_common_keys(s);
  s.check("sources", fault_of_sources)
      .check("sponge",
             [](const Params& p) {
               return 2.0 * p.sponge < p.length
                          ? std::string()
                          : fmt::format("sponge = {}: the layers fill the square of length {}", p.sponge, p.length);
             })
      .check("cells", [](const Params& p) {
        return p.mesh % p.cells == 0
                   ? std::string()
                   : fmt::format("mesh = {} is not a multiple of cells = {}: blocks must be made of whole grid cells",
                                 p.mesh, p.cells);
      });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  const auto make = [params](evolution::Share share) { return std::make_unique<Wave>(params, share); };
  return std::make_unique<evolution::Engine>("pde/wave", make, params, std::move(ranks));
}

}  // namespace aleator::pde::wave
