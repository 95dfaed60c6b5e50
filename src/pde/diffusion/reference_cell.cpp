#include "pde/diffusion/reference_cell.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace aleator::pde::diffusion {
namespace {

// Bilinear element on a square, corners (0,0) (1,0) (0,1) (1,1): integral of grad phi_i . grad phi_j.
constexpr double element_stiffness[4][4] = {{4.0 / 6, -1.0 / 6, -1.0 / 6, -2.0 / 6},
                                            {-1.0 / 6, 4.0 / 6, -2.0 / 6, -1.0 / 6},
                                            {-1.0 / 6, -2.0 / 6, 4.0 / 6, -1.0 / 6},
                                            {-2.0 / 6, -1.0 / 6, -1.0 / 6, 4.0 / 6}};

// K_ii of the (r-1)^2 interior nodes, numbered along x first: band of half-width r.
class InteriorMatrix {
 public:
  InteriorMatrix(int size, int half_width)
      : size_(size), half_width_(half_width), band_(static_cast<std::size_t>(size) * (half_width + 1), 0.0) {}

  double& at(int i, int j) { return band_[static_cast<std::size_t>(i) * (half_width_ + 1) + (j - i + half_width_)]; }

  void factor() {  // Cholesky, lower triangle in place
    for (int i = 0; i < size_; ++i) {
      for (int j = std::max(0, i - half_width_); j <= i; ++j) {
        double sum = at(i, j);
        for (int k = std::max(0, i - half_width_); k < j; ++k) sum -= at(i, k) * at(j, k);
        at(i, j) = i == j ? std::sqrt(sum) : sum / at(j, j);
      }
    }
  }

  /// columns right-hand sides, b(i, c) at b[i * columns + c]; in place.
  void solve(std::vector<double>& b, int columns) {
    for (int i = 0; i < size_; ++i) {
      for (int k = std::max(0, i - half_width_); k < i; ++k) subtract_row(b, columns, i, k, at(i, k));
      for (int c = 0; c < columns; ++c) b[static_cast<std::size_t>(i) * columns + c] /= at(i, i);
    }
    for (int i = size_ - 1; i >= 0; --i) {
      for (int k = i + 1; k <= std::min(size_ - 1, i + half_width_); ++k) subtract_row(b, columns, i, k, at(k, i));
      for (int c = 0; c < columns; ++c) b[static_cast<std::size_t>(i) * columns + c] /= at(i, i);
    }
  }

 private:
  static void subtract_row(std::vector<double>& b, int columns, int to, int from, double factor) {
    for (int c = 0; c < columns; ++c)
      b[static_cast<std::size_t>(to) * columns + c] -= factor * b[static_cast<std::size_t>(from) * columns + c];
  }
  int size_, half_width_;
  std::vector<double> band_;
};

}  // namespace

ReferenceCell::ReferenceCell(int elements, double mesh_width, double source) : r(elements), boundary(4 * elements) {
  ALEATOR_ASSERT(r >= 1);
  const int side = r + 1, interior = (r - 1) * (r - 1);
  int inner = 0;
  for (int b = 0; b <= r; ++b) {
    for (int a = 0; a <= r; ++a) {
      if (a > 0 && a < r && b > 0 && b < r) {
        index.push_back(-1 - inner++);
      } else {
        index.push_back(static_cast<int>(node_a.size()));
        node_a.push_back(a);
        node_b.push_back(b);
      }
    }
  }

  // [K_ib | f_i] becomes [-Q | w] by the solve; K_bi is kept for S and g.
  const int columns = boundary + 1;
  InteriorMatrix interior_matrix(interior, r);
  std::vector<double> coupling(static_cast<std::size_t>(interior) * columns, 0.0);
  S.assign(static_cast<std::size_t>(boundary) * boundary, 0.0);
  g.assign(boundary, 0.0);
  const double corner_load = source * mesh_width * mesh_width / 4;
  for (int element = 0; element < r * r; ++element) {
    int node[4];
    for (int k = 0; k < 4; ++k) node[k] = index[(element % r + k % 2) + side * (element / r + k / 2)];
    for (int k = 0; k < 4; ++k) {
      const int i = -1 - node[k];
      (i >= 0 ? coupling[static_cast<std::size_t>(i) * columns + boundary] : g[node[k]]) += corner_load;
      for (int l = 0; l < 4; ++l) {
        const double value = element_stiffness[k][l];
        const int j = -1 - node[l];
        if (i < 0 && j < 0) S[static_cast<std::size_t>(node[k]) * boundary + node[l]] += value;
        if (i >= 0 && j < 0) coupling[static_cast<std::size_t>(i) * columns + node[l]] += value;
        if (i >= 0 && j >= 0 && j <= i) interior_matrix.at(i, j) += value;
      }
    }
  }

  std::vector<double> solution = coupling;
  interior_matrix.factor();
  interior_matrix.solve(solution, columns);
  Q.assign(static_cast<std::size_t>(interior) * boundary, 0.0);
  w.assign(interior, 0.0);
  for (int i = 0; i < interior; ++i) {
    const double* of_i = &solution[static_cast<std::size_t>(i) * columns];
    const double* k_i = &coupling[static_cast<std::size_t>(i) * columns];
    w[i] = of_i[boundary];
    for (int b = 0; b < boundary; ++b) Q[static_cast<std::size_t>(i) * boundary + b] = -of_i[b];
    for (int b = 0; b < boundary; ++b) {
      if (k_i[b] == 0.0) continue;
      g[b] -= k_i[b] * w[i];
      for (int d = 0; d < boundary; ++d) S[static_cast<std::size_t>(b) * boundary + d] -= k_i[b] * of_i[d];
    }
  }
}

std::vector<int> ReferenceCell::edge(Side side) const {
  std::vector<int> nodes;
  for (int t = 1; t < r; ++t) {
    const int a = side == Side::left ? 0 : side == Side::right ? r : t;
    const int b = side == Side::bottom ? 0 : side == Side::top ? r : t;
    nodes.push_back(index[a + (r + 1) * b]);
  }
  return nodes;
}

std::vector<int> ReferenceCell::rest(Side side) const {
  std::vector<int> on_edge = edge(side), others;
  for (int b = 0; b < boundary; ++b)
    if (std::find(on_edge.begin(), on_edge.end(), b) == on_edge.end()) others.push_back(b);
  return others;
}

}  // namespace aleator::pde::diffusion
