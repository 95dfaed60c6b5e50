#include "pde/diffusion/diffusion.hpp"

#include <cmath>

#include "core/error.hpp"
#include "pde/diffusion/engine.hpp"

namespace aleator::pde::diffusion {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

Diffusion::Diffusion(const Setup& setup) : engine_(std::make_unique<Engine>(setup)) {}
Diffusion::~Diffusion() = default;

const model::Shape& Diffusion::shape() const { return engine_->shape(); }
RowStatus Diffusion::evaluate(ConstBatch u, Batch y) const { return engine_->evaluate(u, y); }
const model::Adjoint* Diffusion::adjoint() const { return engine_.get(); }
const model::Tangent* Diffusion::tangent() const { return engine_.get(); }
const Tables& Diffusion::tables() const { return engine_->tables(); }
std::vector<double> Diffusion::solution(const double* theta) const { return engine_->solution(theta); }

std::vector<model::GridField> Diffusion::states(const double* theta) const {
  const int n = tables().n, c = tables().c, r = tables().r;
  for (int k = 0; k < c * c; ++k)
    if (!(theta[k] > 0) || !std::isfinite(theta[k])) throw core::NumericsError("a coefficient is not positive");
  const std::vector<double> origin(2, 0.0), spacing(2, 1.0 / n);
  model::GridField coefficient{"coefficient", {n, n}, origin, spacing, false, {}};
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < n; ++x) coefficient.values.push_back(theta[y / r * c + x / r]);
  model::GridField solved{"solution", {n, n}, origin, spacing, true, solution(theta)};
  for (const double value : solved.values)
    if (!std::isfinite(value)) throw core::NumericsError("the solution is not finite");
  return {std::move(coefficient), std::move(solved)};
}

}  // namespace aleator::pde::diffusion
