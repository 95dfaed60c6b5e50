#include "campaign/report/mesh_plane.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace aleator::campaign::report {
namespace {

constexpr int raster = 60;

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double x) { low = std::min(low, x), high = std::max(high, x); }
};

// Barycentric weights of p in the simplex of d + 1 points, by elimination in [x_1 - x_0, ...] w = p - x_0.
std::array<double, 4> weights_in(const std::array<const double*, 4>& corner, int d, const std::array<double, 3>& p) {
  double a[3][4];
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j < d; ++j) a[i][j] = corner[static_cast<std::size_t>(j) + 1][i] - corner[0][i];
    a[i][d] = p[static_cast<std::size_t>(i)] - corner[0][i];
  }
  for (int k = 0; k < d; ++k) {
    int pivot = k;
    for (int i = k + 1; i < d; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    for (int j = 0; j <= d; ++j) std::swap(a[k][j], a[pivot][j]);
    for (int i = 0; i < d; ++i) {
      if (i == k) continue;
      const double factor = a[i][k] / a[k][k];
      for (int j = k; j <= d; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  std::array<double, 4> w{1.0, 0.0, 0.0, 0.0};
  for (int k = 0; k < d; ++k) {
    w[static_cast<std::size_t>(k) + 1] = a[k][d] / a[k][k];
    w[0] -= w[static_cast<std::size_t>(k) + 1];
  }
  return w;
}

}  // namespace

MeshPlane sample_mesh(const io::Field& field) {
  const io::Simplices& mesh = *field.mesh;
  const auto d = static_cast<std::size_t>(mesh.dimension);
  std::array<Range, 3> box;
  for (std::size_t k = 0; k < mesh.points.size(); ++k) box[k % d].add(mesh.points[k]);
  const double width = box[0].high - box[0].low, height = box[1].high - box[1].low;
  const double h = std::max(width, height) / raster;
  const int nx = std::max(1, static_cast<int>(std::lround(width / h))),
            ny = std::max(1, static_cast<int>(std::lround(height / h)));
  MeshPlane plane{{ny, nx}, {}, d == 3 ? 0.5 * (box[2].low + box[2].high) : 0.0};
  plane.values.assign(static_cast<std::size_t>(nx) * ny, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t e = 0; e * (d + 1) < mesh.corners.size(); ++e) {
    std::array<const double*, 4> corner{};
    std::array<Range, 3> around;
    for (std::size_t c = 0; c <= d; ++c) {
      corner[c] = &mesh.points[static_cast<std::size_t>(mesh.corners[e * (d + 1) + c]) * d];
      for (std::size_t a = 0; a < d; ++a) around[a].add(corner[c][a]);
    }
    if (d == 3 && (around[2].low > plane.z || around[2].high < plane.z)) continue;
    const auto cell = [h](double x, double low, int n) {
      return std::clamp(static_cast<int>(std::floor((x - low) / h)), 0, n - 1);
    };
    for (int j = cell(around[1].low, box[1].low, ny); j <= cell(around[1].high, box[1].low, ny); ++j)
      for (int i = cell(around[0].low, box[0].low, nx); i <= cell(around[0].high, box[0].low, nx); ++i) {
        const std::array<double, 4> w =
            weights_in(corner, mesh.dimension,
                       {box[0].low + (i + 0.5) * width / nx, box[1].low + (j + 0.5) * height / ny, plane.z});
        if (*std::min_element(w.begin(), w.begin() + static_cast<int>(d) + 1) < -1e-9) continue;
        double value = 0.0;
        for (std::size_t c = 0; field.is_at_nodes && c <= d; ++c)
          value += w[c] * field.values[static_cast<std::size_t>(mesh.corners[e * (d + 1) + c])];
        plane.values[static_cast<std::size_t>(j) * nx + i] = field.is_at_nodes ? value : field.values[e];
      }
  }
  return plane;
}

}  // namespace aleator::campaign::report
