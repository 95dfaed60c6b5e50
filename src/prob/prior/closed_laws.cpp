#include "prob/prior/closed_laws.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aleator::prob {
namespace {

constexpr double no_density = -std::numeric_limits<double>::infinity();

// Laws of two or three values each from lists of the deck.
template <typename Law>
std::vector<Law> laws_of(int d, std::vector<double> a, const char* key_a, std::vector<double> b, const char* key_b) {
  a = spread(a, d, key_a), b = spread(b, d, key_b);
  std::vector<Law> laws;
  for (std::size_t k = 0; k < a.size(); ++k) laws.emplace_back(a[k], b[k]);
  return laws;
}

std::vector<LogUniformLaw> log_uniform_laws(const LogUniform::Params& params) {
  const std::vector<double> low = spread(params.low, params.dimension, "low"),
                            high = spread(params.high, params.dimension, "high");
  for (std::size_t k = 0; k < low.size(); ++k)
    if (!(low[k] < high[k]))
      throw deck::KeyError("high", fmt::format("high = {} is not above low = {}", high[k], low[k]), "low < high");
  return laws_of<LogUniformLaw>(params.dimension, low, "low", high, "high");
}

std::vector<TriangularLaw> triangular_laws(const Triangular::Params& params) {
  const int d = params.dimension;
  const std::vector<double> low = spread(params.low, d, "low"), mode = spread(params.mode, d, "mode"),
                            high = spread(params.high, d, "high");
  std::vector<TriangularLaw> laws;
  for (std::size_t k = 0; k < low.size(); ++k) {
    if (!(low[k] <= mode[k] && mode[k] <= high[k] && low[k] < high[k]))
      throw deck::KeyError("mode",
                           fmt::format("low = {}, mode = {}, high = {} make no triangle", low[k], mode[k], high[k]),
                           "low <= mode <= high");
    laws.emplace_back(low[k], mode[k], high[k]);
  }
  return laws;
}

deck::Schema<LocationScaleParams> location_scale_schema(const std::string& what) {
  using Params = LocationScaleParams;
  deck::Schema<Params> s(what, "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("location", &Params::location, "", "location m: one value for all parameters or one for each")
      .key("scale", &Params::scale, "", "scale s, likewise", deck::positive());
  return s;
}

template <typename Law>
std::vector<Law> location_scale_laws(const LocationScaleParams& p) {
  return laws_of<Law>(p.dimension, p.location, "location", p.scale, "scale");
}

}  // namespace

double LogUniformLaw::quantile(Tail t) const {
  return t.is_lower ? low_ * std::exp(t.probability * range_) : high_ * std::exp(-t.probability * range_);
}
Tail LogUniformLaw::tail(double u) const {
  const auto share = [this](double above, double below) {  // their quotient may overflow
    const double ratio = above / below;
    return (std::isfinite(ratio) ? std::log(ratio) : std::log(above) - std::log(below)) / range_;
  };
  return smaller_tail(share(u, low_), share(high_, u));
}
double LogUniformLaw::log_density(double u) const {
  return u >= low_ && u <= high_ ? -std::log(u) - std::log(range_) : no_density;
}

// From the end on whose side the tail is, or on the other side of the mode from the mode: without cancellation where the mode
// is an end.
double TriangularLaw::quantile(Tail t) const {
  const double width = high_ - low_, near = (t.is_lower ? mode_ - low_ : high_ - mode_), far = width - near,
               share = near / width;  // probability of the tail's side of the mode
  const double p = t.probability, sign = t.is_lower ? 1.0 : -1.0;
  if (p <= share) return (t.is_lower ? low_ : high_) + sign * std::sqrt(p * width * near);
  const double x = (p - share) / (1.0 - share);
  return mode_ + sign * far * x / (1.0 + std::sqrt(1.0 - x));
}
Tail TriangularLaw::tail(double u) const {
  const double width = high_ - low_, below = mode_ - low_, above = high_ - mode_;
  if (u < mode_) {
    const double y = (mode_ - u) / below;
    return smaller_tail((u - low_) * (u - low_) / (width * below), (above + below * y * (2.0 - y)) / width);
  }
  if (!(u < high_)) return smaller_tail(1.0, 0.0);
  const double x = (u - mode_) / above;
  return smaller_tail((below + above * x * (2.0 - x)) / width, (high_ - u) * (high_ - u) / (width * above));
}
double TriangularLaw::log_density(double u) const {
  if (!(u > low_ && u < high_)) return no_density;
  const double height = 2.0 / (high_ - low_);
  return std::log(u < mode_ ? height * (u - low_) / (mode_ - low_) : height * (high_ - u) / (high_ - mode_));
}

double LaplaceLaw::quantile(Tail t) const {
  const double distance = -std::log(2.0 * t.probability) * scale_;
  return t.is_lower ? location_ - distance : location_ + distance;
}
Tail LaplaceLaw::tail(double u) const { return {0.5 * std::exp(-std::abs(u - location_) / scale_), u < location_}; }
double LaplaceLaw::log_density(double u) const {
  return std::isfinite(u) ? -std::abs(u - location_) / scale_ - std::log(2.0 * scale_) : no_density;
}

double LogisticLaw::quantile(Tail t) const {
  const double distance = (std::log1p(-t.probability) - std::log(t.probability)) * scale_;
  return t.is_lower ? location_ - distance : location_ + distance;
}
Tail LogisticLaw::tail(double u) const {
  const double x = std::abs(u - location_) / scale_;
  return {1.0 / (1.0 + std::exp(x)), u < location_};
}
double LogisticLaw::log_density(double u) const {
  const double x = std::abs(u - location_) / scale_;
  return std::isfinite(u) ? -x - 2.0 * std::log1p(std::exp(-x)) - std::log(scale_) : no_density;
}

// p = exp(-e), e = exp(-(u - m) / s)
double GumbelLaw::quantile(Tail t) const {
  const double e = t.is_lower ? -std::log(t.probability) : -std::log1p(-t.probability);
  return location_ - scale_ * std::log(e);
}
Tail GumbelLaw::tail(double u) const {
  const double e = std::exp((location_ - u) / scale_);
  return smaller_tail(std::exp(-e), -std::expm1(-e));
}
double GumbelLaw::log_density(double u) const {
  const double x = (u - location_) / scale_;
  return std::isfinite(u) ? -x - std::exp(-x) - std::log(scale_) : no_density;
}

double WeibullLaw::quantile(Tail t) const {
  const double power = t.is_lower ? -std::log1p(-t.probability) : -std::log(t.probability);
  return scale_ * std::pow(power, 1.0 / shape_);
}
Tail WeibullLaw::tail(double u) const {
  const double power = std::pow(u / scale_, shape_);
  return smaller_tail(-std::expm1(-power), std::exp(-power));
}
double WeibullLaw::log_density(double u) const {
  if (!(u > 0.0 && std::isfinite(u))) return no_density;
  const double x = std::log(u / scale_);
  return std::log(shape_ / scale_) + (shape_ - 1.0) * x - std::exp(shape_ * x);
}

double ParetoLaw::quantile(Tail t) const {
  const double log_upper = t.is_lower ? std::log1p(-t.probability) : std::log(t.probability);
  return minimum_ * std::exp(-log_upper / shape_);
}
Tail ParetoLaw::tail(double u) const {
  const double log_upper = -shape_ * std::log(u / minimum_);
  return smaller_tail(-std::expm1(log_upper), std::exp(log_upper));
}
double ParetoLaw::log_density(double u) const {
  return u >= minimum_ && std::isfinite(u)
             ? std::log(shape_) + shape_ * std::log(minimum_) - (shape_ + 1.0) * std::log(u)
             : no_density;
}

deck::Schema<LogUniform::Params> LogUniform::schema() {
  deck::Schema<Params> s("Independent log-uniform prior on positive parameters whose order of magnitude is unknown",
                         "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("low", &Params::low, "", "lower bound: one value for all parameters or one for each", deck::positive())
      .key("high", &Params::high, "", "upper bound, likewise", deck::positive());
  return s;
}
LogUniform::LogUniform(const Params& params) : Independent(log_uniform_laws(params)) {}

deck::Schema<Triangular::Params> Triangular::schema() {
  deck::Schema<Params> s("Independent triangular prior", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("low", &Params::low, "", "lower bound: one value for all parameters or one for each")
      .key("mode", &Params::mode, "", "where the density is largest, likewise")
      .key("high", &Params::high, "", "upper bound, likewise");
  return s;
}
Triangular::Triangular(const Params& params) : Independent(triangular_laws(params)) {}

deck::Schema<Laplace::Params> Laplace::schema() {
  return location_scale_schema("Independent Laplace (double exponential) prior");
}
Laplace::Laplace(const Params& params) : Independent(location_scale_laws<LaplaceLaw>(params)) {}

deck::Schema<Logistic::Params> Logistic::schema() { return location_scale_schema("Independent logistic prior"); }
Logistic::Logistic(const Params& params) : Independent(location_scale_laws<LogisticLaw>(params)) {}

deck::Schema<Gumbel::Params> Gumbel::schema() {
  return location_scale_schema("Independent Gumbel prior: the largest of many values");
}
Gumbel::Gumbel(const Params& params) : Independent(location_scale_laws<GumbelLaw>(params)) {}

deck::Schema<Weibull::Params> Weibull::schema() {
  deck::Schema<Params> s("Independent Weibull prior on positive parameters", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("shape", &Params::shape, "", "shape k: one value for all parameters or one for each", deck::positive())
      .key("scale", &Params::scale, "", "scale s, likewise; a share exp(-1) lies above it", deck::positive());
  return s;
}
Weibull::Weibull(const Params& params)
    : Independent(laws_of<WeibullLaw>(params.dimension, params.shape, "shape", params.scale, "scale")) {}

deck::Schema<Pareto::Params> Pareto::schema() {
  deck::Schema<Params> s("Independent Pareto prior: a power law above a minimum", "");
  s.key("dimension", &Params::dimension, "1", "number of parameters", deck::at_least(1))
      .key("minimum", &Params::minimum, "", "smallest value: one for all parameters or one for each", deck::positive())
      .key("shape", &Params::shape, "", "exponent a, likewise; the mean is infinite up to 1", deck::positive());
  return s;
}
Pareto::Pareto(const Params& params)
    : Independent(laws_of<ParetoLaw>(params.dimension, params.minimum, "minimum", params.shape, "shape")) {}

}  // namespace aleator::prob
