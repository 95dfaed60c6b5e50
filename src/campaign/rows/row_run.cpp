#include "campaign/rows/row_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>

#include "campaign/run/checkpoint.hpp"
#include "campaign/run/csv.hpp"
#include "campaign/run/progress.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/log.hpp"
#include "io/files.hpp"

namespace aleator::campaign {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

// Of a row.
constexpr double not_done = 0.0, done = 1.0;

void note_failures(const RowWork& work, const model::RowStatus& status, const std::vector<int>& rows,
                   RowResults& results) {
  for (const model::FailedRow& failed : status.failed)
    results.reasons[static_cast<std::size_t>(rows[static_cast<std::size_t>(failed.row)])] = failed.reason;
  for (const int row : rows) {
    std::string& reason = results.reasons[static_cast<std::size_t>(row)];
    for (char& c : reason)  // one line, in tables and in the checkpoint, which would give back others than it took
      if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    for (std::size_t i = 0; reason.empty() && i < results.values.extent(1); ++i)
      if (!std::isfinite(results.values(row, i))) reason = work.undefined;
  }
}

void retry(const RowWork& work, const std::vector<int>& rows, int retries, RowResults& results) {
  for (const int row : rows)
    results.retried[static_cast<std::size_t>(row)] = results.reasons[static_cast<std::size_t>(row)];
  for (int attempt = 1; attempt <= retries; ++attempt) {
    std::vector<int> failed;
    for (const int row : rows)
      if (!results.reasons[static_cast<std::size_t>(row)].empty()) failed.push_back(row);
    if (failed.empty()) break;
    const model::Batch y("again", failed.size(), results.values.extent(1));
    const model::RowStatus status = work.run_again(failed, y, attempt);
    for (std::size_t i = 0; i < failed.size(); ++i) {
      results.reasons[static_cast<std::size_t>(failed[i])].clear();
      for (std::size_t k = 0; k < y.extent(1); ++k) results.values(failed[i], k) = y(i, k);
    }
    note_failures(work, status, failed, results);
  }
  for (const int row : rows)
    if (const auto i = static_cast<std::size_t>(row); !results.reasons[i].empty()) results.retried[i].clear();
}

// Rows [first, first + count) of this rank.
void run_batch(const RowWork& work, int first, int count, FailurePolicy policy, const parallel::RowLayout& layout,
               RowResults& results) {
  if (count == 0) return;
  std::vector<int> rows(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    rows[static_cast<std::size_t>(i)] = first + i;
    results.reasons[static_cast<std::size_t>(first + i)].clear();  // of a run that this row has ended
  }
  const model::Batch y = Kokkos::subview(results.values, Kokkos::make_pair(first, first + count), Kokkos::ALL);
  note_failures(work, work.run(first, y), rows, results);
  if (work.run_again) retry(work, rows, policy.retries_allowed(), results);
  for (const int row : rows) {
    const std::string& reason = results.reasons[static_cast<std::size_t>(row)];
    if (reason.empty()) continue;
    if (policy.on_failure == OnRowFailure::stop)
      throw core::NumericsError(
          fmt::format("{} failed at row {}{}: {}; on_failure = \"reject\" would count such rows and go on (also where "
                      "the run is resumed with --set)",
                      work.what, layout.first() + row, work.where ? ", " + work.where(row) : "", reason));
    for (std::size_t i = 0; i < results.values.extent(1); ++i) results.values(row, i) = std::nan("");
  }
}

// How many failed; the first of all and their number, as one warning.
void count_failures(const parallel::Comm& comm, const RowWork& work, const parallel::RowLayout& layout,
                    RowResults& results) {
  std::int64_t mine = 0;
  std::string first;
  for (std::size_t row = 0; row < results.reasons.size(); ++row) {
    if (results.reasons[row].empty()) continue;
    if (mine++ == 0) first = fmt::format("row {}: {}", layout.first() + static_cast<int>(row), results.reasons[row]);
  }
  results.failed = comm.sum(mine);
  results.recovered = comm.sum(std::count_if(results.retried.begin(), results.retried.end(),
                                             [](const std::string& reason) { return !reason.empty(); }));
  if (results.failed == 0 || !work.tells_failures) return;
  const int owner = static_cast<int>(comm.min(mine > 0 ? comm.rank() : comm.size()));
  comm.broadcast(first, owner);
  core::warn("{}: {} of {} rows failed and are left out; the first: {}", work.what, results.failed, layout.rows(),
             first);
}

// Said of work that takes long, as rank 0 sees it.
void show_progress(const RowWork& work, double share, std::int64_t rows, double seconds,
                   std::optional<Progress>& progress) {
  constexpr double long_work = 2.0;
  if (seconds < long_work) return;
  if (!progress) progress.emplace(work.what, share);
  sampler::StepInfo info;
  info.progress = share, info.phase = "";
  progress->update(info, std::llround(share * static_cast<double>(rows)));
}

// "row<tab>reason" a line: text that is the same on all ranks when it is read.
std::string reasons_text(const parallel::RowLayout& layout, const std::vector<std::string>& reasons) {
  std::string text;
  for (std::size_t row = 0; row < reasons.size(); ++row) {
    std::string reason = reasons[row];
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    if (!reason.empty()) text += fmt::format("{}\t{}\n", layout.first() + static_cast<int>(row), reason);
  }
  return text;
}

void read_reasons(const std::string& text, const parallel::RowLayout& layout, std::vector<std::string>& reasons) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t tab = text.find('\t', at), end = text.find('\n', at);
    const std::int64_t row = std::stoll(text.substr(at, tab - at)) - layout.first();
    if (row >= 0 && row < layout.local_rows())
      reasons[static_cast<std::size_t>(row)] = text.substr(tab + 1, end - tab - 1);
    at = end + 1;
  }
}

