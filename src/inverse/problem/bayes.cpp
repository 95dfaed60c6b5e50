#include "inverse/problem/bayes.hpp"

#include <cmath>
#include <limits>
#include <set>

#include "core/log.hpp"
#include "io/files.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;
using model::ConstBatch;

Batch new_batch(std::size_t rows, int columns) {
  return Batch(Kokkos::view_alloc("batch", Kokkos::WithoutInitializing), rows, columns);
}

std::string shown_row(ConstBatch u, int row) {
  std::string text;
  for (std::size_t k = 0; k < u.extent(1) && k < 8; ++k) text += fmt::format("{}{:.6g}", k == 0 ? "" : ", ", u(row, k));
  return text + (u.extent(1) > 8 ? ", …" : "");
}

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

// Outputs that overflow to NaN without the model noticing: a chain that starts at a NaN would never leave it.
void add_undefined_rows(const model::Vector& values, model::RowStatus& status) {
  std::vector<char> is_known(values.extent(0), 0);
  for (const model::FailedRow& failed : status.failed) is_known[static_cast<std::size_t>(failed.row)] = 1;
  for (std::size_t row = 0; row < is_known.size(); ++row)
    if (is_known[row] == 0 && std::isnan(values(row)))
      status.failed.push_back({static_cast<int>(row), "the outputs are not finite"});
}

// One number for each parameter, or none without a file.
std::vector<double> read_parameters(const deck::File& file, const std::string& key, int dimension) {
  if (file.empty()) return {};
  std::vector<double> values = io::parse_table(file.text, file.path).values;
  if (static_cast<int>(values.size()) != dimension)
    throw deck::KeyError(key,
                         fmt::format("{} holds {} numbers for {} parameters", file.path, values.size(), dimension));
  return values;
}

}  // namespace

deck::Schema<BayesProblem::Params> BayesProblem::schema() {
  deck::Schema<Params> s("Posterior of a model's parameters given data", "");
  s.reference("model", &Params::model, "model", "forward model G").required();
  s.reference("prior", &Params::prior, "prior", "prior of the parameters u").required();
  s.reference("likelihood", &Params::likelihood, "likelihood", "density of the data given G(u)").required();
  s.choice("on_failure", &Params::on_failure, "what a failed model run means",
           {{"reject", OnFailure::reject, "likelihood zero: the sampler does not go there"},
            {"stop", OnFailure::stop, "the run ends with exit code 3"}})
      .key("reference_mean", &Params::reference_mean, "",
           "known posterior mean of u, a table; the report then shows the error")
      .key("truth", &Params::truth, "",
           "the u that made the data, a table, where it is known; the report then shows it")
      .check("truth", [](const Params& p) {
        return p.truth.empty() || p.reference_mean.empty() ? std::string()
                                                           : std::string("give truth or reference_mean, not both");
      });
  return s;
}

BayesProblem::BayesProblem(const Params& params, Parts parts) : params_(params), parts_(std::move(parts)) {
  const model::Shape& shape = parts_.model->shape();
  const int d = parts_.prior->dimension(), p = parts_.likelihood->outputs();
  if (shape.inputs != d)
    throw deck::KeyError("prior",
                         fmt::format("has {} parameters, but model '{}' takes {}", d, params.model, shape.inputs),
                         fmt::format("set dimension = {} in [prior.{}]", shape.inputs, params.prior));
  if (shape.outputs != p)
    throw deck::KeyError("likelihood",
                         fmt::format("has {} data, but model '{}' gives {} outputs", p, params.model, shape.outputs),
                         "the data file must hold one number for each output");
  variables_ = parts_.prior->variables(params.prior);
  refuse_names_of_dimensions(variables_);
  reference_mean_ = read_parameters(params.reference_mean, "reference_mean", d);
  truth_ = read_parameters(params.truth, "truth", d);
}

void BayesProblem::parameters(ConstBatch z, Batch u) const {
  kernels::for_each_row(static_cast<int>(z.extent(0)),
                        [=](int row) { parts_.prior->to_parameters(&z(row, 0), &u(row, 0)); });
}

std::vector<int> BayesProblem::evaluate(ConstBatch z, model::Evaluation& result) const {
  const std::size_t rows = z.extent(0);
  const Batch u = new_batch(rows, parameter_dimension());
  const Batch y = result.outputs.size() != 0 ? result.outputs : new_batch(rows, outputs());
  parameters(z, u);
  model::RowStatus status;
  Batch du;
  if (result.gradient.size() == 0) {
    status = parts_.model->evaluate(u, y);
  } else {
    du = new_batch(rows, parameter_dimension());
    const auto cotangent = [this](int, ConstBatch y_tile, Batch dy_tile) {
      parts_.likelihood->gradient(y_tile, dy_tile);
    };
    status = parts_.model->adjoint()->evaluate_and_pullback(u, y, cotangent, du);
  }
  const model::Vector log_likelihood = result.log_likelihood;
  const Batch gradient = result.gradient;
  kernels::for_each_row(static_cast<int>(rows), [=](int row) {
    if (du.size() != 0) parts_.prior->pullback(&z(row, 0), &du(row, 0), &gradient(row, 0));
    parts_.likelihood->log_density(Kokkos::subview(ConstBatch(y), Kokkos::make_pair(row, row + 1), Kokkos::ALL),
                                   Kokkos::subview(log_likelihood, Kokkos::make_pair(row, row + 1)));
  });
  add_undefined_rows(log_likelihood, status);
  handle_failures(status, u, result);
  std::vector<int> failed;
  for (const model::FailedRow& row : status.failed) failed.push_back(row.row);
  return failed;
}

void BayesProblem::handle_failures(const model::RowStatus& status, ConstBatch u, model::Evaluation& result) const {
  constexpr std::int64_t most_shown = 5;
  for (const model::FailedRow& failed : status.failed) {
    const auto where = [&] {
      return fmt::format("model '{}' failed at u = ({}): {}", params_.model, shown_row(u, failed.row), failed.reason);
    };
    if (params_.on_failure == OnFailure::stop)
      throw core::NumericsError(where() +
                                "; on_failure = \"reject\" in the problem's block would pass over such points");
    if (++failures_ <= most_shown) core::warn("{}", where());
    if (failures_ == most_shown) core::warn("further failed model runs are not shown");
    result.log_likelihood(failed.row) = -std::numeric_limits<double>::infinity();
  }
  if (result.gradient.size() == 0) return;
  for (std::size_t row = 0; row < u.extent(0);
       ++row)  // likelihood zero has no direction, and infinity - infinity is NaN
    if (result.log_likelihood(row) == -std::numeric_limits<double>::infinity())
      for (std::size_t k = 0; k < result.gradient.extent(1); ++k) result.gradient(row, k) = 0.0;
}

model::RowStatus BayesProblem::evaluate_parameters(ConstBatch u, model::Evaluation& result,
                                                   model::Vector log_prior) const {
  model::RowStatus status = parts_.model->evaluate(u, result.outputs);
  parts_.likelihood->log_density(result.outputs, result.log_likelihood);
  const model::Vector doubt("doubt", u.extent(0));  // NaN where the log-likelihood is, or an output is not finite
  for (std::size_t row = 0; row < u.extent(0); ++row) {
    log_prior(row) = parts_.prior->log_density(&u(row, 0));
    if (std::isnan(result.log_likelihood(row))) doubt(row) = result.log_likelihood(row);
    for (int i = 0; i < outputs(); ++i) doubt(row) += result.outputs(row, i) - result.outputs(row, i);
  }
  add_undefined_rows(doubt, status);
  return status;
}

}  // namespace aleator::inverse
