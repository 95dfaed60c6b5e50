#pragma once
/// What      An open file with reads and writes at given positions, and the steps that make a new file durable.
/// Method    POSIX pread, pwrite, fsync, rename; partial transfers and interrupts are gone on with. Writes start going
///           to the disk piece by piece (sync_file_range), so that sync() finds little left to wait for.
/// Parallel  local; ranks may write disjoint ranges of one file at the same time.
/// Cost      the system calls.
/// Fails     UserError "path: reason".
#include <cstdint>
#include <string>

namespace aleator::io {

class RawFile {
 public:
  enum class Mode { read, write };  ///< write: an existing file, contents kept
  RawFile() = default;
  RawFile(const std::string& path, Mode mode);
  static RawFile create(const std::string& path);  ///< new or emptied, for writing
  ~RawFile();
  RawFile(RawFile&& other) noexcept;
  RawFile& operator=(RawFile&& other) noexcept;

  bool is_open() const { return descriptor_ >= 0; }
  std::uint64_t size() const;
  void write_at(std::uint64_t offset, const void* data, std::uint64_t bytes);
  void read_at(std::uint64_t offset, void* data, std::uint64_t bytes) const;
  /// Asks for disk space now, so that a full disk shows before the work; does nothing where the system cannot.
  void reserve(std::uint64_t bytes);
  void sync();
  void close();  ///< reports what the destructor would swallow

 private:
  void start_writeback(std::uint64_t offset, std::uint64_t bytes);
  std::string path_;
  int descriptor_ = -1;
};

/// Renames `from` (already synced) over `to` and syncs the folder: a crash leaves one of the two, whole.
void replace_file(const std::string& from, const std::string& to);
/// Removes it if it is there; never throws.
void remove_file(const std::string& path) noexcept;
/// "path: reason" for the present errno.
[[noreturn]] void throw_system_error(const std::string& path);

}  // namespace aleator::io
