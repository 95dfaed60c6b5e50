#include "pde/transport/transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "deck/registry.hpp"
#include "pde/evolution/engine.hpp"
#include "pde/evolution/stencil.hpp"
#include "pde/nodal/formula.hpp"
#include "pde/transport/faces.hpp"
#include "pde/transport/quantities.hpp"
#include "pde/transport/smearing.hpp"

namespace aleator::pde::transport {
namespace {

using evolution::Layout;
using evolution::Point;
using evolution::Rates;

evolution::Grid grid_of(const Params& p, evolution::Share share) {
  return {{p.mesh[0], p.mesh[1]}, {p.lengths.front(), p.lengths.back()}, false, share};
}

Place side_of(const std::string& key, const std::string& name) {
  const std::vector<std::string> names{"left", "right", "bottom", "top"};
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw deck::KeyError(key, fmt::format("'{}' is no side", name), "left, right, bottom, top");
  return static_cast<Place>(at - names.begin());
}

std::array<Side, 4> sides_of(const Params& p) {
  std::array<Side, 4> sides;
  for (const std::string& name : p.closed) sides[side_of("closed", name)].kind = Side::Kind::closed;
  for (const deck::Named<double>& one : p.dirichlet) {
    Side& side = sides[side_of("dirichlet", one.name)];
    if (side.kind == Side::Kind::closed)
      throw deck::KeyError("dirichlet", fmt::format("side '{}' is closed", one.name));
    side = {Side::Kind::given, one.value};
  }
  return sides;
}

std::vector<double> flat(const std::vector<std::vector<double>>& points) {
  std::vector<double> all;
  for (const std::vector<double>& point : points) all.insert(all.end(), point.begin(), point.end());
  return all;
}

// q: a, then b of all faces, then f of all cells.
Layout layout_of(const Params& p, evolution::Share share) {
  Layout layout;
  layout.grid = grid_of(p, share);
  layout.field_names = {"c"}, layout.observed = {0};
  const Unknowns unknowns = name_unknowns(p, layout.input_names);
  for (const int first : {unknowns.initial, unknowns.source})
    if (first >= 0) layout.input_fields.push_back({first, {p.cells, p.cells}, layout.grid.length});
  layout.coefficients = 2 * Faces(layout.grid, {}).count() + layout.grid.size();
  for (const std::string& name : p.outflow) {
    const Place side = side_of("outflow", name);
    if (std::count(p.outflow.begin(), p.outflow.end(), name) > 1)
      throw deck::KeyError("outflow", fmt::format("side '{}' is given twice", name));
    if (std::count(p.closed.begin(), p.closed.end(), name) > 0)
      throw deck::KeyError("outflow", fmt::format("side '{}' is closed: nothing leaves through it", name));
    layout.fluxes.push_back({"outflow " + name, side == left || side == right ? p.mesh[1] : p.mesh[0]});
  }
  return layout;
}

class Transport : public evolution::SemiDiscrete {
 public:
  Transport(const Params& p, evolution::Share share)
      : SemiDiscrete(layout_of(p, share)),
        params_(p),
        cells_(layout().grid.cells()),
        n_(cells_.size),
        nx_(layout().grid.points[0]),
        sides_(sides_of(p)),
        faces_(layout().grid, sides_),
        outflow_(faces_of_outflow()),
        south_of_all_(static_cast<std::size_t>(nx_), sides_[bottom].value),
        north_of_all_(static_cast<std::size_t>(nx_), sides_[top].value),
        nothing_(static_cast<std::size_t>(nx_), 0.0) {
    std::vector<std::string> names;
    unknown_ = name_unknowns(p, names);
    std::vector<std::vector<double>> corners, centres;
    for (int k = 0; k < faces_.corners(); ++k) corners.push_back(faces_.corner(k));
    for (int k = 0; k < n_; ++k) centres.push_back({layout().grid.position_of(0, k), layout().grid.position_of(1, k)});
    known_ = {p.diffusivity, {p.wind[0], p.wind[1]}, nodal::formula_values("stream", p.stream, 2, flat(corners))};
    source_ = nodal::formula_values("source", p.source, 2, flat(centres));
    initial_ = initial_state(p, layout());
    initial_.resize(static_cast<std::size_t>(n_), 0.0);
    if (unknown_.initial >= 0 || unknown_.source >= 0) blocks_ = from_blocks(layout().grid, p.cells);
    if (unknown_.stream >= 0) stream_ = evolution::between_corners(corners, p.stream_grid, layout().grid.length);
    known_flow_.resize(static_cast<std::size_t>(2 * faces_.count()));
    faces_.flow(known_, known_flow_.data(), known_flow_.data() + faces_.count());
  }

