#include "pde/evolution/grid.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::pde::evolution {
namespace {

struct Bracket {
  int low, high;
  double weight_of_high;
};

Bracket bracket(const Grid& grid, int axis, double x) {
  const int n = grid.points[static_cast<std::size_t>(axis)];
  const double s = x / grid.spacing(axis);
  if (grid.is_periodic) {
    const double floor = std::floor(s);
    const int low = static_cast<int>(std::fmod(floor, n)) + (floor < 0 ? n : 0);
    return {low % n, (low + 1) % n, s - floor};
  }
  const double inside = std::clamp(s - 0.5, 0.0, n - 1.0);
  const int low = std::min(static_cast<int>(inside), std::max(n - 2, 0));
  return {low, std::min(low + 1, n - 1), inside - low};
}

}  // namespace

Cells Grid::cells_of_strip() const {
  const int begin = has_row_before() ? row_size() : 0;
  const int end = begin + (cut(share.index + 1) - cut(share.index)) * row_size();
  return {begin, end, end + (has_row_after() ? row_size() : 0)};
}

int Grid::row_of(int cell) const {
  const int row = cut(share.index) - (has_row_before() ? 1 : 0) + cell / row_size();
  return (row + rows()) % rows();
}

nodal::Nodes nodes_of(const Grid& grid, const std::vector<std::string>& fields) {
  nodal::Nodes nodes{grid.points, {}, {}, grid.is_periodic, fields};
  for (int a = 0; a < grid.dimension(); ++a)
    nodes.first.push_back(grid.position(a, 0)), nodes.spacing.push_back(grid.spacing(a));
  return nodes;
}

void SparseMap::apply(const double* x, double* y) const {
  for (int k = 0; k < rows(); ++k) {
    double sum = 0.0;
    for (std::size_t e = begin_[k]; e < begin_[k + 1]; ++e) sum += weight_[e] * x[column_[e]];
    y[k] = sum;
  }
}

void SparseMap::add_transposed(int begin, int end, const double* y, double* x) const {
  for (int k = begin; k < end; ++k)
    for (std::size_t e = begin_[k]; e < begin_[k + 1]; ++e) x[column_[e]] += weight_[e] * y[k];
}

SparseMap interpolation(const Grid& grid, const std::vector<std::vector<double>>& points, Entries entries) {
  const Cells cells = grid.cells();
  const int nx = grid.row_size(), first = grid.cut(grid.share.index), last = grid.cut(grid.share.index + 1);
  const auto is_own = [&](int row) { return row >= first && row < last; };
  SparseMap map;
  for (const std::vector<double>& point : points) {
    const Bracket x = grid.dimension() == 1 ? Bracket{0, 0, 0.0} : bracket(grid, 0, point[0]);
    const Bracket y = bracket(grid, grid.dimension() - 1, point.back());
    const auto add_row = [&](int row, double wy) {
      if (!is_own(entries == Entries::own_cells ? row : y.low)) return;
      const int begin = cells.begin + nx * ((is_own(row) ? row : last) - first);  // the row after the last may be row 0
      for (const auto& [i, wx] : {std::pair(x.low, 1.0 - x.weight_of_high), std::pair(x.high, x.weight_of_high)})
        if (wx * wy != 0.0) map.add_entry(begin + i, wx * wy);
    };
    add_row(y.low, 1.0 - y.weight_of_high), add_row(y.high, y.weight_of_high);
    map.end_row();
  }
  return map;
}

SparseMap from_blocks(const Grid& grid, int c) {
  SparseMap map;
  const int nx = grid.points[0], ny = grid.points[1];
  for (int cell = 0; cell < grid.size(); ++cell) {
    map.add_entry(cell % nx / (nx / c) + c * (grid.row_of(cell) / (ny / c)), 1.0);
    map.end_row();
  }
  return map;
}

SparseMap between_corners(const std::vector<std::vector<double>>& points, const std::vector<int>& cells,
                          const std::vector<double>& lengths) {
  SparseMap map;
  for (const std::vector<double>& point : points) {
    int low[2];
    double weight[2];
    for (std::size_t a = 0; a < 2; ++a) {
      const double place = point[a] / lengths[a] * cells[a];
      low[a] = std::clamp(static_cast<int>(place), 0, cells[a] - 1), weight[a] = place - low[a];
    }
    for (int j = 0; j < 2; ++j)
      for (int i = 0; i < 2; ++i)
        map.add_entry(low[0] + i + (cells[0] + 1) * (low[1] + j),
                      (i == 0 ? 1.0 - weight[0] : weight[0]) * (j == 0 ? 1.0 - weight[1] : weight[1]));
    map.end_row();
  }
  return map;
}

std::vector<std::vector<double>> point_lattice(const Grid& grid, int m) {
  std::vector<std::vector<double>> points;
  for (int j = 0; j < (grid.dimension() == 1 ? 1 : m); ++j)
    for (int i = 0; i < m; ++i) {
      points.push_back({(i + 0.5) / m * grid.length[0]});
      if (grid.dimension() == 2) points.back().push_back((j + 0.5) / m * grid.length[1]);
    }
  return points;
}

}  // namespace aleator::pde::evolution
