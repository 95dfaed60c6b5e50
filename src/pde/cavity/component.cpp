#include "pde/cavity/component.hpp"

#include <fmt/format.h>

#include "pde/cavity/cavity.hpp"

namespace aleator::pde::cavity {
namespace {

std::string fault_of_cavity_points(const Params& p) {
  for (std::size_t i = 0; i < p.points.size(); ++i) {
    const std::vector<double>& point = p.points[i];
    if (point.size() != 2) return fmt::format("points: point {} has {} coordinates, not 2", i + 1, point.size());
    if (!(point[0] >= 0 && point[0] <= 1 && point[1] >= 0 && point[1] <= 1))
      return fmt::format("points: point {} = [{}, {}] lies outside the unit square", i + 1, point[0], point[1]);
  }
  return p.points.empty() && p.point_grid == 0 && !p.lid_force
             ? "nothing is observed: give point_grid, points or lid_force"
             : "";
}

}  // namespace

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Lid-driven cavity: steady Navier-Stokes flow in the unit square, driven by the velocity g(x) of its upper wall",
      "stream function and vorticity; Ghia, Ghia, Shin 1982");
  s.key("mesh", &Params::mesh, "1", "n: the mesh has n x n cells", deck::between(4, largest_mesh))
      .key("viscosity", &Params::viscosity, "", "nu, when it is known", deck::positive())
      .only_with("viscosity_is_unknown = false", [](const Params& p) { return !p.viscosity_is_unknown; })
      .key("viscosity_is_unknown", &Params::viscosity_is_unknown, "", "whether nu is the first of the unknowns")
      .key("lid", &Params::lid, "",
           "g when it is known: values at equally spaced x from 0 to 1, linear between them; one value: the same "
           "everywhere")
      .only_with("lid_unknowns = 0", [](const Params& p) { return p.lid_unknowns == 0; })
      .key("lid_unknowns", &Params::lid_unknowns, "1", "m: g has m unknown values instead, after nu; 0: it is known",
           deck::between(0, 256))
      .example("5")
      .choice("lid_ends", &Params::lid_ends, "what becomes of g at the ends of the lid",
              {{"smooth", LidEnds::smooth, "it is multiplied by 16 x^2 (1 - x)^2, so that the lid rests at its ends"},
               {"jump", LidEnds::jump, "nothing: the classical cavity, with an infinite vorticity in the corners"}})
      .key("point_grid", &Params::point_grid, "1",
           "m: the velocity is observed at the m x m points (k / (m + 1), l / (m + 1)), k along x, fastest; 0: none",
           deck::between(0, 1000))
      .example("4")
      .key("points", &Params::points, "", "further points [x, y] where the velocity u, v is observed")
      .key("lid_force", &Params::lid_force, "",
           "whether the force nu times the integral of u_y that draws the lid is observed, after the velocities")
      .key("tolerance", &Params::tolerance, "1",
           "Newton's method ends when its next step would change psi by less, relative to psi", deck::inside(0, 1))
      .key("max_iterations", &Params::max_iterations, "1", "steps of Newton's method after which a row fails",
           deck::at_least(1))
      .check("lid_unknowns",
             [](const Params& p) {
               return p.viscosity_is_unknown || p.lid_unknowns > 0
                          ? std::string()
                          : std::string("nothing is unknown: set lid_unknowns or viscosity_is_unknown");
             })
      .check(
          "lid_force",
          [](const Params& p) {
            return p.lid_force && p.lid_ends == LidEnds::jump
                       ? std::string("the force on a lid that jumps at its ends is infinite: set lid_ends = \"smooth\"")
                       : std::string();
          })
      .check("lid", [](const Params& p) { return std::string(p.lid.empty() ? "lid has no value" : ""); })
      .check("points", fault_of_cavity_points);
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params) {
  Setup setup;
  setup.mesh = params.mesh;
  setup.viscosity = params.viscosity, setup.viscosity_is_unknown = params.viscosity_is_unknown;
  setup.lid_is_unknown = params.lid_unknowns > 0;
  setup.lid = setup.lid_is_unknown ? std::vector<double>(static_cast<std::size_t>(params.lid_unknowns)) : params.lid;
  setup.is_smooth = params.lid_ends == LidEnds::smooth;
  const int m = params.point_grid;
  for (int l = 1; l <= m; ++l)
    for (int k = 1; k <= m; ++k) setup.points.push_back({k / (m + 1.0), l / (m + 1.0)});
  for (const std::vector<double>& point : params.points) setup.points.push_back({point[0], point[1]});
  setup.has_force = params.lid_force;
  setup.tolerance = params.tolerance, setup.max_iterations = params.max_iterations;
  return std::make_unique<Cavity>(std::move(setup));
}

}  // namespace aleator::pde::cavity
