#include "campaign/rows/rows_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/sampling/summary.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "io/json.hpp"

namespace aleator::campaign {
namespace {

constexpr int most_histograms = 12;

std::vector<io::Dimension> row_dimensions(const prob::Variable& variable, std::int64_t rows) {
  std::vector<io::Dimension> dims{{"chain", 1}, {"draw", rows}};
  if (variable.size > 1) dims.push_back({variable.name + "_dim_0", variable.size});
  return dims;
}

// Column `k` of a variable of results.h5 over all rows.
std::vector<double> read_column(const io::ResultsReader& reader, const std::string& group,
                                const prob::Variable& variable, int k) {
  const std::int64_t rows = reader.shape(group, variable.name).at(1);
  const bool is_array = reader.shape(group, variable.name).size() > 2;
  return is_array ? reader.read(group, variable.name, {{0, 0, k}, {1, rows, 1}}) : reader.read(group, variable.name);
}

}  // namespace

io::ResultsFile create_row_results(const parallel::Comm& comm, const std::string& path) {
  return io::ResultsFile::create(comm, path, {{"created_by", "aleator"}});
}

void define_rows(io::ResultsFile& file, const std::string& group, const std::vector<prob::Variable>& variables,
                 std::int64_t rows) {
  for (const prob::Variable& variable : variables) file.define(group, variable.name, row_dimensions(variable, rows));
}

void write_rows(io::ResultsFile& file, const std::string& group, const std::vector<prob::Variable>& variables,
                const parallel::RowLayout& layout, kernels::ConstBatch u) {
  int column = 0;
  for (const prob::Variable& variable : variables) {
    std::vector<double> values;
    values.reserve(u.extent(0) * static_cast<std::size_t>(variable.size));
    for (std::size_t row = 0; row < u.extent(0); ++row)
      values.insert(values.end(), &u(row, column), &u(row, column) + variable.size);
    file.write_rows(group, variable.name, layout, values.data());
    column += variable.size;
  }
}

std::vector<report::ParameterRow> statistics_of(const io::Json& rows) {
  std::vector<report::ParameterRow> out;
  for (const auto& [name, row] : rows.items()) {
    report::ParameterRow r;
    r.name = name, r.mean = io::number_or_nan(row.at("mean")), r.sd = io::number_or_nan(row.at("sd"));
    r.mcse = io::number_or_nan(row.at("standard_error")), r.q05 = io::number_or_nan(row.at("q05"));
    r.q50 = io::number_or_nan(row.at("q50")), r.q95 = io::number_or_nan(row.at("q95"));
    out.push_back(std::move(r));
  }
  return out;
}

void add_samples(const std::string& folder, const std::string& group, const std::vector<prob::Variable>& variables,
                 report::RowsPage& page) {
  const io::ResultsReader reader(folder + "/results.h5");
  const std::vector<report::ParameterRow>& rows = page.base.main.parameters;
  const int all = static_cast<int>(rows.size()), shown = std::min(all, most_histograms);
  for (int i = 0; i < shown; ++i) {
    const int quantity = shown == 1 ? 0 : static_cast<int>(static_cast<std::int64_t>(i) * (all - 1) / (shown - 1));
    int first = 0;
    for (const prob::Variable& variable : variables) {
      if (quantity >= first && quantity < first + variable.size)
        page.samples.emplace_back(rows[static_cast<std::size_t>(quantity)].name,
                                  read_column(reader, group, variable, quantity - first));
      first += variable.size;
    }
  }
}

void add_fields(const std::string& folder, report::RowsPage& page) {
  for (const char* const stem : {"moments", "fields"}) {
    const std::string path = fmt::format("{}/{}.h5", folder, stem);
    if (!io::file_exists(path)) continue;
    for (io::FieldSet& set : io::read_fields(path)) page.fields.push_back(std::move(set));
    page.fields_file += (page.fields_file.empty() ? "" : " and ") + fmt::format("{}.xdmf", stem);
  }
}

void finish_page(const std::string& folder, const report::RowsPage& page) {
  io::make_directory(folder + "/report");
  io::atomic_write_text(folder + "/report/index.html", report::render_rows_html(page, folder + "/report"));
  core::info("report: {}/report/index.html", folder);
}

std::string largest_in_words(const std::vector<report::ParameterRow>& rows, const std::string& word) {
  const report::ParameterRow* widest = nullptr;
  for (const report::ParameterRow& row : rows)
    if (std::isfinite(row.sd) && (widest == nullptr || row.sd > widest->sd)) widest = &row;
  if (widest == nullptr) return {};
  return fmt::format("Of all {}s {} varies most: mean {} ± {} (standard error), 90 % of the rows between {} and {}.",
                     word, widest->name, report::number(widest->mean, 4), report::number(widest->mcse, 2),
                     report::number(widest->q05), report::number(widest->q95));
}

std::string error_of_means(std::int64_t rows) {
  return rows > 1 ? report::percent(1.0 / std::sqrt(static_cast<double>(rows))) : "–";
}

}  // namespace aleator::campaign
