#pragma once
/// What      results.h5: samples and data that ArviZ and xarray open group by group, at any time, also while a run
///           writes it and after a run was killed.
/// Method    Every extent is known when the file is created. commit_layout() builds it under `path.partial`: rank 0
///           writes the metadata (dimension scales as coordinate variables), the ranks the fill value NaN, and then it
///           is renamed. From then on HDF5 is never asked to write: samples go in place by pwrite at the chunk's
///           address, by the rank that owns the chain. So no metadata changes that a kill could tear, no HDF5 file lock
///           is held against readers (an opening for writing would hold one), and no rank waits for another's data.
///           Variables (chain, draw, …) are chunked (one chain x some draws x all parameters, about 1 MiB) with the
///           implicit chunk index, whose addresses are arithmetic; others are contiguous. Disjoint ranges: safe on
///           parallel file systems.
/// Parallel  every function of ResultsFile is collective. Bits do not depend on the number of ranks.
///           ResultsReader is serial: each caller opens the file for itself.
/// Cost      commit_layout: one pass over the capacity (the fill), shared by the ranks. A write: one pwrite for each
///           local chain (its chunks follow one another), and one agreement of the ranks.
/// Fails     UserError on all ranks, naming the file: no space, no permission, not a results file. InternalError for
///           a name that was not defined and for values that do not fit the shape.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "parallel/comm.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::io {

/// One axis; the same name means the same axis throughout a group. Coordinates: labels, or numbers, or else 0, 1, 2, …
struct Dimension {
  std::string name;
  std::int64_t size = 0;
  std::vector<std::string> labels = {};
  std::vector<double> numbers = {};
};

struct VariableInfo {
  /// float64, filled with NaN; int64, filled with unwritten_integer; int64 of 0 and 1, filled with 0: bool to xarray.
  enum class Type { real, integer, truth };
  Type type = Type::real;
  std::string units = {};
  std::string long_name = {};
};

/// What an int64 entry holds before it is written: netCDF's default fill value for int64.
inline constexpr std::int64_t unwritten_integer = -9223372036854775806LL;

/// Draws first, first + 1, …, first + count - 1.
struct DrawRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

class ResultsFile {
 public:
  using Attributes = std::map<std::string, std::string>;

  /// A new file; one that exists under this name is replaced by commit_layout(), not before.
  static ResultsFile create(const parallel::Comm& comm, const std::string& path, const Attributes& attributes = {});
  /// Goes on with a file that commit_layout() has made: what it holds stays, writes overwrite.
  static ResultsFile open(const parallel::Comm& comm, const std::string& path);
  ~ResultsFile();
  ResultsFile(ResultsFile&&) noexcept;
  ResultsFile& operator=(ResultsFile&&) noexcept;

  // Between create() and commit_layout(); dims may be empty (a scalar).
  void define(const std::string& group, const std::string& name, const std::vector<Dimension>& dims,
              const VariableInfo& info = {});
  void commit_layout();

  /// Variables with dims (chain, draw, rest…), rows of `chains` = chains. values: [local chain][draw in range][rest].
  void write_draws(const std::string& group, const std::string& name, const parallel::RowLayout& chains,
                   DrawRange draws, const double* values);
  void write_draws(const std::string& group, const std::string& name, const parallel::RowLayout& chains,
                   DrawRange draws, const std::int64_t* values);

  /// Variables whose leading (chain, draw) pairs, in that order, are the rows of `rows`: an ensemble of J members is
  /// (chain = 1, draw = J, rest…). values: [local row][rest].
  void write_rows(const std::string& group, const std::string& name, const parallel::RowLayout& rows,
                  const double* values);
  /// Local rows first, first + 1, …, first + count - 1 of them only; ranks may differ in both.
  struct LocalRows {
    std::int64_t first = 0, count = 0;
  };
  void write_rows(const std::string& group, const std::string& name, const parallel::RowLayout& rows, LocalRows some,
                  const double* values);

  /// The whole variable, the same on all ranks; rank 0 writes. In the order of dims, last one fastest.
  void write(const std::string& group, const std::string& name, const std::vector<double>& whole);
  void write(const std::string& group, const std::string& name, const std::vector<std::int64_t>& whole);

  bool has(const std::string& group, const std::string& name) const;                         ///< local
  std::vector<std::int64_t> shape(const std::string& group, const std::string& name) const;  ///< local

  /// Returns when everything written so far is on the disk.
  void flush();

 private:
  struct Impl;
  explicit ResultsFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A box of a variable: count[d] entries from start[d] along each dimension.
struct Hyperslab {
  std::vector<std::int64_t> start;
  std::vector<std::int64_t> count;
};

class ResultsReader {
 public:
  explicit ResultsReader(const std::string& path);
  ~ResultsReader();
  ResultsReader(ResultsReader&&) noexcept;
  ResultsReader& operator=(ResultsReader&&) noexcept;

  std::vector<std::string> groups() const;
  std::vector<std::string> names(const std::string& group) const;  ///< variables; coordinates are not among them
  bool has(const std::string& group, const std::string& name) const;
  std::vector<std::int64_t> shape(const std::string& group, const std::string& name) const;
  std::vector<std::string> dimensions(const std::string& group, const std::string& name) const;
  std::vector<std::string> labels(const std::string& group, const std::string& dimension) const;  ///< empty if numeric

  /// int64 variables are converted; a coordinate variable is read by its dimension's name.
  std::vector<double> read(const std::string& group, const std::string& name) const;
  std::vector<double> read(const std::string& group, const std::string& name, const Hyperslab& box) const;
  std::vector<std::int64_t> read_integers(const std::string& group, const std::string& name) const;

  std::map<std::string, std::string> attributes() const;  ///< of the file
  std::string attribute(const std::string& name) const;
  std::string attribute(const std::string& group, const std::string& variable, const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aleator::io
