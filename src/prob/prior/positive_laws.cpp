#include "prob/prior/positive_laws.hpp"

#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace aleator::prob {
namespace {

using boost::math::policies::errno_on_error;
using QuietGamma = boost::math::policies::policy<boost::math::policies::domain_error<errno_on_error>,
                                                 boost::math::policies::overflow_error<errno_on_error>,
                                                 boost::math::policies::evaluation_error<errno_on_error>>;
constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// A parameter's laws, one for each; `make(k)` gives the k-th.
template <typename Law, typename Make>
std::vector<Law> laws_of(int dimension, const Make& make) {
  std::vector<Law> laws;
  for (int k = 0; k < dimension; ++k) laws.push_back(make(static_cast<std::size_t>(k)));
  return laws;
}

double standard_gamma_quantile(double shape, Tail tail) {
  return tail.is_lower ? boost::math::gamma_p_inv(shape, tail.probability, QuietGamma())
                       : boost::math::gamma_q_inv(shape, tail.probability, QuietGamma());
}

template <typename Params>
deck::Schema<Params> schema_with_dimension(const char* title) {
  deck::Schema<Params> s(title, "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1));
  return s;
}

}  // namespace

GammaLaw::GammaLaw(double shape, double rate)
    : shape_(shape), rate_(rate), log_constant_(shape * std::log(rate) - std::lgamma(shape)) {}

double GammaLaw::quantile(Tail tail) const { return standard_gamma_quantile(shape_, tail) / rate_; }

double GammaLaw::stretched(Tail tail) const { return std::log(standard_gamma_quantile(shape_, tail)); }

Tail GammaLaw::tail(double u) const {
  return smaller_tail(boost::math::gamma_p(shape_, rate_ * u, QuietGamma()),
                      boost::math::gamma_q(shape_, rate_ * u, QuietGamma()));
}

double GammaLaw::log_density(double u) const {
  return u > 0.0 && std::isfinite(u) ? log_constant_ + (shape_ - 1.0) * std::log(u) - rate_ * u : minus_infinity;
}

InverseGammaLaw::InverseGammaLaw(double shape, double scale)
    : shape_(shape), scale_(scale), log_constant_(shape * std::log(scale) - std::lgamma(shape)) {}

// Small u are large 1 / u: the tails change sides.
double InverseGammaLaw::quantile(Tail tail) const {
  return scale_ / standard_gamma_quantile(shape_, {tail.probability, !tail.is_lower});
}

double InverseGammaLaw::stretched(Tail tail) const {
  return -std::log(standard_gamma_quantile(shape_, {tail.probability, !tail.is_lower}));
}

Tail InverseGammaLaw::tail(double u) const {
  return smaller_tail(boost::math::gamma_q(shape_, scale_ / u, QuietGamma()),
                      boost::math::gamma_p(shape_, scale_ / u, QuietGamma()));
}

double InverseGammaLaw::log_density(double u) const {
  return u > 0.0 && std::isfinite(u) ? log_constant_ - (shape_ + 1.0) * std::log(u) - scale_ / u : minus_infinity;
}

double ExponentialLaw::quantile(Tail tail) const {
  return -(tail.is_lower ? std::log1p(-tail.probability) : std::log(tail.probability)) / rate_;
}

Tail ExponentialLaw::tail(double u) const { return smaller_tail(-std::expm1(-rate_ * u), std::exp(-rate_ * u)); }

double ExponentialLaw::log_density(double u) const {
  return u >= 0.0 && std::isfinite(u) ? std::log(rate_) - rate_ * u : minus_infinity;
}

double HalfNormalLaw::quantile(Tail tail) const {
  return scale_ * M_SQRT2 *
         (tail.is_lower ? boost::math::erf_inv(tail.probability, QuietGamma())
                        : boost::math::erfc_inv(tail.probability, QuietGamma()));
}

Tail HalfNormalLaw::tail(double u) const {
  return smaller_tail(std::erf(u / (scale_ * M_SQRT2)), std::erfc(u / (scale_ * M_SQRT2)));
}

double HalfNormalLaw::log_density(double u) const {
  constexpr double half_log_two_over_pi = -0.225791352644727432363097614947;  // ln sqrt(2 / pi)
  return u >= 0.0 && std::isfinite(u) ? half_log_two_over_pi - std::log(scale_) - 0.5 * (u / scale_) * (u / scale_)
                                      : minus_infinity;
}

double HalfCauchyLaw::quantile(Tail tail) const {
  const double t = std::tan(M_PI_2 * tail.probability);
  return scale_ * (tail.is_lower ? t : 1.0 / t);
}

Tail HalfCauchyLaw::tail(double u) const {
  return smaller_tail(std::atan2(u, scale_) * M_2_PI, std::atan2(scale_, u) * M_2_PI);
}

double HalfCauchyLaw::log_density(double u) const {
  const double r = u / scale_;
  return u >= 0.0 && std::isfinite(u) ? std::log(M_2_PI / scale_) - std::log1p(r * r) : minus_infinity;
}

deck::Schema<Gamma::Params> Gamma::schema() {
  auto s = schema_with_dimension<Params>("Independent gamma prior on positive parameters");
  s.key("shape", &Params::shape, "", "shape a: one value for all parameters or one for each", deck::positive())
      .key("rate", &Params::rate, "", "rate r, likewise; the mean is a / r", deck::positive());
  return s;
}

Gamma::Gamma(const Params& params)
    : Independent(laws_of<GammaLaw>(params.dimension, [shape = spread(params.shape, params.dimension, "shape"),
                                                       rate = spread(params.rate, params.dimension, "rate")](
                                                          std::size_t k) { return GammaLaw(shape[k], rate[k]); })) {}

deck::Schema<InverseGamma::Params> InverseGamma::schema() {
  auto s = schema_with_dimension<Params>("Independent inverse gamma prior on positive parameters");
  s.key("shape", &Params::shape, "", "shape a: one value for all parameters or one for each", deck::positive())
      .key("scale", &Params::scale, "", "scale s, likewise; the mean is s / (a - 1)", deck::positive());
  return s;
}

InverseGamma::InverseGamma(const Params& params)
    : Independent(laws_of<InverseGammaLaw>(params.dimension,
                                           [shape = spread(params.shape, params.dimension, "shape"),
                                            scale = spread(params.scale, params.dimension, "scale")](std::size_t k) {
                                             return InverseGammaLaw(shape[k], scale[k]);
                                           })) {}

deck::Schema<Exponential::Params> Exponential::schema() {
  auto s = schema_with_dimension<Params>("Independent exponential prior on positive parameters");
  s.key("rate", &Params::rate, "", "rate r, 1 / mean: one value for all parameters or one for each", deck::positive());
  return s;
}

Exponential::Exponential(const Params& params)
    : Independent(laws_of<ExponentialLaw>(params.dimension, [rate = spread(params.rate, params.dimension, "rate")](
                                                                std::size_t k) { return ExponentialLaw(rate[k]); })) {}

deck::Schema<HalfNormal::Params> HalfNormal::schema() {
  auto s = schema_with_dimension<Params>("Independent half-normal prior on positive parameters");
  s.key("scale", &Params::scale, "", "standard deviation of the normal: one value for all parameters or one for each",
        deck::positive());
  return s;
}

HalfNormal::HalfNormal(const Params& params)
    : Independent(laws_of<HalfNormalLaw>(params.dimension, [scale = spread(params.scale, params.dimension, "scale")](
                                                               std::size_t k) { return HalfNormalLaw(scale[k]); })) {}

deck::Schema<HalfCauchy::Params> HalfCauchy::schema() {
  auto s = schema_with_dimension<Params>("Independent half-Cauchy prior on positive parameters");
  s.key("scale", &Params::scale, "", "scale, which is the median: one value for all parameters or one for each",
        deck::positive());
  return s;
}

HalfCauchy::HalfCauchy(const Params& params)
    : Independent(laws_of<HalfCauchyLaw>(params.dimension, [scale = spread(params.scale, params.dimension, "scale")](
                                                               std::size_t k) { return HalfCauchyLaw(scale[k]); })) {}

}  // namespace aleator::prob
