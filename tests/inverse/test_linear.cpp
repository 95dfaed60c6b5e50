#include "inverse/model/linear.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace aleator::inverse {
namespace {

using model::Batch;

const std::vector<double> matrix = {1.0, 2.0, 3.0, -1.0, 0.5, 4.0};  // 2 x 3

Batch rows_of(int rows, int columns, double phase) {
  Batch x("x", rows, columns);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < columns; ++k) x(row, k) = std::sin(phase + 3.0 * row + 1.7 * k);
  return x;
}

double inner(const Batch& a, const Batch& b, int row) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.extent(1); ++k) sum += a(row, k) * b(row, k);
  return sum;
}

TEST(LinearModel, MultipliesByTheMatrix) {
  const LinearModel model(matrix, 2, 3);
  const Batch u("u", 1, 3), y("y", 1, 2);
  u(0, 0) = 1.0, u(0, 1) = 10.0, u(0, 2) = 100.0;
  EXPECT_TRUE(model.evaluate(u, y).ok());
  EXPECT_DOUBLE_EQ(y(0, 0), 321.0);
  EXPECT_DOUBLE_EQ(y(0, 1), 404.0);
}

TEST(LinearModel, ReadsTheMatrixFromATable) {
  const LinearModel model(LinearModel::Params{{"a.txt", "1 2 3\n-1 .5 4\n"}});
  EXPECT_EQ(model.shape().inputs, 3);
  EXPECT_EQ(model.shape().outputs, 2);
  const Batch u = rows_of(4, 3, 0.0), y("y", 4, 2), same("same", 4, 2);
  model.evaluate(u, y);
  LinearModel(matrix, 2, 3).evaluate(u, same);
  for (int row = 0; row < 4; ++row)
    for (int i = 0; i < 2; ++i) EXPECT_EQ(y(row, i), same(row, i));
  EXPECT_THROW(LinearModel(LinearModel::Params{{"a.txt", "# nothing\n"}}), core::UserError);
}

TEST(LinearModel, AdjointAndTangentPassTheDotProductTest) {
  const LinearModel model(matrix, 2, 3);
  const Batch u = rows_of(5, 3, 0.0), v = rows_of(5, 3, 1.0), w = rows_of(5, 2, 2.0);
  const Batch y("y", 5, 2), av("Av", 5, 2), aw("A^T w", 5, 3), plain("plain", 5, 2);
  model.evaluate(u, plain);
  EXPECT_TRUE(model.tangent()->evaluate_and_pushforward(u, v, y, av).ok());
  for (int row = 0; row < 5; ++row) EXPECT_EQ(y(row, 1), plain(row, 1));
  const auto cotangent = [&](int first, model::ConstBatch tile, Batch dy) {
    for (std::size_t row = 0; row < tile.extent(0); ++row)
      for (int i = 0; i < 2; ++i) dy(row, i) = w(first + static_cast<int>(row), i);
  };
  EXPECT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, cotangent, aw).ok());
  for (int row = 0; row < 5; ++row) {
    EXPECT_EQ(y(row, 0), plain(row, 0));
    EXPECT_NEAR(inner(av, w, row), inner(v, aw, row), 1e-14);  // (A v, w) = (v, A^T w)
  }
}

TEST(LinearModel, ARowThatIsNotFiniteFailsAlone) {
  const LinearModel model(matrix, 2, 3);
  const Batch u = rows_of(4, 3, 0.0), y("y", 4, 2);
  u(1, 2) = std::numeric_limits<double>::quiet_NaN();
  u(3, 0) = std::numeric_limits<double>::infinity();
  const model::RowStatus status = model.evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 2u);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_NE(status.failed[0].reason.find("u[2]"), std::string::npos);
  EXPECT_EQ(status.failed[1].row, 3);
  for (int row = 0; row < 4; ++row)
    for (int i = 0; i < 2; ++i) EXPECT_EQ(std::isnan(y(row, i)), row == 1 || row == 3);
}

}  // namespace
}  // namespace aleator::inverse
