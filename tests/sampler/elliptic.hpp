#pragma once
// The two-parameter elliptic problem of Ernst, Sprungk, Starkloff 2015 (also Garbuno-Inigo, Hoffmann, Li, Stuart 2020): a
// curved, strongly informative posterior far out in the prior's tail. Moments and evidence by quadrature
// (shared/benchmarks, B4, recomputed for this project).
#include "sampler/targets.hpp"

namespace aleator::sampler::test {

// -(exp(u_1) p')' = f on (0, 1), p(0) = 0, p(1) = u_2: p(x) = u_2 x + f exp(-u_1) (x - x^2) / 2, observed at 1/4 and 3/4;
// f = 1, or another source for a coarse model that is wrong.
class Elliptic : public model::ForwardModel, private model::Adjoint {
 public:
  explicit Elliptic(double source = 1.0) : source_(source) { shape_.inputs = shape_.outputs = 2; }
  const model::Shape& shape() const override { return shape_; }
  const model::Adjoint* adjoint() const override { return this; }
  model::RowStatus evaluate(ConstBatch u, Batch y) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row)
      for (int i = 0; i < 2; ++i) y(row, i) = u(row, 1) * place(i) + std::exp(-u(row, 0)) * bubble(i);
    return {};
  }

 private:
  static double place(int i) { return i == 0 ? 0.25 : 0.75; }
  double bubble(int i) const { return source_ * 0.5 * (place(i) - place(i) * place(i)); }
  model::RowStatus evaluate_and_pullback(ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                         Batch du) const override {
    const model::RowStatus status = evaluate(u, y);
    Batch dy("dy", y.extent(0), 2);
    cotangent(0, y, dy);
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      du(row, 0) = -std::exp(-u(row, 0)) * (bubble(0) * dy(row, 0) + bubble(1) * dy(row, 1));
      du(row, 1) = place(0) * dy(row, 0) + place(1) * dy(row, 1);
    }
    return status;
  }
  double source_;
  model::Shape shape_;
};

inline std::shared_ptr<inverse::BayesProblem> elliptic_problem(double source = 1.0, double sd = 0.1) {
  return std::make_shared<inverse::BayesProblem>(
      inverse::BayesProblem::Params{},
      inverse::BayesProblem::Parts{std::make_shared<Elliptic>(source),
                                   std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0, 100.0}, {1.0}, {}}),
                                   std::make_shared<inverse::GaussianLikelihood>(inverse::GaussianLikelihood::Params{
                                       {"data.txt", "27.5 79.7\n"}, {sd}, {}, true})});
}

// Rounded in the seventh digit, 1e-4 standard errors of the runs below.
inline Exact elliptic_exact() {
  Exact e{{-2.769483, 104.167680}, math::Matrix(2, 2), -14.464407};
  e.covariance.a = {1.102876e-2, 2.567286e-2, 2.567286e-2, 7.585086e-2};
  return e;
}

}  // namespace aleator::sampler::test
