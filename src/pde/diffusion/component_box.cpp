// The keys of pde/diffusion that only the solver petsc knows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "pde/diffusion/component.hpp"

namespace aleator::pde::diffusion {
namespace {

int side_of(const std::string& name, int dimension) {
  for (int s = 0; s < 2 * dimension; ++s)
    if (name == side_names[static_cast<std::size_t>(s)]) return s;
  return -1;
}

std::string sides_text(int dimension) {
  std::string text;
  for (int s = 0; s < 2 * dimension; ++s)
    text += (s == 0 ? "" : ", ") + std::string(side_names[static_cast<std::size_t>(s)]);
  return text;
}

std::string no_side(const std::string& key, const std::string& name, int dimension) {
  return fmt::format("{}: '{}' is no side; in {} dimension{} they are {}", key, name, dimension,
                     dimension == 1 ? "" : "s", sides_text(dimension));
}

template <typename T>
std::string fault_of_list(const std::string& key, const std::vector<T>& values, int dimension, bool is_positive) {
  if (!values.empty() && static_cast<int>(values.size()) != dimension)
    return fmt::format("{} has {} number{} for dimension = {}", key, values.size(), values.size() == 1 ? "" : "s",
                       dimension);
  for (const T value : values)
    if (is_positive && !(value > 0 && std::isfinite(static_cast<double>(value))))
      return fmt::format("{} must be positive", key);
  return "";
}

std::string fault_of_sides(const Params& p) {
  std::vector<int> used;
  const auto claim = [&](const std::string& key, const std::string& name) {
    const int side = side_of(name, p.dimension);
    if (side < 0) return no_side(key, name, p.dimension);
    if (std::count(used.begin(), used.end(), side) != 0) return fmt::format("{}: side {} is given twice", key, name);
    used.push_back(side);
    return std::string();
  };
  std::string fault;
  for (const auto& side : p.fixed)
    if (fault.empty()) fault = claim("fixed", side.name);
  for (const auto& side : p.flux)
    if (fault.empty()) fault = claim("flux", side.name);
  for (const auto& side : p.exchange) {
    if (fault.empty()) fault = claim("exchange", side.name);
    if (fault.empty() && (side.value.size() != 2 || !(side.value[0] > 0)))
      fault = fmt::format("exchange: {} must be [rate, value] with a rate above 0", side.name);
  }
  return fault;
}

std::string fault_of_flux(const Params& p) {
  return static_cast<int>(p.flux.size()) < 2 * p.dimension ? ""
                                                           : "flux: all sides have a given flux, so u is known only up "
                                                             "to a constant; leave one out (u = 0) or set it in fixed";
}

std::string fault_of_outflow(const Params& p) {
  for (const std::string& name : p.outflow) {
    if (side_of(name, p.dimension) < 0) return no_side("outflow", name, p.dimension);
    for (const auto& side : p.flux)
      if (side.name == name) return fmt::format("outflow: the flux through {} is given, not computed", name);
  }
  return "";
}

std::string fault_of_wells(const Params& p) {
  for (std::size_t i = 0; i < p.wells.size(); ++i) {
    const std::vector<double>& well = p.wells[i];
    if (static_cast<int>(well.size()) != p.dimension + 1)
      return fmt::format("wells: well {} has {} numbers, not {} coordinates and a rate", i + 1, well.size(),
                         p.dimension);
    for (int d = 0; d < p.dimension; ++d)
      if (!(well[d] >= 0 && well[d] <= p.length(d)))
        return fmt::format("wells: well {} lies outside the domain", i + 1);
  }
  return "";
}

std::string fault_of_cells(const Params& p) {
  for (int d = 0; d < p.dimension; ++d) {
    const int n = p.elements.empty() ? p.mesh : p.elements[d], c = p.cells.empty() ? p.coefficients : p.cells[d];
    if (n % c != 0)
      return fmt::format("{} elements along axis {} are no multiple of {} coefficient cells", n, d + 1, c);
  }
  return "";
}

// The m^d inner points of sensor_grid, x outermost.
void add_sensor_grid(const Params& p, BoxSetup& setup) {
  const int m = p.sensor_grid;
  if (m == 0) return;
  std::vector<int> index(static_cast<std::size_t>(p.dimension), 1);
  for (;;) {
    std::vector<double> point;
    for (int d = 0; d < p.dimension; ++d) point.push_back(p.length(d) * index[d] / (m + 1));
    setup.points.push_back(point);
    int d = p.dimension - 1;
    while (d >= 0 && ++index[d] > m) index[d--] = 1;
    if (d < 0) return;
  }
}

void add_sides(const Params& p, BoxSetup& setup) {
  const auto at = [&](const std::string& name) -> BoxSide& { return setup.sides[side_of(name, p.dimension)]; };
  for (const auto& side : p.fixed) at(side.name).value = side.value;
  for (const auto& side : p.flux) at(side.name).kind = BoxSide::Kind::flux, at(side.name).value = side.value;
  for (const auto& side : p.exchange) {
    at(side.name).kind = BoxSide::Kind::exchange;
    at(side.name).rate = side.value[0], at(side.name).value = side.value[1];
  }
}

std::shared_ptr<const Nonlinearity> kappa_of(const std::string& formula) {
  try {
    return std::make_shared<Nonlinearity>(formula);
  } catch (const math::FormulaError& error) {
    throw deck::KeyError("kappa", error.what(), error.hint, {0, static_cast<int>(error.at)});
  } catch (const core::UserError& error) {
    throw deck::KeyError("kappa", error.what());
  }
}

}  // namespace

std::string box_only_key(const Params& p) {
  if (p.dimension != 2) return "dimension";
  if (!p.lengths.empty()) return "lengths";
  if (!p.elements.empty()) return "elements";
  if (!p.cells.empty()) return "cells";
  if (!p.fixed.empty()) return "fixed";
  if (!p.flux.empty()) return "flux";
  if (!p.exchange.empty()) return "exchange";
  if (!p.wells.empty()) return "wells";
  if (!p.outflow.empty()) return "outflow";
  if (!p.kappa.empty()) return "kappa";
  return "";
}

std::string fault_of_box(const Params& p, const std::vector<double>& b) {
  if (static_cast<int>(b.size()) != 2 * p.dimension)
    return fmt::format("has {} numbers, not the {} of x0, x1{}", b.size(), 2 * p.dimension,
                       p.dimension == 1   ? ""
                       : p.dimension == 2 ? ", y0, y1"
                                          : ", y0, y1, z0, z1");
  for (int d = 0; d < p.dimension; ++d)
    if (!(0 <= b[2 * d] && b[2 * d] < b[2 * d + 1] && b[2 * d + 1] <= p.length(d)))
      return fmt::format("must have 0 <= {0}0 < {0}1 <= {1}", "xyz"[d], p.length(d));
  return "";
}

BoxSetup box_setup_of(const Params& p) {
  BoxSetup setup;
  for (int d = 0; d < p.dimension; ++d) {
    setup.grid.elements.push_back(p.elements.empty() ? p.mesh : p.elements[d]);
    setup.grid.lengths.push_back(p.length(d));
    setup.cells.push_back(p.cells.empty() ? p.coefficients : p.cells[d]);
  }
  setup.source = p.source;
  setup.source_box = p.source_box;
  for (int d = 0; d < p.dimension && p.source_box.empty(); ++d)  // all of the domain
    setup.source_box.insert(setup.source_box.end(), {0.0, p.length(d)});
  setup.wells = p.wells;
  add_sides(p, setup);
  add_sensor_grid(p, setup);
  setup.points.insert(setup.points.end(), p.sensor_points.begin(), p.sensor_points.end());
  setup.patches = p.patches, setup.is_average = p.patch_value == PatchValue::mean;
  for (const std::string& name : p.outflow) setup.outflow_sides.push_back(side_of(name, p.dimension));
  if (!p.kappa.empty()) setup.kappa = kappa_of(p.kappa);
  if (p.newton_start) setup.newton_start = *p.newton_start;
  return setup;
}

BoxDiffusion::Control box_control_of(const Params& p) {
  BoxDiffusion::Control control{p.tolerance, p.max_iterations, p.preconditioner, {}, p.max_newton_steps};
  for (const deck::Named<deck::Word>& option : p.petsc) control.petsc.emplace_back(option.name, option.value.text);
  return control;
}

void add_box_keys(deck::Schema<Params>& s) {
  s.key("dimension", &Params::dimension, "1", "1, 2 or 3; the keys from here on need the solver petsc",
        deck::between(1, 3))
      .key("lengths", &Params::lengths, "", "edges of the box, which begins at 0 (default: 1 each)")
      .key("elements", &Params::elements, "1", "elements along each axis, instead of mesh")
      .key("cells", &Params::cells, "1", "coefficient cells along each axis, instead of coefficients")
      .key("fixed", &Params::fixed, "", "value of u on sides x0, x1, y0, y1, z0, z1; on sides named nowhere u = 0")
      .key("flux", &Params::flux, "", "sides with a given flux a du/dn into the domain; 0: closed")
      .key("exchange", &Params::exchange, "", "sides with [rate, value]: a du/dn = rate (value - u)")
      .key("wells", &Params::wells, "", "point sources [x, …, rate]")
      .key("outflow", &Params::outflow, "", "sides through which the outflow (integral of - a du/dn) is observed, last")
      .choice("preconditioner", &Params::preconditioner, "how PETSc solves",
              {{"automatic", Preconditioner::automatic, "a factor for small grids, else boomeramg"},
               {"boomeramg", Preconditioner::boomeramg, "conjugate gradients with hypre's algebraic multigrid"},
               {"gamg", Preconditioner::gamg, "conjugate gradients with PETSc's smoothed aggregation"},
               {"mumps", Preconditioner::mumps, "a sparse factor on any number of ranks"},
               {"cholmod", Preconditioner::cholmod, "a sparse factor on one rank (with kappa UMFPACK's)"}})
      .key("kappa", &Params::kappa, "1",
           "a formula in u, such as \"1 + u^2\": the coefficient is theta_k kappa(u), solved by Newton's method")
      .key("newton_start", &Params::newton_start, "",
           "value of u at which kappa is taken for the first, linear, problem; the mean of the values on fixed and "
           "exchange sides if left out")
      .key("max_newton_steps", &Params::max_newton_steps, "1", "steps of Newton's method after which a row fails",
           deck::at_least(1))
      .key("petsc", &Params::petsc, "", "options of PETSc for this model, such as {ksp_type = \"minres\"}")
      .check("lengths", [](const Params& p) { return fault_of_list("lengths", p.lengths, p.dimension, true); })
      .check("elements", [](const Params& p) { return fault_of_list("elements", p.elements, p.dimension, true); })
      .check("cells",
             [](const Params& p) {
               const std::string fault = fault_of_list("cells", p.cells, p.dimension, true);
               const bool is_sound = fault.empty() && fault_of_list("elements", p.elements, p.dimension, true).empty();
               return is_sound && !box_only_key(p).empty() ? fault_of_cells(p) : fault;
             })
      .check("fixed", fault_of_sides)
      .check("flux", fault_of_flux)
      .check("wells", fault_of_wells)
      .check("outflow", fault_of_outflow)
      .check("newton_start",
             [](const Params& p) {
               return p.kappa.empty() && p.newton_start ? std::string("newton_start goes with kappa") : std::string();
             })
      .check("max_newton_steps",
             [](const Params& p) {
               return p.kappa.empty() && p.max_newton_steps != Params().max_newton_steps
                          ? std::string("max_newton_steps goes with kappa")
                          : std::string();
             })
      .check("petsc", [](const Params& p) {
        return (p.petsc.empty() && p.preconditioner == Preconditioner::automatic) || p.solver == Solver::petsc ||
                       !box_only_key(p).empty()
                   ? std::string()
                   : std::string("petsc and preconditioner need solver = \"petsc\"");
      });
}

}  // namespace aleator::pde::diffusion
