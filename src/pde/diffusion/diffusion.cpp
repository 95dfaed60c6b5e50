#include "pde/diffusion/diffusion.hpp"

#include "pde/diffusion/engine.hpp"

namespace aleator::pde::diffusion {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

std::vector<std::array<double, 2>> sensor_grid(int n) {
  std::vector<std::array<double, 2>> points;
  for (int k = 1; k <= n; ++k)
    for (int l = 1; l <= n; ++l) points.push_back({static_cast<double>(k) / (n + 1), static_cast<double>(l) / (n + 1)});
  return points;
}

Diffusion::Diffusion(const Setup& setup) : engine_(std::make_unique<Engine>(setup)) {}
Diffusion::~Diffusion() = default;

const model::Shape& Diffusion::shape() const { return engine_->shape(); }
RowStatus Diffusion::evaluate(ConstBatch u, Batch y) const { return engine_->evaluate(u, y); }
const model::Adjoint* Diffusion::adjoint() const { return engine_.get(); }
const model::Tangent* Diffusion::tangent() const { return engine_.get(); }
const Tables& Diffusion::tables() const { return engine_->tables(); }
std::vector<double> Diffusion::solution(const double* theta) const { return engine_->solution(theta); }

}  // namespace aleator::pde::diffusion
