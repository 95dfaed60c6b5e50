#pragma once
/// What      The density of the data given a model's outputs.
/// Method    interface; evaluated on tiles of rows, also from worker threads, so implementations are const and thread-safe.
/// Parallel  local.
/// Cost      O(rows x outputs) for independent noise, O(rows x outputs^2) for correlated noise.
/// Fails     -
#include <memory>
#include <vector>

#include "kernels/batch.hpp"
#include "kernels/random.hpp"
#include "math/dense.hpp"

namespace aleator::model {

using kernels::Batch;
using kernels::ConstBatch;
using kernels::Vector;

/// Additive Gaussian noise y = G(u) + N(0, R): what ensemble Kalman methods and synthetic data need.
struct GaussianNoise {
  std::vector<double> data;  ///< p measurements
  math::Matrix covariance;   ///< R, p x p
};

class Likelihood {
 public:
  virtual ~Likelihood() = default;
  virtual int outputs() const = 0;
  /// How many of the outputs, the last ones, are parameters of the likelihood itself (a noise level), handed on unchanged from
  /// the end of the prior's parameters.
  virtual int parameters() const { return 0; }
  /// log p(data | y_r) for each row.
  virtual void log_density(ConstBatch y, Vector out) const = 0;
  /// Its gradient with respect to y.
  virtual void gradient(ConstBatch y, Batch dy) const = 0;
  virtual const std::vector<double>& data() const = 0;
  /// Null when the noise is not additive Gaussian.
  virtual const GaussianNoise* gaussian() const { return nullptr; }
  /// Data drawn given outputs y (outputs() numbers); empty where the likelihood cannot draw.
  virtual std::vector<double> simulate(const double* /*y*/, const kernels::Rng& /*rng*/, kernels::Stream /*stream*/,
                                       std::int64_t /*row*/) const {
    return {};
  }
  /// The same likelihood of other data, as many; null where that is not possible.
  virtual std::unique_ptr<Likelihood> with_data(const std::vector<double>& /*data*/) const { return nullptr; }
};

}  // namespace aleator::model
