#pragma once
/// What      A catalogue of numbers and texts as bytes, for a broadcast from the rank that read it.
/// Method    Numbers as 8 bytes, texts with their length before them; both ends are the same program.
/// Parallel  local.
/// Cost      a copy.
/// Fails     -
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace aleator::io::hdf5 {

class Packer {
 public:
  void number(std::uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(const std::string& value) {
    number(value.size());
    bytes_ += value;
  }
  void extents(const std::vector<std::int64_t>& values) {
    number(values.size());
    for (const std::int64_t value : values) number(static_cast<std::uint64_t>(value));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads in the order of packing; `bytes` must outlive it.
class Unpacker {
 public:
  explicit Unpacker(const std::string& bytes) : bytes_(bytes) {}
  bool at_end() const { return at_ == bytes_.size(); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    bytes_.copy(reinterpret_cast<char*>(&value), sizeof value, at_);
    at_ += sizeof value;
    return value;
  }
  std::string text() {
    const std::uint64_t length = number();
    at_ += length;
    return bytes_.substr(at_ - length, length);
  }
  std::vector<std::int64_t> extents() {
    std::vector<std::int64_t> values(number());
    for (std::int64_t& value : values) value = static_cast<std::int64_t>(number());
    return values;
  }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

}  // namespace aleator::io::hdf5
