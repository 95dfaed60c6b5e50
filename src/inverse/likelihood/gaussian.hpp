#pragma once
/// What      Gaussian likelihood of measurements d given outputs y: d ~ N(y, R).
/// Method    log p = -|r|^2 / 2 + constant, r = W (y - d), W = L^-1, R = L L^T; R from sd, from sd and a correlation of known
///           form over times or places, or from a covariance (inverse/likelihood/noise.hpp, markov_noise.hpp).
///           With unknown_scale the noise is c^2 R, c the last parameter of the prior: -|r|^2 / (2 c^2) - p ln c. Where no
///           sd is given it is 1 and c the standard deviation of every datum.
/// Parallel  local, row by row; thread-safe.
/// Cost      O(p) a row with independent noise, or with an exponential or Matern correlation along one coordinate; else the
///           sum of the squares of the groups' sizes, p^2 for a covariance.
/// Fails     UserError: no data in the file. KeyError: sizes that do not fit, a covariance that is not positive definite.
#include "inverse/likelihood/noise.hpp"
#include "inverse/likelihood/observed.hpp"

namespace aleator::inverse {

class GaussianLikelihood : public Observed<GaussianLikelihood>,
                           private model::GaussianNoise,
                           private model::Information {
 public:
  enum class Correlation { none, exponential, matern, squared_exponential };
  struct Params {
    deck::File data;
    std::vector<double> sd;
    deck::File covariance;
    bool normalised = true;
    bool unknown_scale = false;
    std::vector<std::string> column = {}, sd_column = {};
    Correlation correlation = Correlation::none;
    std::vector<double> correlation_length = {};
    double nu = 1.5;
    double nugget = 0.0;
    deck::File positions = {};
    std::vector<std::string> position_column = {};
    std::vector<double> groups = {};
    std::vector<std::string> units = {}, output_units = {};
    bool nan_is_missing = false;
  };
  static deck::Schema<Params> schema();
  explicit GaussianLikelihood(const Params& params);

  int parameters() const override { return has_unknown_scale_ ? 1 : 0; }
  void log_density(model::ConstBatch y, model::Vector out) const override;
  void gradient(model::ConstBatch y, model::Batch dy) const override;
  const model::GaussianNoise* gaussian() const override { return has_unknown_scale_ ? nullptr : this; }
  const model::Information* information() const override { return this; }
  /// y + c L n, n ~ N(0, I).
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override;

 private:
  friend Observed;
  bool keep(const std::vector<int>& data);
  void refresh();
  int data_count() const { return static_cast<int>(data().size()); }
  void whiten(const double* y, double* r) const override;
  void to_whitened(const double* y, const double* dy, double* w) const override;
  void from_whitened(const double* y, const double* w, double* dy) const override;
  void scale_slopes(double c, const std::vector<double>& r, double* dy) const;
  std::shared_ptr<const NoiseFactor> noise_;
  double log_constant_ = 0.0;
  bool is_normalised_, has_unknown_scale_;
};

/// What the keys say of the noise of the data that are there (gaussian_noise.cpp).
std::shared_ptr<const NoiseFactor> noise_of(const GaussianLikelihood::Params& params, const Observations& seen);

}  // namespace aleator::inverse