  std::string fault(const double* u) const override {
    return unknown_.diffusivity < 0 || u[unknown_.diffusivity] > 0.0
               ? std::string()
               : fmt::format("diffusivity = {} is not positive", u[unknown_.diffusivity]);
  }
  void prepare(const double* u, double* q, double* x) const override {
    if (unknown_.is_any_of_medium()) {
      faces_.flow(medium(u), q, q + faces_.count());
      tell_smearing(q);
    } else {
      std::copy(known_flow_.begin(), known_flow_.end(), q);
      std::call_once(is_told_, [&] { tell_smearing(q); });
    }
    double* const f = q + 2 * faces_.count();
    std::fill_n(f, n_, 0.0);
    if (unknown_.source >= 0) blocks_.apply(u + unknown_.source, f);
    for (int i = 0; i < n_; ++i) f[i] += source_[static_cast<std::size_t>(i)];
    if (unknown_.point_source >= 0)
      for_each_of_blob(u, [&](int i, double strength, double value, const double*) { f[i] += strength * value; });
    if (unknown_.initial >= 0)
      blocks_.apply(u + unknown_.initial, x);
    else
      std::copy(initial_.begin(), initial_.end(), x);
  }
  bool prepare_own(double* q, double* x) const override {
    std::copy(known_flow_.begin(), known_flow_.end(), q);
    std::copy(source_.begin(), source_.end(), q + 2 * faces_.count());
    std::copy(initial_.begin(), initial_.end(), x);
    return true;
  }
  void prepare_tangent(const double* u, const double* du, double* dq, double* dx) const override {
    std::fill_n(dq, layout().coefficients, 0.0);
    if (unknown_.is_any_of_medium()) faces_.tangent(medium(u), direction(du), dq, dq + faces_.count());
    double* const df = dq + 2 * faces_.count();
    if (unknown_.source >= 0) blocks_.apply(du + unknown_.source, df);
    if (unknown_.point_source >= 0) {
      const double* const change = du + unknown_.point_source;
      for_each_of_blob(u, [&](int i, double strength, double value, const double* slope) {
        df[i] += change[2] * value + strength * (change[0] * slope[0] + change[1] * slope[1]);
      });
    }
    std::fill_n(dx, n_, 0.0);
    if (unknown_.initial >= 0) blocks_.apply(du + unknown_.initial, dx);
  }
  void prepare_transposed(const double* u, const double* gq, const double* gx, double* gu) const override {
    if (unknown_.is_any_of_medium()) {
      Medium g{0.0, {}, std::vector<double>(known_.psi.size(), 0.0)};
      faces_.add_transposed(medium(u), gq, gq + faces_.count(), g);
      if (unknown_.diffusivity >= 0) gu[unknown_.diffusivity] += g.diffusivity;
      for (int a = 0; a < 2 && unknown_.wind >= 0; ++a) gu[unknown_.wind + a] += g.wind[a];
      if (unknown_.stream >= 0) stream_.add_transposed(g.psi.data(), gu + unknown_.stream);
    }
    const double* const gf = gq + 2 * faces_.count();
    if (unknown_.source >= 0) blocks_.add_transposed(cells_.begin, cells_.end, gf, gu + unknown_.source);
    if (unknown_.point_source >= 0) {
      double* const g = gu + unknown_.point_source;
      for_each_of_blob(u, [&](int i, double strength, double value, const double* slope) {
        if (i < cells_.begin || i >= cells_.end) return;
        g[0] += gf[i] * strength * slope[0], g[1] += gf[i] * strength * slope[1], g[2] += gf[i] * value;
      });
    }
    if (unknown_.initial >= 0) blocks_.add_transposed(cells_.begin, cells_.end, gx, gu + unknown_.initial);
  }

