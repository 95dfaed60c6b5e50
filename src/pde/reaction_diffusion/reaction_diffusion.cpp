#include "pde/reaction_diffusion/reaction_diffusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pde/evolution/engine.hpp"
#include "pde/evolution/stencil.hpp"
#include "pde/reaction_diffusion/reactions.hpp"

namespace aleator::pde::reaction_diffusion {
namespace {

using evolution::Layout;
using evolution::Point;
using evolution::Rates;

template <class Reaction>
Layout layout_of(const Params& p, evolution::Share share) {
  Layout layout;
  layout.grid = {{p.mesh, p.mesh}, {p.length, p.length}, false, share};
  layout.field_names = Reaction::field_names();
  layout.observed = {Reaction::fields - 1};
  layout.coefficients = Reaction::coefficients;
  if (p.unknown != Unknown::initial) layout.input_names = Reaction::coefficient_names();
  if (p.unknown == Unknown::coefficients) return layout;
  layout.input_fields = {{static_cast<int>(layout.input_names.size()), {p.cells, p.cells}, layout.grid.length}};
  for (int k = 0; k < p.cells * p.cells; ++k) layout.input_names.push_back(fmt::format("initial_{}", k));
  return layout;
}

// The initial state when it is known: as the deck says, or Gaussian spots [x, y, radius, height] on the background.
std::vector<double> known_state(const Params& p, const evolution::Layout& layout) {
  const evolution::Grid& grid = layout.grid;
  std::vector<double> state = initial_state(p, layout);
  if (!state.empty()) return state;
  std::vector<double> field(static_cast<std::size_t>(grid.size()), p.background);
  for (const std::vector<double>& spot : p.spots)
    for (int k = 0; k < grid.size(); ++k) {
      const double x = grid.position_of(0, k) - spot[0], y = grid.position_of(1, k) - spot[1];
      field[static_cast<std::size_t>(k)] += spot[3] * std::exp(-(x * x + y * y) / (spot[2] * spot[2]));
    }
  if (layout.field_names.size() == 2)
    for (const double observed : field) state.push_back(1.0 - observed);
  state.insert(state.end(), field.begin(), field.end());
  return state;
}

// q: diffusivities of the fields, then what the reaction needs. u: q if unknown, then the blocks if unknown.
template <class Reaction>
class ReactionDiffusion : public evolution::SemiDiscrete {
 public:
  static constexpr int fields = Reaction::fields, coefficients = Reaction::coefficients;

  ReactionDiffusion(const Params& p, evolution::Share share)
      : SemiDiscrete(layout_of<Reaction>(p, share)),
        knows_coefficients_(p.unknown == Unknown::initial),
        knows_initial_(p.unknown == Unknown::coefficients),
        has_free_companion_(fields == 2 && p.initial_state.empty()),
        cells_(layout().grid.cells()),
        n_(cells_.size),
        q_(Reaction::values(p)),
        initial_(known_state(p, layout())),
        blocks_(knows_initial_ ? evolution::SparseMap() : from_blocks(layout().grid, p.cells)) {}

  std::string fault(const double* u) const override {
    for (int k = 0; k < (knows_coefficients_ ? 0 : coefficients); ++k)
      if (!(u[k] >= 0.0))
        return fmt::format("{} = {} is negative", layout().input_names[static_cast<std::size_t>(k)], u[k]);
    return {};
  }
  void prepare(const double* u, double* q, double* x) const override {
    std::copy_n(knows_coefficients_ ? q_.data() : u, coefficients, q);
    if (knows_initial_) {
      std::copy(initial_.begin(), initial_.end(), x);
      return;
    }
    double* const observed = x + (fields - 1) * n_;
    blocks_.apply(u + first_block(), observed);
    if (fields == 2 && !has_free_companion_) std::copy_n(initial_.begin(), n_, x);
    if (has_free_companion_)
      for (int i = 0; i < n_; ++i) x[i] = 1.0 - observed[i];
  }
  bool prepare_own(double* q, double* x) const override {
    std::copy_n(q_.data(), coefficients, q);
    std::copy(initial_.begin(), initial_.end(), x);
    return true;
  }
  void prepare_tangent(const double*, const double* du, double* dq, double* dx) const override {
    std::fill_n(dq, coefficients, 0.0);
    if (!knows_coefficients_) std::copy_n(du, coefficients, dq);
    std::fill_n(dx, fields * n_, 0.0);
    if (knows_initial_) return;
    double* const observed = dx + (fields - 1) * n_;
    blocks_.apply(du + first_block(), observed);
    if (has_free_companion_)
      for (int i = 0; i < n_; ++i) dx[i] = -observed[i];
  }
  void prepare_transposed(const double*, const double* gq, const double* gx, double* gu) const override {
    for (int k = 0; k < (knows_coefficients_ ? 0 : coefficients); ++k) gu[k] += gq[k];
    if (knows_initial_) return;
    std::vector<double> g(gx + (fields - 1) * n_, gx + fields * n_);
    if (has_free_companion_)
      for (int i = 0; i < n_; ++i) g[static_cast<std::size_t>(i)] -= gx[i];
    blocks_.add_transposed(cells_.begin, cells_.end, g.data(), gu + first_block());
  }

