#include "prob/prior/real_laws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>

namespace aleator::prob {
namespace {

using QuietBeta =
    boost::math::policies::policy<boost::math::policies::domain_error<boost::math::policies::errno_on_error>,
                                  boost::math::policies::overflow_error<boost::math::policies::errno_on_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::errno_on_error>>;
using StudentsT = boost::math::students_t_distribution<double, QuietBeta>;
constexpr double minus_unbounded = -std::numeric_limits<double>::infinity();

std::vector<double> bound_or(const std::vector<double>& values, double none, int dimension, const char* key) {
  return values.empty() ? std::vector<double>(static_cast<std::size_t>(dimension), none)
                        : spread(values, dimension, key);
}

std::vector<TruncatedNormalLaw> truncated_laws(const TruncatedNormal::Params& params) {
  const int d = params.dimension;
  const std::vector<double> mean = spread(params.mean, d, "mean"), sd = spread(params.sd, d, "sd"),
                            low = bound_or(params.low, minus_unbounded, d, "low"),
                            high = bound_or(params.high, -minus_unbounded, d, "high");
  std::vector<TruncatedNormalLaw> laws;
  for (std::size_t k = 0; k < mean.size(); ++k) {
    if (!(low[k] < high[k]))
      throw deck::KeyError("low", fmt::format("low = {} and high = {} bound no interval", low[k], high[k]),
                           "low < high");
    laws.emplace_back(mean[k], sd[k], low[k], high[k]);
    if (!(laws.back().mass() > 1e-300))
      throw deck::KeyError(
          "low",
          fmt::format("the interval from {} to {} holds no mass of N({}, {}^2) that can be represented", low[k],
                      high[k], mean[k], sd[k]),
          "bounds within 37 standard deviations of the mean");
  }
  return laws;
}

}  // namespace

StudentTLaw::StudentTLaw(double dof, double location, double scale)
    : dof_(dof),
      location_(location),
      scale_(scale),
      log_constant_(std::lgamma(0.5 * (dof + 1.0)) - std::lgamma(0.5 * dof) - 0.5 * std::log(dof * M_PI) -
                    std::log(scale)) {}

double StudentTLaw::quantile(Tail tail) const {
  const double t = boost::math::quantile(StudentsT(dof_), tail.probability);  // of the lower tail
  return location_ + scale_ * (tail.is_lower ? t : -t);
}

double StudentTLaw::stretched(Tail tail) const {
  const double s = std::asinh(boost::math::quantile(StudentsT(dof_), tail.probability));
  return tail.is_lower ? s : -s;
}

Tail StudentTLaw::tail(double u) const {
  const double t = (u - location_) / scale_;
  return {boost::math::cdf(StudentsT(dof_), -std::abs(t)), t < 0.0};
}

double StudentTLaw::log_density(double u) const {
  const double t = (u - location_) / scale_;
  return std::isfinite(u) ? log_constant_ - 0.5 * (dof_ + 1.0) * std::log1p(t * t / dof_) : minus_unbounded;
}

double StudentTLaw::slope(double u) const {
  const double t = (u - location_) / scale_;
  return -(dof_ + 1.0) * t / (scale_ * (dof_ + t * t));
}

TruncatedNormalLaw::TruncatedNormalLaw(double mean, double sd, double low, double high)
    : mean_(mean), sd_(sd), low_(low), high_(high) {
  const double a = (low - mean) / sd, b = (high - mean) / sd;
  low_side_ = {math::normal_cdf(a), math::normal_cdf(-a)}, high_side_ = {math::normal_cdf(b), math::normal_cdf(-b)};
  mass_ = a > 0.0 ? low_side_.above - high_side_.above : high_side_.below - low_side_.below;
}

// From the side of the normal law on which the quantile lies: Phi(t) and Phi(-t) are accurate where they are small.
double TruncatedNormalLaw::quantile(Tail tail) const {
  const double share = tail.probability * mass_;
  double t = 0.0;
  if (tail.is_lower)
    t = low_side_.below + share <= 0.5 ? math::normal_quantile(low_side_.below + share)
                                       : -math::normal_quantile(low_side_.above - share);
  else
    t = high_side_.above + share <= 0.5 ? -math::normal_quantile(high_side_.above + share)
                                        : math::normal_quantile(high_side_.below - share);
  return std::min(std::max(mean_ + sd_ * t, low_), high_);
}

Tail TruncatedNormalLaw::tail(double u) const {
  const double t = (u - mean_) / sd_, below = math::normal_cdf(t), above = math::normal_cdf(-t);
  const double lower = low_ > mean_ ? low_side_.above - above : below - low_side_.below;
  const double upper = high_ < mean_ ? high_side_.below - below : above - high_side_.above;
  const bool is_lower = lower <= upper;
  return {std::min(std::max((is_lower ? lower : upper) / mass_, 0.0), 0.5), is_lower};
}

double TruncatedNormalLaw::log_density(double u) const {
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  const double z = (u - mean_) / sd_;
  return u >= low_ && u <= high_ && std::isfinite(u) ? -0.5 * z * z - half_log_two_pi - std::log(sd_) - std::log(mass_)
                                                     : minus_unbounded;
}

BetaLaw::BetaLaw(double alpha, double beta)
    : alpha_(alpha), beta_(beta), log_constant_(std::lgamma(alpha + beta) - std::lgamma(alpha) - std::lgamma(beta)) {}

// Where the density is u^(alpha - 1) alone: far out Boost's search finds no root.
bool BetaLaw::far_quantile(double probability, double& u) const {
  u = std::exp((std::log(probability) + std::log(alpha_) - log_constant_) / alpha_);
  return (1.0 + beta_) * u < 1e-17;
}

double BetaLaw::quantile(Tail tail) const {
  double far = 0.0;
  if (tail.is_lower && far_quantile(tail.probability, far)) return far;
  if (!tail.is_lower && BetaLaw(beta_, alpha_).far_quantile(tail.probability, far)) return 1.0 - far;
  return tail.is_lower ? boost::math::ibeta_inv(alpha_, beta_, tail.probability, QuietBeta())
                       : boost::math::ibetac_inv(alpha_, beta_, tail.probability, QuietBeta());
}

// log(u / (1 - u)), each from its own side.
double BetaLaw::stretched(Tail tail) const {
  double other = 0.0;  // 1 - u has the law with alpha and beta exchanged
  const double small = tail.is_lower ? boost::math::ibeta_inv(alpha_, beta_, tail.probability, &other, QuietBeta())
                                     : boost::math::ibeta_inv(beta_, alpha_, tail.probability, &other, QuietBeta());
  return (tail.is_lower ? 1.0 : -1.0) * (std::log(small) - std::log(other));
}

Tail BetaLaw::tail(double u) const {
  const double p = boost::math::ibeta(alpha_, beta_, u, QuietBeta()),
               q = boost::math::ibetac(alpha_, beta_, u, QuietBeta());
  return smaller_tail(p, q);
}

double BetaLaw::log_density(double u) const {
  return u > 0.0 && u < 1.0 ? log_constant_ + (alpha_ - 1.0) * std::log(u) + (beta_ - 1.0) * std::log1p(-u)
                            : minus_unbounded;
}

deck::Schema<StudentT::Params> StudentT::schema() {
  deck::Schema<Params> s("Independent Student t prior, heavy tails", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("degrees_of_freedom", &Params::degrees_of_freedom, "",
           "degrees of freedom, 1 is Cauchy: one value for all parameters or one for each", deck::positive())
      .key("location", &Params::location, "", "centre, likewise")
      .key("scale", &Params::scale, "", "scale, likewise", deck::positive());
  return s;
}

StudentT::StudentT(const Params& params)
    : Independent([&params] {
        const int d = params.dimension;
        const std::vector<double> dof = spread(params.degrees_of_freedom, d, "degrees_of_freedom"),
                                  location = spread(params.location, d, "location"),
                                  scale = spread(params.scale, d, "scale");
        std::vector<StudentTLaw> laws;
        for (std::size_t k = 0; k < dof.size(); ++k) laws.emplace_back(dof[k], location[k], scale[k]);
        return laws;
      }()) {}

deck::Schema<TruncatedNormal::Params> TruncatedNormal::schema() {
  deck::Schema<Params> s("Independent normal prior truncated to an interval", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("mean", &Params::mean, "", "mean before truncation: one value for all parameters or one for each")
      .key("sd", &Params::sd, "", "standard deviation before truncation, likewise", deck::positive())
      .key("low", &Params::low, "", "lower bound, likewise; none: unbounded below")
      .key("high", &Params::high, "", "upper bound, likewise; none: unbounded above");
  return s;
}

TruncatedNormal::TruncatedNormal(const Params& params) : Independent(truncated_laws(params)) {}

deck::Schema<Beta::Params> Beta::schema() {
  deck::Schema<Params> s("Independent beta prior on parameters between 0 and 1", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("alpha", &Params::alpha, "", "exponent of u is alpha - 1: one value for all parameters or one for each",
           deck::positive())
      .key("beta", &Params::beta, "", "exponent of 1 - u is beta - 1, likewise", deck::positive());
  return s;
}

Beta::Beta(const Params& params)
    : Independent([&params] {
        const std::vector<double> alpha = spread(params.alpha, params.dimension, "alpha"),
                                  beta = spread(params.beta, params.dimension, "beta");
        std::vector<BetaLaw> laws;
        for (std::size_t k = 0; k < alpha.size(); ++k) laws.emplace_back(alpha[k], beta[k]);
        return laws;
      }()) {}

}  // namespace aleator::prob
