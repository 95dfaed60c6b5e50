#include "pde/mesh_diffusion/mesh_diffusion.hpp"

#include <fmt/format.h>

#include "deck/registry.hpp"
#include "pde/fem/engine.hpp"

namespace aleator::pde::mesh_diffusion {
namespace {

using fem::Layout;

void add_loads(const Params& params, const Data& data, Layout& layout) {
  std::vector<double>& load = layout.loads.emplace_back(static_cast<std::size_t>(layout.unknowns()), 0.0);
  const field::Mesh& mesh = *layout.mesh;
  fem::add_body_load(layout, -1, 0, fem::constant(params.source), load);
  if (data.source) fem::add_body_load(layout, -1, 0, data.source, load);
  for (const deck::Named<double>& one : params.group_sources)
    fem::add_body_load(layout, fem::group_of(mesh, "group_sources", one.name), 0, fem::constant(one.value), load);
  for (std::size_t k = 0; k < params.point_sources.size(); ++k) {
    std::vector<double> place = params.point_sources[k], unit(load.size(), 0.0);
    if (static_cast<int>(place.size()) != mesh.dimension + 1)
      throw deck::KeyError("point_sources",
                           fmt::format("source {} has {} numbers, not the {} of its place and strength", k + 1,
                                       place.size(), mesh.dimension + 1));
    const double strength = place.back();
    place.pop_back();
    fem::add_point_load(layout, "point_sources", place, 0, unit);
    for (std::size_t i = 0; i < load.size(); ++i) load[i] += strength * unit[i];
  }
  for (const deck::Named<double>& one : params.flux)
    fem::add_side_load(layout, fem::claim_side(layout, "flux", one.name, 0), 0, fem::constant(one.value), load);
  for (const deck::Named<std::vector<double>>& one : params.robin)
    fem::add_side_load(layout, fem::side_of(mesh, "robin", one.name), 0, fem::constant(one.value[0] * one.value[1]),
                       load);
}

// q: a of every element, then the 1 of the Robin terms.
Layout layout_of(const Params& params, const Data& data, const fem::ElementValues& a,
                 std::shared_ptr<const field::Mesh> mesh) {
  Layout layout;
  layout.start(std::move(mesh), {"u"});
  layout.coefficients = layout.mesh->element_count() + 1;
  layout.terms.push_back(fem::stiffness(*layout.mesh));
  for (const deck::Named<std::vector<double>>& one : params.robin) {
    fem::Terms terms =
        fem::side_mass(*layout.mesh, fem::claim_side(layout, "robin", one.name, 0), layout.coefficients - 1);
    for (double& entry : terms.matrix) entry *= one.value[0];
    layout.terms.push_back(std::move(terms));
  }
  for (const deck::Named<double>& one : params.dirichlet)
    fem::fix_side(layout, fem::claim_side(layout, "dirichlet", one.name, 0), 0,
                  data.dirichlet ? data.dirichlet : fem::constant(one.value));
  std::vector<char> is_held = layout.is_fixed;
  for (const deck::Named<std::vector<double>>& one : params.robin)
    for (const int node : layout.mesh->nodes_of_side(layout.mesh->side(one.name)))
      is_held[static_cast<std::size_t>(node)] = 1;
  fem::refuse_free_pieces(*layout.mesh, is_held, "dirichlet", "no side has dirichlet or robin",
                          "u is determined up to a constant only: give it on a side of each piece, or join the pieces");
  add_loads(params, data, layout);
  fem::observe(params, layout);
  fem::observe_reactions("fluxes", params.fluxes, "flux through", layout);
  for (const std::string& name : a.names) layout.input_names.push_back("a_" + name);
  layout.input_fields = a.fields_from(0);
  return layout;
}

class MeshDiffusion : public fem::Equation {
 public:
  MeshDiffusion(Layout layout, fem::ElementValues a) : Equation(std::move(layout)), a_(std::move(a)) {}

  std::string fault(const double* theta) const override {
    for (int k = 0; k < a_.unknowns; ++k)
      if (!(theta[k] > 0.0))
        return fmt::format("a_{} = {} is not positive", a_.names[static_cast<std::size_t>(k)], theta[k]);
    return {};
  }
  void coefficients(const double* theta, double* q) const override {
    for (std::size_t e = 0; e < a_.owner.size(); ++e) q[e] = a_.at(e, theta);
    q[a_.owner.size()] = 1.0;
  }
  void coefficients_tangent(const double*, const double* d_theta, double* dq) const override {
    for (std::size_t e = 0; e < a_.owner.size(); ++e) dq[e] = a_.owner[e] >= 0 ? d_theta[a_.owner[e]] : 0.0;
    dq[a_.owner.size()] = 0.0;
  }
  void add_transposed(const double*, const double* g_q, double* g_theta) const override {
    for (std::size_t e = 0; e < a_.owner.size(); ++e)
      if (a_.owner[e] >= 0) g_theta[a_.owner[e]] += g_q[e];
  }
  std::vector<std::pair<std::string, std::vector<double>>> pictures(const double* theta) const override {
    return {{"coefficient", a_.all(theta)}};
  }

 private:
  fem::ElementValues a_;
};

std::string fault_of_robin(const Params& p) {
  for (const deck::Named<std::vector<double>>& one : p.robin)
    if (one.value.size() != 2 || !(one.value[0] > 0.0))
      return fmt::format("robin: {} must be [h, u_out] with h > 0", one.name);
  return "";
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Diffusion -div(a grad u) = f on a mesh of triangles or tetrahedra, a constant by group, cell or element",
      "P1 elements; docs/theory/finite_elements.md");
  fem::add_mesh_keys(s);
  s.key("dirichlet", &Params::dirichlet, "", "u on sides, {side = value}; where sides meet, the last one counts")
      .example("{left = 0.0}")
      .key("flux", &Params::flux, "", "a du/dn on sides, inwards, {side = value}; 0 on all that are not named")
      .key("robin", &Params::robin, "", "a du/dn = h (u_out - u) on sides, {side = [h, u_out]}")
      .key("source", &Params::source, "", "right-hand side f everywhere")
      .key("group_sources", &Params::group_sources, "", "added to it in groups of elements, {group = value}")
      .key("point_sources", &Params::point_sources, "",
           "added to it: [x, y, strength] or [x, y, z, strength] each, as wells")
      .key("fluxes", &Params::fluxes, "",
           "sides under dirichlet through which the flux into the domain is observed, after the patches");
  fem::add_solver_keys(s);
  s.check("robin", fault_of_robin)
      .check("dirichlet",
             [](const Params& p) {
               return p.dirichlet.empty() && p.robin.empty()
                          ? std::string("no side has dirichlet or robin: u is determined up to a constant only")
                          : std::string();
             })
      .check("points", [](const Params& p) { return fem::fault_of_observation(p, p.fluxes, "fluxes"); });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks,
                                          const Data& data) {
  std::shared_ptr<const field::Mesh> mesh = field::make_mesh(params);
  fem::ElementValues a = fem::element_values(params, *mesh);
  Layout layout = layout_of(params, data, a, std::move(mesh));
  return std::make_unique<fem::Engine>(
      "pde/mesh_diffusion", std::make_unique<MeshDiffusion>(std::move(layout), std::move(a)), params, std::move(ranks));
}

}  // namespace aleator::pde::mesh_diffusion