  void f(const Point& at, double* f) const override {
    diffuse(at.q, at.x, f);
    Reaction::f(cells_, at.q, at.x, f);
  }
  void tangent(const Point& at, const double* dq, const double* dx, double* df) const override {
    diffuse(at.q, dx, df);
    for (int k = 0; k < fields; ++k)
      for_each_laplacian(layout().grid, at.x + k * n_, [&](int i, double lap) { df[k * n_ + i] += dq[k] * lap; });
    Reaction::tangent(cells_, at, dq, dx, df);
  }
  void transposed(const Point& at, const double* w, double* gx, double* gq) const override {
    if (!knows_coefficients_) {
      for (int k = 0; k < fields; ++k) {  // gx is room for the Laplacian until it is needed
        for_each_laplacian(layout().grid, at.x + k * n_, [&](int i, double lap) { gx[i] = lap; });
        const double *const weight = w + k * n_ + cells_.begin, *const own = gx + cells_.begin;
        gq[k] += evolution::sum_terms(cells_.own(), [=](int i) { return weight[i] * own[i]; });
      }
      Reaction::add_gradient(cells_, at, w, gq);
    }
    diffuse(at.q, w, gx);
    Reaction::transposed(cells_, at, w, gx);
  }

  Rates rates(const double* q, const double* x) const override {
    double most = 1.0;  // of |state|
    for (int k = 0; k < fields; ++k)
      for (int i = cells_.begin; i < cells_.end; ++i) most = std::max(most, std::abs(x[k * n_ + i]));
    return {0.0,
            evolution::largest_eigenvalue(layout().grid) * *std::max_element(q, q + fields) + Reaction::decay(q, most)};
  }
  Rates known_rates() const override {
    return knows_coefficients_ ? Rates{0.0, evolution::largest_eigenvalue(layout().grid) *
                                                *std::max_element(q_.begin(), q_.begin() + fields)}
                               : Rates{};
  }

 private:
  int first_block() const { return knows_coefficients_ ? 0 : coefficients; }
  void diffuse(const double* q, const double* x, double* f) const {
    for (int k = 0; k < fields; ++k) {
      const double diffusivity = q[k];
      double* const to = f + k * n_;
      for_each_laplacian(layout().grid, x + k * n_, [=](int i, double lap) { to[i] = diffusivity * lap; });
    }
  }

