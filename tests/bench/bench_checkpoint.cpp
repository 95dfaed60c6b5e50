// Checkpoint of a batch against writing and syncing the same bytes plainly, one after the other in turns, on all ranks:
//   mpiexec -n 2 bench_checkpoint [MiB = 1024] [repetitions = 7] [folder = .]
// "efficiency" is the median over the repetitions of plain time / checkpoint time. Also: a small state of 100 fields.
#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "io/archive.hpp"
#include "io/checksum.hpp"
#include "io/raw_file.hpp"

namespace {

using aleator::kernels::Batch;
using aleator::parallel::Comm;
using aleator::parallel::RowLayout;

constexpr int columns = 1024;

template <typename Work>
double seconds(const Comm& comm, Work&& work) {
  comm.barrier();
  const double start = MPI_Wtime();
  work();
  comm.barrier();
  return MPI_Wtime() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What anybody would write first: pwrite in 8 MiB pieces, then fsync.
void write_plainly(const Comm& comm, const std::string& path, const RowLayout& layout, const Batch& rows) {
  if (comm.is_root()) aleator::io::RawFile::create(path);
  comm.barrier();
  aleator::io::RawFile file(path, aleator::io::RawFile::Mode::write);
  constexpr std::uint64_t piece = 8u << 20;  // below the 16 MiB which RawFile hurries to the disk
  const std::uint64_t bytes = rows.size() * sizeof(double);
  const std::uint64_t first = static_cast<std::uint64_t>(layout.first()) * columns * sizeof(double);
  for (std::uint64_t at = 0; at < bytes; at += piece)
    file.write_at(first + at, reinterpret_cast<const char*>(rows.data()) + at, std::min(piece, bytes - at));
  file.sync();
}

void write_checkpoint(const Comm& comm, const std::string& path, const RowLayout& layout, Batch rows) {
  aleator::io::ArchiveWriter writer(comm, path);
  writer.rows("position", layout, rows);
  writer.commit();
}

void write_small_state(const Comm& comm, const std::string& path) {
  const RowLayout layout(64, comm);
  Batch rows("rows", layout.local_rows(), 8);
  double value = 0.5;
  aleator::io::ArchiveWriter writer(comm, path);
  for (int i = 0; i < 100; ++i) writer.field("field_" + std::to_string(i), value);
  writer.rows("rows", layout, rows);
  writer.commit();
}

void read_checkpoint(const Comm& comm, const std::string& path, const RowLayout& layout, Batch rows) {
  aleator::io::ArchiveReader reader(comm, path);
  reader.rows("position", layout, rows);
}

void compare(const Comm& comm, std::int64_t mebibytes, int repetitions, const std::string& folder) {
  const RowLayout layout(mebibytes * (1 << 20) / (columns * static_cast<int>(sizeof(double))), comm);
  const Batch rows("rows", layout.local_rows(), columns);
  for (int i = 0; i < layout.local_rows(); ++i)
    for (int j = 0; j < columns; ++j) rows(i, j) = 1.0 / (1.0 + j + 1e4 * static_cast<double>(layout.first() + i));
  const std::string plain = folder + "/bench_plain.bin", checkpoint = folder + "/bench_checkpoint.h5";
  std::vector<double> plain_times, checkpoint_times, ratios, small_times;
  for (int i = 0; i < repetitions; ++i) {
    aleator::io::remove_file(plain);
    plain_times.push_back(seconds(comm, [&] { write_plainly(comm, plain, layout, rows); }));
    aleator::io::remove_file(plain);
    aleator::io::remove_file(checkpoint);
    checkpoint_times.push_back(seconds(comm, [&] { write_checkpoint(comm, checkpoint, layout, rows); }));
    ratios.push_back(plain_times.back() / checkpoint_times.back());
  }
  const double read_time = seconds(comm, [&] { read_checkpoint(comm, checkpoint, layout, rows); });
  aleator::io::Checksum checksum;  // of 256 KiB, again and again: the arithmetic, not the memory
  constexpr std::uint64_t words = 1u << 15, passes = 1u << 13;
  const double hash_time = seconds(comm, [&] {
    for (std::uint64_t i = 0; i < passes; ++i) checksum.add(rows.data(), i * words, words);
  });
  for (int i = 0; i < 2 * repetitions; ++i)
    small_times.push_back(seconds(comm, [&] { write_small_state(comm, folder + "/bench_small.h5"); }));
  for (const std::string& path : {plain, checkpoint, folder + "/bench_small.h5"}) aleator::io::remove_file(path);
  if (!comm.is_root()) return;
  const double gib = static_cast<double>(mebibytes) / 1024;
  std::printf(
      "ranks %d  %.2f GiB  plain %.3f s  checkpoint %.3f s (%.2f GiB/s)  efficiency %.2f  read %.2f GiB/s  checksum in "
      "cache %.1f GB/s a rank (%llx)  100 small fields %.1f ms\n",
      comm.size(), gib, median(plain_times), median(checkpoint_times), gib / median(checkpoint_times), median(ratios),
      gib / read_time, static_cast<double>(words * passes) * 8e-9 / hash_time,
      static_cast<unsigned long long>(checksum.value()), 1e3 * median(small_times));
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  Kokkos::initialize(argc, argv);
  compare(Comm::world(), argc > 1 ? std::atoll(argv[1]) : 1024, argc > 2 ? std::atoi(argv[2]) : 7,
          argc > 3 ? argv[3] : ".");
  Kokkos::finalize();
  MPI_Finalize();
}
