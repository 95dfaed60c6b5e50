#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "core/error.hpp"
#include "io/archive.hpp"
#include "io/checksum.hpp"
#include "io/hdf5/archive_format.hpp"
#include "io/hdf5/handles.hpp"
#include "io/hdf5/packing.hpp"
#include "io/raw_file.hpp"

namespace aleator::io {
namespace hdf5 {

/// What a checkpoint holds under one name.
struct ArchiveEntry {
  std::string kind;
  std::vector<std::int64_t> extents;
  std::uint64_t offset = 0;    // of rows
  std::uint64_t checksum = 0;  // of rows
  std::string bytes;           // of a replicated field
};
using ArchiveCatalogue = std::map<std::string, ArchiveEntry>;

}  // namespace hdf5

namespace {

/// Bytes read, and checked while they are in the cache.
constexpr std::uint64_t read_piece = 1u << 20;

std::string pack(const hdf5::ArchiveCatalogue& catalogue) {
  hdf5::Packer packer;
  for (const auto& [path, entry] : catalogue) {
    packer.text(path);
    packer.text(entry.kind);
    packer.extents(entry.extents);
    packer.number(entry.offset);
    packer.number(entry.checksum);
    packer.text(entry.bytes);
  }
  return packer.take();
}

hdf5::ArchiveCatalogue unpack(const std::string& bytes) {
  hdf5::ArchiveCatalogue catalogue;
  for (hdf5::Unpacker unpacker(bytes); !unpacker.at_end();) {
    hdf5::ArchiveEntry& entry = catalogue[unpacker.text()];
    entry.kind = unpacker.text();
    entry.extents = unpacker.extents();
    entry.offset = unpacker.number();
    entry.checksum = unpacker.number();
    entry.bytes = unpacker.text();
  }
  return catalogue;
}

std::uint64_t entry_count(const std::vector<std::int64_t>& extents) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : extents) count *= static_cast<std::uint64_t>(extent);
  return count;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw core::UserError(path + " cannot be resumed from: " + why + "; remove it, and what it held is computed again");
}

[[noreturn]] void refuse_damaged(const std::string& path, const std::string& field) {
  refuse(path, "'" + field + "' is damaged (its checksum does not match)");
}

/// Rank 0 reads all of the file but the rows.
class CatalogueReader {
 public:
  explicit CatalogueReader(const std::string& path) : path_(path) {}

  hdf5::ArchiveCatalogue read() {
    const std::uint64_t size = RawFile(path_, RawFile::Mode::read).size();  // tells apart: no such file, no permission
    const hdf5::File file = open();
    check_root(file.id());
    read_group(file.id(), "");
    for (const auto& [name, entry] : catalogue_)
      if (entry.offset + entry_count(entry.extents) * sizeof(double) > size && entry.bytes.empty() && entry.offset > 0)
        refuse(path_, "it is truncated within '" + name + "'");
    return std::move(catalogue_);
  }

 private:
  hdf5::File open() {
    try {
      return hdf5::open_file(path_);
    } catch (const core::UserError& error) {
      refuse(path_, "it is truncated or no checkpoint at all (" + std::string(error.what()) + ")");
    }
  }

  void check_root(hid_t root) {
    const hdf5::Subject subject{path_};
    if (!hdf5::has_attribute(root, hdf5::format_attribute) || !hdf5::has_attribute(root, hdf5::complete_attribute))
      refuse(path_, "it is an HDF5 file but no checkpoint of Aleator");
    const std::string format = hdf5::read_text_attribute(root, hdf5::format_attribute, subject);
    if (format != hdf5::archive_format)
      refuse(path_, "its format is '" + format + "', this program reads '" + hdf5::archive_format + "'");
    if (hdf5::read_integer_attribute(root, hdf5::complete_attribute, subject) != 1)
      refuse(path_, "it is only half written");
  }

