#include "pde/evolution/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::pde::evolution {
namespace {

// Rounded down to two digits, to be written in a deck.
double readable_below(double value) {
  const double unit = std::pow(10.0, std::floor(std::log10(value)) - 1.0);
  return std::floor(value / unit) * unit;
}

}  // namespace

const Tableau& tableau(Method method) {
  static const Tableau rk4{4,
                           {{}, {0.5}, {0.0, 0.5}, {0.0, 0.0, 1.0}},
                           {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6},
                           {0.0, 0.5, 0.5, 1.0},
                           2.82842712,
                           2.78529356};
  static const Tableau ssp_rk3{
      3, {{}, {1.0}, {0.25, 0.25}, {}}, {1.0 / 6, 1.0 / 6, 2.0 / 3}, {0.0, 1.0, 0.5}, 1.73205080, 2.51274532};
  return method == Method::rk4 ? rk4 : ssp_rk3;
}

Plan::Plan(const CommonParams& params, const SemiDiscrete& model)
    : tableau(&evolution::tableau(params.method)), dt(params.dt), memory(params.memory * 1e6) {
  const Layout& layout = model.layout();
  choose_observed(params, layout.grid);
  times = model::observation_times(params, 0.0, model::FirstTime::after_start);
  make_steps(params.dt);
  if (const std::string fault = fault_of_step(model.known_rates()); !fault.empty())
    throw deck::KeyError("dt", fault, "an explicit step is bounded by h^2 / diffusivity and h / speed");
  name_outputs(layout);
  if (shape.outputs == 0)
    throw deck::KeyError("points", "nothing is observed",
                         "set points, point_grid, observe_every or patches, or fluxes where the model has them");
}

void Plan::choose_observed(const CommonParams& params, const Grid& grid) {
  if (params.point_grid > 0) points = point_lattice(grid, params.point_grid);
  for (std::size_t k = 0; k < params.points.size(); ++k) {
    const std::vector<double>& point = params.points[k];
    if (static_cast<int>(point.size()) != grid.dimension())
      throw deck::KeyError(
          "points", fmt::format("point {} has {} coordinates, not {}", k + 1, point.size(), grid.dimension()), "");
    for (std::size_t a = 0; a < point.size(); ++a)
      if (!(point[a] >= 0.0 && point[a] <= grid.length[a]))
        throw deck::KeyError(
            "points",
            fmt::format("point {} lies outside the domain: {} is not in [0, {}]", k + 1, point[a], grid.length[a]), "");
    points.push_back(point);
  }
  for (std::vector<double>& point : nodal::observed_points(params, nodes_of(grid, {})))
    points.push_back(std::move(point));
  patches = nodal::observed_patches(params, grid.length);
}

void Plan::make_steps(double dt) {
  double t = 0.0;
  for (const model::Piece& piece : model::pieces_between(times, 0.0, dt, most_steps)) {
    const double end = times[static_cast<std::size_t>(piece.output)], length = end - t;
    for (int i = 0; i < piece.steps; ++i)
      steps.push_back({t + length * i / piece.steps, piece.h, i + 1 == piece.steps ? piece.output : -1});
    longest_step = std::max(longest_step, piece.h);
    t = end;
  }
}

Plan Plan::in_parts(int parts) const {
  Plan finer = *this;
  finer.dt = dt / parts, finer.longest_step = longest_step / parts;
  finer.steps.clear();
  for (const Step& step : steps)
    for (int i = 0; i < parts; ++i)
      finer.steps.push_back({step.t + step.h * i / parts, step.h / parts, i + 1 == parts ? step.output : -1});
  return finer;
}

std::string Plan::fault_of_step(const Rates& rates, double h) const {
  const double longest = limit(rates);
  if (h <= longest) return {};
  if (!(longest > 0.0)) return "no step is stable for these coefficients";
  if (longest < 1e-6 * h)
    return fmt::format(
        "a step of {:.4g} is too long by a factor of {:.1g}: a coefficient is far too large, or the state has grown "
        "beyond all measure, of itself or because dt is far too long",
        h, h / longest);
  return fmt::format("a step of {:.4g} is unstable on this grid: set dt = {:.2g} or less, or choose fewer grid points",
                     h, readable_below(longest));
}

Plan::Segments Plan::segments(int state_size) const {
  const int count = static_cast<int>(steps.size()), stages = tableau->stages;
  const auto needed = [&](int length) {
    return 8.0 * state_size * (1.0 + stages * static_cast<double>(length) + std::ceil(1.0 * count / length));
  };
  const int length = needed(count) <= memory ? count : std::max(1, static_cast<int>(std::sqrt(1.0 * count / stages)));
  return {length, needed(length)};
}

std::string Plan::fault_of_memory(int state_size) const {
  const double bytes = segments(state_size).bytes;
  return bytes <= memory ? std::string()
                         : fmt::format("the gradient of {} steps of {} values needs {:.3g} MB a thread", steps.size(),
                                       state_size, 1e-6 * bytes);
}

void Plan::name_outputs(const Layout& layout) {
  shape.inputs = static_cast<int>(layout.input_names.size());
  shape.input_names = layout.input_names;
  shape.input_fields = layout.input_fields;
  for (const double t : times) {
    for (const int field : layout.observed) {
      const std::string& name = layout.field_names[static_cast<std::size_t>(field)];
      for (const std::vector<double>& point : points)
        shape.output_names.push_back(fmt::format("{}({:.4g}, t={:.6g})", name, fmt::join(point, ", "), t));
      for (std::size_t k = 1; k <= patches.size(); ++k)
        shape.output_names.push_back(fmt::format("{}(patch {}, t={:.6g})", name, k, t));
    }
    for (const Layout::Flux& flux : layout.fluxes)
      shape.output_names.push_back(fmt::format("{}(t={:.6g})", flux.name, t));
  }
  shape.outputs = static_cast<int>(shape.output_names.size());
}

}  // namespace aleator::pde::evolution
