#include <exception>
#include <map>
#include <set>
#include <thread>

#include "core/error.hpp"
#include "io/archive.hpp"
#include "io/checksum.hpp"
#include "io/files.hpp"
#include "io/hdf5/archive_format.hpp"
#include "io/hdf5/handles.hpp"
#include "io/hdf5/recorded_file.hpp"
#include "io/raw_file.hpp"

namespace aleator::io {
namespace hdf5 {

/// A replicated field, as bytes.
struct ArchiveValue {
  std::string path;
  const char* kind;
  std::vector<std::int64_t> extents;
  std::string bytes;
};

/// A field spread by rows; what this rank writes of it.
struct ArchiveRows {
  std::string path;
  const char* kind;
  std::vector<std::int64_t> extents;
  std::uint64_t first_word;
  std::uint64_t words;
  const double* data;
  kernels::ConstBatch batch_owner;  // one of the two keeps `data` alive
  kernels::ConstVector vector_owner;
  std::uint64_t offset = 0;  // in the file
  Checksum checksum = {};
};

}  // namespace hdf5

namespace {

/// Up to here a value lives in its dataset's header and costs no block of its own.
constexpr std::size_t largest_compact_value = 4096;
/// Below this many bytes the checksum takes less time than starting a thread.
constexpr std::uint64_t smallest_threaded_checksum = 4u << 20;

void compute_checksums(std::vector<hdf5::ArchiveRows>& fields) {
  for (hdf5::ArchiveRows& field : fields) field.checksum.add(field.data, field.first_word, field.words);
}

void write_rows_at_offsets(RawFile& file, const std::vector<hdf5::ArchiveRows>& fields) {
  for (const hdf5::ArchiveRows& field : fields)
    file.write_at(field.offset + field.first_word * sizeof(double), field.data, field.words * sizeof(double));
}

}  // namespace

struct ArchiveWriter::Impl {
  Impl(const parallel::Comm& c, const std::string& p) : comm(c), path(p), partial(p + ".partial") {}

  void add_value(const std::string& name, hdf5::ArchiveValue value);
  void add_rows(const std::string& name, const parallel::RowLayout& layout, hdf5::ArchiveRows field);
  void claim(const std::string& full_name);

  void write_all();
  void create_layout();
  hid_t parent_of(const std::string& full_name);
  hdf5::Dataset create_dataset(const std::string& full_name, hid_t type, const std::vector<std::int64_t>& extents,
                               std::size_t bytes);
  void create_value(const hdf5::ArchiveValue& value);
  void share_offsets();
  void write_rows();
  void sum_checksums();
  void finish_layout();
  void discard();
  [[noreturn]] void fail(const std::string& reason) const;

