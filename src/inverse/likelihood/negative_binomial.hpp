#pragma once
/// What      Counts that scatter more than Poisson's: negative binomial with mean mu and variance mu + mu^2 / shape.
/// Method    log p(k) = ln Gamma(k + s) - ln Gamma(s) - ln k! + s ln(s / (s + mu)) + k ln(mu / (s + mu)), s the shape: a Poisson
///           law whose mean is Gamma distributed with mean mu and shape s (Greenwood, Yule 1920). link: the outputs are ln mu or
///           mu. With unknown_shape s is the last parameter of the prior, passed behind the outputs.
/// Parallel  local, row by row; thread-safe.
/// Cost      two logarithms a datum, and two ln Gamma where the shape is unknown.
/// Fails     KeyError: data that are no counts, no shape or two of them. A row with a negative mean or a shape that is not
///           positive has log-likelihood -infinity, and data drawn of it are NaN.
#include <optional>

#include "inverse/likelihood/observed.hpp"

namespace aleator::inverse {

class NegativeBinomialLikelihood : public Observed<NegativeBinomialLikelihood>, private model::DiagonalInformation {
 public:
  enum class Link { log, identity };
  struct Params {
    deck::File data;
    std::optional<double> shape;
    bool unknown_shape = false;
    Link link = Link::log;
    std::vector<std::string> column = {};
    bool nan_is_missing = false;
  };
  static deck::Schema<Params> schema();
  explicit NegativeBinomialLikelihood(const Params& params);

  int parameters() const override { return has_unknown_shape_ ? 1 : 0; }
  void log_density(model::ConstBatch y, model::Vector out) const override;
  void gradient(model::ConstBatch y, model::Batch dy) const override;
  /// That about the means; about an unknown shape it has no closed form.
  const model::Information* information() const override { return has_unknown_shape_ ? nullptr : this; }
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override;

 private:
  friend Observed;
  void scale(const double* y, const double* in, double* out) const override;
  double shape_of(model::ConstBatch y, std::size_t row) const {
    return has_unknown_shape_ ? y(row, data().size()) : shape_;
  }
  double shape_;
  bool has_unknown_shape_;
  Link link_;
};

}  // namespace aleator::inverse
