#include "pde/helmholtz/helmholtz.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/log.hpp"
#include "deck/registry.hpp"
#include "pde/fem/engine.hpp"

namespace aleator::pde::helmholtz {
namespace {

using fem::Layout;

// Of a matrix between the unknowns of an element or facet: (a, b) -> (sign_a K a, sign_b K b), or crosswise.
fem::Terms complex_terms(const fem::Terms& real, double scale, bool is_crosswise) {
  fem::Terms out;
  out.size = 2 * real.size, out.coefficient = real.coefficient;
  for (const int dof : real.dofs) out.dofs.insert(out.dofs.end(), {2 * dof, 2 * dof + 1});
  out.matrix.assign(4 * real.matrix.size(), 0.0);
  const auto n = static_cast<std::size_t>(real.size);
  for (std::size_t t = 0; t < real.count(); ++t) {
    double* const to = &out.matrix[t * 4 * n * n];
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        const double value = scale * real.matrix_of(t)[i * n + j];
        if (is_crosswise) {
          to[(2 * i) * 2 * n + 2 * j + 1] = to[(2 * i + 1) * 2 * n + 2 * j] = -value;
        } else {
          to[(2 * i) * 2 * n + 2 * j] = value, to[(2 * i + 1) * 2 * n + 2 * j + 1] = -value;
        }
      }
  }
  return out;
}

fem::Terms mass(const field::Mesh& mesh) {
  fem::Terms terms = fem::element_terms(mesh, 1);
  const int n = mesh.corners();
  double* to = terms.matrix.data();
  for (int e = 0; e < mesh.element_count(); ++e)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) *to++ = mesh.volume(e) * (i == j ? 2.0 : 1.0) / (n * (n + 1));
  return terms;
}

void add_loads(const Params& params, const Data& data, Layout& layout) {
  const std::vector<double> none(static_cast<std::size_t>(layout.unknowns()), 0.0);
  for (const std::vector<double>& source : params.sources) {
    std::vector<double>& load = layout.loads.emplace_back(none);
    fem::add_point_load(layout, "sources", source, 0, load);
    for (double& x : load) x *= params.amplitude;
  }
  if (layout.loads.empty()) layout.loads.push_back(none);
  if (data.source) fem::add_body_load(layout, -1, 0, data.source, layout.loads.front());
  if (data.incoming.empty()) return;
  for (const std::string& name : params.absorbing) {
    const int side = fem::side_of(*layout.mesh, "absorbing", name);
    fem::add_side_load(layout, side, 0, data.incoming[0], layout.loads.front());
    const fem::SpaceFunction negative = [&data](const double* x) { return -data.incoming[1](x); };
    fem::add_side_load(layout, side, 1, negative, layout.loads.front());  // the second equation has its sign changed
  }
}

// q: 1, then 1 / c^2 of every element, then 1 / c of every absorbing facet.
Layout layout_of(const Params& params, const Data& data, const fem::ElementValues& c,
                 std::shared_ptr<const field::Mesh> mesh, std::vector<int>& facet_elements) {
  Layout layout;
  layout.start(std::move(mesh), {"re u", "im u"});
  const field::Mesh& m = *layout.mesh;
  const double omega = 2.0 * M_PI * params.frequency;
  fem::Terms stiff = fem::stiffness(m), inertia = mass(m);
  for (int& coefficient : stiff.coefficient) coefficient = 0;
  for (int& coefficient : inertia.coefficient) ++coefficient;
  layout.terms.push_back(complex_terms(stiff, 1.0, false));
  layout.terms.push_back(complex_terms(inertia, -omega * omega, false));
  int next = 1 + m.element_count();
  for (const std::string& name : params.absorbing) {
    const int side = fem::claim_side(layout, "absorbing", name, 0);
    fem::Terms edge = fem::side_mass(m, side, 0);
    for (int& coefficient : edge.coefficient) coefficient = next++;
    for (int f = 0; f < m.facet_count(); ++f)
      if (m.facet_side[static_cast<std::size_t>(f)] == side)
        facet_elements.push_back(m.facet_element[static_cast<std::size_t>(f)]);
    layout.terms.push_back(complex_terms(edge, -omega, true));
  }
  layout.coefficients = next;
  for (const std::string& name : params.soft)
    for (int part = 0; part < 2; ++part)
      fem::fix_side(layout, fem::claim_side(layout, "soft", name, part), part, fem::constant(0.0));
  layout.is_definite = false;
  add_loads(params, data, layout);
  fem::observe(params, layout);
  for (const std::string& name : c.names) layout.input_names.push_back("c_" + name);
  layout.input_fields = c.fields_from(0);
  return layout;
}

class Helmholtz : public fem::Equation {
 public:
  Helmholtz(Layout layout, fem::ElementValues c, std::vector<int> facet_elements, double frequency)
      : Equation(std::move(layout)),
        c_(std::move(c)),
        facet_elements_(std::move(facet_elements)),
        frequency_(frequency) {
    const field::Mesh& mesh = *this->layout().mesh;
    for (int e = 0; e < mesh.element_count(); ++e) sizes_.push_back(mesh.longest_edge(e));
  }

