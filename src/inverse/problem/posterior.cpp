#include "inverse/problem/posterior.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/log.hpp"
#include "io/data_table.hpp"
#include "parallel/session.hpp"

namespace aleator::inverse {
namespace {

using kernels::new_batch;
using model::Batch;
using model::ConstBatch;

// Variables are arrays of results.h5, beside the dimensions chain, draw and name_dim_0.
void refuse_names_of_dimensions(const std::vector<prob::Variable>& variables) {
  std::set<std::string> dimensions{"chain", "draw"};
  for (const prob::Variable& variable : variables) dimensions.insert(variable.name + "_dim_0");
  for (const prob::Variable& variable : variables)
    if (dimensions.count(variable.name) != 0)
      throw deck::KeyError("prior",
                           fmt::format("calls parameters '{}', the name of a dimension of results.h5", variable.name),
                           "give the prior's block another name");
}

// Outputs that overflow to NaN without the model noticing, and densities that are infinite: a chain that is there would
// never leave.
void add_undefined_rows(const model::Vector& values, const char* reason, model::RowStatus& status) {
  std::vector<char> is_known(values.extent(0), 0);
  for (const model::FailedRow& failed : status.failed) is_known[static_cast<std::size_t>(failed.row)] = 1;
  for (std::size_t row = 0; row < is_known.size(); ++row)
    if (is_known[row] == 0 && !(values(row) < std::numeric_limits<double>::infinity()))
      status.failed.push_back(
          {static_cast<int>(row), std::isnan(values(row)) ? reason : "the log-density is infinite"});
  std::sort(status.failed.begin(), status.failed.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
}

// Where the density is finite and its slope is not, a chain that is moved by slopes would never leave either.
void add_rows_without_slope(ConstBatch gradient, const model::Vector& values, model::RowStatus& status) {
  const model::Vector doubt("doubt", values.extent(0));
  kernels::for_each_row(static_cast<int>(values.extent(0)), [=](int row) {
    if (values(row) == -std::numeric_limits<double>::infinity()) return;
    for (std::size_t k = 0; k < gradient.extent(1); ++k) doubt(row) += gradient(row, k) - gradient(row, k);
  });
  add_undefined_rows(doubt, "the gradient is not finite", status);
}

// One number for each parameter, or none without a file.
std::vector<double> read_parameters(const deck::File& file, const std::string& key,
                                    const std::vector<std::string>& names) try {
  if (file.empty()) return {};
  return io::read_point(file.text, file.path, static_cast<int>(names.size()), names, "problem");
} catch (const core::UserError& error) {
  throw deck::KeyError(key, error.what());
}

const char* undefined_reason(int outputs) {
  return outputs > 0 ? "the outputs are not finite" : "the log-density is not a number";
}

}  // namespace

Posterior::Posterior(PosteriorParams common, std::shared_ptr<const prob::Prior> prior)
    : variables_(prior->variables(common.prior)), common_(std::move(common)), prior_(std::move(prior)) {
  refuse_names_of_dimensions(variables_);
}

void Posterior::read_known_parameters() {
  const std::vector<std::string> names = prob::parameter_names(variables_);
  facts_.reference_mean = read_parameters(common_.reference_mean, "reference_mean", names);
  facts_.truth = read_parameters(common_.truth, "truth", names);
}

std::string Posterior::missing_gradient() const {
  return prior_->is_continuous()
             ? "the model does not offer"
             : "does not exist, for the prior has jumps (prior/levelset with width = 0; with a width "
               "it has slopes)";
}

void Posterior::parameters(ConstBatch z, Batch u) const {
  kernels::for_each_row(static_cast<int>(z.extent(0)), [=](int row) { prior_->to_parameters(&z(row, 0), &u(row, 0)); });
}

void Posterior::latent(ConstBatch u, Batch z) const {
  kernels::for_each_row(static_cast<int>(u.extent(0)), [=](int row) { prior_->to_latent(&u(row, 0), &z(row, 0)); });
}

std::vector<int> Posterior::evaluate(ConstBatch z, model::Evaluation& result) const {
  constexpr std::size_t values_at_once = 1 << 18;  // 2 MB beside an ensemble that may fill the memory
  const auto least_rows = static_cast<std::size_t>(std::max(8, 4 * parallel::threads()));
  const auto d = static_cast<std::size_t>(std::max(parameter_dimension(), 1));
  const std::size_t rows = z.extent(0), tile = std::max(least_rows, values_at_once / d);
  if (rows <= tile) return evaluate_tile(z, result);
  std::vector<int> failed;
  for (std::size_t first = 0; first < rows; first += tile) {
    const auto some = Kokkos::make_pair(first, std::min(first + tile, rows));
    const auto part = [&](const Batch& all) {
      return all.size() == 0 ? Batch() : Batch(Kokkos::subview(all, some, Kokkos::ALL));
    };
    model::Evaluation of_tile{Kokkos::subview(result.log_likelihood, some), part(result.gradient),
                              part(result.outputs)};
    for (const int row : evaluate_tile(Kokkos::subview(z, some, Kokkos::ALL), of_tile))
      failed.push_back(static_cast<int>(first) + row);
  }
  return failed;
}

std::vector<int> Posterior::evaluate_tile(ConstBatch z, model::Evaluation& result) const {
  const std::size_t rows = z.extent(0);
  const Batch u = new_batch(rows, parameter_dimension()), gradient = result.gradient;
  parameters(z, u);
  Batch du;
  if (gradient.size() != 0) du = new_batch(rows, parameter_dimension());
  model::RowStatus status = density(u, result, du, 0);
  add_undefined_rows(result.log_likelihood, undefined_reason(outputs()), status);
  if (common_.on_failure == OnFailure::retry) {
    add_rows_without_slope(du, result.log_likelihood, status);
    const std::vector<model::FailedRow> failed_once = status.failed;
    retry(status, u, result, du);
    record_recovered(failed_once, status, u);
  }
  if (du.size() != 0) {
    kernels::for_each_row(static_cast<int>(rows),
                          [=](int row) { prior_->pullback(&z(row, 0), &du(row, 0), &gradient(row, 0)); });
    add_rows_without_slope(gradient, result.log_likelihood, status);
  }
  handle_failures(status, u, result);
  std::vector<int> failed;
  for (const model::FailedRow& row : status.failed) failed.push_back(row.row);
  return failed;
}

// The failed rows by themselves, again and again; what is computed at last takes their places.
void Posterior::retry(model::RowStatus& status, ConstBatch u, model::Evaluation& result, Batch du) const {
  for (int attempt = 1; attempt <= common_.retries && !status.ok(); ++attempt) {
    const std::vector<model::FailedRow> rows = std::move(status.failed);
    status.failed.clear();
    const auto at = [&rows](std::size_t i) { return static_cast<std::size_t>(rows[i].row); };
    const Batch again = new_batch(rows.size(), parameter_dimension());
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t k = 0; k < u.extent(1); ++k) again(i, k) = u(at(i), k);
    model::Evaluation e{model::Vector("log_likelihood", rows.size()), {}, {}};
    if (result.outputs.size() != 0) e.outputs = new_batch(rows.size(), outputs());
    const Batch d_again = du.size() != 0 ? new_batch(rows.size(), parameter_dimension()) : Batch();
    model::RowStatus failed = density(again, e, d_again, attempt);
    add_undefined_rows(e.log_likelihood, undefined_reason(outputs()), failed);
    add_rows_without_slope(d_again, e.log_likelihood, failed);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      result.log_likelihood(at(i)) = e.log_likelihood(i);
      for (std::size_t k = 0; k < e.outputs.extent(1); ++k) result.outputs(at(i), k) = e.outputs(i, k);
      for (std::size_t k = 0; k < d_again.extent(1); ++k) du(at(i), k) = d_again(i, k);
    }
    for (const model::FailedRow& one : failed.failed)
      status.failed.push_back({rows[static_cast<std::size_t>(one.row)].row, one.reason});
  }
}

