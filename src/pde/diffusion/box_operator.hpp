#pragma once
/// What      The matrix of -div(a grad u) on a Grid and its derivatives: multilinear elements, a constant on each.
/// Method    A(a) = sum_e a_e K_e + R, K_e the same matrix for all elements, R the mass of the exchange sides. Every rank
///           computes the entries of its rows by itself, from its own elements and one layer below: assembly sends nothing.
///           Rows and columns of fixed nodes hold a diagonal entry alone. With kappa(u) an element's coefficient is
///           a_e = theta_e kappa(v_e), v_e the mean of u over its corners, which is u at its centre; set_state says which u.
///           Arrays of nodes are those of a ghosted vector; functions that add to nodes leave sums with Grid::sum_ghosted.
/// Parallel  constructor and assemble are collective, the others local.
/// Cost      assemble: 4^d multiply-adds an element and one pass over 3^d entries a row.
/// Fails     InternalError when PETSc does.
#include <string>
#include <type_traits>
#include <vector>

#include "field/grid.hpp"
#include "pde/diffusion/box_setup.hpp"

namespace aleator::pde::diffusion {

class BoxOperator {
 public:
  BoxOperator(const field::Grid& grid, const BoxSetup& setup);

  Mat matrix() const { return matrix_; }
  /// kappa and its slope at u; why they cannot be, or empty. Of this rank's elements.
  std::string set_state(const double* u);
  /// theta: one value a coefficient cell.
  void assemble(const double* theta);
  /// d/du of A(theta, u) u + R u at the state u, or its transpose; with kappa only.
  Mat jacobian() const { return jacobian_; }
  void assemble_jacobian(const double* theta, const double* u, bool is_transposed);
  bool is_fixed(std::int64_t ghosted_place) const { return fixed_[static_cast<std::size_t>(ghosted_place)] != 0; }
  bool has_exchange() const { return has_exchange_; }
  /// out += sum over owned elements of theta_e K_e v.
  void add_stiffness(const double* theta, const double* v, double* out) const;
  /// out += what the Jacobian has beyond A: sum of theta_e kappa'(u_e) (mean of v) K_e u, or its transpose.
  void add_slope(const double* theta, const double* u, const double* v, double* out, bool is_transposed) const;
  /// out += R v, from the owned elements' faces.
  void add_exchange(const double* v, double* out) const;
  /// p . K_e v of this rank's elements, summed by coefficient cell: gradient[cell] += factor x sum.
  void add_gradient(const double* p, const double* v, double factor, double* gradient) const;
  /// out += integrals over a side of g times hats, by three Gauss points an axis.
  void add_side_load(int side, const field::PointFunction& g, double* out) const;
  /// out += integrals of f times hats over the owned elements, by three Gauss points an axis.
  void add_load(const field::PointFunction& f, double* out) const;

 private:
  /// State u null: without the slope of kappa.
  template <int D>
  void assemble_elements(const double* theta, const double* u, bool is_transposed);
  void fill(const math::MatHandle& matrix, const double* theta, const double* u, bool is_transposed);
  template <int D, typename Visit>
  void visit_elements(const field::IndexBox& elements, Visit&& visit) const;
  /// visit(element indices, corner c) for the owned or touched elements at a side, c with the bit of the side.
  template <typename Visit>
  void visit_faces(const field::IndexBox& elements, int side, Visit&& visit) const;
  double face_mass(int axis, int c, int other) const;
  std::int64_t corner(int i, int j, int k, int c) const;
  int cell(int i, int j, int k) const { return cell_of_[0][i] + cell_of_[1][j] + cell_of_[2][k]; }
  math::MatHandle new_matrix() const;
  /// theta kappa at an element.
  double coefficient(const double* theta, int cell, std::int64_t place) const { return theta[cell] * kappa_at(place); }
  double kappa_at(std::int64_t place) const { return kappa_.empty() ? 1.0 : kappa_[static_cast<std::size_t>(place)]; }
  /// work(D) with D the dimension as a type.
  template <typename Work>
  void with_dimension(Work&& work) const {
    if (dimension_ == 1) work(std::integral_constant<int, 1>());
    if (dimension_ == 2) work(std::integral_constant<int, 2>());
    if (dimension_ == 3) work(std::integral_constant<int, 3>());
  }
  void add_exchange_entries();

  const field::Grid& grid_;
  const BoxSetup& setup_;
  int dimension_, corners_, slots_;
  std::vector<double> element_;              // K_e, corners x corners
  std::vector<int> slot_;                    // of (row corner, column corner) in a row of 3^d entries
  std::array<std::vector<int>, 3> cell_of_;  // contribution of an element's index along an axis to its cell's number
  field::IndexBox touched_;                  // elements with an owned node
  std::vector<char> fixed_;                  // ghosted nodes
  bool has_exchange_ = false;
  math::MatHandle matrix_, jacobian_;
  std::vector<double> kappa_, slope_, centre_;     // of touched elements, without kappa(u) empty
  std::vector<double> values_, exchange_entries_;  // owned rows x 3^d
};

/// 3-point Gauss rule on [0, 1].
extern const double gauss_node[3], gauss_weight[3];

}  // namespace aleator::pde::diffusion
