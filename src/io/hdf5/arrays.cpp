// Datasets of an HDF5 file that lies in memory.
#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "deck/value.hpp"
#include "io/arrays.hpp"
#include "io/hdf5/handles.hpp"

namespace aleator::io {
namespace {

hdf5::File open_image(const std::string& bytes, const std::string& path) {
  hdf5::silence_printing();
  const hdf5::Subject what{path};
  const hdf5::Properties access(H5Pcreate(H5P_FILE_ACCESS), "opening", what);
  hdf5::check(H5Pset_fapl_core(access.id(), 1 << 20, false), "opening", what);
  // HDF5 copies the image and leaves ours alone.
  hdf5::check(H5Pset_file_image(access.id(), const_cast<char*>(bytes.data()), bytes.size()), "opening", what);
  const std::string image_name = path + " (in memory)";  // HDF5 refuses the name of a file that exists
  return hdf5::File(H5Fopen(image_name.c_str(), H5F_ACC_RDONLY, access.id()), "opening", what);
}

// H5Ovisit: collects the names of datasets, groups in depth.
herr_t take_dataset(hid_t, const char* name, const H5O_info_t* info, void* data) {
  if (info->type == H5O_TYPE_DATASET) static_cast<std::vector<std::string>*>(data)->emplace_back(name);
  return 0;
}

bool holds_numbers(hid_t dataset, const hdf5::Subject& what) {
  const hdf5::Type type(H5Dget_type(dataset), "reading", what);
  const H5T_class_t kind = H5Tget_class(type.id());
  return kind == H5T_INTEGER || kind == H5T_FLOAT;
}

// Empty: the dataset has no such attribute, or one of text.
std::vector<double> numbers_of(hid_t dataset, const char* attribute) {
  std::vector<double> values;
  if (!hdf5::has_attribute(dataset, attribute)) return values;
  const hid_t opened = H5Aopen(dataset, attribute, H5P_DEFAULT);
  const hid_t space = opened < 0 ? -1 : H5Aget_space(opened);
  const hssize_t count = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
  values.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (!values.empty() && H5Aread(opened, H5T_NATIVE_DOUBLE, values.data()) < 0) values.clear();
  if (space >= 0) H5Sclose(space);
  if (opened >= 0) H5Aclose(opened);
  return values;
}

// The CF conventions (2.5.1, 8.1): entries that are a fill value are missing, others packed as (x - add_offset) / scale_factor.
void unpack(hid_t dataset, std::vector<double>& values) {
  std::vector<double> missing = numbers_of(dataset, "_FillValue");
  for (const double value : numbers_of(dataset, "missing_value")) missing.push_back(value);
  const std::vector<double> scale = numbers_of(dataset, "scale_factor"), offset = numbers_of(dataset, "add_offset");
  const hid_t type = H5Dget_type(dataset);
  const bool is_single = type >= 0 && H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == sizeof(float);
  if (type >= 0) H5Tclose(type);
  if (is_single)  // a fill value may be written with more digits than the numbers have
    for (double& value : missing) value = static_cast<float>(value);
  for (double& x : values) {
    const bool is_missing = std::find(missing.begin(), missing.end(), x) != missing.end();
    if (is_missing) {
      x = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    if (scale.size() == 1) x *= scale[0];
    if (offset.size() == 1) x += offset[0];
  }
}

Array read_dataset(hid_t dataset, const std::string& name, const hdf5::Subject& what) {
  Array array{name, hdf5::extents_of(dataset, what), {}};
  array.axes = hdf5::axis_names(dataset, what);
  std::size_t count = 1;
  for (const std::int64_t extent : array.extents) count *= static_cast<std::size_t>(extent);
  array.values.resize(count);
  if (count > 0)
    hdf5::check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), "reading",
                what);
  unpack(dataset, array.values);
  return array;
}

std::string without_slash(const std::string& name) {
  return name.substr(std::min(name.find_first_not_of('/'), name.size()));
}

bool is_group(hid_t file, const std::string& name) {
  if (H5Lexists(file, name.substr(0, name.find('/')).c_str(), H5P_DEFAULT) <= 0) return false;
  const hid_t object = H5Oopen(file, name.c_str(), H5P_DEFAULT);
  if (object < 0) return false;
  const bool is_one = H5Iget_type(object) == H5I_GROUP;
  H5Oclose(object);
  return is_one;
}

// What it holds but dimension scales and texts.
std::vector<Array> read_group(hid_t file, const std::string& group, const std::string& path) {
  const hdf5::Subject what{path, group};
  const hdf5::Group opened(H5Gopen2(file, group.c_str(), H5P_DEFAULT), "opening", what);
  std::vector<Array> arrays;
  for (const std::string& name : hdf5::link_names(opened.id(), what)) {
    if (!hdf5::is_dataset(opened.id(), name)) continue;
    const hdf5::Subject inner{path, group + "/" + name};
    const hdf5::Dataset dataset(H5Dopen2(opened.id(), name.c_str(), H5P_DEFAULT), "opening", inner);
    if (holds_numbers(dataset.id(), inner) && H5DSis_scale(dataset.id()) <= 0)
      arrays.push_back(read_dataset(dataset.id(), inner.object, inner));
  }
  if (arrays.empty()) throw core::UserError(fmt::format("{}: '{}' holds no arrays of numbers", path, group));
  return arrays;
}

}  // namespace

std::vector<Array> read_hdf5_arrays(const std::string& bytes, const std::string& path) {
  const std::string wanted = deck::split_array_path(path).array;
  const hdf5::File file = open_image(bytes, path);
  if (const std::string group = without_slash(wanted); !group.empty() && is_group(file.id(), group))
    return read_group(file.id(), group, path);
  std::vector<std::string> names;
  hdf5::check(H5Ovisit(file.id(), H5_INDEX_NAME, H5_ITER_NATIVE, take_dataset, &names), "reading", {path});
  std::vector<Array> arrays;
  std::string known;
  for (const std::string& name : names) {
    const hdf5::Subject what{path, name};
    const hdf5::Dataset dataset(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT), "opening", what);
    const bool is_wanted = !wanted.empty() && name == without_slash(wanted);
    if (!holds_numbers(dataset.id(), what)) {
      if (is_wanted) throw core::UserError(fmt::format("{}: '{}' holds no integers or reals", path, name));
      continue;
    }
    known += (known.empty() ? "" : ", ") + name;
    if (wanted.empty() || is_wanted) arrays.push_back(read_dataset(dataset.id(), name, what));
  }
  if (!arrays.empty()) return arrays;
  if (known.empty()) throw core::UserError(path + ": the file holds no arrays of numbers");
  throw core::UserError(fmt::format("{}: there is no array '{}'; there are: {}", path, wanted, known));
}

}  // namespace aleator::io
