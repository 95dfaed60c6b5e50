#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "core/error.hpp"
#include "io/fields.hpp"
#include "io/files.hpp"
#include "io/hdf5/recorded_file.hpp"

namespace aleator::io {
namespace {

constexpr const char* fields_format = "aleator fields 1";

using MeshesByName = std::map<std::string, std::shared_ptr<const Simplices>>;

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

void write_numbers(hid_t group, const std::string& name, hid_t type, std::vector<std::int64_t> extents,
                   const void* numbers, const hdf5::Subject& subject) {
  const hdf5::Space space = hdf5::make_space(extents, subject);
  const hdf5::Properties creation = hdf5::dataset_creation(subject);
  const hdf5::Dataset dataset(
      H5Dcreate2(group, name.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), "creating", subject);
  hdf5::check(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers), "writing", subject);
}

void write_mesh(hid_t file, const std::string& name, const Simplices& mesh, const hdf5::Subject& subject) {
  const hdf5::Group group = hdf5::create_group(file, name, subject);
  const std::int64_t d = mesh.dimension;
  write_numbers(group.id(), "points", H5T_NATIVE_DOUBLE, {static_cast<std::int64_t>(mesh.points.size()) / d, d},
                mesh.points.data(), subject);
  write_numbers(group.id(), "corners", H5T_NATIVE_INT,
                {static_cast<std::int64_t>(mesh.corners.size()) / (d + 1), d + 1}, mesh.corners.data(), subject);
}

std::shared_ptr<const Simplices> read_mesh(hid_t file, const std::string& name, const hdf5::Subject& subject) {
  const hdf5::Group group(H5Gopen2(file, name.c_str(), H5P_DEFAULT), "opening", subject);
  const auto mesh = std::make_shared<Simplices>();
  const auto read = [&](const char* part, hid_t type, auto& numbers) {
    const hdf5::Dataset dataset(H5Dopen2(group.id(), part, H5P_DEFAULT), "opening", subject);
    const std::vector<std::int64_t> extents = hdf5::extents_of(dataset.id(), subject);
    if (extents.size() != 2) throw core::UserError(subject.file + ": '" + subject.object + "' is no mesh");
    numbers.resize(static_cast<std::size_t>(extents[0] * extents[1]));
    hdf5::check(H5Dread(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), "reading", subject);
    return static_cast<int>(extents[1]);
  };
  mesh->dimension = read("points", H5T_NATIVE_DOUBLE, mesh->points);
  if (read("corners", H5T_NATIVE_INT, mesh->corners) != mesh->dimension + 1)
    throw core::UserError(subject.file + ": '" + subject.object + "' is no mesh");
  return mesh;
}

// Of a uniform grid as attributes, of a mesh by its name.
void write_grid(hid_t dataset, const Field& field, int mesh, const hdf5::Subject& subject) {
  if (mesh >= 0) return hdf5::write_attribute(dataset, "mesh", fmt::format("mesh_{}", mesh), subject);
  hdf5::write_attribute(dataset, "cells", words(field.cells), subject);
  hdf5::write_attribute(dataset, "origin", words(field.origin), subject);
  hdf5::write_attribute(dataset, "spacing", words(field.spacing), subject);
}

void write_field(hid_t group, const std::string& name, const Field& field, int mesh, const hdf5::Subject& subject) {
  const hdf5::Space space = hdf5::make_space(extents_of_field(field), subject);
  const hdf5::Properties creation = hdf5::dataset_creation(subject);
  const hdf5::Dataset dataset(
      H5Dcreate2(group, name.c_str(), H5T_NATIVE_DOUBLE, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
      "creating", subject);
  hdf5::check(H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, field.values.data()), "writing",
              subject);
  hdf5::write_attribute(dataset.id(), "name", field.name, subject);
  hdf5::write_attribute(dataset.id(), "center", field.is_at_nodes ? "node" : "cell", subject);
  write_grid(dataset.id(), field, mesh, subject);
}

void refuse_unsound_field(const Field& field) {
  ALEATOR_ASSERT(field.mesh != nullptr || (!field.cells.empty() && field.cells.size() <= 3));
  ALEATOR_ASSERT(field.origin.size() == field.cells.size() && field.spacing.size() == field.cells.size());
  ALEATOR_ASSERT(field.values.size() == entries_of(field));
}

void write_hdf5(const std::string& path, const std::vector<FieldSet>& sets) {
  hdf5::silence_printing();
  hdf5::RecordedFile recorded(path);
  hdf5::write_attribute(recorded.id(), "format", fields_format, {path});
  const std::vector<std::shared_ptr<const Simplices>> meshes = meshes_of(sets);
  for (std::size_t i = 0; i < meshes.size(); ++i) {
    const std::string name = fmt::format("mesh_{}", i);
    write_mesh(recorded.id(), name, *meshes[i], {path, name});
  }
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
      const int mesh = set.fields[i].mesh == nullptr ? -1 : mesh_number(meshes, set.fields[i]);
      write_field(group.id(), place.substr(slash + 1), set.fields[i], mesh, subject);
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

Field read_field(hid_t group, const std::string& name, const MeshesByName& meshes, const hdf5::Subject& subject) {
  const hdf5::Dataset dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), "opening", subject);
  const auto text = [&](const char* attribute) { return hdf5::read_text_attribute(dataset.id(), attribute, subject); };
  Field field;
  field.name = text("name"), field.is_at_nodes = text("center") == "node";
  if (hdf5::has_attribute(dataset.id(), "mesh")) {
    const auto mesh = meshes.find(text("mesh"));
    if (mesh == meshes.end()) throw core::UserError(subject.file + ": '" + subject.object + "' has lost its mesh");
    field.mesh = mesh->second;
  } else {
    for (const double n : numbers_of(text("cells"), subject)) field.cells.push_back(static_cast<int>(n));
    field.origin = numbers_of(text("origin"), subject), field.spacing = numbers_of(text("spacing"), subject);
  }
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
  MeshesByName meshes;
  for (const std::string& group_name : hdf5::link_names(file.id(), {h5_path})) {
    const hdf5::Subject subject{h5_path, group_name};
    if (group_name.rfind("mesh_", 0) == 0) {  // written before the sets
      meshes[group_name] = read_mesh(file.id(), group_name, subject);
      continue;
    }
    const hdf5::Group group(H5Gopen2(file.id(), group_name.c_str(), H5P_DEFAULT), "opening", subject);
    FieldSet set;
    set.label = hdf5::read_text_attribute(group.id(), "label", subject);
    set.time = numbers_of(hdf5::read_text_attribute(group.id(), "time", subject), subject).front();
    for (const std::string& name : hdf5::link_names(group.id(), subject))
      set.fields.push_back(read_field(group.id(), name, meshes, {h5_path, group_name + "/" + name}));
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace aleator::io