void fields(io::Archive& archive, const JobContext& context, const parallel::RowLayout& layout, kernels::Vector& state,
            RowResults& results) {
  check_owner(archive, context, context.folder);
  for (const auto& [name, reasons] : {std::pair("reasons", &results.reasons), std::pair("retried", &results.retried)}) {
    std::string text;
    if (!archive.is_loading()) text = gather_text(context.comm, reasons_text(layout, *reasons));
    archive.field(name, text);
    if (archive.is_loading()) read_reasons(text, layout, *reasons);
  }
  archive.rows("state", layout, state);
  archive.rows("values", layout, results.values);
}

void save(const JobContext& context, const std::string& checkpoint, const parallel::RowLayout& layout,
          kernels::Vector& state, RowResults& results) {
  io::ArchiveWriter archive(context.comm, context.folder + "/" + checkpoint);
  fields(archive, context, layout, state, results);
  archive.commit();
  context.watch.checkpoint_written();
}

}  // namespace

RowWork model_at(const model::ForwardModel& model, std::string what, kernels::ConstBatch u) {
  RowWork work{std::move(what), model.shape().outputs, "the outputs are not finite", {}, {}, {}};
  work.at_once = model.rows_at_once();
  work.where = [&model, u](int row) {
    constexpr std::size_t most = 8;
    const std::vector<std::string>& names = model.shape().input_names;
    std::string words;
    for (std::size_t k = 0; k < std::min(most, u.extent(1)); ++k)
      words += fmt::format("{}{} = {:.17g}", k == 0 ? "" : ", ", k < names.size() ? names[k] : fmt::format("u[{}]", k),
                           u(row, k));
    return words + (u.extent(1) > most ? ", …" : "");
  };
  work.run = [&model, u](int first, model::Batch y) {
    const auto rows = Kokkos::make_pair(first, first + static_cast<int>(y.extent(0)));
    return model.evaluate(Kokkos::subview(u, rows, Kokkos::ALL), y);
  };
  work.run_again = [&model, u](const std::vector<int>& rows, model::Batch y, int attempt) {
    const model::Batch at("u", rows.size(), u.extent(1));
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t k = 0; k < u.extent(1); ++k) at(i, k) = u(rows[i], k);
    return model.evaluate_again(at, y, attempt);
  };
  return work;
}

void transform_rows(const prob::Prior& prior, std::int64_t first_row, const FillLatent& fill, const kernels::Batch& u) {
  constexpr int at_once = 256;  // latent coordinates are not kept
  const int rows = static_cast<int>(u.extent(0));
  for (int done = 0; done < rows; done += at_once) {
    const int count = std::min(at_once, rows - done);
    const kernels::Batch z("z", count, prior.latent_dimension());
    fill(first_row + done, z);
    kernels::for_each_row(count, [=, &prior](int row) { prior.to_parameters(&z(row, 0), &u(done + row, 0)); });
  }
}

RowWork draws_of(const prob::Prior& prior, const std::string& name, const kernels::Rng& rng, kernels::Stream stream,
                 const parallel::RowLayout& layout) {
  RowWork work{fmt::format("prior '{}'", name), prior.dimension(), "the draw is not finite", {}, {}, {}};
  work.run = [&prior, rng, stream, layout](int first, model::Batch u) {
    transform_rows(
        prior, layout.first() + first, [&](std::int64_t row, kernels::Batch z) { rng.normals(stream, row, z); }, u);
    return model::RowStatus{};
  };
  return work;
}

