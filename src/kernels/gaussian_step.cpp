#include "kernels/gaussian_step.hpp"

#include <memory>

#include "kernels/random_panels.hpp"
#include "kernels/triangular.hpp"
#include "kernels/unaligned.hpp"

namespace aleator::kernels {
namespace {

// Four numbers of a row; four of them are transposed at a time.
using Four [[gnu::vector_size(32)]] = double;
using Places [[gnu::vector_size(32)]] = std::int64_t;

// rows[r] = columns[.][r]
void transpose(const Four* columns, Four* rows) {
  const Four a = __builtin_shuffle(columns[0], columns[1], Places{0, 4, 2, 6}),
             b = __builtin_shuffle(columns[0], columns[1], Places{1, 5, 3, 7}),
             c = __builtin_shuffle(columns[2], columns[3], Places{0, 4, 2, 6}),
             e = __builtin_shuffle(columns[2], columns[3], Places{1, 5, 3, 7});
  rows[0] = __builtin_shuffle(a, c, Places{0, 1, 4, 5});
  rows[1] = __builtin_shuffle(b, e, Places{0, 1, 4, 5});
  rows[2] = __builtin_shuffle(a, c, Places{2, 3, 6, 7});
  rows[3] = __builtin_shuffle(b, e, Places{2, 3, 6, 7});
}

// y = x + scale t^T for a tile t of eight rows, t[k][row].
void add_transposed(const double* t, double scale, int d, const double* x, double* y) {
  int k = 0;
  for (; k + 4 <= d; k += 4)
    for (int r = 0; r < tile_rows; r += 4) {
      Four columns[4], rows[4];
      for (int q = 0; q < 4; ++q) columns[q] = load_vector<4>(t + (k + q) * tile_rows + r);
      transpose(columns, rows);
      for (int q = 0; q < 4; ++q) {
        const Four sum = load_vector<4>(x + (r + q) * d + k) + scale * rows[q];
        store_vector<4>(sum, y + (r + q) * d + k);
      }
    }
  for (; k < d; ++k)
    for (int r = 0; r < tile_rows; ++r) y[r * d + k] = x[r * d + k] + scale * t[k * tile_rows + r];
}

}  // namespace

void gaussian_steps(const Rng& rng, Stream stream, std::int64_t first_row, const StepShape& shape, const ConstBatch& x,
                    const Batch& y) {
  const int rows = static_cast<int>(x.extent(0)), d = static_cast<int>(x.extent(1)), even = d + d % 2;
  const int at_once = panel_rows, panels = rows / at_once, left = panels * at_once;
  const int blocks = (panels + 15) / 16;  // work enough for a thread
  Kokkos::parallel_for("gaussian_steps", Kokkos::RangePolicy<HostExec>(0, blocks), [=, &rng](int block) {
    const std::size_t tiles = static_cast<std::size_t>(at_once / tile_rows);
    const std::unique_ptr<Lanes[]> memory(new Lanes[tiles * even + d]);
    Lanes* const step = memory.get() + tiles * even;
    for (int panel = 16 * block; panel < panels && panel < 16 * (block + 1); ++panel) {
      const int first = panel * at_once;
      panels_of_normals(rng, stream, first_row + first, even, reinterpret_cast<double*>(memory.get()));
      for (int tile = 0; tile < at_once / tile_rows; ++tile) {
        const Lanes* xi = memory.get() + tile * even;
        if (shape.lower != nullptr) multiply_lower_tile(shape.lower, d, xi, step), xi = step;
        const int row = first + tile * tile_rows;
        add_transposed(reinterpret_cast<const double*>(xi), shape.scale, d, &x(row, 0), &y(row, 0));
      }
    }
    leave_vector_code();
  });
  if (left == rows) return;  // the rows behind the last whole panel
  const Batch rest = Kokkos::subview(y, Kokkos::make_pair(left, rows), Kokkos::ALL);
  rng.normals(stream, first_row + left, rest);
  multiply_lower(
      shape.lower, rows - left, d, [=](int row, int k) { return rest(row, k); },
      [=](int row, int k, double step) { rest(row, k) = x(left + row, k) + shape.scale * step; });
}

}  // namespace aleator::kernels
