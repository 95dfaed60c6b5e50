#pragma once
/// What      The faces of a strip's cells, and what flows through them: F = a c_before - b c_after along the axis, per time and
///           value of a cell.
/// Method    Inside, and to a side where c is given, the fitted flux (math/bernoulli.hpp); through an open side what the wind
///           carries outwards; through a closed one nothing. Faces across x come first, (nx + 1) a stored row, then those
///           across y, nx below each stored row and above the last.
/// Parallel  local.
/// Cost      an exponential a face.
/// Fails     -
#include <array>
#include <vector>

#include "pde/evolution/grid.hpp"

namespace aleator::pde::transport {

struct Side {
  enum class Kind { open, closed, given } kind = Kind::open;
  double value = 0.0;  ///< of c beyond it
};
enum Place { left, right, bottom, top };

/// What moves c: psi at the corners of cells, (nx + 1) a row, one row more than cells have.
struct Medium {
  double diffusivity = 0.0;
  double wind[2] = {};
  std::vector<double> psi;
};

class Faces {
 public:
  Faces(const evolution::Grid& grid, const std::array<Side, 4>& sides);
  int count() const { return across_x_ + nx_ * (rows_ + 1); }
  /// West of cell i of a stored row; the next one is east of it. South of it; nx further the one north of it.
  int west(int row, int i) const { return (nx_ + 1) * row + i; }
  int south(int row, int i) const { return across_x_ + nx_ * row + i; }
  int corners() const { return (nx_ + 1) * (rows_ + 1); }
  std::vector<double> corner(int index) const;

  void flow(const Medium& medium, double* a, double* b) const;
  void tangent(const Medium& medium, const Medium& change, double* da, double* db) const;
  /// g += (d(a, b) / dmedium)^T (ga, gb).
  void add_transposed(const Medium& medium, const double* ga, const double* gb, Medium& g) const;

 private:
  struct Face {
    int axis, corner, next_corner;
    const Side* side;  // null: inside
    bool is_low;       // left or bottom
  };
  // a and b, and their derivatives by speed and diffusivity.
  struct Law {
    double a = 0.0, b = 0.0, a_speed = 0.0, b_speed = 0.0, a_diffusivity = 0.0, b_diffusivity = 0.0;
  };
  template <class Work>
  void for_each(const Work& work) const;
  double speed(const Face& face, const Medium& medium) const;
  Law law(const Face& face, const Medium& medium) const;

  evolution::Grid grid_;
  std::array<Side, 4> sides_;
  int nx_, rows_, first_row_, across_x_;
  double h_[2];
};

}  // namespace aleator::pde::transport
