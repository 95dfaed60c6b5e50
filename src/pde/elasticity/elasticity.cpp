#include "pde/elasticity/elasticity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "deck/registry.hpp"
#include "pde/fem/also_unknown.hpp"
#include "pde/fem/engine.hpp"

namespace aleator::pde::elasticity {
namespace {

using fem::Layout;

// Terms of lambda (coefficient e) and of mu (coefficient elements + e):
// V g_ia g_jb and V (g_i . g_j delta_ab + g_ib g_ja) for hats i, j and components a, b.
void add_terms(Layout& layout) {
  const field::Mesh& mesh = *layout.mesh;
  const int d = mesh.dimension, corners = mesh.corners();
  fem::Terms of_lambda = fem::element_terms(mesh, d), of_mu = of_lambda;
  for (int& c : of_mu.coefficient) c += mesh.element_count();
  double* to_lambda = of_lambda.matrix.data();
  double* to_mu = of_mu.matrix.data();
  double g[12];
  for (int e = 0; e < mesh.element_count(); ++e) {
    const double volume = mesh.gradients(e, g);
    for (int i = 0; i < corners; ++i)
      for (int a = 0; a < d; ++a)
        for (int j = 0; j < corners; ++j)
          for (int b = 0; b < d; ++b) {
            double dot = 0.0;
            for (int k = 0; a == b && k < d; ++k) dot += g[i * d + k] * g[j * d + k];
            *to_lambda++ = volume * g[i * d + a] * g[j * d + b];
            *to_mu++ = volume * (dot + g[i * d + b] * g[j * d + a]);
          }
  }
  layout.terms.push_back(std::move(of_lambda));
  layout.terms.push_back(std::move(of_mu));
}

// Translations, and rotations about the origin, at all nodes.
std::vector<std::vector<double>> rigid_motions(const field::Mesh& mesh) {
  const int d = mesh.dimension;
  std::vector<std::vector<double>> motions(static_cast<std::size_t>(d * (d + 1) / 2),
                                           std::vector<double>(mesh.points.size(), 0.0));
  const auto box = mesh.box();
  for (int node = 0; node < mesh.node_count(); ++node) {
    std::size_t motion = 0;
    const auto at = static_cast<std::size_t>(node * d);
    for (int a = 0; a < d; ++a) motions[motion++][at + static_cast<std::size_t>(a)] = 1.0;
    for (std::size_t a = 0; a < static_cast<std::size_t>(d); ++a)
      for (std::size_t b = 0; b < a; ++b, ++motion) {
        const auto x = [&](std::size_t axis) { return mesh.point(node)[axis] - 0.5 * (box[0][axis] + box[1][axis]); };
        motions[motion][at + a] = x(b), motions[motion][at + b] = -x(a);
      }
  }
  return motions;
}

// Gram-Schmidt of the motions restricted to fixed unknowns of a piece: whether none is a combination of others.
bool is_supported(const Layout& layout, int piece) {
  const std::size_t fields = layout.field_names.size();
  std::vector<std::vector<double>> basis;
  for (std::vector<double> motion : layout.near_null_space) {
    double before = 0.0, after = 0.0;
    for (std::size_t i = 0; i < motion.size(); ++i) {
      if (!layout.is_fixed[i] || layout.mesh->piece[i / fields] != piece) motion[i] = 0.0;
      before += motion[i] * motion[i];
    }
    for (int pass = 0; pass < 2; ++pass)
      for (const std::vector<double>& other : basis) {
        double product = 0.0;
        for (std::size_t i = 0; i < motion.size(); ++i) product += motion[i] * other[i];
        for (std::size_t i = 0; i < motion.size(); ++i) motion[i] -= product * other[i];
      }
    for (const double x : motion) after += x * x;
    if (!(after > 1e-16 * before) || before == 0.0) return false;
    for (double& x : motion) x /= std::sqrt(after);
    basis.push_back(std::move(motion));
  }
  return true;
}

void refuse_wrong_size(const std::string& key, const std::string& what, std::size_t size, const field::Mesh& mesh) {
  if (static_cast<int>(size) != mesh.dimension)
    throw deck::KeyError(
        key, fmt::format("{} has {} components, but the mesh is in {} dimensions", what, size, mesh.dimension));
}

void add_supports(const Params& params, const Data& data, Layout& layout, fem::AlsoUnknown& also) {
  const field::Mesh& mesh = *layout.mesh;
  const auto fix = [&](const char* key, const std::vector<std::string>& sides, int first, int last) {
    for (const std::string& side : sides)
      for (int a = first; a <= last; ++a)
        fem::fix_side(layout, fem::claim_side(layout, key, side, a), a, fem::constant(0.0));
  };
  if (mesh.dimension == 2 && !params.fixed_z.empty()) throw deck::KeyError("fixed_z", "the mesh is plane: it has no z");
  fix("fixed_x", params.fixed_x, 0, 0), fix("fixed_y", params.fixed_y, 1, 1), fix("fixed_z", params.fixed_z, 2, 2);
  fix("fixed", params.fixed, 0, mesh.dimension - 1);
  std::vector<int> held;  // component by component
  for (const deck::Named<std::vector<double>>& one : params.displacement) {
    refuse_wrong_size("displacement", "that of side '" + one.name + "'", one.value.size(), mesh);
    const bool is_unknown = also.of("displacement." + one.name) >= 0;
    for (int a = 0; a < mesh.dimension; ++a) {
      const auto component = static_cast<std::size_t>(a);
      held.push_back(fem::fix_side(layout, fem::claim_side(layout, "displacement", one.name, a), a,
                                   is_unknown                  ? fem::constant(0.0)
                                   : data.displacement.empty() ? fem::constant(one.value[component])
                                                               : data.displacement[component]));
    }
  }
  for (std::size_t i = 0; i < held.size(); ++i) {
    const std::string& side = params.displacement[i / static_cast<std::size_t>(mesh.dimension)].name;
    if (const int k = also.of("displacement." + side); k >= 0)
      also.impose(k, fmt::format("u_{}_{}", side, "xyz"[i % static_cast<std::size_t>(mesh.dimension)]),
                  fem::nodes_held(layout, held[i]));
  }
}

// "traction.right", "displacement.top", "body"
std::vector<std::string> values_of(const Params& p, const field::Mesh& mesh) {
  std::vector<std::string> names;
  for (const deck::Named<std::vector<double>>& one : p.traction)
    fem::side_of(mesh, "traction", one.name), names.push_back("traction." + one.name);
  for (const deck::Named<std::vector<double>>& one : p.displacement)
    fem::side_of(mesh, "displacement", one.name), names.push_back("displacement." + one.name);
  if (!p.body.empty()) names.emplace_back("body");
  return names;
}

// What is known goes into the load, of what is not the loads of units to `also`.
void add_loads(const Params& params, const Data& data, Layout& layout, fem::AlsoUnknown& also) {
  const field::Mesh& mesh = *layout.mesh;
  std::vector<double>& load = layout.loads.emplace_back(static_cast<std::size_t>(layout.unknowns()), 0.0);
  if (!params.body.empty()) refuse_wrong_size("body", "it", params.body.size(), mesh);
  const auto add_unit = [&](int k, const std::string& name, int a, const auto& add) {
    std::vector<double> unit(load.size(), 0.0);
    add(unit);
    also.add(k, name + "xyz"[a], std::move(unit));
  };
  const int unknown_body = also.of("body");
  for (int a = 0; a < static_cast<int>(params.body.size()); ++a) {
    const auto put = [&](double value, std::vector<double>& to) {
      fem::add_body_load(layout, -1, a, fem::constant(value), to);
    };
    if (unknown_body < 0)
      put(params.body[static_cast<std::size_t>(a)], load);
    else
      add_unit(unknown_body, "body_", a, [&](std::vector<double>& unit) { put(1.0, unit); });
  }
  for (std::size_t a = 0; a < data.body.size(); ++a)
    fem::add_body_load(layout, -1, static_cast<int>(a), data.body[a], load);
  for (const deck::Named<std::vector<double>>& one : params.traction) {
    refuse_wrong_size("traction", "that of side '" + one.name + "'", one.value.size(), mesh);
    const int k = also.of("traction." + one.name), side = fem::side_of(mesh, "traction", one.name);
    for (int a = 0; a < mesh.dimension; ++a) {  // none along a direction that a support holds
      const double pull = one.value[static_cast<std::size_t>(a)];
      const bool is_held = std::find(layout.held.begin(), layout.held.end(), std::pair(side, a)) != layout.held.end();
      if (k < 0 ? pull == 0.0 : pull == 0.0 && is_held) continue;
      fem::claim_side(layout, "traction", one.name, a);
      const auto put = [&](double value, std::vector<double>& to) {
        fem::add_side_load(layout, side, a, fem::constant(value), to);
      };
      if (k < 0)
        put(pull, load);
      else
        add_unit(k, "traction_" + one.name + "_", a, [&](std::vector<double>& unit) { put(1.0, unit); });
    }
  }
}

Layout layout_of(const Params& params, const Data& data, const fem::ElementValues& values,
                 std::shared_ptr<const field::Mesh> mesh) {
  fem::AlsoUnknown also(params.also_unknown, values_of(params, *mesh));
  Layout layout;
  const bool is_plane = mesh->dimension == 2;
  layout.start(std::move(mesh),
               is_plane ? std::vector<std::string>{"u_x", "u_y"} : std::vector<std::string>{"u_x", "u_y", "u_z"});
  layout.coefficients = 2 * layout.mesh->element_count();
  add_terms(layout);
  add_supports(params, data, layout, also);
  layout.near_null_space = rigid_motions(*layout.mesh);
  for (int piece = 0; piece < layout.mesh->pieces; ++piece)
    if (!is_supported(layout, piece))
      throw deck::KeyError(
          "fixed",
          "the supports leave a rigid motion of the body free" +
              (layout.mesh->pieces == 1 ? "" : ", of its piece " + field::place_of_piece(*layout.mesh, piece)),
          "name sides under fixed, fixed_x, fixed_y, fixed_z or displacement");
  add_loads(params, data, layout, also);
  fem::observe(params, layout);
  fem::observe_reactions("reactions", params.reactions, "reaction", layout);
  for (const Quantity quantity : {Quantity::modulus, Quantity::ratio})
    if (params.quantity == quantity || params.quantity == Quantity::both) {
      for (model::InputField& field : values.fields_from(static_cast<int>(layout.input_names.size())))
        layout.input_fields.push_back(std::move(field));
      for (const std::string& name : values.names)
        layout.input_names.push_back((quantity == Quantity::modulus ? "E_" : "nu_") + name);
    }
  also.put_into(layout);
  return layout;
}

// q: lambda of every element, then mu.
class Elasticity : public fem::Equation {
 public:
  Elasticity(Layout layout, fem::ElementValues values, const Params& params)
      : Equation(std::move(layout)),
        values_(std::move(values)),
        params_(params),
        is_stress_(params.plane == Plane::stress && this->layout().mesh->dimension == 2) {}