  void f(const Point& at, double* f) const override {
    const double* const source = at.q + 2 * faces_.count();
    for_each_inflow(at.q, at.x, Beyond::given, [=](int i, double inflow) { f[i] = inflow + source[i]; });
  }
  void tangent(const Point& at, const double* dq, const double* dx, double* df) const override {
    const double* const d_source = dq + 2 * faces_.count();
    for_each_inflow(at.q, dx, Beyond::nothing, [=](int i, double inflow) { df[i] = inflow + d_source[i]; });
    if (unknown_.is_any_of_medium())
      for_each_inflow(dq, at.x, Beyond::given, [=](int i, double inflow) { df[i] += inflow; });
  }
  void transposed(const Point& at, const double* w, double* gx, double* gq) const override {
    const double *const a = at.q, *const b = a + faces_.count();
    for_each_cell(w, Beyond::nothing, [=](const Cell& c) {
      gx[c.index] = (a[c.east] * (c.to_east - c.here) - b[c.west] * (c.here - c.to_west)) +
                    (a[c.north(nx_)] * (c.to_north - c.here) - b[c.south] * (c.here - c.to_south));
    });
    double* const gf = gq + 2 * faces_.count();
    for (int i = cells_.begin; i < cells_.end; ++i) gf[i] += w[i];
    if (!unknown_.is_any_of_medium()) return;
    add_flow_gradient(at.x, w, gq, gq + faces_.count());
  }

  void flux(const Point& at, double* parts) const override { add_outflow(at.q, at.x, Beyond::given, cleared(parts)); }
  void flux_tangent(const Point& at, const double* dq, const double* dx, double* parts) const override {
    add_outflow(at.q, dx, Beyond::nothing, cleared(parts));
    if (unknown_.is_any_of_medium()) add_outflow(dq, at.x, Beyond::given, parts);
  }
  void add_flux_transposed(const Point& at, const double* w, double* gx, double* gq) const override {
    for (const Exit& exit : outflow_) {
      const double weight = area() * w[exit.part];
      gx[exit.cell] += weight * at.q[exit.inner];
      gq[exit.inner] += weight * at.x[exit.cell], gq[exit.outer] -= weight * exit.beyond;
    }
  }

  // The columns of f_x sum to what leaves the grid: by Gershgorin its eigenvalues are in the disk around -r of radius r, r the
  // largest rate at which a cell is emptied. That disk lies within the methods' regions of stability where -2 r does.
  Rates rates(const double* q, const double*) const override {
    const double *const a = q, *const b = q + faces_.count();
    double most = 0.0;
    for (int i = cells_.begin; i < cells_.end; ++i) {
      const int row = i / nx_, west = faces_.west(row, i % nx_), south = faces_.south(row, i % nx_);
      most = std::max(most, b[west] + a[west + 1] + b[south] + a[south + nx_]);
    }
    return {0.0, 2.0 * most};
  }
  Rates known_rates() const override {
    return unknown_.is_any_of_medium() ? Rates{} : rates(known_flow_.data(), nullptr);
  }
  std::vector<std::pair<std::string, std::vector<double>>> coefficient_fields(const double* q) const override {
    const double* const source = q + 2 * faces_.count();
    return {{"source", {source, source + n_}}};
  }

