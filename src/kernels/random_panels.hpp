#pragma once
/// What      Rng::normals in the layout of kernels/triangular.hpp, for kernels that use them as they are made.
/// Method    A panel is a tile of tile_rows rows: out[(tile columns + column) tile_rows + row of the tile]. The numbers are those
///           of Rng::normals, to the bit.
/// Parallel  on the calling thread.
/// Cost      that of Rng::normals.
/// Fails     -
#include "kernels/random.hpp"

namespace aleator::kernels {

/// Rows made at once, a multiple of tile_rows.
extern const int panel_rows;
/// Normals of rows first_row ... first_row + panel_rows - 1; `columns` is even.
void panels_of_normals(const Rng& rng, Stream stream, std::int64_t first_row, int columns, double* out);

}  // namespace aleator::kernels
