#include "pde/steady_transport/steady_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "deck/registry.hpp"
#include "math/bernoulli.hpp"
#include "pde/fem/engine.hpp"
#include "pde/steady_transport/medium.hpp"
#include "pde/transport/smearing.hpp"

namespace aleator::pde::steady_transport {
namespace {

using fem::Layout;

// An edge of an element: the flux from its first to its second node leaves the one and enters the other.
struct Edge {
  int element;
  double along[3];  ///< from node to node
};

// A facet of an open side.
struct OpenFacet {
  int element;
  double normal[3];  ///< outwards, of length 1
};

std::array<double, 3> outward_normal(const field::Mesh& mesh, int facet) {
  const int* const node = mesh.facet(facet);
  double side[2][3] = {};
  for (int k = 0; k + 1 < mesh.dimension; ++k)
    for (int a = 0; a < mesh.dimension; ++a) side[k][a] = mesh.point(node[k + 1])[a] - mesh.point(node[0])[a];
  if (mesh.dimension == 2) side[1][2] = 1.0;
  std::array<double, 3> n{side[0][1] * side[1][2] - side[0][2] * side[1][1],
                          side[0][2] * side[1][0] - side[0][0] * side[1][2],
                          side[0][0] * side[1][1] - side[0][1] * side[1][0]};
  const auto centre = mesh.centre(mesh.facet_element[static_cast<std::size_t>(facet)]);
  double inwards = 0.0;
  for (int a = 0; a < mesh.dimension; ++a)
    inwards += n[static_cast<std::size_t>(a)] * (centre[static_cast<std::size_t>(a)] - mesh.point(node[0])[a]);
  const double scale = (inwards > 0.0 ? -1.0 : 1.0) / std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
  for (double& entry : n) entry *= scale;
  return n;
}

// Coefficients k B(-z) and k B(z) of each edge: what flows by the value at its first node, and by that at its second.
fem::Terms edge_terms(const field::Mesh& mesh, std::vector<Edge>& edges) {
  fem::Terms terms;
  terms.size = 2;
  const int d = mesh.dimension;
  double g[12];
  for (int e = 0; e < mesh.element_count(); ++e) {
    const double volume = mesh.gradients(e, g);
    for (int i = 0; i <= d; ++i)
      for (int j = i + 1; j <= d; ++j) {
        const int nodes[2] = {mesh.element(e)[i], mesh.element(e)[j]};
        Edge& edge = edges.emplace_back(Edge{e, {}});
        double weight = 0.0;
        for (int a = 0; a < d; ++a) {
          weight -= volume * g[i * d + a] * g[j * d + a];
          edge.along[a] = mesh.point(nodes[1])[a] - mesh.point(nodes[0])[a];
        }
        for (int end = 0; end < 2; ++end) {
          terms.dofs.insert(terms.dofs.end(), nodes, nodes + 2);
          terms.coefficient.push_back(static_cast<int>(terms.count()));
          const double w = end == 0 ? weight : -weight;
          terms.matrix.insert(terms.matrix.end(), {end == 0 ? w : 0.0, end == 0 ? 0.0 : w,  //
                                                   end == 0 ? -w : 0.0, end == 0 ? 0.0 : -w});
        }
      }
  }
  return terms;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// q: two of each edge, v . n of each open facet where that is outwards, f of each element.
class SteadyTransport : public fem::Equation {
 public:
  struct Parts {
    std::vector<Edge> edges;
    std::vector<OpenFacet> facets;
  };
  SteadyTransport(Layout layout, Medium medium, Parts parts)
      : Equation(std::move(layout)), medium_(std::move(medium)), parts_(std::move(parts)) {
    d_ = this->layout().mesh->dimension;
    const field::Mesh& mesh = *this->layout().mesh;
    is_held_.assign(static_cast<std::size_t>(mesh.pieces), 0);
    for (std::size_t node = 0; node < mesh.piece.size(); ++node)
      if (this->layout().is_fixed[node] != 0) is_held_[static_cast<std::size_t>(mesh.piece[node])] = 1;
  }

  std::string fault(const double* theta) const override {
    std::string fault = medium_.fault(theta);
    std::vector<char> is_determined = is_held_;
    const auto free_piece = [&] { return std::find(is_determined.begin(), is_determined.end(), 0); };
    if (!fault.empty() || free_piece() == is_determined.end()) return fault;
    const field::Mesh& mesh = *layout().mesh;
    medium_.fields(theta, at_);
    constexpr double rounding = 1e-12;
    double strongest = 0.0;
    for (const double v : at_.velocity) strongest = std::max(strongest, std::abs(v));
    for (const OpenFacet& facet : parts_.facets)
      if (through(facet, at_) > rounding * strongest)
        is_determined[static_cast<std::size_t>(mesh.piece[static_cast<std::size_t>(mesh.element(facet.element)[0])])] =
            1;
    if (free_piece() == is_determined.end()) return {};
    return "no wind blows out through an open side, and c is given nowhere" +
           (mesh.pieces == 1
                ? ""
                : ", in the mesh's piece " +
                      field::place_of_piece(mesh, static_cast<int>(free_piece() - is_determined.begin()))) +
           ": it is not determined";
  }
  void coefficients(const double* theta, double* q) const override {
    medium_.fields(theta, at_);
    const double* const fluxes = q;
    for (const Edge& edge : parts_.edges) {
      const math::FittedFlux flux = this->flux(edge);
      *q++ = flux.forth, *q++ = flux.back;
    }
    smearing_.tell("pde/steady_transport", fluxes, fluxes + 1, static_cast<int>(parts_.edges.size()), 2);
    for (const OpenFacet& facet : parts_.facets) *q++ = std::max(0.0, through(facet, at_));
    std::copy(at_.source.begin(), at_.source.end(), q);
  }
  void coefficients_tangent(const double* theta, const double* d_theta, double* dq) const override {
    medium_.fields(theta, at_);
    medium_.tangent(theta, d_theta, change_);
    for (const Edge& edge : parts_.edges) {
      const math::FittedFlux flux = this->flux(edge);
      const double d_drift = along(edge, change_);
      const double back = flux.by_drift * d_drift + flux.by_diffusivity * change_.diffusivity[element(edge)];
      *dq++ = back + d_drift, *dq++ = back;
    }
    for (const OpenFacet& facet : parts_.facets) *dq++ = through(facet, at_) > 0.0 ? through(facet, change_) : 0.0;
    std::copy(change_.source.begin(), change_.source.end(), dq);
  }
  void add_transposed(const double* theta, const double* g_q, double* g_theta) const override {
    medium_.fields(theta, at_);
    change_ = at_;
    change_.clear();
    for (const Edge& edge : parts_.edges) {
      const math::FittedFlux flux = this->flux(edge);
      const double forth = *g_q++, both = forth + *g_q++;
      change_.diffusivity[element(edge)] += flux.by_diffusivity * both;
      for (int a = 0; a < d_; ++a) velocity(edge.element, change_)[a] += (flux.by_drift * both + forth) * edge.along[a];
    }
    for (const OpenFacet& facet : parts_.facets) {
      const double g = through(facet, at_) > 0.0 ? *g_q : 0.0;
      ++g_q;
      for (int a = 0; a < d_; ++a) velocity(facet.element, change_)[a] += g * facet.normal[a];
    }
    std::copy_n(g_q, change_.source.size(), change_.source.begin());
    medium_.add_transposed(theta, change_, g_theta);
  }
  std::vector<std::pair<std::string, std::vector<double>>> pictures(const double* theta) const override {
    medium_.fields(theta, at_);
    std::vector<double> speed(at_.source.size(), 0.0);
    for (std::size_t k = 0; k < at_.velocity.size(); ++k)
      speed[k / static_cast<std::size_t>(d_)] += at_.velocity[k] * at_.velocity[k];
    for (double& value : speed) value = std::sqrt(value);
    std::vector<std::pair<std::string, std::vector<double>>> fields{{"source", at_.source},
                                                                    {"speed", std::move(speed)}};
    if (medium_.is_unknown("diffusivity")) fields.emplace_back("diffusivity", at_.diffusivity);
    return fields;
  }

 private:
  static std::size_t element(const Edge& edge) { return static_cast<std::size_t>(edge.element); }
  math::FittedFlux flux(const Edge& edge) const {
    return math::fitted_flux(along(edge, at_), at_.diffusivity[element(edge)]);
  }
  double* velocity(int element, MediumFields& fields) const { return &fields.velocity[element * d_]; }
  double product(int element, const double* direction, const MediumFields& fields) const {
    double sum = 0.0;
    for (int a = 0; a < d_; ++a) sum += fields.velocity[element * d_ + a] * direction[a];
    return sum;
  }
  double along(const Edge& edge, const MediumFields& fields) const { return product(edge.element, edge.along, fields); }
  double through(const OpenFacet& facet, const MediumFields& fields) const {
    return product(facet.element, facet.normal, fields);
  }

  Medium medium_;
  Parts parts_;
  transport::Smearing smearing_;
  int d_;
  std::vector<char> is_held_;         ///< by piece of the mesh: c is given somewhere
  mutable MediumFields at_, change_;  ///< of the row under way: rows come one after the other
};

// Open are the sides that are neither closed nor given, where they are the domain's boundary. Their mass matrices are lumped:
// nothing flows along a side.
void add_open_sides(const Params& params, Layout& layout, std::vector<OpenFacet>& facets) {
  const field::Mesh& mesh = *layout.mesh;
  const int d = mesh.dimension;
  const auto is_given = [&params](const std::string& side) {
    return std::any_of(params.dirichlet.begin(), params.dirichlet.end(),
                       [&side](const deck::Named<double>& one) { return one.name == side; });
  };
  for (const std::string& name : params.closed) {
    fem::side_of(mesh, "closed", name);
    if (is_given(name)) throw deck::KeyError("dirichlet", fmt::format("side '{}' is closed", name));
  }
  const auto is_open = [&](int f) {
    const std::string& side = mesh.sides[static_cast<std::size_t>(mesh.facet_side[static_cast<std::size_t>(f)])];
    return mesh.facet_is_inner[static_cast<std::size_t>(f)] == 0 && !is_given(side) && !contains(params.closed, side);
  };
  std::set<std::vector<int>> done;  // facets may lie in several sides
  const auto nodes_of = [&](int f) {
    std::vector<int> nodes(mesh.facet(f), mesh.facet(f) + d);
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  };
  for (int f = 0; f < mesh.facet_count(); ++f)
    if (!is_open(f)) done.insert(nodes_of(f));
  fem::Terms terms;
  terms.size = d;
  for (int f = 0; f < mesh.facet_count(); ++f) {
    if (!done.insert(nodes_of(f)).second) continue;
    const auto normal = outward_normal(mesh, f);
    facets.push_back({mesh.facet_element[static_cast<std::size_t>(f)], {normal[0], normal[1], normal[2]}});
    terms.dofs.insert(terms.dofs.end(), mesh.facet(f), mesh.facet(f) + d);
    terms.coefficient.push_back(layout.coefficients++);
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j) terms.matrix.push_back(i == j ? mesh.facet_area(f) / d : 0.0);
  }
  layout.terms.push_back(std::move(terms));
  if (facets.empty() && params.dirichlet.empty())
    throw deck::KeyError("closed", "leaves no side open, and c is given on none: what sources give has nowhere to go",
                         "an open side, or one under dirichlet");
}

Layout layout_of(const Params& params, const Data& data, const Medium& medium, std::shared_ptr<const field::Mesh> mesh,
                 SteadyTransport::Parts& parts) {
  Layout layout;
  layout.start(std::move(mesh), {"c"});
  const field::Mesh& m = *layout.mesh;
  layout.terms.push_back(edge_terms(m, parts.edges));
  layout.coefficients = static_cast<int>(layout.terms.back().count());
  for (const deck::Named<double>& one : params.dirichlet)
    fem::fix_side(layout, fem::claim_side(layout, "dirichlet", one.name, 0), 0,
                  data.dirichlet ? data.dirichlet : fem::constant(one.value));
  add_open_sides(params, layout, parts.facets);
  layout.first_source = layout.coefficients;
  for (int e = 0; e < m.element_count(); ++e) {
    for (int c = 0; c < m.corners(); ++c) layout.sources.add(m.element(e)[c], m.volume(e) / m.corners());
    layout.sources.end_row();
  }
  layout.coefficients += m.element_count();
  layout.loads.emplace_back(static_cast<std::size_t>(layout.unknowns()), 0.0);
  layout.is_symmetric = false;
  fem::observe(params, layout);
  fem::observe_reactions("fluxes", params.fluxes, "flux through", layout);
  layout.input_names = medium.input_names(), layout.input_fields = medium.input_fields();
  return layout;
}

std::string fault_of_quantities(const Params& p) {
  if (p.quantities.empty()) return "nothing is unknown: name a quantity";
  const bool by_element = contains(p.quantities, "source") || contains(p.quantities, "diffusivity");
  if (!by_element && (p.unknown != fem::Unknown::groups || !p.groups.empty() || !p.known.empty()))
    return "unknown, groups, known and grid go with the quantities source and diffusivity";
  return contains(p.quantities, "point_source") && p.source_width == 0.0
             ? "the quantity point_source needs source_width, the width of its Gaussian"
             : "";
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Steady advection-diffusion, div(v c - kappa grad c) = f, on a mesh: sources, diffusivity or wind from "
      "concentrations",
      "Edge-averaged P1 elements; Scharfetter, Gummel 1969; Xu, Zikatanov 1999");
  fem::add_mesh_keys(s);
  s.key("quantities", &Params::quantities, "",
        "what is unknown, in this order: \"source\" or \"diffusivity\" (by unknown: groups, grid, elements), \"wind\" "
        "(wx, wy and wz), \"stream\" (values of psi), \"point_source\" (place and strength)")
      .key("diffusivity", &Params::diffusivity, "", "kappa, where it is known", deck::positive())
      .only_with("quantities without diffusivity",
                 [](const Params& p) { return !contains(p.quantities, "diffusivity"); })
      .key("wind", &Params::wind, "", "uniform part of v, one number for each axis; an unknown wind comes to it")
      .example("[1.0, 0.0]")
      .key("stream", &Params::stream, "",
           "psi, a formula of x and y, whose velocity (psi_y, -psi_x) comes to the wind: triangles only")
      .key("stream_grid", &Params::stream_grid, "1",
           "cells along x and y of the grid over the mesh's box at whose (nx + 1)(ny + 1) corners psi is unknown, x "
           "fastest",
           deck::between(1, 1000))
      .key("source", &Params::source, "", "known part of f, a formula of x, y (and z)")
      .key("source_width", &Params::source_width, "1", "standard deviation of the Gaussian that is a point source",
           deck::at_least(0))
      .key("dirichlet", &Params::dirichlet, "", "c on sides, {side = value}; where sides meet, the last one counts")
      .example("{left = 0.0}")
      .key("closed", &Params::closed, "",
           "sides that let nothing through. Through sides that are neither given nor closed the wind takes out what is "
           "there, brings nothing in, and nothing diffuses; parts of the boundary without a name are closed")
      .key("fluxes", &Params::fluxes, "",
           "sides under dirichlet through which the flux into the domain, of wind and diffusion, is observed");
  fem::add_solver_keys(s);
  s.check("quantities", fault_of_quantities)
      .check("stream_grid",
             [](const Params& p) {
               return p.stream_grid.empty() || contains(p.quantities, "stream")
                          ? std::string()
                          : std::string("stream_grid goes with the quantity stream");
             })
      .check("source_width",
             [](const Params& p) {
               return p.source_width == 0.0 || contains(p.quantities, "point_source")
                          ? std::string()
                          : std::string("source_width goes with the quantity point_source");
             })
      .check("points", [](const Params& p) { return fem::fault_of_observation(p, p.fluxes, "fluxes"); });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks,
                                          const Data& data) {
  std::shared_ptr<const field::Mesh> mesh = field::make_mesh(params);
  Medium medium(params, mesh);
  SteadyTransport::Parts parts;
  Layout layout = layout_of(params, data, medium, std::move(mesh), parts);
  return std::make_unique<fem::Engine>(
      "pde/steady_transport", std::make_unique<SteadyTransport>(std::move(layout), std::move(medium), std::move(parts)),
      params, std::move(ranks));
}

}  // namespace aleator::pde::steady_transport
