#include "io/hdf5/recorded_file.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace aleator::io::hdf5 {
namespace {

/// What the driver is told through the access properties.
struct RecorderInfo {
  Recording* target;
};

/// HDF5's file of this driver: its public part first, as H5FD asks.
struct RecorderFile {
  H5FD_t head;
  Recording* target;
  haddr_t end_of_allocation;
  haddr_t end_of_file;
};

RecorderFile* recorder(H5FD_t* file) { return reinterpret_cast<RecorderFile*>(file); }
const RecorderFile* recorder(const H5FD_t* file) { return reinterpret_cast<const RecorderFile*>(file); }

H5FD_t* recorder_open(const char*, unsigned, hid_t access, haddr_t) {
  const auto* info = static_cast<const RecorderInfo*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  auto* file = new RecorderFile{};
  file->target = info->target;
  return &file->head;
}

herr_t recorder_close(H5FD_t* file) {
  delete recorder(file);
  return 0;
}

herr_t recorder_query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA;
  return 0;
}

haddr_t recorder_allocated(const H5FD_t* file, H5FD_mem_t) { return recorder(file)->end_of_allocation; }
haddr_t recorder_length(const H5FD_t* file, H5FD_mem_t) { return recorder(file)->end_of_file; }

herr_t recorder_set_allocated(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  recorder(file)->end_of_allocation = address;
  return 0;
}

herr_t recorder_truncate(H5FD_t* file, hid_t, hbool_t) {
  recorder(file)->end_of_file = recorder(file)->end_of_allocation;
  return 0;
}

herr_t recorder_read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t bytes, void* data) {
  recorder(file)->target->read(address, static_cast<char*>(data), bytes);
  return 0;
}

herr_t recorder_write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t bytes, const void* data) {
  recorder(file)->target->write(address, static_cast<const char*>(data), bytes);
  recorder(file)->end_of_file = std::max<haddr_t>(recorder(file)->end_of_file, address + bytes);
  return 0;
}

H5FD_class_t make_driver() {
  H5FD_class_t driver = {};
#ifdef H5FD_CLASS_VERSION  // HDF5 1.14 and later
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(600);  // a number that no registered driver has
#endif
  driver.name = "aleator_recorder";
  driver.maxaddr = std::numeric_limits<std::int64_t>::max();
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(RecorderInfo);
  driver.open = recorder_open;
  driver.close = recorder_close;
  driver.query = recorder_query;
  driver.get_eoa = recorder_allocated;
  driver.set_eoa = recorder_set_allocated;
  driver.get_eof = recorder_length;
  driver.read = recorder_read;
  driver.write = recorder_write;
  driver.truncate = recorder_truncate;
  const H5FD_mem_t one_list[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(one_list), std::end(one_list), driver.fl_map);
  return driver;
}

}  // namespace

void Recording::write(std::uint64_t address, const char* data, std::size_t bytes) {
  if (bytes == 0) return;
  auto first = pieces_.upper_bound(address);
  if (first != pieces_.begin()) {
    const auto before = std::prev(first);
    if (before->first + before->second.size() > address) first = before;
  }
  // All pieces that overlap become one.
  std::uint64_t start = address, end = address + bytes;
  auto last = first;
  for (; last != pieces_.end() && last->first < address + bytes; ++last) {
    start = std::min(start, last->first);
    end = std::max<std::uint64_t>(end, last->first + last->second.size());
  }
  if (first != last && std::next(first) == last && first->first == start &&
      first->first + first->second.size() == end) {
    std::memcpy(first->second.data() + (address - start), data, bytes);
    return;
  }
  std::vector<char> merged(end - start);
  for (auto piece = first; piece != last; ++piece)
    std::memcpy(merged.data() + (piece->first - start), piece->second.data(), piece->second.size());
  std::memcpy(merged.data() + (address - start), data, bytes);
  pieces_.erase(first, last);
  pieces_[start] = std::move(merged);
}

void Recording::read(std::uint64_t address, char* data, std::size_t bytes) const {
  std::memset(data, 0, bytes);
  auto piece = pieces_.upper_bound(address);
  if (piece != pieces_.begin()) --piece;
  for (; piece != pieces_.end() && piece->first < address + bytes; ++piece) {
    const std::uint64_t start = std::max<std::uint64_t>(address, piece->first);
    const std::uint64_t end = std::min<std::uint64_t>(address + bytes, piece->first + piece->second.size());
    if (start < end) std::memcpy(data + (start - address), piece->second.data() + (start - piece->first), end - start);
  }
}

void Recording::write_to(RawFile& file) const {
  for (const auto& [address, bytes] : pieces_) file.write_at(address, bytes.data(), bytes.size());
}

RecordedFile::RecordedFile(const std::string& name) : name_(name), recording_(std::make_unique<Recording>()) {
  const Subject subject{name};
  const H5FD_class_t driver = make_driver();
  const Handle<H5FDunregister> registered(H5FDregister(&driver), "creating", subject);
  const RecorderInfo info{recording_.get()};
  const Properties access(H5Pcreate(H5P_FILE_ACCESS), "creating", subject);
  check(H5Pset_driver(access.id(), registered.id(), &info), "creating", subject);
  // The 1.10 format: metadata with checksums, and chunks that need no index.
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_LATEST), "creating", subject);
  const Properties creation(H5Pcreate(H5P_FILE_CREATE), "creating", subject);
  track_creation_order(creation.id(), subject);
  file_ = File(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "creating", subject);
}

std::uint64_t RecordedFile::size() const {
  check(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL), "flushing", {name_});  // what is allocated late is allocated now
  hsize_t bytes = 0;
  check(H5Fget_filesize(file_.id(), &bytes), "measuring", {name_});
  return bytes;
}

void RecordedFile::close() { file_.close({name_}); }

void RecordedFile::write_to(RawFile& file) const { recording_->write_to(file); }

}  // namespace aleator::io::hdf5
