#include "io/hdf5/handles.hpp"

#include <hdf5_hl.h>

#include <cstring>

#include "core/error.hpp"

namespace aleator::io::hdf5 {
namespace {

/// H5DSiterate_scales: takes the name of the first scale of a dimension.
herr_t take_scale_name(hid_t, unsigned, hid_t scale, void* data) {
  const ssize_t length = H5DSget_scale_name(scale, nullptr, 0);
  if (length < 0) return -1;
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  H5DSget_scale_name(scale, text.data(), text.size());
  text.pop_back();
  *static_cast<std::string*>(data) = text;
  return 1;
}

/// HDF5 writes the text of errno between these, deep in its stack.
constexpr const char* reason_opens = "error message = '";

struct StackReading {
  std::string system_reason;
  std::string innermost;
};

herr_t read_entry(unsigned, const H5E_error2_t* entry, void* data) {
  auto& reading = *static_cast<StackReading*>(data);
  if (entry->desc == nullptr) return 0;
  const std::string text = entry->desc;
  reading.innermost = text;  // the walk goes from the outer call inwards
  const std::size_t at = text.find(reason_opens);
  if (at != std::string::npos) {
    const std::size_t start = at + std::strlen(reason_opens);
    reading.system_reason = text.substr(start, text.find('\'', start) - start);
  }
  return 0;
}

std::string reason_from_stack() {
  StackReading reading;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, read_entry, &reading);
  if (!reading.system_reason.empty()) return reading.system_reason;
  return reading.innermost.empty() ? "HDF5 gives no reason" : reading.innermost;
}

herr_t collect_link(hid_t, const char* name, const H5L_info_t*, void* data) {
  static_cast<std::vector<std::string>*>(data)->push_back(name);
  return 0;
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* data) {
  static_cast<std::vector<std::string>*>(data)->push_back(name);
  return 0;
}

}  // namespace

std::int64_t check(std::int64_t returned, const char* action, const Subject& subject) {
  if (returned >= 0) return returned;
  const std::string object = subject.object.empty() ? "" : " '" + subject.object + "'";
  throw core::UserError(subject.file + ": " + reason_from_stack() + " (while " + action + object + ")");
}

void silence_printing() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

File open_file(const std::string& path) {
  return File(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "opening", {path});
}

void track_creation_order(hid_t group_creation, const Subject& subject) {
  const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  check(H5Pset_link_creation_order(group_creation, order), "creating", subject);
  // Links stay in the group's header, which has a checksum. HDF5 1.10 keeps many links in a heap that has none, and a
  // damaged one crashes it.
  constexpr unsigned most_links_in_header = 65535;
  check(H5Pset_link_phase_change(group_creation, most_links_in_header, most_links_in_header), "creating", subject);
  check(H5Pset_attr_creation_order(group_creation, order), "creating", subject);
  check(H5Pset_obj_track_times(group_creation, false), "creating", subject);  // equal contents make equal files
}

Group create_group(hid_t parent, const std::string& name, const Subject& subject) {
  const Properties creation(H5Pcreate(H5P_GROUP_CREATE), "creating", subject);
  track_creation_order(creation.id(), subject);
  return Group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), "creating", subject);
}

Properties dataset_creation(const Subject& subject) {
  Properties creation(H5Pcreate(H5P_DATASET_CREATE), "creating", subject);
  check(H5Pset_obj_track_times(creation.id(), false), "creating", subject);
  return creation;
}

bool has_link(hid_t parent, const std::string& name) { return H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0; }

Space make_space(const std::vector<std::int64_t>& extents, const Subject& subject) {
  if (extents.empty()) return Space(H5Screate(H5S_SCALAR), "creating", subject);
  const std::vector<hsize_t> sizes(extents.begin(), extents.end());
  return Space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), "creating", subject);
}

std::vector<std::int64_t> extents_of(hid_t dataset, const Subject& subject) {
  const Space space(H5Dget_space(dataset), "reading", subject);
  std::vector<hsize_t> sizes(check(H5Sget_simple_extent_ndims(space.id()), "reading", subject));
  if (!sizes.empty()) check(H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr), "reading", subject);
  return {sizes.begin(), sizes.end()};
}