 private:
  enum class Beyond { given, nothing };  // the values beyond the sides
  struct Cell {
    int index, west, east, south;
    double here, to_west, to_east, to_south, to_north;
    int north(int nx) const { return south + nx; }
  };
  // work(Cell) for own cells.
  template <class Work>
  void for_each_cell(const double* x, Beyond beyond, const Work& work) const {
    const bool is_given = beyond == Beyond::given;
    const double at_left = is_given ? sides_[left].value : 0.0, at_right = is_given ? sides_[right].value : 0.0;
    const int rows = n_ / nx_;
    for (int j = cells_.begin / nx_; j < cells_.end / nx_; ++j) {
      const double* const row = x + j * nx_;
      const double* const south = j > 0 ? row - nx_ : is_given ? south_of_all_.data() : nothing_.data();
      const double* const north = j + 1 < rows ? row + nx_ : is_given ? north_of_all_.data() : nothing_.data();
      const int west_face = faces_.west(j, 0), south_face = faces_.south(j, 0);
      const auto at = [&](int i, double to_west, double to_east) {
        work(Cell{j * nx_ + i, west_face + i, west_face + i + 1, south_face + i, row[i], to_west, to_east, south[i],
                  north[i]});
      };
      at(0, at_left, row[1]);
#pragma GCC ivdep
      for (int i = 1; i < nx_ - 1; ++i) at(i, row[i - 1], row[i + 1]);
      at(nx_ - 1, row[nx_ - 2], at_right);
    }
  }
  // work(i, what flows into cell i)
  template <class Work>
  void for_each_inflow(const double* q, const double* x, Beyond beyond, const Work& work) const {
    const double *const a = q, *const b = q + faces_.count();
    const int nx = nx_;
    for_each_cell(x, beyond, [=](const Cell& c) {
      work(c.index, ((a[c.west] * c.to_west - b[c.west] * c.here) - (a[c.east] * c.here - b[c.east] * c.to_east)) +
                        ((a[c.south] * c.to_south - b[c.south] * c.here) -
                         (a[c.north(nx)] * c.here - b[c.north(nx)] * c.to_north)));
    });
  }

  // A face of a side whose outflow is observed: the flux outwards is q[inner] c - q[outer] beyond.
  struct Exit {
    int part, cell, inner, outer;
    double beyond;
  };
  std::vector<Exit> faces_of_outflow() const {
    std::vector<Exit> exits;
    const evolution::Grid& grid = layout().grid;
    const int begin = cells_.begin / nx_, end = cells_.end / nx_;
    int first = 0;
    const auto add = [&](int place_on_side, int row, int i, int face, Place side) {
      const bool is_low = side == left || side == bottom;
      const int a = face, b = face + faces_.count();
      exits.push_back({first + place_on_side, row * nx_ + i, is_low ? b : a, is_low ? a : b, sides_[side].value});
    };
    for (const std::string& name : params_.outflow) {
      const Place side = side_of("outflow", name);
      const bool is_across_x = side == left || side == right;
      for (int row = begin; is_across_x && row < end; ++row)
        add(grid.row_of(row * nx_), row, side == left ? 0 : nx_ - 1, faces_.west(row, side == left ? 0 : nx_), side);
      const int row = side == bottom ? begin : end - 1;
      const bool is_here = grid.row_of(row * nx_) == (side == bottom ? 0 : grid.rows() - 1);
      for (int i = 0; !is_across_x && is_here && i < nx_; ++i)
        add(i, row, i, faces_.south(row, i) + (side == top ? nx_ : 0), side);
      first += is_across_x ? grid.rows() : nx_;
    }
    return exits;
  }
  double area() const { return layout().grid.spacing(0) * layout().grid.spacing(1); }  // coefficients are per cell
  double* cleared(double* parts) const {
    double* end = parts;
    for (const Layout::Flux& flux : layout().fluxes) end = std::fill_n(end, flux.parts, 0.0);
    return parts;
  }
  void add_outflow(const double* q, const double* x, Beyond beyond, double* parts) const {
    const double given = beyond == Beyond::given ? 1.0 : 0.0;
    for (const Exit& exit : outflow_)
      parts[exit.part] += area() * (q[exit.inner] * x[exit.cell] - q[exit.outer] * given * exit.beyond);
  }

