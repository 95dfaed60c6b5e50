#pragma once
/// What      Whittle-Matern field on the elements of a mesh of triangles or tetrahedra, with the same variance everywhere.
/// Method    (1 - sum_k l_k^2 d_k^2)^(alpha/2) y = W (Lindgren, Rue, Lindstrom 2011) with alpha = 2, 3 or 4 and slope 0 at the
///           boundary, in P1 elements: for M the lumped mass matrix, G the stiffness with l_k^2, K = M + G, y at the nodes has
///           the precision Q = K (M^-1 K)^(alpha - 1) = P^T L L^T P. x_e = sd (A y)_e / sqrt((A Q^-1 A^T)_ee), A the means over
///           the elements' corners: sd is that of every element, at the boundary too (Daon, Stadler 2018), from the entries of
///           Q^-1 on L's pattern. y = P^T L^-T z. nu = alpha - d/2, range_k = sqrt(8 nu) l_k.
/// Parallel  local, row by row, safe on any thread; every rank holds L.
/// Cost      a row 2 nnz(L) flops, 12 nnz(L) bytes; set-up three times the sum of squares of L's columns. 9 * 10^4 nodes in
///           the plane with alpha = 2 take 3 s and 0.6 GB, 1.6 * 10^4 in space 7 s and 0.4 GB.
/// Fails     KeyError: sizes that do not fit, meshes too large for a factor. As many coordinates as nodes: there is no density
///           in du; log_density is that of the z which to_latent finds, the one of least |z| near u.
#include <memory>
#include <mutex>

#include "field/mesh/mesh_keys.hpp"
#include "math/sparse_cholesky.hpp"
#include "prob/field/gaussian_field.hpp"

namespace aleator::prob {

class MaternMesh : public GaussianField {
 public:
  struct Params : field::MeshKeys {
    std::vector<double> range = {0.25};
    double sd = 1.0;
    int alpha = 2;
    std::vector<double> mean = {0.0};
    Transform transform = Transform::none;
  };
  static deck::Schema<Params> schema();
  explicit MaternMesh(const Params& params);

  int latent_dimension() const override { return mesh_->node_count(); }
  std::shared_ptr<const io::Simplices> mesh() const override { return picture_; }
  double log_density(const double* u) const override;
  bool has_density() const override { return false; }
  void apply(const double* z, double* x) const override;
  void apply_transposed(const double* g_x, double* g_z) const override;
  int value_at(const std::vector<double>& point, std::size_t number) const override;

 protected:
  void solve(const double* x, double* z) const override;

 private:
  MaternMesh(const Params& params, std::shared_ptr<const field::Mesh> mesh);
  /// x_e = the scaled mean over the corners.
  void to_elements(const double* y, double* x) const;
  void to_nodes(const double* g_x, double* g_y) const;

  std::shared_ptr<const field::Mesh> mesh_;
  std::shared_ptr<const io::Simplices> picture_;
  double sd_;
  math::SparseRows precision_;  ///< Q
  std::unique_ptr<const math::SparseCholesky> factor_;
  std::vector<double> scale_;  ///< of the sum over an element's corners
  mutable std::once_flag once_;
  mutable std::unique_ptr<const math::SparseCholesky>
      inverse_;  ///< for to_latent: factor of B^T B + delta^2 Q, x = B y
};

}  // namespace aleator::prob
