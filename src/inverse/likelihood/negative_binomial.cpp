#include "inverse/likelihood/negative_binomial.hpp"

#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/negative_binomial.hpp>
#include <cmath>
#include <limits>

#include "inverse/likelihood/counts.hpp"
#include "math/special.hpp"

namespace aleator::inverse {
deck::Schema<NegativeBinomialLikelihood::Params> NegativeBinomialLikelihood::schema() {
  deck::Schema<Params> s("Negative binomial likelihood of counts that scatter more than Poisson's",
                         "Greenwood, Yule 1920");
  add_observation_keys(s, "counts, whole numbers");
  s.key("shape", &Params::shape, "1", "variance = mean + mean^2 / shape; the larger, the nearer to Poisson",
        deck::positive())
      .example("10.0")
      .key("unknown_shape", &Params::unknown_shape, "", "true: the last parameter of the prior is the shape, instead")
      .choice("link", &Params::link, "what the model's outputs are: \"log\" or \"identity\"",
              {{"log", Link::log, "the logarithms of the expected counts"},
               {"identity", Link::identity, "the expected counts"}})
      .required()
      .check("shape", [](const Params& p) {
        return p.shape.has_value() != p.unknown_shape ? std::string()
                                                      : std::string("give either shape or unknown_shape = true");
      });
  return s;
}

NegativeBinomialLikelihood::NegativeBinomialLikelihood(const Params& params)
    : Observed(counts_of(read_observations(params), params.data.path)),
      shape_(params.shape.value_or(0.0)),
      has_unknown_shape_(params.unknown_shape),
      link_(params.link) {}

// With the mean mu and the shape s; ln(mu / (s + mu)) from ln mu where that is the output, so that nothing is lost at small mu.
void NegativeBinomialLikelihood::log_density(model::ConstBatch y, model::Vector out) const {
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    const double s = shape_of(y, row);
    double sum = 0.0;
    bool has_density = s > 0.0 && std::isfinite(s);
    for (std::size_t i = 0; i < data().size() && has_density; ++i) {
      const double k = data()[i], mean = link_ == Link::log ? std::exp(y(row, i)) : y(row, i);
      has_density = !(mean < 0.0);
      const double more = std::log1p(mean / s), log_mean = link_ == Link::log ? y(row, i) : std::log(mean);
      sum += math::log_rising_ratio(s, k) - math::log_rising_ratio(1.0, k) - s * more;
      if (k > 0.0) sum += k * (log_mean - more);
    }
    out(row) = has_density ? sum : -std::numeric_limits<double>::infinity();
  }
}

// d/dmu = k / mu - (k + s) / (s + mu), d/ds = sum psi(k + s) - psi(s) - ln(1 + mu / s) + (mu - k) / (s + mu).
void NegativeBinomialLikelihood::gradient(model::ConstBatch y, model::Batch dy) const {
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    const double s = shape_of(y, row);
    double slope = 0.0;
    for (std::size_t i = 0; i < data().size(); ++i) {
      const double k = data()[i], mean = link_ == Link::log ? std::exp(y(row, i)) : y(row, i), whole = s + mean;
      dy(row, i) = link_ == Link::log ? s * (k - mean) / whole : (k == 0.0 ? 0.0 : k / mean) - (k + s) / whole;
      if (has_unknown_shape_ && s > 0.0)
        slope += math::digamma_difference(s, k) - std::log1p(mean / s) + (mean - k) / whole;
    }
    if (has_unknown_shape_) dy(row, data().size()) = slope;
  }
}

// Information s / (mu (s + mu)) about mu, mu s / (s + mu) about ln mu.
void NegativeBinomialLikelihood::scale(const double* y, const double* in, double* out) const {
  for (std::size_t i = 0; i < data().size(); ++i) {
    const double mean = link_ == Link::log ? std::exp(y[i]) : y[i], share = shape_ / (shape_ + mean);
    out[i] = in[i] * std::sqrt(link_ == Link::log ? mean * share : share / mean);
  }
}

// By inverting the distribution function; that of Poisson's law where the variance is mean (1 + 1e-9) or less. Many counts are
// Poisson about a mean that is drawn from a gamma law; so are few with a long tail, for the time of an inversion grows with its
// value, which reaches 40 mean / shape.
std::vector<double> NegativeBinomialLikelihood::simulate(const double* y, const kernels::Rng& rng,
                                                         kernels::Stream stream, std::int64_t row) const {
  namespace policies = boost::math::policies;
  using Quiet = policies::policy<policies::discrete_quantile<policies::integer_round_up>,
                                 policies::overflow_error<policies::ignore_error>,
                                 policies::evaluation_error<policies::ignore_error>>;
  using Law = boost::math::negative_binomial_distribution<double, Quiet>;
  using Gamma = boost::math::gamma_distribution<double, Quiet>;
  const double s = has_unknown_shape_ ? y[data().size()] : shape_;
  std::vector<double> drawn;
  for (std::size_t i = 0; i < data().size(); ++i) {
    const double mean = link_ == Link::log ? std::exp(y[i]) : y[i];
    const bool is_law = s > 0.0 && mean >= 0.0 && std::isfinite(mean) && std::isfinite(s);
    const double u = is_law && mean > 0.0 ? uniform_below_one(rng, stream, row, i) : 0.0;
    if (!is_law)
      drawn.push_back(std::nan(""));
    else if (mean == 0.0 || mean / s <= 1e-9)
      drawn.push_back(poisson_quantile(mean, u));
    else if (mean > many_counts || mean / s > 0.01 * many_counts)
      drawn.push_back(
          poisson_quantile(quantile(Gamma(s, mean / s), u), uniform_below_one(rng, stream, row, data().size() + i)));
    else
      drawn.push_back(quantile(Law(s, s / (s + mean)), u));
  }
  return drawn;
}

}  // namespace aleator::inverse