  parallel::Comm comm;
  std::string path, partial;
  hdf5::GroupPath open_groups;
  std::set<std::string> taken;
  std::vector<hdf5::ArchiveValue> values;
  std::vector<hdf5::ArchiveRows> fields;
  bool committed = false;
  // While commit() runs:
  std::unique_ptr<hdf5::RecordedFile> layout;  // rank 0
  std::map<std::string, hdf5::Group> groups;
  RawFile raw;
};

void ArchiveWriter::Impl::claim(const std::string& full_name) {
  ALEATOR_ASSERT(!committed);
  if (!taken.insert(full_name).second)
    throw core::InternalError("checkpoint " + path + ": the field '" + full_name + "' is listed twice");
}

void ArchiveWriter::Impl::add_value(const std::string& name, hdf5::ArchiveValue value) {
  value.path = open_groups.of(name);
  claim(value.path);
  if (comm.is_writer()) values.push_back(std::move(value));
}

void ArchiveWriter::Impl::add_rows(const std::string& name, const parallel::RowLayout& rows_of,
                                   hdf5::ArchiveRows field) {
  ALEATOR_ASSERT(rows_of.ranks() == comm.size());
  field.path = open_groups.of(name);
  claim(field.path);
  const auto columns = static_cast<std::uint64_t>(field.extents.size() > 1 ? field.extents[1] : 1);
  field.first_word = static_cast<std::uint64_t>(rows_of.first()) * columns;
  field.words = static_cast<std::uint64_t>(rows_of.local_rows()) * columns;
  fields.push_back(std::move(field));
}

/// The group of a full name, made on first use.
hid_t ArchiveWriter::Impl::parent_of(const std::string& full_name) {
  const std::size_t slash = full_name.rfind('/');
  if (slash == std::string::npos) return layout->id();
  const std::string group = full_name.substr(0, slash);
  const auto known = groups.find(group);
  if (known != groups.end()) return known->second.id();
  const hid_t parent = parent_of(group);
  const std::string name = group.substr(group.rfind('/') + 1);
  return groups.emplace(group, hdf5::create_group(parent, name, {partial, group})).first->second.id();
}

hdf5::Dataset ArchiveWriter::Impl::create_dataset(const std::string& full_name, hid_t type,
                                                  const std::vector<std::int64_t>& extents, std::size_t bytes) {
  const hdf5::Subject subject{partial, full_name};
  const hdf5::Properties creation = hdf5::dataset_creation(subject);
  const bool is_small = bytes <= largest_compact_value;
  hdf5::check(H5Pset_layout(creation.id(), is_small ? H5D_COMPACT : H5D_CONTIGUOUS), "creating", subject);
  hdf5::check(H5Pset_alloc_time(creation.id(), H5D_ALLOC_TIME_EARLY), "creating", subject);
  hdf5::check(H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER), "creating", subject);
  const hdf5::Space space = hdf5::make_space(extents, subject);
  const std::string name = full_name.substr(full_name.rfind('/') + 1);
  const hid_t parent = parent_of(full_name);
  return hdf5::Dataset(H5Dcreate2(parent, name.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                       "creating", subject);
}

void ArchiveWriter::Impl::create_value(const hdf5::ArchiveValue& value) {
  const hdf5::Subject subject{partial, value.path};
  hdf5::Type made;
  hid_t type = H5T_NATIVE_DOUBLE;
  if (value.kind == hdf5::kind_text) made = hdf5::make_text_type(value.bytes.empty() ? 1 : value.bytes.size(), subject);
  if (value.kind == hdf5::kind_boolean) made = hdf5::make_bool_type(subject);
  if (value.kind == hdf5::kind_integer || value.kind == hdf5::kind_integers) type = H5T_NATIVE_INT64;
  if (made.id() >= 0) type = made.id();
  const hdf5::Dataset dataset = create_dataset(value.path, type, value.extents, value.bytes.size());
  if (!value.bytes.empty())
    hdf5::check(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value.bytes.data()), "writing", subject);
  hdf5::write_attribute(dataset.id(), hdf5::kind_attribute, std::string(value.kind), subject);
  hdf5::write_attribute(dataset.id(), hdf5::checksum_attribute,
                        checksum_of_bytes(value.bytes.data(), value.bytes.size()), subject);
}

/// Rank 0: all of the file but the rows, whose places are allocated.
void ArchiveWriter::Impl::create_layout() {
  layout = std::make_unique<hdf5::RecordedFile>(partial);
  const hdf5::Subject root{partial};
  hdf5::write_attribute(layout->id(), hdf5::format_attribute, std::string(hdf5::archive_format), root);
  hdf5::write_attribute(layout->id(), hdf5::complete_attribute, std::uint64_t{0}, root);
  for (const hdf5::ArchiveValue& value : values) create_value(value);
  for (hdf5::ArchiveRows& field : fields) {
    const hdf5::Subject subject{partial, field.path};
    std::size_t bytes = sizeof(double);
    for (const std::int64_t extent : field.extents) bytes *= static_cast<std::size_t>(extent);
    // Never compact: the rows need a place of their own in the file.
    const hdf5::Dataset dataset =
        create_dataset(field.path, H5T_NATIVE_DOUBLE, field.extents, std::max(bytes, largest_compact_value + 1));
    hdf5::write_attribute(dataset.id(), hdf5::kind_attribute, std::string(field.kind), subject);
    hdf5::write_attribute(dataset.id(), hdf5::checksum_attribute, std::uint64_t{0}, subject);
    if (bytes > 0) field.offset = hdf5::offset_of(dataset.id(), subject);
  }
  const std::uint64_t size = layout->size();
  raw = RawFile::create(partial);
  raw.reserve(size);
}

