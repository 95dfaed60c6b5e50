#pragma once
/// What      The names which writer and reader of a checkpoint share, and where in its file a field lies.
/// Method    Every dataset has the attributes `kind` and `checksum`; the root has `format` and `complete`.
/// Parallel  local.
/// Cost      -
/// Fails     -
#include <cstdint>
#include <string>
#include <vector>

namespace aleator::io::hdf5 {

inline constexpr const char* archive_format = "aleator checkpoint 1";
inline constexpr const char* format_attribute = "format";
inline constexpr const char* complete_attribute = "complete";
inline constexpr const char* kind_attribute = "kind";
inline constexpr const char* checksum_attribute = "checksum";

// Values of `kind`: what a field was in the State.
inline constexpr const char* kind_real = "real";
inline constexpr const char* kind_integer = "integer";
inline constexpr const char* kind_boolean = "boolean";
inline constexpr const char* kind_text = "text";
inline constexpr const char* kind_reals = "reals";
inline constexpr const char* kind_integers = "integers";
inline constexpr const char* kind_rows = "rows";      ///< a Batch: rows x columns
inline constexpr const char* kind_vector = "vector";  ///< a Vector: one number a row

/// The groups that are open, as a path of names.
class GroupPath {
 public:
  void enter(const std::string& group);
  void leave();
  std::string of(const std::string& name) const;
  bool empty() const { return names_.empty(); }

 private:
  std::vector<std::string> names_;
};

}  // namespace aleator::io::hdf5
