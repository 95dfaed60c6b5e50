#include "io/hdf5/results_layout.hpp"

#include <hdf5_hl.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "io/hdf5/packing.hpp"

namespace aleator::io::hdf5 {
namespace {

/// Aimed at: large enough for streams, and within the chunk cache that readers have by default (1 MiB).
constexpr std::uint64_t chunk_bytes_wanted = 1u << 20;
constexpr std::uint64_t largest_chunk_bytes = std::numeric_limits<std::uint32_t>::max();

std::vector<std::int64_t> sizes_of(const std::vector<Dimension>& dims) {
  std::vector<std::int64_t> sizes;
  for (const Dimension& dim : dims) sizes.push_back(dim.size);
  return sizes;
}

std::uint64_t product(const std::vector<std::int64_t>& extents, std::size_t from) {
  std::uint64_t words = 1;
  for (std::size_t d = from; d < extents.size(); ++d) words *= static_cast<std::uint64_t>(extents[d]);
  return words;
}

/// Draws of a chunk, about equal for all chunks of a chain; 0: the variable is better contiguous.
std::int64_t wanted_chunk_draws(const Definition& definition) {
  const std::vector<Dimension>& dims = definition.dims;
  if (dims.size() < 2 || dims[0].name != "chain" || dims[1].name != "draw") return 0;
  const std::uint64_t draw_bytes = product(sizes_of(dims), 2) * sizeof(double);
  if (draw_bytes == 0 || draw_bytes > largest_chunk_bytes || dims[0].size == 0 || dims[1].size == 0) return 0;
  const auto fitting = static_cast<std::int64_t>(std::max<std::uint64_t>(1, chunk_bytes_wanted / draw_bytes));
  const std::int64_t chunks = (dims[1].size + fitting - 1) / fitting;
  return (dims[1].size + chunks - 1) / chunks;
}

void write_labels(hid_t group, const Dimension& dim, const Subject& subject) {
  const Type type = [&] {
    Type text(H5Tcopy(H5T_C_S1), "creating", subject);
    check(H5Tset_size(text.id(), H5T_VARIABLE), "creating", subject);  // netCDF's string
    check(H5Tset_cset(text.id(), H5T_CSET_UTF8), "creating", subject);
    return text;
  }();
  std::vector<const char*> texts;
  for (const std::string& label : dim.labels) texts.push_back(label.c_str());
  const Space space = make_space({dim.size}, subject);
  const Properties creation = dataset_creation(subject);
  const Dataset scale(
      H5Dcreate2(group, dim.name.c_str(), type.id(), space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), "creating",
      subject);
  if (dim.size > 0)
    check(H5Dwrite(scale.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), "writing", subject);
  check(H5DSset_scale(scale.id(), dim.name.c_str()), "creating", subject);
}

void write_numbers(hid_t group, const Dimension& dim, const Subject& subject) {
  std::vector<std::int64_t> indices(dim.numbers.empty() ? static_cast<std::size_t>(dim.size) : 0);
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  const hid_t type = dim.numbers.empty() ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
  const void* data = dim.numbers.empty() ? static_cast<const void*>(indices.data()) : dim.numbers.data();
  const Space space = make_space({dim.size}, subject);
  const Properties creation = dataset_creation(subject);
  const Dataset scale(H5Dcreate2(group, dim.name.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                      "creating", subject);
  if (dim.size > 0) check(H5Dwrite(scale.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "writing", subject);
  check(H5DSset_scale(scale.id(), dim.name.c_str()), "creating", subject);
}

/// Makes the dimension's coordinate variable unless an earlier variable of the group brought it.
void ensure_scale(hid_t group, const Dimension& dim, const Subject& variable) {
  const Subject subject{variable.file, variable.object + ":" + dim.name};
  if (!has_link(group, dim.name)) {
    dim.labels.empty() ? write_numbers(group, dim, subject) : write_labels(group, dim, subject);
    return;
  }
  const Dataset scale(H5Dopen2(group, dim.name.c_str(), H5P_DEFAULT), "opening", subject);
  if (!is_dimension_scale(group, dim.name) || extents_of(scale.id(), subject) != std::vector<std::int64_t>{dim.size})
    throw core::InternalError(subject.file + ": '" + subject.object + "' is already a name of another size or meaning");
}

Dataset create_variable(hid_t group, const Definition& definition, const Subject& subject) {
  const bool is_real = definition.info.type == VariableInfo::Type::real;
  const hid_t type = is_real ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
  const Properties creation = dataset_creation(subject);
  const std::int64_t chunk_draws = wanted_chunk_draws(definition);
  if (chunk_draws > 0) {
    std::vector<hsize_t> chunk;
    for (const Dimension& dim : definition.dims) chunk.push_back(static_cast<hsize_t>(dim.size));
    chunk[0] = 1;
    chunk[1] = static_cast<hsize_t>(chunk_draws);
    check(H5Pset_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data()), "creating", subject);
  }
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const std::int64_t no = definition.info.type == VariableInfo::Type::truth ? 0 : unwritten_integer;
  const void* fill = is_real ? static_cast<const void*>(&not_a_number) : &no;
  check(H5Pset_fill_value(creation.id(), type, fill), "creating", subject);
  check(H5Pset_alloc_time(creation.id(), H5D_ALLOC_TIME_EARLY), "creating", subject);
  check(H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER), "creating", subject);  // the ranks fill it together
  check(H5Pset_attr_creation_order(creation.id(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED), "creating", subject);
  const Space space = make_space(sizes_of(definition.dims), subject);
  return Dataset(H5Dcreate2(group, definition.name.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                 "creating", subject);
}

void make_variable(hid_t group, const Definition& definition, const Subject& subject) {
  for (const Dimension& dim : definition.dims) ensure_scale(group, dim, subject);
  const Dataset variable = create_variable(group, definition, subject);
  for (std::size_t d = 0; d < definition.dims.size(); ++d) {
    const Dataset scale(H5Dopen2(group, definition.dims[d].name.c_str(), H5P_DEFAULT), "opening", subject);
    check(H5DSattach_scale(variable.id(), scale.id(), static_cast<unsigned>(d)), "labelling", subject);
  }
  if (!definition.info.units.empty()) write_attribute(variable.id(), "units", definition.info.units, subject);
  if (!definition.info.long_name.empty())
    write_attribute(variable.id(), "long_name", definition.info.long_name, subject);
  if (definition.info.type == VariableInfo::Type::truth) write_attribute(variable.id(), "dtype", "bool", subject);
}

/// The address of the first chunk, having made sure that the last one lies where the arithmetic says.
std::uint64_t address_of_chunks(hid_t dataset, const Place& place, const std::vector<hsize_t>& chunk,
                                const Subject& subject) {
  std::vector<hsize_t> first(chunk.size(), 0), last(chunk.size(), 0);
  last[0] = static_cast<hsize_t>(place.extents[0] - 1);
  last[1] = (place.chunks_per_chain() - 1) * chunk[1];
  haddr_t first_address = HADDR_UNDEF, last_address = HADDR_UNDEF;
  unsigned filters = 0;
  hsize_t bytes = 0;
  check(H5Dget_chunk_info_by_coord(dataset, last.data(), &filters, &last_address, &bytes), "reading", subject);
  check(H5Dget_chunk_info_by_coord(dataset, first.data(), &filters, &first_address, &bytes), "reading", subject);
  const std::uint64_t between = (static_cast<std::uint64_t>(place.extents[0]) * place.chunks_per_chain() - 1) * bytes;
  if (first_address == HADDR_UNDEF || last_address != first_address + between || filters != 0)
    throw core::UserError(
        subject.file + ": '" + subject.object +
        "' is not laid out as this program does it; was the file rewritten by another tool? Start a new results file");
  return first_address;
}

Place find_place(hid_t dataset, const Subject& subject) {
  Place place;
  const Type type(H5Dget_type(dataset), "reading", subject);
  const bool is_real = H5Tequal(type.id(), H5T_NATIVE_DOUBLE) > 0;
  if (!is_real && H5Tequal(type.id(), H5T_NATIVE_INT64) <= 0)
    throw core::UserError(subject.file + ": '" + subject.object + "' is neither float64 nor int64 of this machine");
  place.type = is_real ? VariableInfo::Type::real : VariableInfo::Type::integer;
  place.extents = extents_of(dataset, subject);
  const Properties creation(H5Dget_create_plist(dataset), "reading", subject);
  if (!is_real) check(H5Pget_fill_value(creation.id(), H5T_NATIVE_INT64, &place.unwritten), "reading", subject);
  if (H5Pget_layout(creation.id()) == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(place.extents.size());
    check(H5Pget_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data()), "reading", subject);
    place.chunk_draws = static_cast<std::int64_t>(chunk.at(1));
    place.offset = address_of_chunks(dataset, place, chunk, subject);
  } else if (product(place.extents, 0) > 0) {
    place.offset = offset_of(dataset, subject);
  }
  return place;
}

}  // namespace

std::uint64_t Place::words_per_draw() const { return product(extents, 2); }

std::uint64_t Place::chunks_per_chain() const {
  return static_cast<std::uint64_t>((draws() + chunk_draws - 1) / chunk_draws);
}

std::int64_t Place::allocated_draws() const {
  return chunk_draws == 0 ? draws() : static_cast<std::int64_t>(chunks_per_chain()) * chunk_draws;
}

std::uint64_t Place::allocated_words() const {
  return static_cast<std::uint64_t>(chains() * allocated_draws()) * words_per_draw();
}

std::uint64_t Place::address(std::int64_t chain, std::int64_t draw) const {
  return offset + static_cast<std::uint64_t>(chain * allocated_draws() + draw) * words_per_draw() * sizeof(double);
}

bool is_dimension_scale(hid_t group, const std::string& name) {
  const hid_t dataset = H5Dopen2(group, name.c_str(), H5P_DEFAULT);
  if (dataset < 0) return false;
  const bool is_scale = H5DSis_scale(dataset) > 0;
  H5Dclose(dataset);
  return is_scale;
}

void make_results_layout(hid_t root, const std::string& file, const ResultsFile::Attributes& attributes,
                         const std::vector<Definition>& definitions) {
  write_attribute(root, results_format_attribute, std::string(results_format), {file});
  for (const auto& [name, text] : attributes) write_attribute(root, name, text, {file});
  for (const Definition& definition : definitions) {
    const Subject subject{file, definition.group + "/" + definition.name};
    const Group group = has_link(root, definition.group)
                            ? Group(H5Gopen2(root, definition.group.c_str(), H5P_DEFAULT), "opening", subject)
                            : create_group(root, definition.group, subject);
    make_variable(group.id(), definition, subject);
  }
}

void check_results_format(hid_t root, const std::string& file) {
  if (!has_attribute(root, results_format_attribute) ||
      read_text_attribute(root, results_format_attribute, {file}) != results_format)
    throw core::UserError(file +
                          ": this is not a results file of this version of Aleator (its attribute 'format' is not '" +
                          results_format + "')");
}

Places find_places(hid_t root, const std::string& file) {
  Places places;
  for (const std::string& group_name : link_names(root, {file})) {
    if (is_dataset(root, group_name)) continue;
    const Group group(H5Gopen2(root, group_name.c_str(), H5P_DEFAULT), "opening", {file, group_name});
    for (const std::string& name : link_names(group.id(), {file, group_name})) {
      const Subject subject{file, group_name + "/" + name};
      if (!is_dataset(group.id(), name) || is_dimension_scale(group.id(), name)) continue;
      const Dataset dataset(H5Dopen2(group.id(), name.c_str(), H5P_DEFAULT), "opening", subject);
      places[subject.object] = find_place(dataset.id(), subject);
    }
  }
  return places;
}

std::string pack(const Places& places) {
  Packer packer;
  for (const auto& [name, place] : places) {
    packer.text(name);
    packer.number(place.type == VariableInfo::Type::real ? 0 : 1);
    packer.number(static_cast<std::uint64_t>(place.unwritten));
    packer.extents(place.extents);
    packer.number(place.offset);
    packer.number(static_cast<std::uint64_t>(place.chunk_draws));
  }
  return packer.take();
}

Places unpack_places(const std::string& bytes) {
  Places places;
  for (Unpacker unpacker(bytes); !unpacker.at_end();) {
    Place& place = places[unpacker.text()];
    place.type = unpacker.number() == 0 ? VariableInfo::Type::real : VariableInfo::Type::integer;
    place.unwritten = static_cast<std::int64_t>(unpacker.number());
    place.extents = unpacker.extents();
    place.offset = unpacker.number();
    place.chunk_draws = static_cast<std::int64_t>(unpacker.number());
  }
  return places;
}

}  // namespace aleator::io::hdf5