  std::string fault(const double* theta) const override {
    for (int k = 0; k < first_load(); ++k) {
      const bool is_modulus = params_.quantity != Quantity::ratio && k < values_.unknowns;
      const std::string& name = layout().input_names[static_cast<std::size_t>(k)];
      if (is_modulus && !(theta[k] > 0.0)) return fmt::format("{} = {} is not positive", name, theta[k]);
      if (!is_modulus && !(theta[k] > -1.0 && theta[k] < 0.5))
        return fmt::format("{} = {} does not lie between -1 and 1/2", name, theta[k]);
    }
    return {};
  }
  void coefficients(const double* theta, double* q) const override {
    const std::size_t n = values_.owner.size();
    for (std::size_t e = 0; e < n; ++e) {
      const double modulus = modulus_of(e, theta), nu = ratio_of(e, theta);
      q[e] = modulus * nu / (is_stress_ ? 1.0 - nu * nu : (1.0 + nu) * (1.0 - 2.0 * nu));
      q[n + e] = modulus / (2.0 * (1.0 + nu));
    }
    std::copy_n(theta + first_load(), layout().sources.rows(), q + 2 * n);
  }
  void coefficients_tangent(const double* theta, const double* d_theta, double* dq) const override {
    const std::size_t n = values_.owner.size();
    for (std::size_t e = 0; e < n; ++e) {
      const Slopes s = slopes(e, theta);
      const int k = values_.owner[e];
      const double d_modulus = k >= 0 && modulus_at_ >= 0 ? d_theta[modulus_at_ + k] : 0.0,
                   d_ratio = k >= 0 && ratio_at() >= 0 ? d_theta[ratio_at() + k] : 0.0;
      dq[e] = s.lambda_by_modulus * d_modulus + s.lambda_by_ratio * d_ratio;
      dq[n + e] = s.mu_by_modulus * d_modulus + s.mu_by_ratio * d_ratio;
    }
    std::copy_n(d_theta + first_load(), layout().sources.rows(), dq + 2 * n);
  }
  void add_transposed(const double* theta, const double* g_q, double* g_theta) const override {
    const std::size_t n = values_.owner.size();
    for (std::size_t e = 0; e < n; ++e) {
      const int k = values_.owner[e];
      if (k < 0) continue;
      const Slopes s = slopes(e, theta);
      if (modulus_at_ >= 0) g_theta[modulus_at_ + k] += s.lambda_by_modulus * g_q[e] + s.mu_by_modulus * g_q[n + e];
      if (ratio_at() >= 0) g_theta[ratio_at() + k] += s.lambda_by_ratio * g_q[e] + s.mu_by_ratio * g_q[n + e];
    }
    for (int k = 0; k < layout().sources.rows(); ++k) g_theta[first_load() + k] += g_q[2 * n + k];
  }
  std::vector<std::pair<std::string, std::vector<double>>> pictures(const double* theta) const override {
    std::vector<double> modulus, ratio;
    for (std::size_t e = 0; e < values_.owner.size(); ++e)
      modulus.push_back(modulus_of(e, theta)), ratio.push_back(ratio_of(e, theta));
    if (params_.quantity == Quantity::modulus) return {{"modulus", modulus}};
    if (params_.quantity == Quantity::ratio) return {{"ratio", ratio}};
    return {{"modulus", modulus}, {"ratio", ratio}};
  }

