#include <fmt/format.h>

#include <filesystem>

#include "core/error.hpp"
#include "io/fields.hpp"
#include "io/files.hpp"
#include "io/hdf5/recorded_file.hpp"

namespace aleator::io {
namespace {

constexpr const char* fields_format = "aleator fields 1";

std::vector<std::int64_t> extents_of_field(const Field& field) {
  const std::vector<int> points = points_of(field);
  return {points.rbegin(), points.rend()};  // slowest first
}

std::size_t entries_of(const Field& field) {
  std::size_t count = 1;
  for (const int n : points_of(field)) count *= static_cast<std::size_t>(n);
  return count;
}

template <typename T>
std::string words(const std::vector<T>& numbers) {
  return fmt::format("{}", fmt::join(numbers, " "));
}

std::vector<double> numbers_of(const std::string& text, const hdf5::Subject& subject) {
  return parse_table(text, subject.file + ": " + subject.object).values;
}

void write_field(hid_t group, const std::string& name, const Field& field, const hdf5::Subject& subject) {
  const hdf5::Space space = hdf5::make_space(extents_of_field(field), subject);
  const hdf5::Properties creation = hdf5::dataset_creation(subject);
  const hdf5::Dataset dataset(
      H5Dcreate2(group, name.c_str(), H5T_NATIVE_DOUBLE, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
      "creating", subject);
  hdf5::check(H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, field.values.data()), "writing",
              subject);
  hdf5::write_attribute(dataset.id(), "name", field.name, subject);
  hdf5::write_attribute(dataset.id(), "center", field.is_at_nodes ? "node" : "cell", subject);
  hdf5::write_attribute(dataset.id(), "cells", words(field.cells), subject);
  hdf5::write_attribute(dataset.id(), "origin", words(field.origin), subject);
  hdf5::write_attribute(dataset.id(), "spacing", words(field.spacing), subject);
}

void refuse_unsound_field(const Field& field) {
  ALEATOR_ASSERT(!field.cells.empty() && field.cells.size() <= 3);
  ALEATOR_ASSERT(field.origin.size() == field.cells.size() && field.spacing.size() == field.cells.size());
  ALEATOR_ASSERT(field.values.size() == entries_of(field));
}

void write_hdf5(const std::string& path, const std::vector<FieldSet>& sets) {
  hdf5::silence_printing();
  hdf5::RecordedFile recorded(path);
  hdf5::write_attribute(recorded.id(), "format", fields_format, {path});
  for (const FieldSet& set : sets) {
    hdf5::Group group;
    for (std::size_t i = 0; i < set.fields.size(); ++i) {
      refuse_unsound_field(set.fields[i]);
      const std::string place = dataset_path(set, i);
      const hdf5::Subject subject{path, place};
      const std::size_t slash = place.rfind('/');
      if (i == 0) {
        group = hdf5::create_group(recorded.id(), place.substr(1, slash - 1), subject);
        hdf5::write_attribute(group.id(), "label", set.label, subject);
        hdf5::write_attribute(group.id(), "time", fmt::format("{}", set.time), subject);
      }
      write_field(group.id(), place.substr(slash + 1), set.fields[i], subject);
    }
  }
  recorded.close();
  const std::string partial = path + ".partial";
  try {
    RawFile file = RawFile::create(partial);
    recorded.write_to(file);
    file.sync();
    file.close();
    replace_file(partial, path);
  } catch (...) {
    remove_file(partial);
    throw;
  }
}

Field read_field(hid_t group, const std::string& name, const hdf5::Subject& subject) {
  const hdf5::Dataset dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), "opening", subject);
  const auto text = [&](const char* attribute) { return hdf5::read_text_attribute(dataset.id(), attribute, subject); };
  Field field;
  field.name = text("name"), field.is_at_nodes = text("center") == "node";
  for (const double n : numbers_of(text("cells"), subject)) field.cells.push_back(static_cast<int>(n));
  field.origin = numbers_of(text("origin"), subject), field.spacing = numbers_of(text("spacing"), subject);
  if (hdf5::extents_of(dataset.id(), subject) != extents_of_field(field))
    throw core::UserError(subject.file + ": '" + subject.object + "' is not of the size of its grid");
  field.values.resize(entries_of(field));
  hdf5::check(H5Dread(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, field.values.data()), "reading",
              subject);
  return field;
}

}  // namespace

void write_fields(const std::string& stem, const std::vector<FieldSet>& sets) {
  write_hdf5(stem + ".h5", sets);
  atomic_write_text(stem + ".xdmf", xdmf_text(std::filesystem::path(stem).filename().string() + ".h5", sets));
}

std::vector<FieldSet> read_fields(const std::string& h5_path) {
  hdf5::silence_printing();
  RawFile(h5_path, RawFile::Mode::read);  // tells a file that is not there from one that is not HDF5
  const hdf5::File file = hdf5::open_file(h5_path);
  if (!hdf5::has_attribute(file.id(), "format") ||
      hdf5::read_text_attribute(file.id(), "format", {h5_path}) != fields_format)
    throw core::UserError(h5_path + ": this is not a file of fields of this version of Aleator");
  std::vector<FieldSet> sets;
  for (const std::string& group_name : hdf5::link_names(file.id(), {h5_path})) {
    const hdf5::Subject subject{h5_path, group_name};
    const hdf5::Group group(H5Gopen2(file.id(), group_name.c_str(), H5P_DEFAULT), "opening", subject);
    FieldSet set;
    set.label = hdf5::read_text_attribute(group.id(), "label", subject);
    set.time = numbers_of(hdf5::read_text_attribute(group.id(), "time", subject), subject).front();
    for (const std::string& name : hdf5::link_names(group.id(), subject))
      set.fields.push_back(read_field(group.id(), name, {h5_path, group_name + "/" + name}));
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace aleator::io
