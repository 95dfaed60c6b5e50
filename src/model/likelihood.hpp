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

/// Additive Gaussian noise y = G(u) + N(0, R), R = L L^T: what ensemble Kalman methods need.
class GaussianNoise {
 public:
  virtual ~GaussianNoise() = default;
  /// r = L^-1 (y - data), p numbers.
  virtual void whiten(const double* y, double* r) const = 0;
};

/// The Fisher information W(y) = S S^T of the data about the outputs y, row by row: optional (Likelihood::information). With
/// it J^T W J is the Gauss-Newton approximation of a Hessian.
class Information {
 public:
  virtual ~Information() = default;
  /// w = S(y)^T dy.
  virtual void to_whitened(const double* y, const double* dy, double* w) const = 0;
  /// dy = S(y) w.
  virtual void from_whitened(const double* y, const double* w, double* dy) const = 0;
};

/// Outputs about which the data say something independently of each other: W is diagonal.
class DiagonalInformation : public Information {
 public:
  void to_whitened(const double* y, const double* dy, double* w) const override { scale(y, dy, w); }
  void from_whitened(const double* y, const double* w, double* dy) const override { scale(y, w, dy); }

 protected:
  /// out_i = S_ii(y) in_i.
  virtual void scale(const double* y, const double* in, double* out) const = 0;
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
  /// Null where the information is not at hand.
  virtual const Information* information() const { return nullptr; }
  /// Data drawn given outputs y (outputs() numbers); empty where the likelihood cannot draw.
  virtual std::vector<double> simulate(const double* /*y*/, const kernels::Rng& /*rng*/, kernels::Stream /*stream*/,
                                       std::int64_t /*row*/) const {
    return {};
  }
  /// The same likelihood of other data, as many; null where that is not possible.
  virtual std::unique_ptr<Likelihood> with_data(const std::vector<double>& /*data*/) const { return nullptr; }
};

}  // namespace aleator::model