 private:
  struct Slopes {
    double lambda_by_modulus, lambda_by_ratio, mu_by_modulus, mu_by_ratio;
  };
  Slopes slopes(std::size_t e, const double* theta) const {
    const double modulus = modulus_of(e, theta), nu = ratio_of(e, theta), s = 1.0 + nu, t = 1.0 - 2.0 * nu;
    const double stress = 1.0 - nu * nu;
    return {
        is_stress_ ? nu / stress : nu / (s * t),
        is_stress_ ? modulus * (1.0 + nu * nu) / (stress * stress) : modulus * (1.0 + 2.0 * nu * nu) / (s * s * t * t),
        0.5 / s, -0.5 * modulus / (s * s)};
  }
  // Unknown loads are the last inputs.
  int first_load() const { return static_cast<int>(layout().input_names.size()) - layout().sources.rows(); }
  int ratio_at() const { return params_.quantity == Quantity::modulus ? -1 : modulus_at_ < 0 ? 0 : values_.unknowns; }
  double modulus_of(std::size_t e, const double* theta) const {
    return params_.quantity == Quantity::ratio ? params_.modulus : values_.at(e, theta);
  }
  double ratio_of(std::size_t e, const double* theta) const {
    switch (params_.quantity) {
      case Quantity::modulus:
        return params_.ratio;
      case Quantity::ratio:
        return values_.at(e, theta);
      case Quantity::both:
        break;
    }
    return values_.owner[e] >= 0 ? theta[values_.unknowns + values_.owner[e]] : params_.ratio;
  }