  std::string fault(const double* theta) const override {
    for (int k = 0; k < c_.unknowns; ++k)
      if (!(theta[k] > 0.0))
        return fmt::format("c_{} = {} is not positive", c_.names[static_cast<std::size_t>(k)], theta[k]);
    return {};
  }
  void coefficients(const double* theta, double* q) const override {
    warn_if_coarse(theta);
    *q++ = 1.0;
    for (std::size_t e = 0; e < c_.owner.size(); ++e) *q++ = 1.0 / (c_.at(e, theta) * c_.at(e, theta));
    for (const int e : facet_elements_) *q++ = 1.0 / c_.at(static_cast<std::size_t>(e), theta);
  }
  void coefficients_tangent(const double* theta, const double* d_theta, double* dq) const override {
    const auto direction = [&](std::size_t e) { return c_.owner[e] >= 0 ? d_theta[c_.owner[e]] : 0.0; };
    *dq++ = 0.0;
    for (std::size_t e = 0; e < c_.owner.size(); ++e) *dq++ = -2.0 / std::pow(c_.at(e, theta), 3) * direction(e);
    for (const int f : facet_elements_) {
      const auto e = static_cast<std::size_t>(f);
      *dq++ = -direction(e) / (c_.at(e, theta) * c_.at(e, theta));
    }
  }
  void add_transposed(const double* theta, const double* g_q, double* g_theta) const override {
    ++g_q;
    for (std::size_t e = 0; e < c_.owner.size(); ++e, ++g_q)
      if (c_.owner[e] >= 0) g_theta[c_.owner[e]] -= 2.0 / std::pow(c_.at(e, theta), 3) * *g_q;
    for (const int f : facet_elements_) {
      const auto e = static_cast<std::size_t>(f);
      const double g = *g_q++ / (c_.at(e, theta) * c_.at(e, theta));
      if (c_.owner[e] >= 0) g_theta[c_.owner[e]] -= g;
    }
  }
  std::vector<std::pair<std::string, std::vector<double>>> pictures(const double* theta) const override {
    return {{"speed", c_.all(theta)}};
  }

 private:
  // Waves on too few elements run at a wrong speed; said of the first row where they do.
  void warn_if_coarse(const double* theta) const {
    constexpr double fewest = 5.0;
    double least = std::numeric_limits<double>::infinity(), speed = 0.0;
    for (std::size_t e = 0; e < c_.owner.size(); ++e) {
      const double elements = c_.at(e, theta) / (frequency_ * sizes_[e]);
      if (elements < least) least = elements, speed = c_.at(e, theta);
    }
    if (least < fewest && !has_warned_.exchange(true))
      core::warn(
          "pde/helmholtz: where c = {:.4g} a wave of length {:.3g} has {:.2g} elements; with fewer than about 10 it "
          "runs at a wrong speed: take a finer mesh or a lower frequency",
          speed, speed / frequency_, least);
  }

  fem::ElementValues c_;
  std::vector<int> facet_elements_;
  std::vector<double> sizes_;  // longest edges
  double frequency_;
  mutable std::atomic<bool> has_warned_{false};
};

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s("Sound of one frequency, lap u + (omega / c)^2 u = -f: the speed c from complex amplitudes",
                         "P1 elements, absorbing sides of first order; Engquist, Majda 1977");
  fem::add_mesh_keys(s);
  s.key("frequency", &Params::frequency, "1",
        "omega / (2 pi); the mesh needs about 10 elements for a wave, c / frequency", deck::positive())
      .key("absorbing", &Params::absorbing, "",
           "sides through which sound leaves, du/dn = i omega / c u; others are hard")
      .example("[\"left\", \"right\", \"bottom\", \"top\"]")
      .key("soft", &Params::soft, "", "sides with u = 0")
      .key("sources", &Params::sources, "1", "points [x, y], each a run of its own")
      .example("[[0.25, 0.25]]")
      .key("amplitude", &Params::amplitude, "1", "of the sources")
      .key("petsc", &Params::petsc, "", "options of PETSc for the factorisation, without leading dash")
      .check("sources", [](const Params& p) { return p.sources.empty() ? std::string("sources: there is none") : ""; })
      .check("points", [](const Params& p) { return fem::fault_of_observation(p, {}, ""); });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks,
                                          const Data& data) {
  std::shared_ptr<const field::Mesh> mesh = field::make_mesh(params);
  fem::ElementValues c = fem::element_values(params, *mesh);
  std::vector<int> facet_elements;
  Layout layout = layout_of(params, data, c, std::move(mesh), facet_elements);
  fem::SolverParams solver;
  solver.solver = fem::Solver::direct, solver.petsc = params.petsc;
  return std::make_unique<fem::Engine>(
      "pde/helmholtz",
      std::make_unique<Helmholtz>(std::move(layout), std::move(c), std::move(facet_elements), params.frequency), solver,
      std::move(ranks));
}

}  // namespace aleator::pde::helmholtz
