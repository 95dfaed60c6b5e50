#pragma once
/// What      HDF5 identifiers that close themselves, and the one check of every HDF5 call. Only for .cpp files of io/.
/// Method    One move-only template over the closing function; a failed call turns HDF5's error stack into a UserError
///           that names the file and the object and gives the system's reason where there is one.
/// Parallel  local; HDF5 is used through its serial driver, by one thread a rank.
/// Cost      nothing beside HDF5.
/// Fails     UserError "file: reason (while action 'object')".
#include <hdf5.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace aleator::io::hdf5 {

/// Of whom an error message speaks.
struct Subject {
  std::string file;
  std::string object = {};
};

/// Passes on what an HDF5 call returned, unless that means failure (negative). `action` is an -ing word: "writing".
std::int64_t check(std::int64_t returned, const char* action, const Subject& subject);

/// Switches HDF5's own printing of errors off, for good: check() reports them. (After it has met a damaged file HDF5
///           1.10
/// would also print, at the end of the program, that it could not close everything.)
void silence_printing();

template <herr_t (*close_identifier)(hid_t)>
class Handle {
 public:
  Handle() = default;
  /// Takes over what an HDF5 call returned; throws if that is a failure.
  Handle(hid_t returned, const char* action, const Subject& subject)
      : id_(static_cast<hid_t>(check(returned, action, subject))) {}
  ~Handle() {
    if (id_ >= 0) close_identifier(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  hid_t id() const { return id_; }
  /// Closes now and reports the failure that the destructor would swallow: a file is written when it is closed.
  void close(const Subject& subject) {
    if (id_ >= 0) check(close_identifier(std::exchange(id_, -1)), "closing", subject);
  }

 private:
  hid_t id_ = -1;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Dataset = Handle<H5Dclose>;
using Space = Handle<H5Sclose>;
using Type = Handle<H5Tclose>;
using Properties = Handle<H5Pclose>;
using Attribute = Handle<H5Aclose>;

File open_file(const std::string& path);  ///< for reading
/// Groups and attributes are listed in the order in which they were made: netCDF keeps its order of dimensions by it.
void track_creation_order(hid_t group_creation, const Subject& subject);
Group create_group(hid_t parent, const std::string& name, const Subject& subject);
/// Creation properties of a dataset that carries no time stamps: equal contents make equal files.
Properties dataset_creation(const Subject& subject);
bool has_link(hid_t parent, const std::string& name);

/// A dataspace of these extents; none: a scalar.
Space make_space(const std::vector<std::int64_t>& extents, const Subject& subject);
std::vector<std::int64_t> extents_of(hid_t dataset, const Subject& subject);
/// The name of the first dimension scale of every axis; empty where there is none.
std::vector<std::string> axis_names(hid_t dataset, const Subject& subject);
/// Fixed-length UTF-8 text of exactly `length` bytes, not terminated.
Type make_text_type(std::size_t length, const Subject& subject);
/// The enumeration that h5py takes for its bool.
Type make_bool_type(const Subject& subject);

void write_attribute(hid_t object, const std::string& name, const std::string& text, const Subject& subject);
void write_attribute(hid_t object, const std::string& name, std::uint64_t value, const Subject& subject);
bool has_attribute(hid_t object, const std::string& name);
std::string read_text_attribute(hid_t object, const std::string& name, const Subject& subject);
std::uint64_t read_integer_attribute(hid_t object, const std::string& name, const Subject& subject);

/// Position of the first byte of an allocated contiguous dataset in the file.
std::uint64_t offset_of(hid_t dataset, const Subject& subject);
/// The names of the links of a group, in the order of creation where the file tells it.
std::vector<std::string> link_names(hid_t group, const Subject& subject);
/// The names of the attributes of an object.
std::vector<std::string> attribute_names(hid_t object, const Subject& subject);
bool is_dataset(hid_t parent, const std::string& name);

}  // namespace aleator::io::hdf5