  fem::ElementValues values_;
  Params params_;
  bool is_stress_;
  int modulus_at_ = params_.quantity == Quantity::ratio ? -1 : 0;
};

std::string fault_of_ratio(const Params& p) {
  for (const deck::Named<double>& one : p.known)
    if (p.quantity == Quantity::ratio && !(one.value < 0.5))
      return fmt::format("known: the ratio {} of group {} is not below 1/2", one.value, one.name);
  return "";
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Linear elasticity, plane or in space: Young's modulus and Poisson's ratio from displacements and reactions",
      "P1 elements; docs/theory/elasticity.md");
  fem::add_mesh_keys(s);
  s.choice("plane", &Params::plane, "in two dimensions",
           {{"stress", Plane::stress, "a thin plate: no stress across it"},
            {"strain", Plane::strain, "a long body: no strain along it"}})
      .only_with("a mesh in two dimensions", [](const Params& p) { return !p.mesh.empty() || p.cells.size() != 3; })
      .choice("quantity", &Params::quantity, "what is unknown; known has its values in the other groups",
              {{"modulus", Quantity::modulus, "Young's modulus E"},
               {"ratio", Quantity::ratio, "Poisson's ratio nu"},
               {"both", Quantity::both, "E of all, then nu of all; the other groups have ratio"}})
      .key("modulus", &Params::modulus, "1", "E everywhere", deck::positive())
      .only_with("quantity = \"ratio\"", [](const Params& p) { return p.quantity == Quantity::ratio; })
      .key("ratio", &Params::ratio, "1", "nu where it is not unknown", deck::inside(-1, 0.5))
      .only_with("quantity = \"modulus\", or \"both\" with known groups",
                 [](const Params& p) {
                   return p.quantity == Quantity::modulus || (p.quantity == Quantity::both && !p.known.empty());
                 })
      .key("fixed", &Params::fixed, "", "sides held in all directions")
      .example("[\"left\"]")
      .key("fixed_x", &Params::fixed_x, "", "sides held along x only: rollers, planes of symmetry")
      .key("fixed_y", &Params::fixed_y, "", "sides held along y only")
      .key("fixed_z", &Params::fixed_z, "", "sides held along z only")
      .key("displacement", &Params::displacement, "1", "given displacement of sides, {side = [u_x, u_y]}")
      .key("traction", &Params::traction, "1", "force a unit of area on sides, {side = [t_x, t_y]}")
      .key("body", &Params::body, "1", "force a unit of volume, [b_x, b_y]")
      .key("also_unknown", &Params::also_unknown, "",
           "values of this block that are unknown too, component by component behind the coefficients: traction.SIDE, "
           "displacement.SIDE, body; the inputs are called traction_SIDE_x, …, u_SIDE_x, …, body_x, …")
      .example("[\"traction.right\"]")
      .key("reactions", &Params::reactions, "",
           "sides whose reaction force, x then y then z, is observed after points and patches (components that are "
           "held)");
  fem::add_solver_keys(s);
  s.check("known", fault_of_ratio).check("points", [](const Params& p) {
    return fem::fault_of_observation(p, p.reactions, "reactions");
  });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks,
                                          const Data& data) {
  std::shared_ptr<const field::Mesh> mesh = field::make_mesh(params);
  fem::ElementValues values = fem::element_values(params, *mesh);
  Layout layout = layout_of(params, data, values, std::move(mesh));
  return std::make_unique<fem::Engine>("pde/elasticity",
                                       std::make_unique<Elasticity>(std::move(layout), std::move(values), params),
                                       params, std::move(ranks));
}

}  // namespace aleator::pde::elasticity
