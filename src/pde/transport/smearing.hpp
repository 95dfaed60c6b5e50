#pragma once
/// What      A warning where exponentially fitted fluxes smear: the wind is strong beside diffusion across a cell.
/// Method    At a ratio z = |v| h / kappa = |ln(forth / back)| the scheme adds (z/2 coth(z/2) - 1) kappa to the diffusivity along
///           the wind: 8 % at z = 1, 31 % at z = 2, 4 kappa at z = 10.
/// Parallel  local, safe on any thread.
/// Cost      two products a face, until it has been said.
/// Fails     never.
#include <atomic>

namespace aleator::pde::transport {

class Smearing {
 public:
  /// Says it once, for the largest of the ratios at `count` faces, where one is above 2.
  void tell(const char* component, const double* forth, const double* back, int count, int stride = 1) const;

 private:
  mutable std::atomic<bool> is_said_{false};
};

}  // namespace aleator::pde::transport
