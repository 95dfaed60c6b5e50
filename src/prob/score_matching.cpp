#include "prob/score_matching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/gemm.hpp"

namespace aleator::prob {
namespace {

using Row = std::vector<double>;

// StandardPoints in x, row by row.
struct StandardPoints {
  Row x;
  int count = 0, d = 0;
  const double* row(int i) const { return &x[static_cast<std::size_t>(i) * d]; }
  void add(const double* point) { x.insert(x.end(), point, point + d), ++count; }
};

// What the loss is made of: alpha^T G alpha / 2 + b . alpha + constant.
struct QuadraticLoss {
  math::Matrix g;
  Row b;
  double constant = 0.0;

  double at(const Row& alpha) const {
    return 0.5 * math::dot(alpha, math::multiply(g, alpha)) + math::dot(b, alpha) + constant;
  }
};

double kernel_of(const double* x, const double* c, int d, double inverse_square) {
  double square = 0.0;
  for (int k = 0; k < d; ++k) square = std::fma(x[k] - c[k], x[k] - c[k], square);
  return std::exp(-0.5 * square * inverse_square);
}

QuadraticLoss loss_of(const StandardPoints& points, const StandardPoints& centres, double length_scale) {
  constexpr int at_once = 128;
  const int d = points.d, m = centres.count;
  const double inverse = 1.0 / (length_scale * length_scale), share = 1.0 / points.count;
  QuadraticLoss loss{math::Matrix(m, m), Row(static_cast<std::size_t>(m), 0.0), 0.0};
  for (int first = 0; first < points.count; first += at_once) {
    const int some = std::min(at_once, points.count - first);
    math::Matrix gradients(some * d, m);  // grad k_m, coordinate k of point i in row i d + k
    for (int i = 0; i < some; ++i) {
      const double* const x = points.row(first + i);
      double square = 0.0;
      for (int k = 0; k < d; ++k) square += x[k] * x[k];
      loss.constant += share * (0.5 * square - d);
      for (int c = 0; c < m; ++c) {
        const double kernel = kernel_of(x, centres.row(c), d, inverse);
        double along = 0.0, distance = 0.0;
        for (int k = 0; k < d; ++k) {
          const double r = x[k] - centres.row(c)[k], slope = -inverse * kernel * r;
          gradients(i * d + k, c) = slope;
          along += x[k] * slope, distance += r * r;
        }
        loss.b[c] += share * (inverse * kernel * (inverse * distance - d) - along);
      }
    }
    math::add_product(share, math::ConstMatrixView(gradients).transposed(), gradients, math::view(loss.g));
  }
  return loss;
}

Row fitted(const QuadraticLoss& loss, const StandardPoints& centres, double length_scale, double regularisation) {
  math::Matrix a = loss.g;
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < a.cols; ++j)
      a(i, j) +=
          regularisation * kernel_of(centres.row(i), centres.row(j), centres.d, 1.0 / (length_scale * length_scale));
  double trace = 0.0;
  for (int i = 0; i < a.rows; ++i) trace += a(i, i);
  math::add_to_diagonal(a, 1e-10 * trace / a.rows);  // centres that all but agree
  Row alpha = math::solve_cholesky(math::cholesky(a), loss.b);
  for (double& value : alpha) value = -value;
  return alpha;
}

double median_distance(const StandardPoints& points) {
  const int n = std::min(points.count, 256);
  Row squares;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < i; ++j) {
      double square = 0.0;
      for (int k = 0; k < points.d; ++k) square += std::pow(points.row(i)[k] - points.row(j)[k], 2);
      squares.push_back(square);
    }
  const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
  std::nth_element(squares.begin(), middle, squares.end());
  return std::sqrt(*middle);
}

StandardPoints some_of(const StandardPoints& all, int count) {
  StandardPoints some{{}, 0, all.d};
  const int chosen = std::min(count, all.count);
  for (int i = 0; i < chosen; ++i) some.add(all.row(static_cast<int>(static_cast<long>(i) * all.count / chosen)));
  return some;
}

// The points in x; fills mean and deviation.
StandardPoints standardised(const kernels::ConstBatch& points, LearnedScore& s) {
  const int n = static_cast<int>(points.extent(0)), d = static_cast<int>(points.extent(1));
  s.dimension = d, s.mean.assign(d, 0.0), s.deviation.assign(d, 0.0);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < d; ++k) s.mean[k] += points(i, k) / n;
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < d; ++k) s.deviation[k] += std::pow(points(i, k) - s.mean[k], 2) / n;
  StandardPoints all{{}, n, d};
  for (int k = 0; k < d; ++k) {
    s.deviation[k] = std::sqrt(s.deviation[k]);
    if (!(s.deviation[k] > 0.0))
      throw core::UserError(fmt::format("all data points agree in coordinate {}; a law without width has no score", k));
  }
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < d; ++k) all.x.push_back((points(i, k) - s.mean[k]) / s.deviation[k]);
  return all;
}

}  // namespace

void LearnedScore::evaluate(const double* z, double* s) const {
  const double inverse = 1.0 / (length_scale * length_scale);
  Row x(static_cast<std::size_t>(dimension));
  for (int k = 0; k < dimension; ++k) x[k] = (z[k] - mean[k]) / deviation[k], s[k] = -x[k];
  for (std::size_t m = 0; m < alpha.size(); ++m) {
    const double* const c = &centres[m * static_cast<std::size_t>(dimension)];
    const double weight = -inverse * alpha[m] * kernel_of(x.data(), c, dimension, inverse);
    for (int k = 0; k < dimension; ++k) s[k] += weight * (x[k] - c[k]);
  }
  for (int k = 0; k < dimension; ++k) s[k] /= deviation[k];
}

LearnedScore learn_score(const kernels::ConstBatch& points, int centres) {
  constexpr int least_points = 20;
  if (points.extent(0) < least_points)
    throw core::UserError(
        fmt::format("a score is to be learned from {} data points; give {} at least", points.extent(0), least_points));
  LearnedScore s;
  const StandardPoints all = standardised(points, s);
  StandardPoints known{{}, 0, all.d}, left_out{{}, 0, all.d};
  for (int i = 0; i < all.count; ++i) (i % 2 == 0 ? known : left_out).add(all.row(i));
  const StandardPoints known_centres = some_of(known, centres);
  const double median = median_distance(all);
  s.loss = std::numeric_limits<double>::infinity();
  double best_share = 1.0, best_regularisation = 1.0;
  for (const double share : {1.0, 0.7, 0.5, 0.35, 0.25, 0.15}) {
    const QuadraticLoss fit = loss_of(known, known_centres, share * median),
                        check = loss_of(left_out, known_centres, share * median);
    for (const double regularisation : {1.0, 1e-1, 1e-2, 1e-3, 1e-4}) {
      const double loss = check.at(fitted(fit, known_centres, share * median, regularisation));
      if (loss < s.loss) s.loss = loss, best_share = share, best_regularisation = regularisation;
    }
  }
  const StandardPoints chosen = some_of(all, centres);
  s.length_scale = best_share * median, s.regularisation = best_regularisation, s.centres = chosen.x;
  s.alpha = fitted(loss_of(all, chosen, s.length_scale), chosen, s.length_scale, s.regularisation);
  s.fisher.assign(all.d, 0.0);
  Row score(static_cast<std::size_t>(all.d));
  for (int i = 0; i < all.count; ++i) {
    s.evaluate(&points(i, 0), score.data());
    for (int k = 0; k < all.d; ++k) s.fisher[k] += score[k] * score[k] / all.count;
  }
  return s;
}

}  // namespace aleator::prob
