#include <algorithm>
#include <limits>
#include <set>

#include "core/error.hpp"
#include "io/hdf5/recorded_file.hpp"
#include "io/hdf5/results_layout.hpp"
#include "io/raw_file.hpp"
#include "io/results.hpp"

namespace aleator::io {
namespace {

constexpr std::uint64_t fill_piece_words = 1u << 19;

std::string full_name(const std::string& group, const std::string& name) { return group + "/" + name; }

/// This rank's share of a variable gets the value that means "not yet written".
void fill_share(RawFile& file, const hdf5::Place& place, const parallel::Comm& comm) {
  const std::uint64_t words = place.allocated_words();
  const auto rank = static_cast<std::uint64_t>(comm.rank()), ranks = static_cast<std::uint64_t>(comm.size());
  const std::uint64_t begin = words / ranks * rank + std::min(rank, words % ranks);
  const std::uint64_t end = begin + words / ranks + (rank < words % ranks ? 1 : 0);
  const std::size_t piece = static_cast<std::size_t>(std::min(fill_piece_words, end - begin));
  const bool is_real = place.type == VariableInfo::Type::real;
  const std::vector<double> reals(is_real ? piece : 0, std::numeric_limits<double>::quiet_NaN());
  const std::vector<std::int64_t> integers(is_real ? 0 : piece, place.unwritten);
  const void* data = is_real ? static_cast<const void*>(reals.data()) : integers.data();
  for (std::uint64_t at = begin; at < end; at += piece)
    file.write_at(place.offset + at * sizeof(double), data, std::min<std::uint64_t>(piece, end - at) * sizeof(double));
}

}  // namespace

struct ResultsFile::Impl {
  Impl(const parallel::Comm& c, const std::string& p) : comm(c), path(p) {}

  const hdf5::Place& place(const std::string& group, const std::string& name) const;
  const hdf5::Place& place(const std::string& group, const std::string& name, VariableInfo::Type type) const;
  void create_layout(const std::string& partial);
  void commit_layout();
  void share_places();
  void write_run(const hdf5::Place& where, std::int64_t chain, DrawRange draws, const char* values);
  void write_draws(const hdf5::Place& where, const parallel::RowLayout& chains, DrawRange draws, const void* values);
  void write_whole(const hdf5::Place& where, std::size_t count, const void* values);
  template <typename Work>
  void agree_on(Work&& work);