void ArchiveWriter::Impl::share_offsets() {
  if (comm.size() == 1 || fields.empty()) return;
  std::string offsets(fields.size() * sizeof(std::uint64_t), '\0');
  for (std::size_t i = 0; i < fields.size(); ++i)
    offsets.replace(i * sizeof(std::uint64_t), sizeof(std::uint64_t), reinterpret_cast<const char*>(&fields[i].offset),
                    sizeof(std::uint64_t));
  comm.broadcast(offsets);
  for (std::size_t i = 0; i < fields.size(); ++i)
    offsets.copy(reinterpret_cast<char*>(&fields[i].offset), sizeof(std::uint64_t), i * sizeof(std::uint64_t));
}

/// Every rank: its rows, while a thread takes their checksums.
void ArchiveWriter::Impl::write_rows() {
  if (!comm.writes()) return;
  std::uint64_t bytes = 0;
  for (const hdf5::ArchiveRows& field : fields) bytes += field.words * sizeof(double);
  if (bytes > 0 && !raw.is_open()) raw = RawFile(partial, RawFile::Mode::write);
  if (bytes < smallest_threaded_checksum) {
    write_rows_at_offsets(raw, fields);
    compute_checksums(fields);
    return;
  }
  std::thread checksums([this] { compute_checksums(fields); });
  std::exception_ptr failure;
  try {
    write_rows_at_offsets(raw, fields);
  } catch (...) {
    failure = std::current_exception();
  }
  checksums.join();
  if (failure) std::rethrow_exception(failure);
}

void ArchiveWriter::Impl::sum_checksums() {
  const auto sum = [this](std::uint64_t& number) {
    number = static_cast<std::uint64_t>(comm.sum(static_cast<std::int64_t>(number)));
  };
  for (hdf5::ArchiveRows& field : fields) {
    sum(field.checksum.sum);
    sum(field.checksum.product_sum);
    sum(field.checksum.words);
  }
}

/// Rank 0: the checksums of the rows, the mark that all is there, and then the layout itself.
void ArchiveWriter::Impl::finish_layout() {
  for (const hdf5::ArchiveRows& field : fields) {
    const hdf5::Subject subject{partial, field.path};
    const hdf5::Dataset dataset(H5Dopen2(layout->id(), field.path.c_str(), H5P_DEFAULT), "opening", subject);
    hdf5::write_attribute(dataset.id(), hdf5::checksum_attribute, field.checksum.value(), subject);
  }
  hdf5::write_attribute(layout->id(), hdf5::complete_attribute, std::uint64_t{1}, {partial});
  groups.clear();
  layout->close();
  layout->write_to(raw);
}

void ArchiveWriter::Impl::write_all() {
  const auto on_root = [this](auto&& work) {
    parallel::agree(comm, [&] {
      if (comm.is_writer()) work();
    });
  };
  on_root([this] { create_layout(); });
  share_offsets();
  parallel::agree(comm, [this] { write_rows(); });
  sum_checksums();
  on_root([this] { finish_layout(); });
  parallel::agree(comm, [this] {
    if (!raw.is_open()) return;
    raw.sync();
    raw.close();
  });
  on_root([this] { replace_file(partial, path); });
}

void ArchiveWriter::Impl::discard() {
  raw = RawFile();
  groups.clear();
  layout.reset();
  if (comm.is_writer()) remove_file(partial);
}

