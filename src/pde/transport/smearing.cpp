#include "pde/transport/smearing.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"

namespace aleator::pde::transport {

void Smearing::tell(const char* component, const double* forth, const double* back, int count, int stride) const {
  if (is_said_.load(std::memory_order_relaxed)) return;
  const double least = std::exp(-2.0);
  constexpr double most = 700.0;  // beyond, one of the fluxes is 0
  double largest = 0.0;
  for (int i = 0; i < count * stride; i += stride)
    if (std::min(forth[i], back[i]) < least * std::max(forth[i], back[i]))
      largest = std::max(largest, std::min(most, std::abs(std::log(forth[i] / back[i]))));
  if (!(largest > 2.0) || is_said_.exchange(true)) return;
  constexpr double ratio_of_a_tenth = 1.1;
  core::warn(
      "{}: across a cell the wind is up to {:.3g} times as strong as diffusion (|v| h / kappa), which adds {:.2g} "
      "times the diffusivity to it along the wind: fields come out smoother, a diffusivity that is inferred smaller. "
      "Cells {:.0f} times as narrow would add a tenth (said once)",
      component, largest, 0.5 * largest / std::tanh(0.5 * largest) - 1.0, std::ceil(largest / ratio_of_a_tenth));
}

}  // namespace aleator::pde::transport
