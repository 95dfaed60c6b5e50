#include "pde/diffusion/component.hpp"

#include <fmt/format.h>

#include "pde/diffusion/diffusion.hpp"
#include "pde/diffusion/field_diffusion.hpp"

namespace aleator::pde::diffusion {

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Diffusion -div(a grad u) = f on the unit square, u = 0 on its boundary, a constant on each of c x c cells",
      "bilinear elements; Aristoff, Bangerth 2023");
  s.key("mesh", &Params::mesh, "1", "n: the mesh has n x n elements", deck::between(1, 4096))
      .key("coefficients", &Params::coefficients, "1",
           "c: the coefficient has c x c values theta_k, k = i + c j, i along x", deck::between(1, 1024))
      .key("source", &Params::source, "", "right-hand side f, a constant")
      .choice("solver", &Params::solver, "how the equations are solved",
              {{"automatic", Solver::automatic, "multigrid for a mesh above 128 or more than 64 x 64 coefficients"},
               {"dissection", Solver::dissection, "exact; many small problems at once in vector registers"},
               {"multigrid", Solver::multigrid, "conjugate gradients with multigrid, for large meshes"}})
      .key("tolerance", &Params::tolerance, "1", "multigrid: energy norm of the error, relative", deck::inside(0, 1))
      .key("max_iterations", &Params::max_iterations, "1", "multigrid: iterations after which a row fails",
           deck::at_least(1))
      .key("sensor_grid", &Params::sensor_grid, "1",
           "m: u is observed at the m x m points (k / (m + 1), l / (m + 1)), k outer; 0: none", deck::between(0, 1000))
      .example("13")
      .key("sensor_points", &Params::sensor_points, "", "further points [x, y] where u is observed")
      .check("mesh",
             [](const Params& p) {
               return p.mesh % p.coefficients == 0 ? std::string()
                                                   : fmt::format(
                                                         "mesh = {} is not a multiple of coefficients = {}: the cells "
                                                         "must be made of whole elements",
                                                         p.mesh, p.coefficients);
             })
      .check("sensor_points", [](const Params& p) {
        for (std::size_t i = 0; i < p.sensor_points.size(); ++i) {
          const std::vector<double>& point = p.sensor_points[i];
          if (point.size() != 2)
            return fmt::format("sensor_points: point {} has {} coordinates, not 2", i + 1, point.size());
          if (!(point[0] >= 0 && point[0] <= 1 && point[1] >= 0 && point[1] <= 1))
            return fmt::format("sensor_points: point {} = [{}, {}] lies outside the unit square", i + 1, point[0],
                               point[1]);
        }
        return p.sensor_points.empty() && p.sensor_grid == 0
                   ? std::string("no sensors: give sensor_grid or sensor_points")
                   : std::string();
      });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params) {
  Setup setup;
  setup.mesh = params.mesh, setup.coefficients = params.coefficients, setup.source = params.source;
  if (params.sensor_grid > 0) setup.sensors = diffusion::sensor_grid(params.sensor_grid);
  for (const std::vector<double>& point : params.sensor_points) setup.sensors.push_back({point[0], point[1]});
  constexpr int largest_mesh = 128, most_coefficients = 64;
  const bool is_large = params.mesh > largest_mesh || params.coefficients > most_coefficients;
  const bool is_iterative = params.solver == Solver::multigrid || (params.solver == Solver::automatic && is_large);
  if (is_iterative && params.mesh >= 2)
    return std::make_unique<FieldDiffusion>(setup, FieldDiffusion::Control{params.tolerance, params.max_iterations});
  return std::make_unique<Diffusion>(setup);
}

}  // namespace aleator::pde::diffusion