  void read_group(hid_t group, const std::string& prefix) {
    for (const std::string& name : hdf5::link_names(group, {path_, prefix})) {
      const std::string full_name = prefix + name;
      const hdf5::Subject subject{path_, full_name};
      if (hdf5::is_dataset(group, name)) {
        const hdf5::Dataset dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), "opening", subject);
        catalogue_[full_name] = read_entry(dataset.id(), subject);
      } else {
        const hdf5::Group child(H5Gopen2(group, name.c_str(), H5P_DEFAULT), "opening", subject);
        read_group(child.id(), full_name + "/");
      }
    }
  }

  hdf5::ArchiveEntry read_entry(hid_t dataset, const hdf5::Subject& subject) {
    hdf5::ArchiveEntry entry;
    entry.kind = hdf5::read_text_attribute(dataset, hdf5::kind_attribute, subject);
    entry.extents = hdf5::extents_of(dataset, subject);
    entry.checksum = hdf5::read_integer_attribute(dataset, hdf5::checksum_attribute, subject);
    const hdf5::Type type(H5Dget_type(dataset), "reading", subject);
    const std::uint64_t count = entry_count(entry.extents);
    if (entry.kind == hdf5::kind_rows || entry.kind == hdf5::kind_vector) {
      if (H5Tequal(type.id(), H5T_NATIVE_DOUBLE) <= 0)
        refuse(path_, "'" + subject.object + "' was written on another kind of machine");
      if (count > 0) entry.offset = hdf5::offset_of(dataset, subject);
      return entry;
    }
    entry.bytes.resize(count * H5Tget_size(type.id()));
    const bool is_integer = entry.kind == hdf5::kind_integer || entry.kind == hdf5::kind_integers;
    const bool is_real = entry.kind == hdf5::kind_real || entry.kind == hdf5::kind_reals;
    const hid_t memory = is_real ? H5T_NATIVE_DOUBLE : is_integer ? H5T_NATIVE_INT64 : type.id();
    if (count > 0)
      hdf5::check(H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, entry.bytes.data()), "reading", subject);
    if (checksum_of_bytes(entry.bytes.data(), entry.bytes.size()) != entry.checksum)
      refuse_damaged(path_, subject.object);
    return entry;
  }

  std::string path_;
  hdf5::ArchiveCatalogue catalogue_;
};

}  // namespace

struct ArchiveReader::Impl {
  Impl(const parallel::Comm& c, const std::string& p) : comm(c), path(p) {}

  const hdf5::ArchiveEntry& find(const std::string& name, const char* kind);
  template <typename Number>
  void copy_values(const std::string& name, const char* kind, std::vector<Number>& values);
  template <typename Number>
  Number copy_value(const std::string& name, const char* kind);
  const hdf5::ArchiveEntry& find_rows(const std::string& name, const char* kind, const parallel::RowLayout& layout);
  void read_rows(const std::string& name, const hdf5::ArchiveEntry& entry, const parallel::RowLayout& layout,
                 double* data);

  parallel::Comm comm;
  std::string path;
  hdf5::GroupPath open_groups;
  hdf5::ArchiveCatalogue catalogue;
  std::set<std::string> asked;
  RawFile raw;
};

const hdf5::ArchiveEntry& ArchiveReader::Impl::find(const std::string& name, const char* kind) {
  const std::string full_name = open_groups.of(name);
  const auto found = catalogue.find(full_name);
  if (found == catalogue.end())
    refuse(path, "it has no field '" + full_name + "', so another method or version of the program wrote it");
  if (found->second.kind != kind)
    refuse(path, "its field '" + full_name + "' is of kind " + found->second.kind + " where this run has " + kind);
  asked.insert(full_name);
  return found->second;
}

template <typename Number>
void ArchiveReader::Impl::copy_values(const std::string& name, const char* kind, std::vector<Number>& values) {
  const std::string& bytes = find(name, kind).bytes;
  values.resize(bytes.size() / sizeof(Number));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
}

template <typename Number>
Number ArchiveReader::Impl::copy_value(const std::string& name, const char* kind) {
  std::vector<Number> values;
  copy_values(name, kind, values);
  if (values.size() != 1) refuse(path, "its field '" + open_groups.of(name) + "' is not a single value");
  return values[0];
}

const hdf5::ArchiveEntry& ArchiveReader::Impl::find_rows(const std::string& name, const char* kind,
                                                         const parallel::RowLayout& layout) {
  ALEATOR_ASSERT(layout.ranks() == comm.size());
  const hdf5::ArchiveEntry& entry = find(name, kind);
  if (entry.extents.empty() || entry.extents[0] != layout.rows())
    refuse(path, "its '" + open_groups.of(name) + "' has " +
                     std::to_string(entry.extents.empty() ? 0 : entry.extents[0]) + " rows where this run has " +
                     std::to_string(layout.rows()) + " (was the deck changed?)");
  return entry;
}

