#include "pde/diffusion/component.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pde/diffusion/diffusion.hpp"
#include "pde/diffusion/field_diffusion.hpp"

namespace aleator::pde::diffusion {

namespace {

Box box_of(const std::vector<double>& b) { return {b[0], b[1], b[2], b[3]}; }

std::string fault_of_points(const Params& p) {
  for (std::size_t i = 0; i < p.sensor_points.size(); ++i) {
    const std::vector<double>& point = p.sensor_points[i];
    if (static_cast<int>(point.size()) != p.dimension)
      return fmt::format("sensor_points: point {} has {} coordinates, not {}", i + 1, point.size(), p.dimension);
    for (int d = 0; d < p.dimension; ++d)
      if (!(point[d] >= 0 && point[d] <= p.length(d)))
        return fmt::format("sensor_points: point {} = [{}] lies outside the domain", i + 1, fmt::join(point, ", "));
  }
  return p.sensor_points.empty() && p.sensor_grid == 0 && p.patches.empty() && p.outflow.empty()
             ? "no sensors: give sensor_grid, sensor_points, patches or outflow"
             : "";
}

std::string fault_of_patches(const Params& p) {
  for (std::size_t i = 0; i < p.patches.size(); ++i)
    if (const std::string fault = fault_of_box(p, p.patches[i]); !fault.empty())
      return fmt::format("patches: patch {} {}", i + 1, fault);
  return "";
}

std::string fault_of_inclusions(const Params& p) {
  for (std::size_t i = 0; i < p.inclusions.size(); ++i) {
    const std::vector<double>& d = p.inclusions[i];
    if (d.size() != 3)
      return fmt::format("inclusions: disc {} has {} numbers, not the three x, y, radius", i + 1, d.size());
    if (!(d[2] > 0 && d[0] - d[2] >= 0 && d[0] + d[2] <= 1 && d[1] - d[2] >= 0 && d[1] + d[2] <= 1))
      return fmt::format("inclusions: disc {} = [{}, {}, {}] does not lie in the unit square", i + 1, d[0], d[1], d[2]);
  }
  return "";
}

Setup setup_of(const Params& params) {
  Setup setup;
  setup.mesh = params.mesh, setup.coefficients = params.coefficients, setup.source = params.source;
  if (params.sensor_grid > 0) setup.sensors = sensor_grid(params.sensor_grid);
  for (const std::vector<double>& point : params.sensor_points) setup.sensors.push_back({point[0], point[1]});
  if (!params.source_box.empty()) setup.source_box = box_of(params.source_box);
  for (const std::vector<double>& disc : params.inclusions) setup.inclusions.push_back({disc[0], disc[1], disc[2]});
  setup.background = params.background;
  for (const std::vector<double>& patch : params.patches) setup.patches.push_back(box_of(patch));
  setup.is_average = params.patch_value == PatchValue::mean;
  return setup;
}

bool is_iterative(const Params& params, const Setup& setup, int requested_domain) {
  constexpr int largest_mesh = 128, most_coefficients = 64;
  if (params.solver != Solver::automatic) return params.solver == Solver::multigrid;
  if (requested_domain > 1 && params.mesh >= 2) return true;  // on decomposed domains
  return setup.needs_field_solver() || params.mesh > largest_mesh || params.coefficients > most_coefficients;
}

// Boxes, and what the others have no keys for.
bool is_for_petsc(const Params& params) {
  return params.solver == Solver::automatic ? !box_only_key(params).empty() : params.solver == Solver::petsc;
}

std::string fault_of_solver(const Params& p) {
  const std::string key = box_only_key(p);
  if (!key.empty() && (p.solver == Solver::dissection || p.solver == Solver::multigrid))
    return fmt::format("{} needs solver = \"petsc\" (or leave solver out)", key);
  if (!p.inclusions.empty() && (p.solver == Solver::petsc || !key.empty()))
    return fmt::format("the solver petsc{} knows no inclusions: set solver = \"multigrid\"",
                       key.empty() ? "" : " (chosen because of " + key + ")");
  if (p.solver == Solver::multigrid && p.mesh < 2) return "multigrid needs mesh >= 2";
  const bool needs_multigrid = !p.inclusions.empty() || !p.patches.empty() || !p.source_box.empty();
  return p.solver == Solver::dissection && needs_multigrid
             ? "dissection knows no inclusions, source_box or patches: set solver = \"multigrid\""
             : "";
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Diffusion -div(a grad u) = f on the unit square or a box, u = 0 on its boundary or what the deck says, a "
      "constant on each of c x c cells",
      "bilinear elements; Aristoff, Bangerth 2023");
  s.key("mesh", &Params::mesh, "1", "n: the mesh has n x n elements", deck::between(1, 4096))
      .only_with("elements not given", [](const Params& p) { return p.elements.empty(); })
      .key("coefficients", &Params::coefficients, "1",
           "c: the coefficient has c x c values theta_k, k = i + c j, i along x", deck::between(1, 1024))
      .only_with("cells and inclusions not given",
                 [](const Params& p) { return p.cells.empty() && p.inclusions.empty(); })
      .key("source", &Params::source, "", "right-hand side f, a constant")
      .key("source_box", &Params::source_box, "",
           "[x0, x1, y0, y1]: the source is f in this box and 0 outside; without it, f is everywhere")
      .key(
          "inclusions", &Params::inclusions, "",
          "discs [x, y, radius], apart from each other: a = background + theta_k in disc k, instead of the c x c cells")
      .key("background", &Params::background, "", "coefficient outside the inclusions", deck::positive())
      .only_with("inclusions", [](const Params& p) { return !p.inclusions.empty(); })
      .choice("solver", &Params::solver, "how the equations are solved",
              {{"automatic", Solver::automatic,
                "multigrid for a mesh above 128, more than 64 x 64 coefficients or run.domain > 1; petsc where the "
                "deck needs it"},
               {"dissection", Solver::dissection, "exact; many small problems at once in vector registers"},
               {"multigrid", Solver::multigrid,
                "conjugate gradients with multigrid, for large meshes, on decomposed domains too"},
               {"petsc", Solver::petsc, "PETSc, one to three dimensions, on decomposed domains (run.domain) too"}})
      .key("tolerance", &Params::tolerance, "1",
           "multigrid: energy norm of the error, relative; petsc: norm of the residual, relative", deck::inside(0, 1))
      .only_with("a solver that iterates", [](const Params& p) { return p.solver != Solver::dissection; })
      .key("max_iterations", &Params::max_iterations, "1", "iterations after which a row fails", deck::at_least(1))
      .only_with("a solver that iterates", [](const Params& p) { return p.solver != Solver::dissection; })
      .key("sensor_grid", &Params::sensor_grid, "1",
           "m: u is observed at the m x m points (k / (m + 1), l / (m + 1)) of the edges, k outer; 0: none",
           deck::between(0, 1000))
      .example("13")
      .key("sensor_points", &Params::sensor_points, "",
           "further points [x, y] (as many numbers as dimensions) where u is observed")
      .key("patches", &Params::patches, "", "boxes [x0, x1, y0, y1] over which u is observed, after the points")
      .choice("patch_value", &Params::patch_value, "what is observed of u over a patch",
              {{"integral", PatchValue::integral, "the integral of u"}, {"mean", PatchValue::mean, "its mean"}})
      .only_with("patches", [](const Params& p) { return !p.patches.empty(); })
      .check("mesh",
             [](const Params& p) {
               const bool is_used = p.inclusions.empty() && p.elements.empty();
               return p.mesh % p.coefficients == 0 || !is_used ? std::string()
                                                               : fmt::format(
                                                                     "mesh = {} is not a multiple of coefficients = "
                                                                     "{}: the cells must be made of whole elements",
                                                                     p.mesh, p.coefficients);
             })
      .check("sensor_points", fault_of_points)
      .check("patches", fault_of_patches)
      .check("inclusions", fault_of_inclusions)
      .check("source_box",
             [](const Params& p) {
               if (p.source_box.empty()) return std::string();
               const std::string fault = fault_of_box(p, p.source_box);
               return fault.empty() ? fault : "source_box " + fault;
             })
      .check("solver", fault_of_solver);
  add_box_keys(s);
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  if (is_for_petsc(params)) {
    if (ranks == nullptr) ranks = std::make_shared<parallel::ProcessGrid>();
    const BoxSetup box = box_setup_of(params);
    ranks->add_model({"pde/diffusion", box.grid.nodes()});
    return std::make_unique<BoxDiffusion>(box, box_control_of(params), ranks);
  }
  const Setup setup = setup_of(params);
  if (is_iterative(params, setup, ranks == nullptr ? 1 : ranks->requested_domain())) {
    if (ranks != nullptr) ranks->add_model({"pde/diffusion", static_cast<std::int64_t>(params.mesh) * params.mesh});
    return std::make_unique<FieldDiffusion>(setup, FieldDiffusion::Control{params.tolerance, params.max_iterations},
                                            ranks);
  }
  return std::make_unique<Diffusion>(setup);
}

}  // namespace aleator::pde::diffusion
