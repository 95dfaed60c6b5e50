#pragma once
/// What      Mean-field Langevin dynamics, with or without inertia: N particles that minimise a functional of their law,
///           strength F(rho) + KL(rho | reference).
/// Method    Fu, Wilson 2023 (N-particle underdamped Langevin): dz = v dt, dv = -g dt - gamma v dt + sqrt(2 gamma) dW with
///           g = strength grad dF/drho(z) - grad log reference(z), rho the law of the particles. Over a step h g is held and the
///           linear equation solved exactly, with a = 1 - exp(-gamma h):
///             v' = (1 - a) v - a / gamma g + xi_v,  z' = z + a / gamma v - (h - a / gamma) / gamma g + xi_z,
///             var xi_v = 1 - exp(-2 gamma h),  var xi_z = (2 gamma h - 3 + 4 exp(-gamma h) - exp(-2 gamma h)) / gamma^2,
///             cov = a^2 / gamma.
///           dynamics = overdamped: z' = z - h g + sqrt(2 h) xi (Hu, Ren, Siska, Szpruch 2021; Chizat 2022).
///           The reference is the posterior or the prior N(0, I); the minimiser is rho ~ reference exp(-strength dF/drho), for
///           convex F the only one. Without a functional it is the reference. Biased by O(h) and O(1 / N).
/// Parallel  collective; same bits on any number of ranks.
/// Cost      a step: N model runs (with adjoint where the reference or the functional needs it) and the functional's.
/// Fails     NumericsError when every particle has likelihood zero; objects where reference or functional need a gradient the
///           problem has not, and where the functional objects.
#include "sampler/functional/measure_functional.hpp"

namespace aleator::sampler {

struct MeanFieldLangevin {
  enum class Dynamics { underdamped, overdamped };
  enum class Reference { posterior, prior };
  struct Params {
    std::string functional;
    int members = 256;
    int iterations = 1000;
    double step = 0.1;
    double friction = 2.0;
    double strength = 1.0;
    Reference reference = Reference::posterior;
    Dynamics dynamics = Dynamics::underdamped;
  };
  struct State : BaseState {
    Batch velocity;      ///< v, local rows x d; no columns without inertia
    Batch force;         ///< grad dF/drho at the particles; no columns without a functional
    double value = 0.0;  ///< F at the particles
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const;
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
  std::shared_ptr<const MeasureFunctional> functional;  ///< may be null

 private:
  bool needs_gradient() const;
  void measure(const Problem& problem, const Context& context, State& s) const;
};

}  // namespace aleator::sampler
