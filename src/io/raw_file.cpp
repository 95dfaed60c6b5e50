#include "io/raw_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.hpp"

namespace aleator::io {
namespace {

/// Large enough that a system call costs nothing beside the copy, small enough that the disk starts early.
constexpr std::uint64_t write_piece = 16u << 20;

int open_checked(const std::string& path, int flags) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (descriptor >= 0) return descriptor;
    if (errno != EINTR) throw_system_error(path);
  }
}

}  // namespace

void throw_system_error(const std::string& path) {
  throw core::UserError(path + ": " + std::error_code(errno, std::generic_category()).message());
}

RawFile::RawFile(const std::string& path, Mode mode)
    : path_(path), descriptor_(open_checked(path, mode == Mode::read ? O_RDONLY : O_WRONLY)) {}

RawFile RawFile::create(const std::string& path) {
  RawFile file;
  file.path_ = path;
  file.descriptor_ = open_checked(path, O_WRONLY | O_CREAT | O_TRUNC);
  return file;
}

RawFile::~RawFile() {
  if (is_open()) ::close(descriptor_);
}

RawFile::RawFile(RawFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

RawFile& RawFile::operator=(RawFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::uint64_t RawFile::size() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) throw_system_error(path_);
  return static_cast<std::uint64_t>(status.st_size);
}

void RawFile::write_at(std::uint64_t offset, const void* data, std::uint64_t bytes) {
  const auto* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const auto piece = static_cast<std::size_t>(std::min(bytes, write_piece));
    const ssize_t written = ::pwrite(descriptor_, next, piece, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error(path_);
    const auto count = static_cast<std::uint64_t>(written);
    if (count == write_piece) start_writeback(offset, count);
    next += count, offset += count, bytes -= count;
  }
}

void RawFile::read_at(std::uint64_t offset, void* data, std::uint64_t bytes) const {
  auto* next = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, next, static_cast<std::size_t>(bytes), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error(path_);
    if (got == 0) throw core::UserError(path_ + ": the file ends too early (truncated)");
    const auto count = static_cast<std::uint64_t>(got);
    next += count, offset += count, bytes -= count;
  }
}

void RawFile::start_writeback(std::uint64_t offset, std::uint64_t bytes) {
#ifdef SYNC_FILE_RANGE_WRITE
  // Only a hint: an error of the disk is reported by sync().
  static_cast<void>(
      ::sync_file_range(descriptor_, static_cast<off64_t>(offset), static_cast<off64_t>(bytes), SYNC_FILE_RANGE_WRITE));
#else
  static_cast<void>(offset), static_cast<void>(bytes);
#endif
}

void RawFile::reserve(std::uint64_t bytes) {
#ifdef __linux__
  // Not posix_fallocate: where the file system has no such call, that one writes every block itself.
  if (bytes == 0) return;
  while (::fallocate(descriptor_, 0, 0, static_cast<off_t>(bytes)) != 0) {
    if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT) throw_system_error(path_);
    if (errno != EINTR) return;
  }
#else
  static_cast<void>(bytes);
#endif
}

void RawFile::sync() {
  while (::fsync(descriptor_) != 0)
    if (errno != EINTR) throw_system_error(path_);
}

void RawFile::close() {
  if (is_open() && ::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) throw_system_error(path_);
}

void replace_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_system_error(to);
  const std::string folder = std::filesystem::path(to).parent_path().string();
  RawFile(folder.empty() ? "." : folder, RawFile::Mode::read).sync();
}

void remove_file(const std::string& path) noexcept { static_cast<void>(::unlink(path.c_str())); }

}  // namespace aleator::io