  parallel::Comm comm;
  std::string path;
  Attributes attributes;
  std::vector<hdf5::Definition> definitions;
  bool is_committed = false;
  hdf5::Places places;
  RawFile raw;
};

/// Runs on every rank; a failure on one is the error of all and names the results file.
template <typename Work>
void ResultsFile::Impl::agree_on(Work&& work) {
  parallel::agree(comm, [&] {
    try {
      work();
    } catch (const core::UserError& error) {
      const std::string text = error.what();
      throw core::UserError(text.compare(0, path.size(), path) == 0 ? text : path + ": " + text);
    }
  });
}

const hdf5::Place& ResultsFile::Impl::place(const std::string& group, const std::string& name) const {
  ALEATOR_ASSERT(is_committed);
  const auto found = places.find(full_name(group, name));
  if (found == places.end())
    throw core::InternalError(path + ": there is no variable '" + full_name(group, name) + "'");
  return found->second;
}

const hdf5::Place& ResultsFile::Impl::place(const std::string& group, const std::string& name,
                                            VariableInfo::Type type) const {
  const hdf5::Place& where = place(group, name);
  if (where.type != type)
    throw core::InternalError(path + ": '" + full_name(group, name) + "' holds numbers of the other type");
  return where;
}

/// Rank 0: the metadata on the disk, and room for the data.
void ResultsFile::Impl::create_layout(const std::string& partial) {
  hdf5::RecordedFile layout(partial);
  hdf5::make_results_layout(layout.id(), partial, attributes, definitions);
  const std::uint64_t size = layout.size();
  places = hdf5::find_places(layout.id(), partial);
  layout.close();
  RawFile file = RawFile::create(partial);
  file.reserve(size);
  layout.write_to(file);
}

void ResultsFile::Impl::share_places() {
  std::string bytes = comm.is_writer() ? hdf5::pack(places) : std::string();
  comm.whole().broadcast(bytes);
  places = hdf5::unpack_places(bytes);
}

void ResultsFile::Impl::commit_layout() {
  ALEATOR_ASSERT(!is_committed);
  hdf5::silence_printing();
  const std::string partial = path + ".partial";
  try {
    agree_on([&] {
      if (comm.is_writer()) create_layout(partial);
    });
    share_places();
    agree_on([&] {
      if (!comm.writes()) return;
      raw = RawFile(partial, RawFile::Mode::write);
      for (const auto& [name, where] : places) fill_share(raw, where, comm);
      raw.sync();
    });
    agree_on([&] {
      if (comm.is_writer()) replace_file(partial, path);
    });
  } catch (...) {
    if (comm.is_writer()) remove_file(partial);
    comm.barrier();  // nobody goes on before it is gone
    throw;
  }
  is_committed = true;
}

/// Draws of one chain: one piece of the file, whatever chunks it spans.
void ResultsFile::Impl::write_run(const hdf5::Place& where, std::int64_t chain, DrawRange draws, const char* values) {
  const std::uint64_t draw_bytes = where.words_per_draw() * sizeof(double);
  raw.write_at(where.address(chain, draws.first), values, static_cast<std::uint64_t>(draws.count) * draw_bytes);
}

void ResultsFile::Impl::write_draws(const hdf5::Place& where, const parallel::RowLayout& chains, DrawRange draws,
                                    const void* values) {
  ALEATOR_ASSERT(where.extents.size() >= 2 && chains.rows() == where.chains() && chains.ranks() == comm.size());
  ALEATOR_ASSERT(draws.first >= 0 && draws.count >= 0 && draws.first + draws.count <= where.draws());
  const std::uint64_t chain_bytes = static_cast<std::uint64_t>(draws.count) * where.words_per_draw() * sizeof(double);
  agree_on([&] {
    if (!comm.writes()) return;
    for (int i = 0; i < chains.local_rows(); ++i)
      write_run(where, chains.first() + i, draws,
                static_cast<const char*>(values) + static_cast<std::uint64_t>(i) * chain_bytes);
  });
}

void ResultsFile::Impl::write_whole(const hdf5::Place& where, std::size_t count, const void* values) {
  const auto chains = static_cast<std::uint64_t>(where.chains()), draws = static_cast<std::uint64_t>(where.draws());
  ALEATOR_ASSERT(count == chains * draws * where.words_per_draw());
  const std::uint64_t chain_bytes = draws * where.words_per_draw() * sizeof(double);
  agree_on([&] {
    if (!comm.is_writer()) return;
    for (std::uint64_t i = 0; i < chains; ++i)
      write_run(where, static_cast<std::int64_t>(i), {0, where.draws()},
                static_cast<const char*>(values) + i * chain_bytes);
  });
}

ResultsFile::ResultsFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ResultsFile::~ResultsFile() = default;
ResultsFile::ResultsFile(ResultsFile&&) noexcept = default;
ResultsFile& ResultsFile::operator=(ResultsFile&&) noexcept = default;

ResultsFile ResultsFile::create(const parallel::Comm& comm, const std::string& path, const Attributes& attributes) {
  ResultsFile file(std::make_unique<Impl>(comm, path));
  file.impl_->attributes = attributes;
  return file;
}

ResultsFile ResultsFile::open(const parallel::Comm& comm, const std::string& path) {
  hdf5::silence_printing();
  ResultsFile file(std::make_unique<Impl>(comm, path));
  Impl& impl = *file.impl_;
  impl.agree_on([&] {
    if (!comm.writes()) return;
    impl.raw = RawFile(path, RawFile::Mode::write);
    if (!comm.is_root()) return;
    const hdf5::File layout = hdf5::open_file(path);
    hdf5::check_results_format(layout.id(), path);
    impl.places = hdf5::find_places(layout.id(), path);
  });
  impl.share_places();
  impl.is_committed = true;
  return file;
}

void ResultsFile::define(const std::string& group, const std::string& name, const std::vector<Dimension>& dims,
                         const VariableInfo& info) {
  ALEATOR_ASSERT(!impl_->is_committed && !group.empty() && !name.empty());
  ALEATOR_ASSERT(group.find('/') == std::string::npos && name.find('/') == std::string::npos);
  std::set<std::string> names{
      name};  // neither of two axes alike nor of an axis like the variable can netCDF make sense
  for (const Dimension& dim : dims) {
    ALEATOR_ASSERT(dim.size >= 0 && !dim.name.empty() && names.insert(dim.name).second);
    ALEATOR_ASSERT(dim.labels.empty() || static_cast<std::int64_t>(dim.labels.size()) == dim.size);
    ALEATOR_ASSERT(dim.numbers.empty() || static_cast<std::int64_t>(dim.numbers.size()) == dim.size);
  }
  for (const hdf5::Definition& other : impl_->definitions)
    if (other.group == group && other.name == name)
      throw core::InternalError(impl_->path + ": '" + full_name(group, name) + "' is defined twice");
  impl_->definitions.push_back({group, name, dims, info});
}

void ResultsFile::commit_layout() { impl_->commit_layout(); }

void ResultsFile::write_draws(const std::string& group, const std::string& name, const parallel::RowLayout& chains,
                              DrawRange draws, const double* values) {
  impl_->write_draws(impl_->place(group, name, VariableInfo::Type::real), chains, draws, values);
}

void ResultsFile::write_draws(const std::string& group, const std::string& name, const parallel::RowLayout& chains,
                              DrawRange draws, const std::int64_t* values) {
  impl_->write_draws(impl_->place(group, name, VariableInfo::Type::integer), chains, draws, values);
}

void ResultsFile::write_rows(const std::string& group, const std::string& name, const parallel::RowLayout& rows,
                             const double* values) {
  write_rows(group, name, rows, {0, rows.local_rows()}, values);
}

void ResultsFile::write_rows(const std::string& group, const std::string& name, const parallel::RowLayout& rows,
                             LocalRows some, const double* values) {
  const hdf5::Place& where = impl_->place(group, name, VariableInfo::Type::real);
  ALEATOR_ASSERT(where.extents.size() >= 2 && rows.rows() == where.chains() * where.draws());
  ALEATOR_ASSERT(some.first >= 0 && some.count >= 0 && some.first + some.count <= rows.local_rows());
  impl_->agree_on([&] {
    if (!impl_->comm.writes()) return;
    std::int64_t row = rows.first() + some.first, left = some.count;
    while (left > 0) {
      const std::int64_t chain = row / where.draws(), draw = row % where.draws();
      const std::int64_t count = std::min(left, where.draws() - draw);
      impl_->write_run(where, chain, {draw, count}, reinterpret_cast<const char*>(values));
      values += static_cast<std::uint64_t>(count) * where.words_per_draw();
      row += count;
      left -= count;
    }
  });
}

void ResultsFile::write(const std::string& group, const std::string& name, const std::vector<double>& whole) {
  impl_->write_whole(impl_->place(group, name, VariableInfo::Type::real), whole.size(), whole.data());
}

void ResultsFile::write(const std::string& group, const std::string& name, const std::vector<std::int64_t>& whole) {
  impl_->write_whole(impl_->place(group, name, VariableInfo::Type::integer), whole.size(), whole.data());
}

bool ResultsFile::has(const std::string& group, const std::string& name) const {
  return impl_->places.count(full_name(group, name)) > 0;
}

std::vector<std::int64_t> ResultsFile::shape(const std::string& group, const std::string& name) const {
  return impl_->place(group, name).extents;
}

void ResultsFile::flush() {
  impl_->agree_on([&] {
    if (impl_->comm.writes()) impl_->raw.sync();
  });
}

}  // namespace aleator::io