  bool knows_coefficients_, knows_initial_;
  bool has_free_companion_;  ///< u(0) of v(0) that is unknown is 1 - v, and not what the deck says
  evolution::Cells cells_;
  int n_;  ///< values of a field: own cells, and the neighbours' of a strip
  std::vector<double> q_, initial_;
  evolution::SparseMap blocks_;
};

std::string fault_of_spots(const Params& p) {
  for (std::size_t k = 0; k < p.spots.size(); ++k) {
    if (p.spots[k].size() != 4)
      return fmt::format("spots: spot {} has {} numbers, not the four x, y, radius, height", k + 1, p.spots[k].size());
    if (!(p.spots[k][2] > 0.0)) return fmt::format("spots: spot {} has the radius {}", k + 1, p.spots[k][2]);
  }
  return {};
}

}  // namespace

namespace {

bool has_known_scott(const Params& p) { return p.kind == Kind::gray_scott && p.unknown == Unknown::initial; }

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s("Reaction and diffusion u_t = D lap u + R(u) on a square without flux through its boundary",
                         "Fisher, Kolmogorov et al. 1937; Allen, Cahn 1979; Gray, Scott 1984; five-point differences");
  s.choice(
       "kind", &Params::kind, "the reaction",
       {{"fisher_kpp", Kind::fisher_kpp, "R = rate u (1 - u): growth up to a capacity, as of tumours and populations"},
        {"allen_cahn", Kind::allen_cahn, "R = rate u (1 - u^2): two phases"},
        {"gray_scott", Kind::gray_scott,
         "two fields: R_u = -u v^2 + feed (1 - u), R_v = u v^2 - (feed + kill) v; v is observed"}})
      .key("mesh", &Params::mesh, "1", "n x n grid cells", deck::between(2, 4096))
      .key("length", &Params::length, "1", "side of the square", deck::positive())
      .choice("unknown", &Params::unknown, "what is inferred",
              {{"initial", Unknown::initial, "the initial field (v for gray_scott), constant on cells x cells blocks"},
               {"coefficients", Unknown::coefficients,
                "diffusivity and rate; for gray_scott both diffusivities, feed and kill"},
               {"both", Unknown::both, "the coefficients, then the initial field"}})
      .key("cells", &Params::cells, "1", "c: c x c blocks of the unknown initial field, k = i + c j, i along x",
           deck::between(1, 4096))
      .only_with("an unknown initial field", [](const Params& p) { return p.unknown != Unknown::coefficients; })
      .key("diffusivity", &Params::diffusivity, "1", "D (of u), when it is known", deck::at_least(0))
      .only_with("unknown = \"initial\"", [](const Params& p) { return p.unknown == Unknown::initial; })
      .key("second_diffusivity", &Params::second_diffusivity, "1", "gray_scott: D of v, when it is known",
           deck::at_least(0))
      .only_with("gray_scott and unknown = \"initial\"", [](const Params& p) { return has_known_scott(p); })
      .key("rate", &Params::rate, "1", "fisher_kpp, allen_cahn: r, when it is known", deck::at_least(0))
      .only_with("another kind than gray_scott and unknown = \"initial\"",
                 [](const Params& p) { return p.unknown == Unknown::initial && p.kind != Kind::gray_scott; })
      .key("feed", &Params::feed, "1", "gray_scott: F, when it is known", deck::at_least(0))
      .only_with("gray_scott and unknown = \"initial\"", [](const Params& p) { return has_known_scott(p); })
      .key("kill", &Params::kill, "1", "gray_scott: k, when it is known", deck::at_least(0))
      .only_with("gray_scott and unknown = \"initial\"", [](const Params& p) { return has_known_scott(p); })
      .key("background", &Params::background, "1", "the initial field away from the spots, when it is known")
      .only_with("unknown = \"coefficients\" without initial_state",
                 [](const Params& p) { return p.unknown == Unknown::coefficients && p.initial_state.empty(); })
      .key("spots", &Params::spots, "1",
           "the initial field, when it is known: spots [x, y, radius, height], height exp(-(distance / radius)^2) each")
      .only_with("unknown = \"coefficients\" without initial_state",
                 [](const Params& p) { return p.unknown == Unknown::coefficients && p.initial_state.empty(); });
  nodal::add_initial_state_key(s, "background and spots; for gray_scott u = 1 - v");
  evolution::add_common_keys(s);
  s.check("spots", fault_of_spots).check("cells", [](const Params& p) {
    return p.mesh % p.cells == 0 || p.unknown == Unknown::coefficients
               ? std::string()
               : fmt::format("mesh = {} is not a multiple of cells = {}: blocks must be made of whole grid cells",
                             p.mesh, p.cells);
  });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  const auto make = [params](evolution::Share share) -> std::unique_ptr<evolution::SemiDiscrete> {
    switch (params.kind) {
      case Kind::allen_cahn:
        return std::make_unique<ReactionDiffusion<AllenCahn>>(params, share);
      case Kind::gray_scott:
        return std::make_unique<ReactionDiffusion<GrayScott>>(params, share);
      default:
        return std::make_unique<ReactionDiffusion<FisherKpp>>(params, share);
    }
  };
  return std::make_unique<evolution::Engine>("pde/reaction_diffusion", make, params, std::move(ranks));
}

}  // namespace aleator::pde::reaction_diffusion
