#pragma once
/// What      `aleator bench`: runs decks whose answers are known, and compares what they find with those answers.
/// Method    every folder below one holds reference.toml (input/benchmarks/README.md): a deck, and values of its jobs with
///           tolerances.
///           The deck runs as `aleator run` does, in a folder of its own; then its summary.json is compared, and those of the
///           samplers it compares with. log_evidence must also lie within 3 reported standard errors + 0.05. A method that is
///           biased by its nature (is_exact = false in summary.json) is listed but not judged. Model runs for each effective
///           sample, warm-up included, compare samplers at equal effective samples; runs of coarser problems are not among them.
/// Parallel  collective; rank 0 reads and writes.
/// Cost      the runs.
/// Fails     UserError: no such problem, a reference.toml that is wrong. A deck that fails is a row of the table and the others
///           run; on several ranks only where its ranks agree on the failure.
#include <optional>
#include <string>
#include <vector>

#include "campaign/report/bench_page.hpp"
#include "deck/node.hpp"
#include "parallel/comm.hpp"

namespace aleator::campaign {

/// One [[value]] of reference.toml.
struct KnownValue {
  std::string quantity, parameter, source;
  std::string job;  ///< whose summary.json is compared
  double value = 0.0, tolerance = 0.0;
};

struct KnownAnswers {
  std::string deck;
  std::vector<KnownValue> values;
  /// In the order in which values name them.
  std::vector<std::string> jobs() const;
  std::vector<KnownValue> of_job(const std::string& job) const;
};

/// UserError with file, line and column for every fault.
KnownAnswers parse_known_answers(const std::string& text, const std::string& path);

/// One line of the table: a value as one sampler found it.
struct BenchRow {
  /// problem: with the job where the problem has several; sampler: the component, with the block's name where two are of one
  /// component.
  std::string problem, sampler, name;
  KnownValue known;
  double found = 0.0, standard_error = 0.0, model_evaluations = 0.0, seconds = 0.0;
  double ess = 0.0;  ///< effective samples of the parameter, NaN where there is none
  bool is_judged = true, passes = false;
  std::string failure;  ///< why nothing was found; empty otherwise
};

/// Compares one summary.json, as text. Evidence that a sampler which is not the job's own does not give is left out.
std::vector<BenchRow> compare_summary(const std::string& summary, const std::vector<KnownValue>& values, bool is_main);

/// Adds the name to the component where rows of another name have the same.
void tell_apart(std::vector<BenchRow>& rows);

/// The rows of each sampler on each problem together, in their order.
std::vector<report::BenchSummary> by_sampler(const std::vector<BenchRow>& rows);

std::string bench_table(const std::vector<BenchRow>& rows);
std::string bench_csv(const std::vector<BenchRow>& rows);
std::string bench_json(const std::vector<BenchRow>& rows);

struct BenchRequest {
  std::string folder;
  std::vector<std::string> only;  ///< empty: all
  std::string out;                ///< empty: runs/bench, runs/bench-2, …
  std::string command;
};

struct BenchResult {
  std::string text;  ///< for the terminal, on every rank
  bool passes = false;
};

BenchResult bench(const parallel::Comm& comm, const BenchRequest& request);

}  // namespace aleator::campaign
