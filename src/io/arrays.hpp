#pragma once
/// What      Arrays of numbers in binary files: NumPy's .npy and HDF5 (netCDF-4 too), wherever a table of text may stand.
/// Method    .npy: the format of NumPy's documentation (numpy.lib.format), versions 1 to 3, integers, reals and booleans of any
///           byte order, C or Fortran order. HDF5: every dataset of integers or reals, read from memory, NaN where it is
///           _FillValue or missing_value, unpacked by scale_factor and add_offset (CF conventions). Which of several is meant
///           stands behind a colon of the file's name: "run.h5:posterior/theta". Entries are given row by row.
/// Parallel  local: the bytes are those that the deck has read and shared.
/// Cost      one copy of the file's numbers.
/// Fails     UserError with the file's name: damaged, text or complex numbers, an array that is not there (with those that are).
#include <cstdint>
#include <string>
#include <vector>

#include "io/files.hpp"

namespace aleator::io {

struct Array {
  std::string name;                   ///< "posterior/theta"; of an .npy file that of the file, without its ending
  std::vector<std::int64_t> extents;  ///< none: one number
  std::vector<double> values;
  std::vector<std::string> axes{};  ///< their names where the file has them: chain, draw, … of a run
};

/// Whether the first bytes are those of NumPy's or HDF5's format.
bool holds_arrays(const std::string& bytes);

/// All arrays of the file, or the one that `path` names behind a colon, or those of a group in the order of their making.
std::vector<Array> read_arrays(const std::string& bytes, const std::string& path);

/// The only array of the file, or the one named, as a table: the last extent is the row; one extent is one number a row. Of a
/// run's arrays every draw is a row; those of a group ("run.h5:posterior") stand side by side.
Table read_array_table(const std::string& bytes, const std::string& path, NonFinite non_finite);

Array read_npy(const std::string& bytes, const std::string& path);
std::vector<Array> read_hdf5_arrays(const std::string& bytes, const std::string& path);

}  // namespace aleator::io