/// `reason` begins with the name of the partial file, of which the user need not know.
void ArchiveWriter::Impl::fail(const std::string& reason) const {
  const std::string prefix = partial + ": ";
  const std::string cause = reason.compare(0, prefix.size(), prefix) == 0 ? reason.substr(prefix.size()) : reason;
  std::string kept;
  if (comm.is_root()) kept = file_exists(path) ? "the last good checkpoint is kept" : "there is no earlier one";
  comm.broadcast(kept);
  throw core::UserError(path + " was not written: " + cause + "; " + kept);
}

ArchiveWriter::ArchiveWriter(const parallel::Comm& comm, const std::string& path)
    : impl_(std::make_unique<Impl>(comm, path)) {}
ArchiveWriter::~ArchiveWriter() = default;
ArchiveWriter::ArchiveWriter(ArchiveWriter&&) noexcept = default;
ArchiveWriter& ArchiveWriter::operator=(ArchiveWriter&&) noexcept = default;

void ArchiveWriter::commit() {
  ALEATOR_ASSERT(!impl_->committed && impl_->open_groups.empty());
  impl_->committed = true;
  hdf5::silence_printing();
  try {
    impl_->write_all();
  } catch (const core::UserError& error) {
    impl_->discard();
    impl_->fail(error.what());
  } catch (...) {
    impl_->discard();
    throw;
  }
  impl_->fields.clear();
  impl_->values.clear();
}

namespace {

template <typename Number>
std::string bytes_of(const Number* data, std::size_t count) {
  return std::string(reinterpret_cast<const char*>(data), count * sizeof(Number));
}

}  // namespace

void ArchiveWriter::field(const std::string& name, double& value) {
  impl_->add_value(name, {"", hdf5::kind_real, {}, bytes_of(&value, 1)});
}

void ArchiveWriter::field(const std::string& name, std::int64_t& value) {
  impl_->add_value(name, {"", hdf5::kind_integer, {}, bytes_of(&value, 1)});
}

void ArchiveWriter::field(const std::string& name, bool& value) {
  impl_->add_value(name, {"", hdf5::kind_boolean, {}, std::string(1, value ? '\1' : '\0')});
}

void ArchiveWriter::field(const std::string& name, std::string& value) {
  impl_->add_value(name, {"", hdf5::kind_text, {value.empty() ? 0 : 1}, value});
}

void ArchiveWriter::field(const std::string& name, std::vector<double>& values) {
  const auto count = static_cast<std::int64_t>(values.size());
  impl_->add_value(name, {"", hdf5::kind_reals, {count}, bytes_of(values.data(), values.size())});
}

void ArchiveWriter::field(const std::string& name, std::vector<std::int64_t>& values) {
  const auto count = static_cast<std::int64_t>(values.size());
  impl_->add_value(name, {"", hdf5::kind_integers, {count}, bytes_of(values.data(), values.size())});
}

void ArchiveWriter::rows(const std::string& name, const parallel::RowLayout& layout, kernels::Batch& rows) {
  ALEATOR_ASSERT(static_cast<int>(rows.extent(0)) == layout.local_rows());
  kernels::Batch whole = rows;
  if (!rows.span_is_contiguous()) {
    whole = kernels::Batch(Kokkos::view_alloc(Kokkos::WithoutInitializing, "rows"), rows.extent(0), rows.extent(1));
    Kokkos::deep_copy(whole, rows);
  }
  const auto columns = static_cast<std::int64_t>(rows.extent(1));
  impl_->add_rows(name, layout, {"", hdf5::kind_rows, {layout.rows(), columns}, 0, 0, whole.data(), whole, {}});
}

void ArchiveWriter::rows(const std::string& name, const parallel::RowLayout& layout, kernels::Vector& rows) {
  ALEATOR_ASSERT(static_cast<int>(rows.extent(0)) == layout.local_rows() && rows.span_is_contiguous());
  impl_->add_rows(name, layout, {"", hdf5::kind_vector, {layout.rows()}, 0, 0, rows.data(), {}, rows});
}

void ArchiveWriter::enter(const std::string& group) { impl_->open_groups.enter(group); }
void ArchiveWriter::leave() { impl_->open_groups.leave(); }

}  // namespace aleator::io
