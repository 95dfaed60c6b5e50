#include "campaign/bench/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "campaign/commands.hpp"
#include "campaign/report/bench_page.hpp"
#include "campaign/run/run_folder.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "io/files.hpp"
#include "parallel/session.hpp"

namespace aleator::campaign {
namespace {

namespace fs = std::filesystem;

struct BenchProblem {
  std::string name, folder;
  KnownAnswers answers;
};

std::vector<std::string> problems_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure))
    if (io::file_exists((entry.path() / "reference.toml").string())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  if (names.empty())
    throw core::UserError(fmt::format(
        "{}: no folder in it has a reference.toml; name the folder of the problems: aleator bench input/benchmarks",
        folder));
  return names;
}

std::vector<std::string> chosen_problems(const BenchRequest& request) {
  std::vector<std::string> names = problems_in(request.folder);
  for (const std::string& wanted : request.only)
    if (std::find(names.begin(), names.end(), wanted) == names.end())
      throw core::UserError(fmt::format("--only {}: no such problem in {}; there are {}", wanted, request.folder,
                                        fmt::join(names, ", ")));
  const auto is_left_out = [&request](const std::string& name) {
    return !request.only.empty() && std::find(request.only.begin(), request.only.end(), name) == request.only.end();
  };
  names.erase(std::remove_if(names.begin(), names.end(), is_left_out), names.end());
  return names;
}

std::string read_on_root(const parallel::Comm& comm, const std::string& path) {
  std::string text;
  parallel::agree(comm, [&] {
    if (comm.is_root()) text = io::read_text_file(path);
  });
  comm.broadcast(text);
  return text;
}

std::vector<BenchProblem> read_problems(const parallel::Comm& comm, const BenchRequest& request) {
  std::string joined;
  parallel::agree(comm, [&] {
    if (comm.is_root()) joined = fmt::format("{}", fmt::join(chosen_problems(request), "\n"));
  });
  comm.broadcast(joined);
  std::vector<BenchProblem> problems;
  for (std::size_t at = 0; at <= joined.size();) {
    const std::size_t end = std::min(joined.find('\n', at), joined.size());
    const std::string name = joined.substr(at, end - at), folder = request.folder + "/" + name;
    const std::string path = folder + "/reference.toml";
    problems.push_back({name, folder, parse_known_answers(read_on_root(comm, path), path)});
    at = end + 1;
  }
  return problems;
}

// Why the deck failed, or empty. On several ranks an error that is not the user's may be that of one rank alone, which the
// others wait for: it ends the program.
std::string run_one(const parallel::Comm& comm, const BenchProblem& problem, const BenchRequest& request,
                    const std::string& out) {
  try {
    run(comm, {problem.folder + "/" + problem.answers.deck, {}, out, request.command});
    return {};
  } catch (const core::UserError& error) {
    return error.what();
  } catch (const std::exception& error) {
    if (comm.size() > 1) throw;
    return error.what();
  }
}

std::vector<BenchRow> failed_rows(const BenchProblem& problem, const std::string& why) {
  std::vector<BenchRow> rows;
  for (const KnownValue& known : problem.answers.values) {
    BenchRow row;
    row.problem = problem.name, row.sampler = "-", row.known = known, row.failure = why.substr(0, why.find('\n'));
    row.found = row.standard_error = row.model_evaluations = row.seconds = row.ess = std::nan("");
    rows.push_back(row);
  }
  return rows;
}

// Of each job its own summary, then those of the samplers it is compared with. Rank 0.
std::vector<BenchRow> compare_run(const BenchProblem& problem, const std::string& out, double seconds) {
  std::vector<BenchRow> rows;
  const bool has_several = problem.answers.jobs().size() > 1;
  const auto compare = [&](const std::string& path, const std::vector<KnownValue>& values, bool is_main) {
    for (BenchRow& row : compare_summary(io::read_text_file(path), values, is_main)) {
      row.problem = problem.name + (has_several ? "/" + values.front().job : "");
      rows.push_back(std::move(row));
    }
  };
  for (const std::string& job : problem.answers.jobs()) {
    const std::string in_job = out + "/" + job, folder = io::file_exists(in_job + "/summary.json") ? in_job : out;
    const std::vector<KnownValue> values = problem.answers.of_job(job);
    compare(folder + "/summary.json", values, true);
    std::vector<std::string> others;
    std::error_code failure;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder + "/compare", failure))
      others.push_back(entry.path().string() + "/summary.json");
    std::sort(others.begin(), others.end());
    for (const std::string& path : others) compare(path, values, false);
  }
  for (BenchRow& row : rows)
    if (std::isnan(row.seconds)) row.seconds = seconds;  // jobs that keep no time of their own
  tell_apart(rows);
  return rows;
}