void ArchiveReader::Impl::read_rows(const std::string& name, const hdf5::ArchiveEntry& entry,
                                    const parallel::RowLayout& layout, double* data) {
  const std::uint64_t columns = entry.extents.size() > 1 ? static_cast<std::uint64_t>(entry.extents[1]) : 1;
  const std::uint64_t words = static_cast<std::uint64_t>(layout.local_rows()) * columns;
  const std::uint64_t first = static_cast<std::uint64_t>(layout.first()) * columns;
  Checksum checksum;
  parallel::agree(comm, [&] {
    for (std::uint64_t done = 0; done < words;) {
      const std::uint64_t count = std::min(words - done, read_piece / sizeof(double));
      raw.read_at(entry.offset + (first + done) * sizeof(double), data + done, count * sizeof(double));
      checksum.add(data + done, first + done, count);
      done += count;
    }
  });
  const auto sum = [this](std::uint64_t number) {
    return static_cast<std::uint64_t>(comm.sum(static_cast<std::int64_t>(number)));
  };
  checksum.sum = sum(checksum.sum);
  checksum.product_sum = sum(checksum.product_sum);
  checksum.words = sum(checksum.words);
  if (checksum.value() != entry.checksum) refuse_damaged(path, open_groups.of(name));
}

ArchiveReader::ArchiveReader(const parallel::Comm& comm, const std::string& path)
    : impl_(std::make_unique<Impl>(comm, path)) {
  hdf5::silence_printing();
  std::string bytes;
  parallel::agree(comm, [&] {
    if (comm.is_root()) bytes = pack(CatalogueReader(path).read());
  });
  comm.broadcast(bytes);
  impl_->catalogue = unpack(bytes);
  parallel::agree(comm, [&] { impl_->raw = RawFile(path, RawFile::Mode::read); });
}

ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader& ArchiveReader::operator=(ArchiveReader&&) noexcept = default;

void ArchiveReader::field(const std::string& name, double& value) {
  value = impl_->copy_value<double>(name, hdf5::kind_real);
}

void ArchiveReader::field(const std::string& name, std::int64_t& value) {
  value = impl_->copy_value<std::int64_t>(name, hdf5::kind_integer);
}

void ArchiveReader::field(const std::string& name, bool& value) {
  value = impl_->copy_value<std::int8_t>(name, hdf5::kind_boolean) != 0;
}

void ArchiveReader::field(const std::string& name, std::string& value) {
  value = impl_->find(name, hdf5::kind_text).bytes;
}

void ArchiveReader::field(const std::string& name, std::vector<double>& values) {
  impl_->copy_values(name, hdf5::kind_reals, values);
}

void ArchiveReader::field(const std::string& name, std::vector<std::int64_t>& values) {
  impl_->copy_values(name, hdf5::kind_integers, values);
}

void ArchiveReader::rows(const std::string& name, const parallel::RowLayout& layout, kernels::Batch& rows) {
  const hdf5::ArchiveEntry& entry = impl_->find_rows(name, hdf5::kind_rows, layout);
  const auto local = static_cast<std::size_t>(layout.local_rows());
  const auto columns = static_cast<std::size_t>(entry.extents.at(1));
  const bool fits = rows.extent(0) == local && rows.extent(1) == columns;
  kernels::Batch target = rows;
  if (!fits || !rows.span_is_contiguous())
    target = kernels::Batch(Kokkos::view_alloc(Kokkos::WithoutInitializing, name), local, columns);
  impl_->read_rows(name, entry, layout, target.data());
  if (!fits) rows = target;
  if (rows.data() != target.data()) Kokkos::deep_copy(rows, target);
}

void ArchiveReader::rows(const std::string& name, const parallel::RowLayout& layout, kernels::Vector& rows) {
  const hdf5::ArchiveEntry& entry = impl_->find_rows(name, hdf5::kind_vector, layout);
  const auto local = static_cast<std::size_t>(layout.local_rows());
  if (rows.extent(0) != local) rows = kernels::Vector(Kokkos::view_alloc(Kokkos::WithoutInitializing, name), local);
  impl_->read_rows(name, entry, layout, rows.data());
}

void ArchiveReader::enter(const std::string& group) { impl_->open_groups.enter(group); }
void ArchiveReader::leave() { impl_->open_groups.leave(); }

bool ArchiveReader::has(const std::string& name) const {
  const std::string full_name = impl_->open_groups.of(name);
  if (impl_->catalogue.count(full_name) > 0) return true;
  const std::string prefix = full_name + "/";
  const auto next = impl_->catalogue.lower_bound(prefix);
  return next != impl_->catalogue.end() && next->first.compare(0, prefix.size(), prefix) == 0;
}

std::vector<std::string> ArchiveReader::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : impl_->catalogue)
    if (impl_->asked.count(name) == 0) names.push_back(name);
  return names;
}

}  // namespace aleator::io
