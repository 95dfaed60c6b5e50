#include "pde/mesh_diffusion/mesh_diffusion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "deck/registry.hpp"
#include "pde/fem/also_unknown.hpp"
#include "pde/fem/engine.hpp"

namespace aleator::pde::mesh_diffusion {
namespace {

using fem::Layout;

// "flux.left", "robin.top", "dirichlet.bottom", "group_sources.heater", "source"
std::vector<std::string> values_of(const Params& p, const field::Mesh& mesh) {
  std::vector<std::string> names{"source"};
  const auto add = [&](const std::string& key, const std::string& name) { names.push_back(key + "." + name); };
  for (const deck::Named<double>& one : p.flux) fem::side_of(mesh, "flux", one.name), add("flux", one.name);
  for (const deck::Named<std::vector<double>>& one : p.robin)
    fem::side_of(mesh, "robin", one.name), add("robin", one.name);
  for (const deck::Named<double>& one : p.dirichlet)
    fem::side_of(mesh, "dirichlet", one.name), add("dirichlet", one.name);
  for (const deck::Named<double>& one : p.group_sources)
    fem::group_of(mesh, "group_sources", one.name), add("group_sources", one.name);
  return names;
}

// What is known goes into the load, of what is not the load of a unit to `also`.
void add_loads(const Params& params, const Data& data, Layout& layout, fem::AlsoUnknown& also) {
  std::vector<double>& load = layout.loads.emplace_back(static_cast<std::size_t>(layout.unknowns()), 0.0);
  const field::Mesh& mesh = *layout.mesh;
  // add(value, load) with the deck's value, or 1 where that is unknown and becomes the input `name`.
  const auto place = [&](const std::string& text, const std::string& name, double value, const auto& add) {
    const int k = also.of(text);
    if (k < 0) return add(value, load);
    std::vector<double> unit(load.size(), 0.0);
    add(1.0, unit);
    also.add(k, name, std::move(unit));
  };
  const auto in_group = [&](int group) {
    return [&layout, group](double value, std::vector<double>& to) {
      fem::add_body_load(layout, group, 0, fem::constant(value), to);
    };
  };
  const auto on_side = [&](int side, double factor) {
    return [&layout, side, factor](double value, std::vector<double>& to) {
      fem::add_side_load(layout, side, 0, fem::constant(factor * value), to);
    };
  };
  place("source", "source", params.source, in_group(-1));
  if (data.source) fem::add_body_load(layout, -1, 0, data.source, load);
  for (const deck::Named<double>& one : params.group_sources)
    place("group_sources." + one.name, "source_" + one.name, one.value,
          in_group(fem::group_of(mesh, "group_sources", one.name)));
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
    place("flux." + one.name, "flux_" + one.name, one.value,
          on_side(fem::claim_side(layout, "flux", one.name, 0), 1.0));
  for (const deck::Named<std::vector<double>>& one : params.robin)
    place("robin." + one.name, "h_" + one.name, one.value[0],
          on_side(fem::side_of(mesh, "robin", one.name), one.value[1]));
}

// q: a of every element, the 1 of what is known of Robin terms, then what is unknown beside a.
Layout layout_of(const Params& params, const Data& data, const fem::ElementValues& a,
                 std::shared_ptr<const field::Mesh> mesh) {
  fem::AlsoUnknown also(params.also_unknown, values_of(params, *mesh));
  Layout layout;
  layout.start(std::move(mesh), {"u"});
  const int known_rate = layout.mesh->element_count();
  layout.coefficients = known_rate + 1;
  layout.terms.push_back(fem::stiffness(*layout.mesh));
  for (const deck::Named<std::vector<double>>& one : params.robin) {
    const int k = also.of("robin." + one.name), side = fem::claim_side(layout, "robin", one.name, 0);
    fem::Terms terms = fem::side_mass(*layout.mesh, side, k < 0 ? known_rate : layout.coefficients + k);
    for (double& entry : terms.matrix) entry *= k < 0 ? one.value[0] : 1.0;
    layout.terms.push_back(std::move(terms));
  }
  std::vector<int> held;
  for (const deck::Named<double>& one : params.dirichlet) {
    const bool is_unknown = also.of("dirichlet." + one.name) >= 0;
    held.push_back(fem::fix_side(layout, fem::claim_side(layout, "dirichlet", one.name, 0), 0,
                                 is_unknown       ? fem::constant(0.0)
                                 : data.dirichlet ? data.dirichlet
                                                  : fem::constant(one.value)));
  }
  for (std::size_t i = 0; i < held.size(); ++i)
    if (const std::string& side = params.dirichlet[i].name; also.of("dirichlet." + side) >= 0)
      also.impose(also.of("dirichlet." + side), "u_" + side, fem::nodes_held(layout, held[i]));
  std::vector<char> is_held = layout.is_fixed;
  for (const deck::Named<std::vector<double>>& one : params.robin)
    for (const int node : layout.mesh->nodes_of_side(layout.mesh->side(one.name)))
      is_held[static_cast<std::size_t>(node)] = 1;
  fem::refuse_free_pieces(*layout.mesh, is_held, "dirichlet", "no side has dirichlet or robin",
                          "u is determined up to a constant only: give it on a side of each piece, or join the pieces");
  add_loads(params, data, layout, also);
  fem::observe(params, layout);
  fem::observe_reactions("fluxes", params.fluxes, "flux through", layout);
  for (const std::string& name : a.names) layout.input_names.push_back("a_" + name);
  also.put_into(layout);
  layout.input_fields = a.fields_from(0);
  return layout;
}

class MeshDiffusion : public fem::Equation {
 public:
  MeshDiffusion(Layout layout, fem::ElementValues a)
      : Equation(std::move(layout)), a_(std::move(a)), others_(this->layout().sources.rows()) {}

