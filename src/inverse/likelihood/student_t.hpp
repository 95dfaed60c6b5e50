#pragma once
/// What      Measurements with heavy-tailed noise: outliers pull less than with a Gaussian. Optionally the scale is unknown.
/// Method    (d_i - y_i) / (s_i c) ~ Student t with nu degrees of freedom; c = 1, or with unknown_scale the last parameter of the
///           prior, passed behind the outputs. Data are drawn by inverting the distribution function. Symbols: d data, y outputs,
///           s scale.
/// Parallel  local, row by row; thread-safe.
/// Cost      one log1p a datum.
/// Fails     KeyError: sizes that do not fit. A scale that is not positive has log-likelihood -infinity.
#include "inverse/likelihood/observed.hpp"

namespace aleator::inverse {

class StudentTLikelihood : public Observed<StudentTLikelihood>, private model::DiagonalInformation {
 public:
  struct Params {
    deck::File data;
    std::vector<double> scale = {1.0};
    double degrees_of_freedom = 4.0;
    bool unknown_scale = false;
    std::vector<std::string> column = {}, scale_column = {}, units = {}, output_units = {};
    bool nan_is_missing = false;
  };
  static deck::Schema<Params> schema();
  explicit StudentTLikelihood(const Params& params);

  int parameters() const override { return has_unknown_scale_ ? 1 : 0; }
  void log_density(model::ConstBatch y, model::Vector out) const override;
  void gradient(model::ConstBatch y, model::Batch dy) const override;
  const model::Information* information() const override { return this; }
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override;

 private:
  friend Observed;
  bool keep(const std::vector<int>& data);
  void refresh();
  void scale(const double* y, const double* in, double* out) const override;
  double factor(model::ConstBatch y, std::size_t row) const { return has_unknown_scale_ ? y(row, data().size()) : 1.0; }
  std::vector<double> scale_;
  double dof_, log_constant_ = 0.0;
  bool has_unknown_scale_;
};

}  // namespace aleator::inverse