  // Of each face what its own cells' w say: the neighbour's share of a common face is the neighbour's to add.
  void add_flow_gradient(const double* x, const double* w, double* ga, double* gb) const {
    const int first = cells_.begin / nx_, last = cells_.end / nx_, rows = n_ / nx_;
    for (int j = first; j < last; ++j) {
      const double *const c = x + j * nx_, *const weight = w + j * nx_;
      double *const a = ga + faces_.west(j, 0), *const b = gb + faces_.west(j, 0);
      a[0] += weight[0] * sides_[left].value, b[0] -= weight[0] * c[0];
      for (int i = 1; i < nx_; ++i) {
        const double g = weight[i] - weight[i - 1];
        a[i] += g * c[i - 1], b[i] -= g * c[i];
      }
      a[nx_] -= weight[nx_ - 1] * c[nx_ - 1], b[nx_] += weight[nx_ - 1] * sides_[right].value;
    }
    for (int j = first; j <= last; ++j) {
      const double* const below = j > 0 ? x + (j - 1) * nx_ : south_of_all_.data();
      const double* const above = j < rows ? x + j * nx_ : north_of_all_.data();
      const double* const of_below = j > first ? w + (j - 1) * nx_ : nothing_.data();
      const double* const of_above = j < last ? w + j * nx_ : nothing_.data();
      double *const a = ga + faces_.south(j, 0), *const b = gb + faces_.south(j, 0);
      for (int i = 0; i < nx_; ++i) {
        const double g = of_above[i] - of_below[i];
        a[i] += g * below[i], b[i] -= g * above[i];
      }
    }
  }

  Medium medium(const double* u) const {
    Medium m = direction(u);
    if (unknown_.diffusivity < 0) m.diffusivity = known_.diffusivity;
    for (int a = 0; a < 2; ++a) m.wind[a] += known_.wind[a];
    for (std::size_t k = 0; k < m.psi.size(); ++k) m.psi[k] += known_.psi[k];
    return m;
  }
  Medium direction(const double* du) const {
    Medium m{0.0, {}, std::vector<double>(known_.psi.size(), 0.0)};
    if (unknown_.diffusivity >= 0) m.diffusivity = du[unknown_.diffusivity];
    for (int a = 0; a < 2 && unknown_.wind >= 0; ++a) m.wind[a] = du[unknown_.wind + a];
    if (unknown_.stream >= 0) stream_.apply(du + unknown_.stream, m.psi.data());
    return m;
  }
  // work(cell, strength, a Gaussian of integral 1, its gradient in the place of the source)
  template <class Work>
  void for_each_of_blob(const double* u, const Work& work) const {
    const double* const source = u + unknown_.point_source;
    const double square = params_.source_width * params_.source_width;
    for (int i = 0; i < n_; ++i) {
      const double x = layout().grid.position_of(0, i) - source[0], y = layout().grid.position_of(1, i) - source[1];
      const double value = std::exp(-0.5 * (x * x + y * y) / square) / (2.0 * M_PI * square);
      const double slope[2] = {value * x / square, value * y / square};
      work(i, source[2], value, slope);
    }
  }

