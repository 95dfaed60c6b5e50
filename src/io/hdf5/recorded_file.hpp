#pragma once
/// What      A new HDF5 file whose bytes HDF5 writes to memory; the caller brings them to the disk.
/// Method    A driver of HDF5's virtual file layer which records what is written where. Datasets allocated early and
///           not filled take room in the file but none in memory, so the layout of a file of any size is a few
///           kilobytes that one rank writes, while all ranks write the data. And HDF5 cannot meet a full disk this way:
///           when closing a file fails, HDF5 1.10 keeps its identifier, and the program crashes at its end.
/// Parallel  local.
/// Cost      memory and copies of what HDF5 writes.
/// Fails     UserError when HDF5 refuses a name or a shape; the disk's errors come from RawFile.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/hdf5/handles.hpp"
#include "io/raw_file.hpp"

namespace aleator::io::hdf5 {

/// The pieces of a file that were written: address -> bytes, without overlaps.
class Recording {
 public:
  void write(std::uint64_t address, const char* data, std::size_t bytes);
  void read(std::uint64_t address, char* data, std::size_t bytes) const;  ///< what was not written is zero
  void write_to(RawFile& file) const;

 private:
  std::map<std::uint64_t, std::vector<char>> pieces_;
};

class RecordedFile {
 public:
  /// `name` is for error messages only.
  explicit RecordedFile(const std::string& name);
  hid_t id() const { return file_.id(); }
  /// The length of the file with all that is allocated so far.
  std::uint64_t size() const;
  /// Closes the HDF5 file; then write_to() gives its bytes.
  void close();
  void write_to(RawFile& file) const;

 private:
  std::string name_;
  std::unique_ptr<Recording> recording_;
  File file_;
};

}  // namespace aleator::io::hdf5
