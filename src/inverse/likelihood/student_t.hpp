#pragma once
/// What      Measurements with heavy-tailed noise: outliers pull less than with a Gaussian. Optionally the scale is unknown.
/// Method    (d_i - y_i) / (s_i c) ~ Student t with nu degrees of freedom; c = 1, or with unknown_scale the last parameter of the
///           prior, passed behind the outputs. Data are drawn by inverting the distribution function. Symbols: d data, y outputs,
///           s scale.
/// Parallel  local, row by row; thread-safe.
/// Cost      one log1p a datum.
/// Fails     KeyError: sizes that do not fit. A scale that is not positive has log-likelihood -infinity.
#include "inverse/likelihood/observations.hpp"
#include "model/data_terms.hpp"

namespace aleator::inverse {

class StudentTLikelihood : public model::Likelihood,
                           public PartlyMeasured,
                           public model::IndependentData,
                           private model::DiagonalInformation {
 public:
  struct Params {
    deck::File data;
    std::vector<double> scale = {1.0};
    double degrees_of_freedom = 4.0;
    bool unknown_scale = false;
    std::vector<std::string> column = {}, scale_column = {};
  };
  static deck::Schema<Params> schema();
  explicit StudentTLikelihood(const Params& params);

  int outputs() const override { return static_cast<int>(data_.size()) + parameters(); }
  int parameters() const override { return has_unknown_scale_ ? 1 : 0; }
  void log_density(model::ConstBatch y, model::Vector out) const override;
  void gradient(model::ConstBatch y, model::Batch dy) const override;
  const std::vector<double>& data() const override { return data_; }
  Places places() const override { return {places_, all_}; }
  std::shared_ptr<const model::Likelihood> only(const std::vector<int>& data) const override;
  const model::Information* information() const override { return this; }
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override;
  std::unique_ptr<model::Likelihood> with_data(const std::vector<double>& data) const override;

 private:
  void scale(const double* y, const double* in, double* out) const override;
  double constant_of(const std::vector<double>& scale) const;
  double factor(model::ConstBatch y, std::size_t row) const { return has_unknown_scale_ ? y(row, data_.size()) : 1.0; }
  std::vector<int> places_;  // of the data among all outputs; empty: all are measured
  int all_ = 0;
  std::vector<double> data_, scale_;
  double dof_, log_constant_ = 0.0;
  bool has_unknown_scale_;
};

}  // namespace aleator::inverse