  Params params_;
  evolution::Cells cells_;
  int n_, nx_;  ///< stored cells; cells of a row
  std::array<Side, 4> sides_;
  Faces faces_;
  std::vector<Exit> outflow_;                                  ///< own faces
  std::vector<double> south_of_all_, north_of_all_, nothing_;  ///< rows beyond the sides
  Unknowns unknown_;
  Medium known_;
  Smearing smearing_;
  mutable std::once_flag is_told_;  // of a flow that is known
  void tell_smearing(const double* flow) const {
    smearing_.tell("pde/transport", flow, flow + faces_.count(), faces_.count());
  }
  std::vector<double> source_, initial_, known_flow_;  ///< known_flow_: a, then b of the deck's medium
  evolution::SparseMap blocks_, stream_;
};

std::string fault_of_mesh(const Params& p) {
  if (p.mesh.size() != 2) return fmt::format("mesh must be two numbers, nx and ny, not {}", p.mesh.size());
  for (const int n : p.mesh)
    if ((contains(p, "initial") || contains(p, "source")) && n % p.cells != 0)
      return fmt::format("mesh: {} is not a multiple of cells = {}: blocks must be made of whole grid cells", n,
                         p.cells);
  return "";
}

}  // namespace

namespace {

bool is_unknown(const Params& p, const char* quantity) {
  return std::count(p.quantities.begin(), p.quantities.end(), quantity) > 0;
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Advection-diffusion in time in a rectangle with open sides, c_t + div(v c - kappa grad c) = f: release, "
      "sources, wind or diffusivity from concentrations",
      "Finite volumes; exponentially fitted fluxes, Scharfetter, Gummel 1969");
  s.key("quantities", &Params::quantities, "",
        "what is unknown, in this order: \"initial\", \"source\" (each constant on cells x cells blocks), "
        "\"diffusivity\", \"wind\" (wx, wy), \"stream\" (values of psi), \"point_source\" (x, y, strength)")
      .key("mesh", &Params::mesh, "1", "[nx, ny] grid cells", deck::between(2, 4096))
      .key("lengths", &Params::lengths, "1", "of the rectangle's sides, one for both or one for each", deck::positive())
      .key("cells", &Params::cells, "1", "c: c x c blocks of initial and of source, k = i + c j, i along x",
           deck::between(1, 4096))
      .only_with("the quantities initial or source",
                 [](const Params& p) { return is_unknown(p, "initial") || is_unknown(p, "source"); })
      .key("diffusivity", &Params::diffusivity, "", "kappa, where it is known", deck::positive())
      .only_with("quantities without diffusivity", [](const Params& p) { return !is_unknown(p, "diffusivity"); })
      .key("wind", &Params::wind, "", "[wx, wy], uniform part of v; an unknown wind comes to it")
      .key("stream", &Params::stream, "", "psi, a formula of x and y, whose velocity (psi_y, -psi_x) comes to the wind")
      .key("stream_grid", &Params::stream_grid, "1",
           "cells along x and y of the grid over the rectangle at whose (nx + 1)(ny + 1) corners psi is unknown, x "
           "fastest",
           deck::between(1, 1000))
      .key("source", &Params::source, "", "known part of f, a formula of x and y")
      .key("source_width", &Params::source_width, "1", "standard deviation of the Gaussian that is a point source",
           deck::at_least(0))
      .key("dirichlet", &Params::dirichlet, "", "c beyond sides, {left = 1.0}")
      .key("closed", &Params::closed, "",
           "sides that let nothing through. Through sides that are neither given nor closed the wind takes out what is "
           "there, brings nothing in, and nothing diffuses")
      .key("outflow", &Params::outflow, "",
           "sides through which what leaves in a unit of time, the integral of v_n c - kappa dc/dn, is observed, after "
           "points and patches")
      .example("[\"right\"]");
  nodal::add_initial_state_key(s, "0");
  evolution::add_common_keys(s);
  s.check("quantities", fault_of_quantities)
      .check("mesh", fault_of_mesh)
      .check("lengths",
             [](const Params& p) {
               return p.lengths.size() == 1 || p.lengths.size() == 2
                          ? std::string()
                          : fmt::format("lengths must be one number, or one for each axis, not {}", p.lengths.size());
             })
      .check("wind",
             [](const Params& p) {
               return p.wind.size() == 2 ? std::string()
                                         : fmt::format("wind must be two numbers, wx and wy, not {}", p.wind.size());
             })
      .check("stream_grid", fault_of_stream_grid)
      .check("source_width", fault_of_source_width);
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  const auto make = [params](evolution::Share share) { return std::make_unique<Transport>(params, share); };
  return std::make_unique<evolution::Engine>("pde/transport", make, params, std::move(ranks));
}

}  // namespace aleator::pde::transport
