#pragma once
/// What      Half the squared maximum mean discrepancy between the particles and given samples.
/// Method    F = 1/2 |integral k(., z) rho(dz) - 1/M sum_m k(., y_m)|^2 (Gretton, Borgwardt, Rasch, Schoelkopf, Smola 2012) with
///           k(x, y) = exp(-|x - y|^2 / (2 l^2)) in latent coordinates (the samples are taken there by the prior's inverse map):
///           grad dF/drho (x) = 1/l^2 (1/M sum_m k(x, y_m) (x - y_m) - 1/J sum_j k(x, z_j) (x - z_j)).
///           As a flow on particles: Arbel, Korba, Salim, Gretton 2019.
/// Parallel  collective; same bits on any number of ranks. Every rank holds all particles and samples.
/// Cost      J (J + M) (5 d + 20) flops, and M^2 / 2 as many at the first step; no memory beyond the points.
/// Fails     objects to samples of another number of parameters, outside the prior's support, and to problems without a way
///           back to latent coordinates.
#include "sampler/functional/measure_functional.hpp"

namespace aleator::sampler {

class Mmd final : public MeasureFunctional {
 public:
  struct Params {
    deck::File samples;
    double length_scale = 1.0;
  };
  static deck::Schema<Params> schema();
  explicit Mmd(const Params& params);

  std::string objection(const Problem& problem) const override;
  bool needs_gradient() const override { return false; }
  double evaluate(const Problem& problem, const Context& context, const Ensemble& ensemble, const Batch& force,
                  RunCount& count) const override;

 private:
  /// What of the samples stays the same from step to step.
  struct Samples {
    const Problem* of = nullptr;
    Batch z;
    double pairs = 0.0;  ///< the sum of k over all pairs of them
  };
  const Samples& samples_of(const Problem& problem) const;
  Params params_;
  mutable Samples samples_;
};

}  // namespace aleator::sampler