std::vector<std::string> axis_names(hid_t dataset, const Subject& subject) {
  std::vector<std::string> names(extents_of(dataset, subject).size());
  for (std::size_t d = 0; d < names.size(); ++d)
    check(H5DSiterate_scales(dataset, static_cast<unsigned>(d), nullptr, take_scale_name, &names[d]), "reading",
          subject);
  return names;
}

Type make_text_type(std::size_t length, const Subject& subject) {
  Type type(H5Tcopy(H5T_C_S1), "creating", subject);
  check(H5Tset_size(type.id(), length), "creating", subject);
  check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), "creating", subject);
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "creating", subject);
  return type;
}

Type make_bool_type(const Subject& subject) {
  Type type(H5Tenum_create(H5T_NATIVE_INT8), "creating", subject);
  std::int8_t value = 0;
  check(H5Tenum_insert(type.id(), "FALSE", &value), "creating", subject);
  value = 1;
  check(H5Tenum_insert(type.id(), "TRUE", &value), "creating", subject);
  return type;
}

void write_attribute(hid_t object, const std::string& name, const std::string& text, const Subject& subject) {
  const Subject named{subject.file, subject.object + "@" + name};
  const std::string content = text.empty() ? std::string(1, '\0') : text;
  const Type type = make_text_type(content.size(), named);
  const Space space = make_space({}, named);
  const Attribute attribute(H5Acreate2(object, name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
                            "creating", named);
  check(H5Awrite(attribute.id(), type.id(), content.data()), "writing", named);
}

void write_attribute(hid_t object, const std::string& name, std::uint64_t value, const Subject& subject) {
  const Subject named{subject.file, subject.object + "@" + name};
  Attribute attribute;
  if (has_attribute(object, name)) {
    attribute = Attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), "opening", named);
  } else {
    const Space space = make_space({}, named);
    attribute = Attribute(H5Acreate2(object, name.c_str(), H5T_NATIVE_UINT64, space.id(), H5P_DEFAULT, H5P_DEFAULT),
                          "creating", named);
  }
  check(H5Awrite(attribute.id(), H5T_NATIVE_UINT64, &value), "writing", named);
}

bool has_attribute(hid_t object, const std::string& name) { return H5Aexists(object, name.c_str()) > 0; }

std::string read_text_attribute(hid_t object, const std::string& name, const Subject& subject) {
  const Subject named{subject.file, subject.object + "@" + name};
  const Attribute attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), "opening", named);
  const Type type(H5Aget_type(attribute.id()), "reading", named);
  if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) > 0)
    throw core::UserError(named.file + ": '" + named.object + "' is not a text of fixed length");
  std::string text(H5Tget_size(type.id()), '\0');
  check(H5Aread(attribute.id(), type.id(), text.data()), "reading", named);
  const std::size_t end = text.find_last_not_of('\0');
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

std::uint64_t read_integer_attribute(hid_t object, const std::string& name, const Subject& subject) {
  const Subject named{subject.file, subject.object + "@" + name};
  const Attribute attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), "opening", named);
  std::uint64_t value = 0;
  check(H5Aread(attribute.id(), H5T_NATIVE_UINT64, &value), "reading", named);
  return value;
}

std::uint64_t offset_of(hid_t dataset, const Subject& subject) {
  const haddr_t offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF)
    throw core::UserError(subject.file + ": '" + subject.object +
                          "' does not lie in one piece; a tool has rewritten the file");
  return offset;
}

std::vector<std::string> link_names(hid_t group, const Subject& subject) {
  std::vector<std::string> names;
  if (H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, collect_link, &names) >= 0) return names;
  names.clear();
  check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_link, &names), "listing", subject);
  return names;
}

std::vector<std::string> attribute_names(hid_t object, const Subject& subject) {
  std::vector<std::string> names;
  check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &names), "listing", subject);
  return names;
}

bool is_dataset(hid_t parent, const std::string& name) {
  H5O_info_t info;
  return H5Oget_info_by_name(parent, name.c_str(), &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_DATASET;
}

}  // namespace aleator::io::hdf5
