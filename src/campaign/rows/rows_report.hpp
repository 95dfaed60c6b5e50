#pragma once
/// What      What the jobs other than job/sample share: their results.h5, their summary read back, their report page.
/// Method    Reports are drawn from the files in the folder, so `aleator report` needs nothing else.
/// Parallel  create_row_results, define_rows, write_rows, is_computed, draw_report_of: collective; the others: rank 0.
/// Cost      reads what is shown once.
/// Fails     UserError when a file is missing or not as this version writes it.

#include <string>
#include <vector>

#include "campaign/report/rows_page.hpp"
#include "campaign/run/job.hpp"
#include "io/json.hpp"
#include "io/results.hpp"
#include "kernels/batch.hpp"
#include "parallel/row_layout.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {

io::ResultsFile create_row_results(const parallel::Comm& comm, const std::string& path);
/// Each variable with dimensions chain (1), draw, and its own.
void define_rows(io::ResultsFile& file, const std::string& group, const std::vector<prob::Variable>& variables,
                 std::int64_t rows);
/// This rank's rows, whose columns are the variables side by side.
void write_rows(io::ResultsFile& file, const std::string& group, const std::vector<prob::Variable>& variables,
                const parallel::RowLayout& layout, kernels::ConstBatch u);

std::vector<report::ParameterRow> statistics_of(const io::Json& rows);

/// Histograms of at most 12 quantities of results.h5, spread over all.
void add_samples(const std::string& folder, const std::string& group, const std::vector<prob::Variable>& variables,
                 report::RowsPage& page);
/// Those of fields.h5 where there is one.
void add_fields(const std::string& folder, report::RowsPage& page);
void finish_page(const std::string& folder, const report::RowsPage& page);

/// "Of all outputs y[3] varies most: mean 0.31 ± 0.01, …"
std::string largest_in_words(const std::vector<report::ParameterRow>& rows, const std::string& word);
/// 1 / square root of the rows, in percent.
std::string error_of_means(std::int64_t rows);

}  // namespace aleator::campaign
