#pragma once
/// What      The way back from parameters to latent coordinates, for problems that know it.
/// Method    A problem that has one derives from it beside Problem; whoever needs it asks for it.
/// Parallel  local rows.
/// Cost      the prior's inverse map.
/// Fails     a row outside the prior's support is NaN.
#include "model/forward_model.hpp"

namespace aleator::model {

class LatentInverse {
 public:
  virtual ~LatentInverse() = default;
  /// z = T^-1(u); the least z where T is not one to one.
  virtual void latent(ConstBatch u, Batch z) const = 0;
};

}  // namespace aleator::model
