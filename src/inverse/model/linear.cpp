#include "inverse/model/linear.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "io/files.hpp"

namespace aleator::inverse {

deck::Schema<LinearModel::Params> LinearModel::schema() {
  deck::Schema<Params> s("Linear model y = A u", "");
  s.key("matrix", &Params::matrix, "", "A, a table with one row for each output and one column for each parameter")
      .required();
  return s;
}

LinearModel::LinearModel(std::vector<double> matrix, int outputs, int inputs) : matrix_(std::move(matrix)) {
  shape_.inputs = inputs, shape_.outputs = outputs;
  for (int k = 0; k < inputs; ++k) shape_.input_names.push_back(fmt::format("u[{}]", k));
  for (int k = 0; k < outputs; ++k) shape_.output_names.push_back(fmt::format("y[{}]", k));
}

LinearModel::LinearModel(const Params& params) : LinearModel({}, 0, 0) {
  const io::Table table = io::parse_table(params.matrix.text, params.matrix.path);
  *this = LinearModel(table.values, static_cast<int>(table.rows), static_cast<int>(table.columns));
}

std::shared_ptr<const model::ForwardModel> LinearModel::only(const std::vector<int>& outputs) const {
  std::vector<double> rows;
  for (const int output : outputs) {
    const auto first = matrix_.begin() + static_cast<std::ptrdiff_t>(output) * shape_.inputs;
    rows.insert(rows.end(), first, first + shape_.inputs);
  }
  return std::make_shared<LinearModel>(std::move(rows), static_cast<int>(outputs.size()), shape_.inputs);
}

void LinearModel::apply(model::ConstBatch u, model::Batch y) const {
  const int p = shape_.outputs, d = shape_.inputs;
  const double* const a = matrix_.data();
  Kokkos::parallel_for("linear", Kokkos::RangePolicy<kernels::HostExec>(0, u.extent(0)), [=](int row) {
    for (int i = 0; i < p; ++i) {
      double sum = 0.0;
      for (int k = 0; k < d; ++k) sum += a[static_cast<std::ptrdiff_t>(i) * d + k] * u(row, k);
      y(row, i) = sum;
    }
  });
}

model::RowStatus LinearModel::evaluate(model::ConstBatch u, model::Batch y) const {
  apply(u, y);
  model::RowStatus status;
  for (std::size_t row = 0; row < u.extent(0); ++row)
    for (int k = 0; k < shape_.inputs; ++k)
      if (!std::isfinite(u(row, k))) {
        status.failed.push_back(
            {static_cast<int>(row), fmt::format("{} = {} is not finite", shape_.input_names[k], u(row, k))});
        for (int i = 0; i < shape_.outputs; ++i) y(row, i) = std::numeric_limits<double>::quiet_NaN();
        break;
      }
  return status;
}

model::RowStatus LinearModel::evaluate_and_pullback(model::ConstBatch u, model::Batch y,
                                                    const model::Cotangent& cotangent, model::Batch du) const {
  const model::RowStatus status = evaluate(u, y);
  const int p = shape_.outputs, d = shape_.inputs, rows = static_cast<int>(u.extent(0));
  model::Batch dy("dy", rows, p);
  cotangent(0, y, dy);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < d; ++k) {
      double sum = 0.0;
      for (int i = 0; i < p; ++i) sum += matrix_[static_cast<std::size_t>(i) * d + k] * dy(row, i);
      du(row, k) = sum;
    }
  return status;
}

model::RowStatus LinearModel::evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                                       model::Batch dy) const {
  apply(du, dy);
  return evaluate(u, y);
}

}  // namespace aleator::inverse
