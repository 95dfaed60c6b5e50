#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/error.hpp"
#include "io/archive.hpp"
#include "io/files.hpp"
#include "parallel/comm.hpp"

namespace aleator::io {
namespace {

using parallel::Comm;
using parallel::RowLayout;
using testing::HasSubstr;

/// A folder for the files of one test, the same on all ranks.
std::string archive_path(const std::string& name) {
  const std::string folder = "io_archive_tests_np" + std::to_string(Comm::world().size());
  make_directory(folder);
  return folder + "/" + name;
}

/// A value no other entry has, with all its bits in use.
double entry(std::int64_t row, int column) { return 1.0 / (3.0 + 1000.0 * static_cast<double>(row) + column); }

/// What a sampler would keep: one of each kind of field.
struct SampleState {
  double time = 0;
  std::int64_t seed = 0;
  int iteration = 0;
  bool is_burnt_in = false;
  std::string phase, empty_text;
  std::vector<double> step_sizes, none;
  std::vector<std::int64_t> counts;
  std::vector<int> depths;
  kernels::Batch position;
  kernels::Vector weight;

  void list(Archive& archive, const RowLayout& layout) {
    archive.field("time", time);
    archive.field("seed", seed);
    const ArchiveGroup particles(archive, "particles");
    archive.field("iteration", iteration);
    archive.field("is_burnt_in", is_burnt_in);
    archive.rows("position", layout, position);
    archive.rows("weight", layout, weight);
    const ArchiveGroup adaptation(archive, "adaptation");
    archive.field("phase", phase);
    archive.field("empty_text", empty_text);
    archive.field("step_sizes", step_sizes);
    archive.field("none", none);
    archive.field("counts", counts);
    archive.field("depths", depths);
  }
};

SampleState filled_state(const RowLayout& layout, int columns) {
  SampleState s;
  s.time = std::numeric_limits<double>::denorm_min();
  s.seed = std::numeric_limits<std::int64_t>::min();
  s.iteration = -7;
  s.is_burnt_in = true;
  s.phase = std::string("warm\0up", 7);
  s.step_sizes.resize(700);  // beyond what is stored in a header
  for (int i = 0; i < 700; ++i) s.step_sizes[i] = entry(-i, 5);
  s.counts = {1, -2, 3};
  s.depths = {4, 5};
  s.position = kernels::Batch("position", layout.local_rows(), columns);
  s.weight = kernels::Vector("weight", layout.local_rows());
  for (int i = 0; i < layout.local_rows(); ++i) {
    for (int j = 0; j < columns; ++j) s.position(i, j) = entry(layout.first() + i, j);
    s.weight(i) = entry(layout.first() + i, -1);
  }
  return s;
}

void save_state(const Comm& comm, const std::string& path, std::int64_t rows, int columns) {
  const RowLayout layout(rows, comm);
  SampleState s = filled_state(layout, columns);
  ArchiveWriter writer(comm, path);
  s.list(writer, layout);
  writer.commit();
}

SampleState load_state(const Comm& comm, const std::string& path, std::int64_t rows) {
  const RowLayout layout(rows, comm);
  SampleState s;
  ArchiveReader reader(comm, path);
  s.list(reader, layout);
  EXPECT_THAT(reader.unread(), testing::IsEmpty());
  return s;
}

void expect_filled(const SampleState& got, const RowLayout& layout, int columns) {
  const SampleState want = filled_state(layout, columns);
  EXPECT_EQ(got.time, want.time);
  EXPECT_EQ(got.seed, want.seed);
  EXPECT_EQ(got.iteration, want.iteration);
  EXPECT_EQ(got.is_burnt_in, want.is_burnt_in);
  EXPECT_EQ(got.phase, want.phase);
  EXPECT_EQ(got.empty_text, "");
  EXPECT_EQ(got.step_sizes, want.step_sizes);
  EXPECT_TRUE(got.none.empty());
  EXPECT_EQ(got.counts, want.counts);
  EXPECT_EQ(got.depths, want.depths);
  ASSERT_EQ(got.position.extent(0), want.position.extent(0));
  ASSERT_EQ(got.position.extent(1), want.position.extent(1));
  ASSERT_EQ(got.weight.extent(0), want.weight.extent(0));
  for (int i = 0; i < layout.local_rows(); ++i) {
    for (int j = 0; j < columns; ++j) ASSERT_EQ(got.position(i, j), want.position(i, j)) << i << ", " << j;
    ASSERT_EQ(got.weight(i), want.weight(i)) << i;
  }
}

/// The message of the UserError that `work` throws; empty if it throws none.
template <typename Work>
std::string user_error_of(Work&& work) {
  try {
    work();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

std::string load_error(const Comm& comm, const std::string& path, std::int64_t rows = 100) {
  return user_error_of([&] { load_state(comm, path, rows); });
}

void flip_bit(const std::string& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

/// While it lives this process cannot make files longer than `bytes`: what a full disk looks like to write().
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_ = {};
  void (*handler_)(int) = nullptr;
};

TEST(ArchiveMpi, EveryKindOfFieldComesBackToTheBit) {
  const Comm comm = Comm::world();
  for (const std::int64_t rows : {1, 3, 100, 1025}) {
    const std::string path = archive_path("kinds.h5");
    save_state(comm, path, rows, 7);
    expect_filled(load_state(comm, path, rows), RowLayout(rows, comm), 7);
  }
}

TEST(ArchiveMpi, AFileIsReadOnAnotherNumberOfRanks) {
  const Comm world = Comm::world(), self = Comm::self();
  const std::string by_all = archive_path("by_all.h5"), by_one = archive_path("by_one.h5");
  save_state(world, by_all, 333, 5);
  if (world.is_root()) save_state(self, by_one, 333, 5);
  world.barrier();
  expect_filled(load_state(self, by_all, 333), RowLayout(333, self), 5);    // N ranks -> 1
  expect_filled(load_state(world, by_one, 333), RowLayout(333, world), 5);  // 1 rank -> N
}

TEST(ArchiveMpi, TheBytesDoNotDependOnTheNumberOfRanks) {
  const Comm world = Comm::world();
  const std::string by_all = archive_path("bytes_all.h5"), by_one = archive_path("bytes_one.h5");
  save_state(world, by_all, 1000, 13);
  if (world.is_root()) {
    save_state(Comm::self(), by_one, 1000, 13);
    EXPECT_TRUE(read_text_file(by_all) == read_text_file(by_one));
  }
}

TEST(ArchiveMpi, AWriteThatFailsOnOneRankKeepsTheLastCheckpointAndFailsOnAll) {
  const Comm comm = Comm::world();
  const std::string path = archive_path("full.h5");
  save_state(comm, path, 100, 4);
  std::string error;
  {
    const bool is_full_here = comm.rank() == comm.size() - 1;
    const FileSizeLimit limit(is_full_here ? 1 << 20 : RLIM_INFINITY);
    error = user_error_of([&] { save_state(comm, path, 1000, 400); });  // 3.2 MB
  }
  EXPECT_THAT(error, HasSubstr("full.h5 was not written: File too large; the last good checkpoint is kept"));
  EXPECT_FALSE(file_exists(path + ".partial"));
  expect_filled(load_state(comm, path, 100), RowLayout(100, comm), 4);
}

TEST(ArchiveMpi, EveryAmountOfSpaceTooLittleIsReportedAndTheNextWriteSucceeds) {
  const Comm comm = Comm::world();
  const std::string path = archive_path("tight.h5");
  save_state(comm, path, 100, 4);
  comm.barrier();
  const auto whole = static_cast<std::int64_t>(std::filesystem::file_size(path));
  for (std::int64_t bytes = 0; bytes < whole; bytes += 911) {
    const FileSizeLimit limit(static_cast<rlim_t>(bytes));
    ASSERT_THAT(user_error_of([&] { save_state(comm, path, 100, 4); }), HasSubstr("File too large")) << bytes;
  }
  save_state(comm, path, 100, 4);
  expect_filled(load_state(comm, path, 100), RowLayout(100, comm), 4);
}

TEST(ArchiveMpi, ADifferentNumberOfRowsIsRefusedOnAllRanks) {
  const Comm comm = Comm::world();
  const std::string path = archive_path("rows.h5");
  save_state(comm, path, 100, 4);
  EXPECT_THAT(load_error(comm, path, 128), HasSubstr("'particles/position' has 100 rows where this run has 128"));
}

TEST(Archive, AnUncommittedWriterLeavesNoFile) {
  const std::string path = archive_path("uncommitted.h5");
  std::filesystem::remove(path);
  {
    SampleState s = filled_state(RowLayout(10, Comm::self()), 2);
    ArchiveWriter writer(Comm::self(), path);
    s.list(writer, RowLayout(10, Comm::self()));
  }
  EXPECT_FALSE(file_exists(path));
  EXPECT_FALSE(file_exists(path + ".partial"));
}

TEST(Archive, AFolderThatDoesNotExistIsNamed) {
  const std::string error = user_error_of([] { save_state(Comm::self(), "no/such/folder/c.h5", 10, 2); });
  EXPECT_THAT(error, HasSubstr("no/such/folder/c.h5 was not written"));
  EXPECT_THAT(error, HasSubstr("No such file or directory; there is no earlier one"));
}

TEST(Archive, EveryTruncationIsRefused) {
  const std::string path = archive_path("truncated.h5");
  save_state(Comm::self(), path, 100, 40);
  const std::string whole = read_text_file(path);
  for (std::size_t length = 0; length < whole.size(); length += 1 + length / 3) {
    atomic_write_text(path, whole.substr(0, length));
    EXPECT_THAT(load_error(Comm::self(), path), HasSubstr("truncated.h5 cannot be resumed from")) << length;
  }
  atomic_write_text(path, whole.substr(0, whole.size() - 1));
  EXPECT_NE(load_error(Comm::self(), path), "");
}

/// Stored are 100 x 41 doubles of rows and 700 of step sizes: a flip there must be seen for every bit tried. Outside
/// lie HDF5's structures, which have checksums of their own but also unused bytes, where a flip changes nothing.
TEST(Archive, AFlippedBitIsNeverReadAsData) {
  const std::string path = archive_path("flipped.h5");
  save_state(Comm::self(), path, 100, 40);
  const std::string whole = read_text_file(path);
  int seen = 0, tried = 0;
  for (std::size_t at = 0; at < whole.size(); at += 89) {
    flip_bit(path, at);
    const std::string error = load_error(Comm::self(), path);
    if (error.empty()) expect_filled(load_state(Comm::self(), path, 100), RowLayout(100, Comm::self()), 40);
    seen += error.empty() ? 0 : 1;
    ++tried;
    flip_bit(path, at);
  }
  const double data_share = 8.0 * (100 * 41 + 700) / static_cast<double>(whole.size());
  EXPECT_GE(seen, static_cast<int>(data_share * tried) - 2);
  EXPECT_EQ(load_error(Comm::self(), path), "");
}

TEST(Archive, AFlippedBitInTheRowsNamesTheField) {
  const std::string path = archive_path("flipped_rows.h5");
  save_state(Comm::self(), path, 100, 4);
  const std::string whole = read_text_file(path);
  const double value = entry(42, 2);
  const std::size_t at = whole.find(std::string(reinterpret_cast<const char*>(&value), sizeof value));
  ASSERT_NE(at, std::string::npos);
  flip_bit(path, at);
  EXPECT_THAT(load_error(Comm::self(), path), HasSubstr("'particles/position' is damaged"));
}

TEST(Archive, ForeignFilesAreToldFromCheckpoints) {
  const std::string path = archive_path("foreign.h5");
  EXPECT_THAT(load_error(Comm::self(), archive_path("absent.h5")), HasSubstr("absent.h5: No such file or directory"));
  atomic_write_text(path, "this is a text, not a checkpoint\n");
  EXPECT_THAT(load_error(Comm::self(), path), HasSubstr("truncated or no checkpoint at all"));
}

/// The mark `complete` at 0 is what a file has until all its bytes are known to be right.
TEST(Archive, AHalfWrittenFileAndAnotherProgramsFileAreRefused) {
  const std::string path = archive_path("half.h5");
  save_state(Comm::self(), path, 100, 4);
  hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t mark = H5Aopen(file, "complete", H5P_DEFAULT);
  const std::uint64_t zero = 0;
  H5Awrite(mark, H5T_NATIVE_UINT64, &zero);
  H5Aclose(mark);
  H5Fclose(file);
  EXPECT_THAT(load_error(Comm::self(), path), HasSubstr("half.h5 cannot be resumed from: it is only half written"));
  file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_THAT(load_error(Comm::self(), path), HasSubstr("it is an HDF5 file but no checkpoint of Aleator"));
}

TEST(Archive, AMissingFieldAndAFieldOfAnotherKindAreNamed) {
  const std::string path = archive_path("missing.h5");
  std::int64_t count = 3;
  {
    ArchiveWriter writer(Comm::self(), path);
    writer.field("count", count);
    writer.commit();
  }
  ArchiveReader reader(Comm::self(), path);
  double real = 0;
  EXPECT_TRUE(reader.has("count"));
  EXPECT_FALSE(reader.has("coun"));
  EXPECT_THAT(user_error_of([&] { reader.field("time", real); }), HasSubstr("it has no field 'time'"));
  EXPECT_THAT(user_error_of([&] { reader.field("count", real); }),
              HasSubstr("of kind integer where this run has real"));
  EXPECT_THAT(reader.unread(), testing::ElementsAre("count"));
}

TEST(Archive, AFieldListedTwiceIsABug) {
  double value = 1;
  ArchiveWriter writer(Comm::self(), archive_path("twice.h5"));
  writer.field("value", value);
  EXPECT_THROW(writer.field("value", value), core::InternalError);
}

}  // namespace
}  // namespace aleator::io
