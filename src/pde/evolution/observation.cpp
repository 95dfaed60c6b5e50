#include "pde/evolution/observation.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace aleator::pde::evolution {
namespace {

// Of cells along an axis in the mean of the linear interpolant over [begin, end].
std::map<int, double> mean_weights(const Grid& grid, int axis, double begin, double end) {
  const int n = grid.points[static_cast<std::size_t>(axis)];
  const double first = grid.position(axis, 0), h = grid.spacing(axis), b = (begin - first) / h, e = (end - first) / h;
  const auto cell = [&](int i) { return grid.is_periodic ? (i % n + n) % n : std::clamp(i, 0, n - 1); };
  std::map<int, double> weight;
  for (int i = static_cast<int>(std::floor(b)); i < e; ++i) {
    const double s = std::max(b - i, 0.0), t = std::min(e - i, 1.0), rising = 0.5 * (t * t - s * s);
    weight[cell(i)] += (t - s - rising) / (e - b);
    weight[cell(i + 1)] += rising / (e - b);
  }
  return weight;
}

}  // namespace

Observation::Observation(const Grid& grid, const std::vector<std::vector<double>>& points,
                         const std::vector<std::vector<double>>& boxes)
    : parts_(interpolation(grid, points, Entries::own_points)),
      whole_(interpolation(grid, points, Entries::own_cells)) {
  for (int k = 0; k < parts_.rows(); ++k) together_.add_entry(k, 1.0), together_.end_row();
  const Cells cells = grid.cells();
  const int nx = grid.row_size(), first = grid.cut(grid.share.index), last = grid.cut(grid.share.index + 1),
            rows = grid.dimension() - 1;
  for (const std::vector<double>& box : boxes) {
    const std::map<int, double> along_x =
        rows == 0 ? std::map<int, double>{{0, 1.0}} : mean_weights(grid, 0, box[0], box[1]);
    for (const auto& [row, of_row] : mean_weights(grid, rows, box[2 * rows], box[2 * rows + 1])) {
      together_.add_entry(parts_.rows(), of_row);
      if (row >= first && row < last)
        for (const auto& [i, weight] : along_x) {
          const int cell = cells.begin + nx * (row - first) + i;
          parts_.add_entry(cell, weight), whole_.add_entry(cell, of_row * weight);
        }
      parts_.end_row();
    }
    together_.end_row(), whole_.end_row();
  }
}

}  // namespace aleator::pde::evolution
