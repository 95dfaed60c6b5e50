#pragma once
/// What      Which diffusion problem on a box in 1, 2 or 3 dimensions: grid, coefficient cells, sources, what holds on each side,
///           and what is observed.
/// Method    -
/// Parallel  -
/// Cost      -
/// Fails     -
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "field/transfer.hpp"
#include "model/forward_model.hpp"
#include "pde/diffusion/nonlinearity.hpp"

namespace aleator::pde::diffusion {

/// Sides are numbered x0, x1, y0, y1, z0, z1: where x = 0, where x = its length, …
struct BoxSide {
  enum class Kind {
    fixed,    ///< u = value
    flux,     ///< a du/dn = value
    exchange  ///< a du/dn = rate (value - u)
  };
  Kind kind = Kind::fixed;
  double value = 0.0, rate = 0.0;
  field::PointFunction function;  ///< instead of `value`, for manufactured solutions

  double at(const double* x) const { return function ? function(x) : value; }
  bool is_zero() const { return !function && value == 0.0; }
};

struct BoxSetup {
  field::GridShape grid;
  std::vector<int> cells;  ///< coefficient cells along each axis; divide grid.elements
  double source = 0.0;
  std::vector<double> source_box;          ///< x0, x1, y0, y1, …
  field::PointFunction source_function;    ///< added to the source, for manufactured solutions
  std::vector<std::vector<double>> wells;  ///< point sources: coordinates and rate
  std::array<BoxSide, 6> sides;
  std::vector<std::vector<double>> points, patches;
  bool is_average = false;                    ///< patches: the mean, else the integral
  std::vector<int> outflow_sides;             ///< sides through which the outflow - a du/dn is observed, as an integral
  std::shared_ptr<const Nonlinearity> kappa;  ///< a = theta kappa(u); null: a = theta
  double newton_start =
      std::numeric_limits<double>::quiet_NaN();  ///< u of kappa in the first, linear, problem; NaN: of the sides

  int coefficients() const {
    int n = 1;
    for (const int c : cells) n *= c;
    return n;
  }
  int outputs() const { return static_cast<int>(points.size() + patches.size() + outflow_sides.size()); }
};

constexpr std::array<const char*, 6> side_names{"x0", "x1", "y0", "y1", "z0", "z1"};

model::Shape shape_of(const BoxSetup& setup);
/// newton_start, or the mean of the values on fixed and exchange sides.
double first_value(const BoxSetup& setup);

}  // namespace aleator::pde::diffusion
