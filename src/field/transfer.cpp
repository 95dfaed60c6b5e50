#include "field/transfer.hpp"

#include <cmath>

#include "core/error.hpp"
#include "field/functional.hpp"

namespace aleator::field {

using math::check_petsc;

Transfer::Transfer(const Grid& from, const Grid& to) {
  ALEATOR_ASSERT(from.shape().lengths == to.shape().lengths);
  const int corners = 1 << to.dimension();
  const auto rows = static_cast<PetscInt>(to.owned_nodes().count()),
             columns = static_cast<PetscInt>(from.owned_nodes().count());
  std::vector<PetscInt> row, column;
  std::vector<double> weight;
  for_each_index(to.owned_nodes(), [&](int i, int j, int k) {
    const std::array<double, 3> x = to.position(i, j, k);
    std::array<AxisWeights, 3> axes;
    for (int d = 0; d < 3; ++d) axes[d] = interpolation_weights(from.shape(), d, x[d]);
    for (int c = 0; c < corners; ++c) {
      const int a = c & 1, b = c >> 1 & 1, e = c >> 2 & 1;
      row.push_back(to.global_index(i, j, k));
      column.push_back(from.global_index(axes[0].first + a, axes[1].first + b, axes[2].first + e));
      weight.push_back(axes[0].weight[a] * axes[1].weight[b] * axes[2].weight[e]);
    }
  });
  check_petsc(MatCreate(to.comm().native(), matrix_.make()), "to make a transfer");
  check_petsc(MatSetSizes(matrix_, rows, columns, PETSC_DETERMINE, PETSC_DETERMINE), "to make a transfer");
  check_petsc(MatSetType(matrix_, MATAIJ), "to make a transfer");
  check_petsc(MatSetPreallocationCOO(matrix_, static_cast<PetscCount>(row.size()), row.data(), column.data()),
              "to make a transfer");
  check_petsc(MatSetValuesCOO(matrix_, weight.data(), INSERT_VALUES), "to make a transfer");
}

void Transfer::interpolate(Vec from, Vec to) const { check_petsc(MatMult(matrix_, from, to), "to interpolate"); }
void Transfer::restrict_to(Vec to, Vec from) const { check_petsc(MatMultTranspose(matrix_, to, from), "to restrict"); }

Norms norms_of_difference(const Grid& grid, Vec u, const PointFunction& exact,
                          const std::function<void(const double* x, double* g)>& gradient) {
  static const double node[3] = {0.5 - std::sqrt(0.15), 0.5, 0.5 + std::sqrt(0.15)},
                      weight[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
  const int d = grid.dimension(), corners = 1 << d;
  const math::VecHandle ghosted = grid.new_ghosted();
  grid.fill_ghosted(u, ghosted);
  const double* v = nullptr;
  check_petsc(VecGetArrayRead(ghosted, &v), "to open a field");
  double sums[2] = {0.0, 0.0};
  for_each_index(grid.owned_elements(), [&](int i, int j, int k) {
    const std::array<double, 3> origin = grid.position(i, j, k);
    for (int q = 0; q < (d == 1 ? 3 : d == 2 ? 9 : 27); ++q) {
      const int point[3] = {q % 3, q / 3 % 3, q / 9};
      double x[3], volume = 1.0, value = 0.0, slope[3] = {0, 0, 0}, g[3] = {0, 0, 0};
      for (int a = 0; a < d; ++a) {
        x[a] = origin[a] + node[point[a]] * grid.shape().spacing(a);
        volume *= weight[point[a]] * grid.shape().spacing(a);
      }
      for (int c = 0; c < corners; ++c) {
        const double at = v[grid.ghosted_nodes().at(i + (c & 1), j + (c >> 1 & 1), k + (c >> 2 & 1))];
        double shape = 1.0, shape_slope[3] = {1, 1, 1};
        for (int a = 0; a < d; ++a) {
          const double s = node[point[a]], hat = c >> a & 1 ? s : 1 - s,
                       hat_slope = (c >> a & 1 ? 1.0 : -1.0) / grid.shape().spacing(a);
          shape *= hat;
          for (int b = 0; b < d; ++b) shape_slope[b] *= a == b ? hat_slope : hat;
        }
        value += at * shape;
        for (int a = 0; a < d; ++a) slope[a] += at * shape_slope[a];
      }
      gradient(x, g);
      sums[0] += volume * (value - exact(x)) * (value - exact(x));
      for (int a = 0; a < d; ++a) sums[1] += volume * (slope[a] - g[a]) * (slope[a] - g[a]);
    }
  });
  check_petsc(VecRestoreArrayRead(ghosted, &v), "to close a field");
  grid.comm().sum(sums, 2);
  return {std::sqrt(sums[0]), std::sqrt(sums[1])};
}

}  // namespace aleator::field
