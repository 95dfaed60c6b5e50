#pragma once
/// What      Likelihoods of counts: Poisson, and binomial (yes/no data where trials = 1).
/// Method    Poisson: k ~ Poisson(mu), log p = k ln mu - mu - ln k!; binomial: k of n ~ Binomial(n, p),
///           log p = k ln p + (n - k) ln(1 - p) + ln(n choose k). link: the outputs are ln mu or mu; logit p or p.
///           Symbols: y output, k datum. Data are drawn by inverting the distribution function, a uniform number each.
/// Parallel  local, row by row; thread-safe.
/// Cost      one exp or log a datum.
/// Fails     KeyError: data that are no counts, more successes than trials. A row with a negative mean or a probability outside
///           [0, 1] has log-likelihood -infinity, and data drawn of it are NaN.
#include "inverse/likelihood/observed.hpp"

namespace aleator::inverse {

/// Observations that must be whole numbers from 0.
Observations counts_of(Observations seen, const std::string& path);

/// NaN where the mean is none.
double poisson_quantile(double mean, double u);
/// Above this variance Boost's series are slow, and fail further up.
constexpr double many_counts = 1e6;

/// Uniform on (0, 1), by which a datum is drawn: its place in the stream is its column.
double uniform_below_one(const kernels::Rng& rng, kernels::Stream stream, std::int64_t row, std::size_t datum);

class PoissonLikelihood : public Observed<PoissonLikelihood>, private model::DiagonalInformation {
 public:
  enum class Link { log, identity };
  struct Params {
    deck::File data;
    Link link = Link::log;
    std::vector<std::string> column = {};
    bool nan_is_missing = false;
  };
  static deck::Schema<Params> schema();
  explicit PoissonLikelihood(const Params& params);

  void log_density(model::ConstBatch y, model::Vector out) const override;
  void gradient(model::ConstBatch y, model::Batch dy) const override;
  const model::Information* information() const override { return this; }
  std::vector<double> simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                               std::int64_t row) const override;

 private:
  friend Observed;
  void refresh();
  void scale(const double* y, const double* in, double* out) const override;
  Link link_;
  double log_constant_ = 0.0;
};

class BinomialLikelihood : public Observed<BinomialLikelihood>, private model::DiagonalInformation {
 public:
  enum class Link { logit, identity };
  struct Params {
    deck::File data;
    std::vector<int> trials = {1};
    Link link = Link::logit;
    std::vector<std::string> column = {}, trials_column = {};
    bool nan_is_missing = false;
  };
  static deck::Schema<Params> schema();
  explicit BinomialLikelihood(const Params& params);

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
  std::vector<double> trials_;
  Link link_;
  double log_constant_ = 0.0;
};

}  // namespace aleator::inverse
