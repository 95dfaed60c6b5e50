#pragma once
/// What      Gaussian likelihood of measurements d given outputs y: d ~ N(y, R).
/// Method    log p = -|W (d - y)|^2 / 2 + constant, R^-1 = W^T W; symbols: data d, R from sd or covariance = L L^T, W = L^-1.
///           With unknown_scale the noise is c^2 R, c the last parameter of the prior: -|W (d - y)|^2 / (2 c^2) - p ln c.
/// Parallel  local, row by row; thread-safe.
/// Cost      O(p) a row with independent noise, O(p^2) with a covariance.
/// Fails     UserError: no data in the file. KeyError: sizes that do not fit, a covariance that is not positive definite.
#include "inverse/likelihood/observations.hpp"
#include "model/data_terms.hpp"

namespace aleator::inverse {

class GaussianLikelihood : public model::Likelihood,
                           public PartlyMeasured,
                           public model::IndependentData,
                           private model::Information {
 public:
  struct Params {
    deck::File data;
    std::vector<double> sd;
    deck::File covariance;
    bool normalised = true;
    bool unknown_scale = false;
    std::vector<std::string> column = {}, sd_column = {};
  };
  static deck::Schema<Params> schema();
  explicit GaussianLikelihood(const Params& params);
  GaussianLikelihood() = default;  ///< of no data: only() fills it

  int outputs() const override { return data_count() + parameters(); }
  int parameters() const override { return has_unknown_scale_ ? 1 : 0; }
  void log_density(model::ConstBatch y, model::Vector out) const override;
  void gradient(model::ConstBatch y, model::Batch dy) const override;
  const std::vector<double>& data() const override { return noise_.data; }
  const model::GaussianNoise* gaussian() const override { return has_unknown_scale_ ? nullptr : &noise_; }
  const model::Information* information() const override { return this; }
  /// y + c L n, n ~ N(0, I).
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override;
  std::unique_ptr<model::Likelihood> with_data(const std::vector<double>& data) const override;
  Places places() const override { return {places_, all_}; }
  std::shared_ptr<const model::Likelihood> only(const std::vector<int>& data) const override;

 private:
  int data_count() const { return static_cast<int>(noise_.data.size()); }
  void to_whitened(const double* y, const double* dy, double* w) const override;
  void from_whitened(const double* y, const double* w, double* dy) const override;
  void times_w(const double* in, double* out) const;
  void times_w_transposed(const double* in, double* out) const;
  void scale_slopes(double c, const std::vector<double>& r, double* dy) const;
  void whiten(const double* y, double* r) const;
  model::GaussianNoise noise_;
  std::vector<int> places_;  // of the data among all outputs; empty: all are measured
  int all_ = 0;
  std::vector<double> precision_;  // 1 / sd; empty with a covariance
  math::Matrix factor_;            // L
  double log_constant_ = 0.0;
  bool is_normalised_ = true, has_unknown_scale_ = false;
};

}  // namespace aleator::inverse
