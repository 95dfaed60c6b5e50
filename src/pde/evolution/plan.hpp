#pragma once
/// What      The steps and observations of an evolution model, made of its deck and its layout.
/// Method    From one observation time to the next n = ceil(length / dt) equal steps. The adjoint goes back through the stages of
///           one segment of steps at a time; only the states at the beginning of segments are kept, segments of sqrt(steps /
///           stages) where all stages would be more than `memory`.
/// Parallel  local.
/// Cost      24 bytes a step.
/// Fails     KeyError: times, points or patches that are none, twice or outside; more than a million steps; a step that is
///           unstable for whatever unknowns.
#include <string>
#include <vector>

#include "pde/evolution/params.hpp"
#include "pde/evolution/semi_discrete.hpp"

namespace aleator::pde::evolution {

/// Lower-triangular Runge-Kutta coefficients, and how far the region of stability reaches along both axes.
struct Tableau {
  int stages;
  double a[4][4];
  double b[4], c[4];
  double reach_imaginary, reach_real;
};
const Tableau& tableau(Method method);

struct Step {
  double t, h;
  int output;  ///< index of the observation time met by its end, or -1
};

class Plan {
 public:
  static constexpr double most_steps = 1e6;
  Plan(const CommonParams& params, const SemiDiscrete& model);

  const Tableau* tableau;
  model::Shape shape;
  std::vector<double> times;
  std::vector<std::vector<double>> points, patches;
  std::vector<Step> steps;
  double dt = 0.0, longest_step = 0.0;
  double memory;  ///< bytes

  /// The same with every step taken in `parts`.
  Plan in_parts(int parts) const;
  /// The longest step that is stable.
  double limit(const Rates& rates) const {
    return 1.0 / (rates.oscillation / tableau->reach_imaginary + rates.decay / tableau->reach_real);
  }
  /// Why the longest step, or a step h, is too long, or empty.
  std::string fault_of_step(const Rates& rates) const { return fault_of_step(rates, longest_step); }
  std::string fault_of_step(const Rates& rates, double h) const;
  /// For states of so many values: steps of a segment (the last may have fewer), and the bytes that the way back needs.
  struct Segments {
    int length;
    double bytes;
  };
  Segments segments(int state_size) const;
  /// Why that is more than `memory`, or empty.
  std::string fault_of_memory(int state_size) const;

 private:
  void choose_observed(const CommonParams& params, const Grid& grid);
  void make_steps(double dt);
  void name_outputs(const Layout& layout);
};

}  // namespace aleator::pde::evolution
