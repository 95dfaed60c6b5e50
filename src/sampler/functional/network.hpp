#pragma once
/// What      The misfit of a two-layer network of infinitely many neurons to data; the particles are its neurons.
/// Method    f(x; rho) = c integral a tanh(w . x + b) rho(dw, db, da), F = sum_i (f(x_i) - y_i)^2 / (2 sd^2), convex in rho
///           (Mei, Montanari, Nguyen 2018; Hu, Ren, Siska, Szpruch 2021). With the particles' means for the integral
///             grad dF/drho (theta) = sum_i (f(x_i) - y_i) / sd^2 c grad_theta a tanh(w . x_i + b).
///           A neuron is (w, b, a), in this order, in coordinates in which the prior is N(0, I).
/// Parallel  collective; same bits on any number of ranks: one ordered sum of a number for each datum.
/// Cost      J n (4 p + 20) flops for n data with p inputs; no model runs.
/// Fails     KeyError for a table with fewer than two columns; objects to another number of parameters than p + 2 and to priors
///           that are not standard normal.
#include "io/files.hpp"
#include "sampler/functional/measure_functional.hpp"

namespace aleator::sampler {

class Network final : public MeasureFunctional {
 public:
  struct Params {
    deck::File data;
    double sd = 0.1;
    double amplitude = 10.0;
  };
  static deck::Schema<Params> schema();
  explicit Network(const Params& params);

  std::string objection(const Problem& problem) const override;
  bool needs_gradient() const override { return false; }
  double evaluate(const Problem& problem, const Context& context, const Ensemble& ensemble, const Batch& force,
                  RunCount& count) const override;
  /// f at every datum's inputs, on every rank.
  std::vector<double> predictions(const Context& context, const Ensemble& ensemble) const;

 private:
  int inputs() const { return static_cast<int>(data_.columns) - 1; }
  /// tanh(w . x_i + b)
  double activation(const double* neuron, std::size_t i) const;
  Params params_;
  io::Table data_;
};

}  // namespace aleator::sampler