// "0.5, 2" of one array of parameters, "mu = 0.5, theta = (1, 2, …)" of several.
std::string Posterior::shown_row(ConstBatch u, int row) const {
  constexpr int most = 8;
  std::string text;
  int column = 0, shown = 0;
  for (const prob::Variable& variable : variables_) {
    if (shown == most) break;
    std::string values;
    for (int k = 0; k < variable.size && shown < most; ++k, ++shown)
      values += fmt::format("{}{:.6g}", k == 0 ? "" : ", ", u(row, column + k));
    column += variable.size;
    if (variables_.size() > 1)
      values = fmt::format("{} = {}", variable.name, variable.size > 1 ? "(" + values + ")" : values);
    text += (text.empty() ? "" : ", ") + values;
  }
  return text + (parameter_dimension() > most ? ", …" : "");
}

void Posterior::become_part() {
  if (imputes_failures()) common_.on_failure = OnFailure::reject;
}

void Posterior::list_row(ConstBatch u, int row, std::string reason) const {
  constexpr std::size_t most_bytes = 64 << 20;  // between two calls of take_failures
  if (log_->bytes >= most_bytes) {
    if (!std::exchange(log_->is_cut, true))
      core::warn("{}: more failed rows than failed_rows.csv takes; further ones are counted, not listed", culprit());
    return;
  }
  std::string line;
  for (std::size_t k = 0; k < u.extent(1); ++k) line += fmt::format("{:.17g},", u(row, k));
  std::replace(reason.begin(), reason.end(), '"', '\'');
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  log_->rows.push_back(line + "\"" + reason + "\"\n");
  log_->bytes += log_->rows.back().size();
}