bool run_rows(const JobContext& context, const RowWork& work, const parallel::RowLayout& layout, FailurePolicy policy,
              RowResults& results) {
  const parallel::Comm& comm = context.comm;
  const int rows = layout.local_rows();
  results.values = kernels::Batch("values", rows, work.columns);
  results.reasons.assign(static_cast<std::size_t>(rows), {});
  results.retried = results.reasons;
  kernels::Vector state("state", rows);
  const std::string checkpoint = context.folder + "/" + work.checkpoint;
  if (!context.folder.empty() && exists(comm, checkpoint)) {
    io::ArchiveReader archive(comm, checkpoint);
    fields(archive, context, layout, state, results);
    core::info("{}: {} of {} rows are in {}", work.what, comm.sum(std::count(state.data(), state.data() + rows, done)),
               layout.rows(), checkpoint);
  }
  std::optional<Progress> progress;
  // Between batches one can stop and save: they grow while they are short, and shrink to what runs side by side.
  const int fewest = work.at_once > 0 ? work.at_once : static_cast<int>(kernels::HostExec().concurrency());
  int batch = fewest;
  const Clock::time_point began = Clock::now();
  for (int first = 0;;) {
    while (first < rows && state(first) == done) ++first;
    if (!comm.any(first < rows)) break;
    const StopWatch::Order order = context.watch.poll();
    if (order != StopWatch::Order::go_on && !context.folder.empty())
      save(context, work.checkpoint, layout, state, results);
    if (order == StopWatch::Order::stop) return false;
    int count = 0;  // rows that follow each other
    while (first + count < rows && count < batch && state(first + count) == not_done) ++count;
    const Clock::time_point start = Clock::now();
    try {
      parallel::agree(comm, [&] { run_batch(work, first, count, policy, layout, results); });
    } catch (const core::NumericsError&) {  // of all ranks; the rows before it are done
      if (!context.folder.empty()) save(context, work.checkpoint, layout, state, results);
      throw;
    }
    std::fill(state.data() + first, state.data() + first + count, done);
    const double seconds = comm.whole().max(seconds_since(start));
    if (seconds < 0.5 && batch < (1 << 20)) batch *= 2;
    if (seconds > 2.0) batch = std::max(fewest, batch / 2);
    show_progress(work, rows == 0 ? 1.0 : static_cast<double>(first + count) / rows, layout.rows(),
                  seconds_since(began), progress);
  }
  if (progress) progress->end();
  const bool is_long = comm.whole().max(seconds_since(began)) > 2.0;
  if (work.is_followed && is_long && !context.folder.empty()) save(context, work.checkpoint, layout, state, results);
  count_failures(comm, work, layout, results);
  return true;
}

void remove_checkpoint(const JobContext& context, const std::string& checkpoint) {
  parallel::agree(context.comm, [&] {
    if (!context.comm.is_writer()) return;
    std::error_code ignored;  // it does no harm; nor what a kill has left of a checkpoint under way
    for (const char* const ending : {"", ".partial"})
      std::filesystem::remove(context.folder + "/" + checkpoint + ending, ignored);
  });
}

std::string failed_row(std::int64_t row, const double* u, std::size_t n, const std::string& reason) {
  std::string line = fmt::format("{}", row);
  for (std::size_t k = 0; k < n; ++k) line += "," + csv_number(u[k]);
  return line + "," + csv_quoted(reason) + "\n";
}

std::string failed_rows_head(const std::vector<std::string>& names) {
  std::string head = "row";
  for (const std::string& name : names) head += "," + csv_name(name);
  return head + ",reason\n";
}

void write_failed_rows(const JobContext& context, const parallel::RowLayout& layout, kernels::ConstBatch u,
                       const std::vector<std::string>& names, const RowResults& results) {
  if (results.failed + results.recovered == 0) return;
  std::string mine;
  const std::size_t n = u.extent(1);
  for (int row = 0; row < layout.local_rows(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    const std::string reason =
        results.retried[i].empty() ? results.reasons[i] : results.retried[i] + " (sound when computed again)";
    if (!reason.empty()) mine += failed_row(layout.first() + row, n > 0 ? &u(row, 0) : nullptr, n, reason);
  }
  const std::string all = gather_text(context.comm, mine);
  write_text(context.comm, context.folder + "/failed_rows.csv", failed_rows_head(names) + all);
}

}  // namespace aleator::campaign