std::string verdict_of(const std::vector<BenchRow>& rows, bool& passes) {
  int judged = 0, passed = 0;
  for (const BenchRow& row : rows)
    if (row.is_judged) ++judged, passed += row.passes;
  passes = passed == judged;
  return fmt::format(
      "{} of {} values within their tolerance{}", passed, judged,
      judged == static_cast<int>(rows.size())
          ? ""
          : fmt::format("; {} of methods that are biased by their nature, not judged", rows.size() - judged));
}

void write_files(const std::string& out, const std::vector<BenchRow>& rows, const std::string& verdict) {
  io::atomic_write_text(out + "/bench.json", bench_json(rows));
  io::atomic_write_text(out + "/bench.csv", bench_csv(rows));
  report::BenchPage page{fmt::format("{} ({})", core::version(), core::git_hash()), verdict, by_sampler(rows), {}};
  for (const BenchRow& row : rows) {
    const double error = std::abs(row.found - row.known.value) / row.known.tolerance;
    page.rows.push_back(
        {row.problem, row.known.quantity + (row.known.parameter.empty() ? "" : " of " + row.known.parameter),
         row.sampler, row.failure, row.found, row.known.value, row.known.tolerance, error, row.model_evaluations,
         row.model_evaluations / row.ess, row.seconds, row.is_judged, row.passes});
  }
  io::atomic_write_text(out + "/bench.md", report::render_bench_markdown(page));
  io::atomic_write_text(out + "/bench.html", report::render_bench_html(page, out));
}

}  // namespace

BenchResult bench(const parallel::Comm& comm, const BenchRequest& request) {
  const std::vector<BenchProblem> problems = read_problems(comm, request);
  std::string out = request.out;
  parallel::agree(comm, [&] {
    if (!comm.is_root()) return;
    if (out.empty()) out = default_folder("bench.toml");
    if (fs::exists(out) && !(fs::is_directory(out) && fs::is_empty(out)))
      throw core::UserError(fmt::format("{}: exists and is not an empty folder; nothing was overwritten", out));
    io::make_directory(out);
  });
  comm.broadcast(out);
  std::vector<BenchRow> rows;
  for (const BenchProblem& problem : problems) {
    const std::string folder = out + "/" + problem.name;
    const auto start = std::chrono::steady_clock::now();
    std::string failure = run_one(comm, problem, request, folder);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (comm.any(!parallel::stop_signal().empty()) && &problem != &problems.back())
      throw core::UserError(
          fmt::format("stopped ({}) in problem '{}'; nothing was compared", parallel::stop_signal(), problem.name));
    if (!failure.empty()) core::warn("{}: {}", problem.name, failure);
    if (!comm.is_root()) continue;
    std::vector<BenchRow> found;
    try {
      found = failure.empty() ? compare_run(problem, folder, seconds.count()) : failed_rows(problem, failure);
    } catch (const core::UserError& error) {  // stopped on its way: no summary
      found = failed_rows(problem, error.what());
    }
    rows.insert(rows.end(), found.begin(), found.end());
  }
  BenchResult result;
  std::string text;
  parallel::agree(comm, [&] {
    if (!comm.is_root()) return;
    const std::string verdict = verdict_of(rows, result.passes);
    write_files(out, rows, verdict);
    text = fmt::format("{}{}; {}/bench.html, bench.md, bench.csv, bench.json\n", bench_table(rows), verdict, out);
  });
  comm.broadcast(text);
  result.text = text;
  result.passes = comm.any(result.passes);
  return result;
}

}  // namespace aleator::campaign