void Posterior::record_recovered(const std::vector<model::FailedRow>& failed_once, const model::RowStatus& status,
                                 ConstBatch u) const {
  std::set<int> lost;
  for (const model::FailedRow& failed : status.failed) lost.insert(failed.row);
  for (const model::FailedRow& failed : failed_once) {
    if (lost.count(failed.row) != 0) continue;
    ++log_->counts.recovered;
    list_row(u, failed.row, failed.reason + " (sound when computed again)");
  }
}

void Posterior::record(const model::RowStatus& status, ConstBatch u) const {
  constexpr std::int64_t most_shown = 5;
  FailureLog& log = *log_;
  for (const model::FailedRow& failed : status.failed) {
    list_row(u, failed.row, failed.reason);
    if (++log.failures <= most_shown)
      core::warn("{} failed at u = ({}): {}", culprit(), shown_row(u, failed.row), failed.reason);
    if (log.failures == most_shown) core::warn("further failed rows are not shown");
  }
  (imputes_failures() ? log.counts.imputed : log.counts.rejected) += static_cast<std::int64_t>(status.failed.size());
}

void Posterior::handle_failures(const model::RowStatus& status, ConstBatch u, model::Evaluation& result) const {
  if (common_.on_failure == OnFailure::stop && !status.ok()) {
    for (const model::FailedRow& failed : status.failed) list_row(u, failed.row, failed.reason);
    throw core::NumericsError(fmt::format(
        "{} failed at u = ({}): {}; on_failure = \"reject\" in the problem's block would pass over such points",
        culprit(), shown_row(u, status.failed.front().row), status.failed.front().reason));
  }
  record(status, u);
  for (const model::FailedRow& failed : status.failed)
    result.log_likelihood(failed.row) = -std::numeric_limits<double>::infinity();
  if (result.gradient.size() == 0) return;
  for (std::size_t row = 0; row < u.extent(0);
       ++row)  // likelihood zero has no direction, and infinity - infinity is NaN
    if (result.log_likelihood(row) == -std::numeric_limits<double>::infinity())
      for (std::size_t k = 0; k < result.gradient.extent(1); ++k) result.gradient(row, k) = 0.0;
}

model::RowStatus Posterior::evaluate_parameters(ConstBatch u, model::Evaluation& result,
                                                model::Vector log_prior) const {
  if (outputs() > 0 && result.outputs.size() == 0) result.outputs = new_batch(u.extent(0), outputs());
  model::RowStatus status = density(u, result, result.gradient, 0);
  const model::Vector doubt("doubt", u.extent(0));  // NaN where the log-likelihood or an output is
  for (std::size_t row = 0; row < u.extent(0); ++row) {
    log_prior(row) = prior_->log_density(&u(row, 0));
    if (std::isnan(result.log_likelihood(row))) doubt(row) = result.log_likelihood(row);
    for (int i = 0; i < outputs(); ++i)
      if (std::isnan(result.outputs(row, i))) doubt(row) = result.outputs(row, i);
  }
  add_undefined_rows(doubt, undefined_reason(outputs()), status);
  if (common_.on_failure == OnFailure::retry) {
    add_rows_without_slope(result.gradient, result.log_likelihood, status);
    retry(status, u, result, result.gradient);
  }
  std::vector<double> slope(result.gradient.extent(1));
  for (std::size_t row = 0; row < result.gradient.extent(0); ++row) {
    const bool is_inside = std::isfinite(log_prior(row));
    if (is_inside) prior_->density_slope()->log_density_gradient(&u(row, 0), slope.data());
    for (std::size_t k = 0; k < slope.size(); ++k)
      result.gradient(row, k) = is_inside ? result.gradient(row, k) + slope[k] : 0.0;
  }
  return status;
}

}  // namespace aleator::inverse
