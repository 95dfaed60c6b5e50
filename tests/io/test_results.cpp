#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "core/error.hpp"
#include "io/files.hpp"
#include "io/results.hpp"
#include "parallel/comm.hpp"

namespace aleator::io {
namespace {

using parallel::Comm;
using parallel::RowLayout;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int chains = 6, draws = 50, parameters = 3;

std::string results_path(const std::string& name) {
  const std::string folder = "io_results_tests_np" + std::to_string(Comm::world().size());
  make_directory(folder);
  return folder + "/" + name;
}

double sample(std::int64_t chain, std::int64_t draw, std::int64_t k) {
  return 1.0 / (1.0 + 1e4 * static_cast<double>(chain) + 10.0 * static_cast<double>(draw) + static_cast<double>(k));
}

ResultsFile make_results(const Comm& comm, const std::string& path, std::int64_t theta_size = parameters) {
  ResultsFile file = ResultsFile::create(comm, path, {{"sampler", "mcmc/pcn"}, {"seed", "42"}});
  const Dimension chain{"chain", chains}, draw{"draw", draws};
  Dimension theta{"theta_dim_0", theta_size};
  for (std::int64_t k = 0; k < theta_size && theta_size == parameters; ++k)
    theta.labels.push_back("κ[" + std::to_string(k) + "]");
  VariableInfo info;
  info.units = "m s-1";
  info.long_name = "log conductivity";
  file.define("posterior", "theta", {chain, draw, theta}, info);
  file.define("sample_stats", "lp", {chain, draw});
  VariableInfo counts;
  counts.type = VariableInfo::Type::integer;
  file.define("sample_stats", "tree_depth", {chain, draw}, counts);
  VariableInfo truth;
  truth.type = VariableInfo::Type::truth;
  file.define("sample_stats", "diverging", {chain, draw}, truth);
  file.define("observed_data", "y", {{"x", 4, {}, {0.0, 0.25, 0.5, 1.0}}});
  file.define("observed_data", "noise", {});
  file.commit_layout();
  return file;
}

/// Local chains' values for a range of draws, as write_draws takes them.
std::vector<double> local_samples(const RowLayout& layout, DrawRange range, std::int64_t size) {
  std::vector<double> values;
  for (int i = 0; i < layout.local_rows(); ++i)
    for (std::int64_t d = range.first; d < range.first + range.count; ++d)
      for (std::int64_t k = 0; k < size; ++k) values.push_back(sample(layout.first() + i, d, k));
  return values;
}

void write_samples(ResultsFile& file, const RowLayout& layout, DrawRange range, std::int64_t size = parameters) {
  file.write_draws("posterior", "theta", layout, range, local_samples(layout, range, size).data());
}

void expect_samples(const std::string& path, std::int64_t draws_written, std::int64_t size = parameters) {
  const ResultsReader reader(path);
  const std::vector<double> theta = reader.read("posterior", "theta");
  ASSERT_EQ(theta.size(), static_cast<std::size_t>(chains * draws * size));
  for (std::int64_t c = 0; c < chains; ++c)
    for (std::int64_t d = 0; d < draws; ++d)
      for (std::int64_t k = 0; k < size; ++k) {
        const double got = theta[static_cast<std::size_t>((c * draws + d) * size + k)];
        const bool is_right = d < draws_written ? got == sample(c, d, k) : std::isnan(got);
        ASSERT_TRUE(is_right) << got << " at " << c << " " << d << " " << k;
      }
}

template <typename Work>
std::string results_error_of(Work&& work) {
  try {
    work();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(ResultsMpi, DrawsWrittenByTheOwnersOfTheChainsAreReadBackAndTheRestIsNaN) {
  const Comm comm = Comm::world();
  const std::string path = results_path("draws.h5");
  const RowLayout layout(chains, comm);
  ResultsFile file = make_results(comm, path);
  for (std::int64_t first = 0; first < 28; first += 7) write_samples(file, layout, {first, 7});
  comm.barrier();
  expect_samples(path, 28);  // while the file is open for writing
  comm.barrier();
  write_samples(file, layout, {28, draws - 28});
  file.flush();
  expect_samples(path, draws);
}

TEST(ResultsMpi, DrawsThatSpanManyChunksLandWhereHdf5LooksForThem) {
  const Comm comm = Comm::world();
  const std::string path = results_path("chunks.h5");
  const RowLayout layout(chains, comm);
  const std::int64_t size = 3001;  // 43 draws to the MiB: chunks of 25, the last of each chain whole
  ResultsFile file = make_results(comm, path, size);
  write_samples(file, layout, {0, 20}, size);
  write_samples(file, layout, {20, 23}, size);
  comm.barrier();
  expect_samples(path, 43, size);
}

TEST(ResultsMpi, ChunksWithUnusedEndsAreAddressedRightly) {
  const Comm comm = Comm::world();
  const std::string path = results_path("padded.h5");
  const RowLayout layout(chains, comm);
  const std::int64_t size = 10007;  // 13 draws to the MiB, 50 draws: 4 chunks of 13, 2 of the last unused
  ResultsFile file = make_results(comm, path, size);
  write_samples(file, layout, {0, 45}, size);
  comm.barrier();
  expect_samples(path, 45, size);
}

TEST(ResultsMpi, AResumedRunGoesOnInTheSameFile) {
  const Comm comm = Comm::world();
  const std::string path = results_path("resumed.h5");
  const RowLayout layout(chains, comm);
  {
    ResultsFile file = make_results(comm, path);
    write_samples(file, layout, {0, 30});
  }
  ResultsFile file = ResultsFile::open(comm, path);
  EXPECT_TRUE(file.has("posterior", "theta"));
  EXPECT_FALSE(file.has("posterior", "chain"));
  EXPECT_THAT(file.shape("posterior", "theta"), ElementsAre(chains, draws, parameters));
  write_samples(file, layout, {25, draws - 25});
  comm.barrier();
  expect_samples(path, draws);
}

TEST(ResultsMpi, TheBytesDoNotDependOnTheNumberOfRanks) {
  const Comm world = Comm::world();
  const std::string by_all = results_path("all.h5"), by_one = results_path("one.h5");
  const auto write_all = [](const Comm& comm, const std::string& path) {
    ResultsFile file = make_results(comm, path);
    write_samples(file, RowLayout(chains, comm), {0, 33});
    file.write("observed_data", "y", std::vector<double>{1, 2, 3, 4});
    file.flush();
  };
  write_all(world, by_all);
  if (world.is_root()) {
    write_all(Comm::self(), by_one);
    EXPECT_TRUE(read_text_file(by_all) == read_text_file(by_one));
  }
}

TEST(ResultsMpi, RowsOfAnEnsembleAreTheDrawsOfOneChain) {
  const Comm comm = Comm::world();
  const std::string path = results_path("ensemble.h5");
  const RowLayout layout(101, comm);
  ResultsFile file = ResultsFile::create(comm, path);
  file.define("posterior", "u", {{"chain", 1}, {"draw", 101}, {"u_dim_0", 2}});
  file.commit_layout();
  file.write_rows("posterior", "u", layout, local_samples(RowLayout(101, comm), {0, 1}, 2).data());
  comm.barrier();
  const std::vector<double> u = ResultsReader(path).read("posterior", "u");
  for (std::size_t row = 0; row < 101; ++row)
    for (std::size_t k = 0; k < 2; ++k)
      ASSERT_EQ(u[2 * row + k], sample(static_cast<int>(row), 0, static_cast<int>(k)));
}

TEST(ResultsMpi, MembersWrittenSomeAtATimeAreThoseWrittenAtOnce) {
  const Comm comm = Comm::world();
  const std::string path = results_path("parts.h5");
  const RowLayout layout(101, comm);
  ResultsFile file = ResultsFile::create(comm, path);
  file.define("posterior", "u", {{"chain", 1}, {"draw", 101}, {"u_dim_0", 2}});
  file.commit_layout();
  const std::vector<double> mine = local_samples(layout, {0, 1}, 2);
  for (std::int64_t turn = 0; turn < 4; ++turn) {  // quarters of what each rank has, which differs
    const std::int64_t first = layout.local_rows() * turn / 4, last = layout.local_rows() * (turn + 1) / 4;
    file.write_rows("posterior", "u", layout, {first, last - first}, mine.data() + 2 * first);
  }
  comm.barrier();
  const std::vector<double> u = ResultsReader(path).read("posterior", "u");
  for (std::size_t row = 0; row < 101; ++row)
    for (std::size_t k = 0; k < 2; ++k)
      ASSERT_EQ(u[2 * row + k], sample(static_cast<int>(row), 0, static_cast<int>(k)));
}

TEST(ResultsMpi, AFullDiskIsReportedOnAllRanksAndTheOldFileStays) {
  const Comm comm = Comm::world();
  const std::string path = results_path("full.h5");
  {
    ResultsFile file = make_results(comm, path);
    write_samples(file, RowLayout(chains, comm), {0, draws});
  }
  comm.barrier();
  std::string error;
  {
    auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{2 << 20, before.rlim_max};
    if (comm.rank() == comm.size() - 1) setrlimit(RLIMIT_FSIZE, &limit);
    error = results_error_of([&] { make_results(comm, path, 100000); });
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }
  EXPECT_THAT(error, HasSubstr("full.h5"));
  EXPECT_THAT(error, HasSubstr("File too large"));
  EXPECT_FALSE(file_exists(path + ".partial"));
  expect_samples(path, draws);
}

TEST(Results, NamesShapesLabelsAndAttributesAreReadBack) {
  const std::string path = results_path("names.h5");
  ResultsFile file = make_results(Comm::self(), path);
  file.write("observed_data", "y", std::vector<double>{1, 2, 3, 4});
  file.write("observed_data", "noise", std::vector<double>{0.1});
  const std::vector<std::int64_t> depths(chains * draws, 7);
  file.write("sample_stats", "tree_depth", depths);
  const ResultsReader reader(path);
  EXPECT_THAT(reader.groups(), ElementsAre("posterior", "sample_stats", "observed_data"));
  EXPECT_THAT(reader.names("sample_stats"), ElementsAre("lp", "tree_depth", "diverging"));
  EXPECT_THAT(reader.dimensions("posterior", "theta"), ElementsAre("chain", "draw", "theta_dim_0"));
  EXPECT_THAT(reader.labels("posterior", "theta_dim_0"), ElementsAre("κ[0]", "κ[1]", "κ[2]"));
  EXPECT_THAT(reader.labels("posterior", "chain"), ElementsAre());
  EXPECT_THAT(reader.read("posterior", "chain"), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(reader.read("observed_data", "x"), ElementsAre(0.0, 0.25, 0.5, 1.0));
  EXPECT_THAT(reader.read("observed_data", "y"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(reader.read("observed_data", "noise"), ElementsAre(0.1));
  EXPECT_EQ(reader.read_integers("sample_stats", "tree_depth"), depths);
  EXPECT_EQ(reader.attribute("sample_stats", "diverging", "dtype"), "bool");  // xarray then reads it as such
  EXPECT_EQ(reader.read_integers("sample_stats", "diverging"), std::vector<std::int64_t>(chains * draws, 0));
  EXPECT_EQ(reader.attribute("posterior", "theta", "units"), "m s-1");
  EXPECT_EQ(reader.attribute("seed"), "42");
  EXPECT_EQ(reader.attributes().at("sampler"), "mcmc/pcn");
}

TEST(Results, ABoxIsReadAlone) {
  const std::string path = results_path("box.h5");
  ResultsFile file = make_results(Comm::self(), path);
  write_samples(file, RowLayout(chains, Comm::self()), {0, draws});
  const std::vector<double> box = ResultsReader(path).read("posterior", "theta", {{2, 5, 1}, {3, 4, 1}});
  std::vector<double> want;
  for (int c = 2; c < 5; ++c)
    for (int d = 5; d < 9; ++d) want.push_back(sample(c, d, 1));
  EXPECT_EQ(box, want);
}

/// A child writes draw after draw until it is killed. Whatever the moment, the file opens and holds whole draws up to
/// some draw (perhaps one in the middle), and NaN behind.
TEST(Results, AKilledWriterLeavesAFileThatOpens) {
  for (const int microseconds : {0, 500, 2000, 5000, 20000}) {
    const std::string path = results_path("killed.h5");
    std::filesystem::remove(path);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ResultsFile file = make_results(Comm::self(), path);
      const RowLayout layout(chains, Comm::self());
      for (std::int64_t d = 0;; d = (d + 1) % draws) write_samples(file, layout, {d, 1});
    }
    while (!file_exists(path)) usleep(100);
    usleep(static_cast<useconds_t>(microseconds));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const std::vector<double> theta = ResultsReader(path).read("posterior", "theta");
    for (std::int64_t c = 0; c < chains; ++c)
      for (std::int64_t d = 0; d < draws; ++d)
        for (std::int64_t k = 0; k < parameters; ++k) {
          const double got = theta[static_cast<std::size_t>((c * draws + d) * parameters + k)];
          ASSERT_TRUE(std::isnan(got) || got == sample(c, d, k));
        }
    ResultsFile resumed = ResultsFile::open(Comm::self(), path);
    write_samples(resumed, RowLayout(chains, Comm::self()), {0, draws});
    expect_samples(path, draws);
  }
}

TEST(Results, AFileBeingWrittenHoldsNoLockAgainstReaders) {
  const std::string path = results_path("lock.h5");
  const ResultsFile file = make_results(Comm::self(), path);
  // Another opening for writing is what HDF5's lock would refuse first.
  const hid_t other = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  EXPECT_GE(other, 0);
  if (other >= 0) H5Fclose(other);
}

TEST(Results, WhatIsNotAResultsFileIsRefused) {
  const std::string path = results_path("foreign.h5");
  const auto error = [&] { return results_error_of([&] { ResultsReader{path}; }); };
  std::filesystem::remove(path);
  EXPECT_THAT(error(), HasSubstr("foreign.h5: No such file or directory"));
  atomic_write_text(path, "not HDF5");
  EXPECT_THAT(error(), HasSubstr("foreign.h5: "));
  const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(id);
  EXPECT_THAT(error(), HasSubstr("this is not a results file"));
  EXPECT_THAT(results_error_of([&] { ResultsFile::open(Comm::self(), path); }),
              HasSubstr("this is not a results file"));
}

TEST(Results, WrongNamesTypesAndSizesAreBugs) {
  ResultsFile file = make_results(Comm::self(), results_path("bugs.h5"));
  const std::vector<double> values(chains * draws);
  const RowLayout layout(chains, Comm::self());
  EXPECT_THROW(file.write("posterior", "absent", values), core::InternalError);
  EXPECT_THROW(file.write("sample_stats", "tree_depth", values), core::InternalError);
  EXPECT_THROW(file.write("observed_data", "y", values), core::InternalError);
  EXPECT_THROW(file.write_draws("sample_stats", "lp", layout, {draws - 1, 2}, values.data()), core::InternalError);
  EXPECT_THROW(file.write_draws("sample_stats", "lp", RowLayout(5, Comm::self()), {0, 1}, values.data()),
               core::InternalError);
}

}  // namespace
}  // namespace aleator::io