  std::string fault(const double* theta) const override {
    for (int k = 0; k < a_.unknowns; ++k)
      if (!(theta[k] > 0.0))
        return fmt::format("a_{} = {} is not positive", a_.names[static_cast<std::size_t>(k)], theta[k]);
    for (int k = a_.unknowns; k < a_.unknowns + others_; ++k)
      if (const std::string& name = layout().input_names[static_cast<std::size_t>(k)];
          name.rfind("h_", 0) == 0 && !(theta[k] > 0.0))
        return fmt::format("{} = {} is not positive", name, theta[k]);
    return {};
  }
  void coefficients(const double* theta, double* q) const override {
    for (std::size_t e = 0; e < a_.owner.size(); ++e) q[e] = a_.at(e, theta);
    q[a_.owner.size()] = 1.0;
    std::copy_n(theta + a_.unknowns, others_, q + layout().first_source);
  }
  void coefficients_tangent(const double*, const double* d_theta, double* dq) const override {
    for (std::size_t e = 0; e < a_.owner.size(); ++e) dq[e] = a_.owner[e] >= 0 ? d_theta[a_.owner[e]] : 0.0;
    dq[a_.owner.size()] = 0.0;
    std::copy_n(d_theta + a_.unknowns, others_, dq + layout().first_source);
  }
  void add_transposed(const double*, const double* g_q, double* g_theta) const override {
    for (std::size_t e = 0; e < a_.owner.size(); ++e)
      if (a_.owner[e] >= 0) g_theta[a_.owner[e]] += g_q[e];
    for (int k = 0; k < others_; ++k) g_theta[a_.unknowns + k] += g_q[layout().first_source + k];
  }
  std::vector<std::pair<std::string, std::vector<double>>> pictures(const double* theta) const override {
    return {{"coefficient", a_.all(theta)}};
  }

 private:
  fem::ElementValues a_;
  int others_;  // unknowns that are no coefficients of elements
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
      .key("also_unknown", &Params::also_unknown, "",
           "values of this block that are unknown too, in the prior's order behind the coefficients: flux.SIDE, "
           "robin.SIDE (its h), dirichlet.SIDE, source, group_sources.GROUP; the inputs are called flux_SIDE, h_SIDE, "
           "u_SIDE, source, source_GROUP")
      .example("[\"flux.left\"]")
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
