#include "inverse/likelihood/counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <cmath>
#include <limits>

#include "math/special.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {
namespace {

constexpr double no_density = -std::numeric_limits<double>::infinity();

// Quantiles of counts: the smallest k with P(K <= k) >= u.
using Upwards =
    boost::math::policies::policy<boost::math::policies::discrete_quantile<boost::math::policies::integer_round_up>,
                                  boost::math::policies::promote_double<false>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

// Cornish and Fisher's first correction for skewness; what is left out is below a thousandth of a count where the variance is
// above many_counts.
double quantile_of_many(double mean, double variance, double skewness, double u) {
  const double z = math::normal_quantile(u);
  return std::max(0.0, std::ceil(mean + std::sqrt(variance) * (z + (z * z - 1.0) * skewness / 6.0) - 0.5));
}

double binomial_quantile(double trials, double p, double u) {
  if (!(p >= 0.0 && p <= 1.0)) return std::nan("");
  if (p == 0.0 || p == 1.0) return p * trials;
  const double variance = trials * p * (1.0 - p);
  if (variance > many_counts)
    return std::clamp(quantile_of_many(trials * p, variance, (1.0 - 2.0 * p) / std::sqrt(variance), u), 0.0, trials);
  return quantile(boost::math::binomial_distribution<double, Upwards>(trials, p), u);
}

// k ln x, 0 for k = 0 even at x = 0.
double times_log(double k, double x) { return k == 0.0 ? 0.0 : k * std::log(x); }

}  // namespace

double poisson_quantile(double mean, double u) {
  if (!(mean >= 0.0) || !std::isfinite(mean)) return std::nan("");
  if (mean == 0.0) return 0.0;
  if (mean > many_counts) return quantile_of_many(mean, mean, 1.0 / std::sqrt(mean), u);
  return quantile(boost::math::poisson_distribution<double, Upwards>(mean), u);
}

double uniform_below_one(const kernels::Rng& rng, kernels::Stream stream, std::int64_t row, std::size_t datum) {
  return std::min(rng.uniform(stream, row, static_cast<std::uint32_t>(datum)), 1.0 - 0x1p-53);
}

Observations counts_of(Observations seen, const std::string& path) {
  for (std::size_t i = 0; i < seen.values.size(); ++i)
    if (const double k = seen.values[i]; k < 0.0 || k != std::floor(k))
      throw deck::KeyError("data", fmt::format("entry {} of {} is {}, no count", i + 1, path, k));
  return seen;
}

deck::Schema<PoissonLikelihood::Params> PoissonLikelihood::schema() {
  deck::Schema<Params> s("Poisson likelihood of counts", "");
  add_observation_keys(s, "counts, whole numbers");
  s.choice("link", &Params::link, "what the model's outputs are: \"log\" or \"identity\"",
           {{"log", Link::log, "the logarithms of the expected counts"},
            {"identity", Link::identity, "the expected counts"}})
      .required();
  return s;
}

PoissonLikelihood::PoissonLikelihood(const Params& params)
    : Observed(counts_of(read_observations(params), params.data.path)), link_(params.link) {
  refresh();
}

// - sum ln k!
void PoissonLikelihood::refresh() {
  log_constant_ = 0.0;
  for (const double k : data()) log_constant_ -= std::lgamma(k + 1.0);
}

void PoissonLikelihood::log_density(model::ConstBatch y, model::Vector out) const {
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    double sum = log_constant_;
    for (std::size_t i = 0; i < data().size(); ++i)
      if (link_ == Link::log)
        sum += data()[i] * y(row, i) - std::exp(y(row, i));
      else
        sum += y(row, i) < 0.0 ? no_density : times_log(data()[i], y(row, i)) - y(row, i);
    out(row) = sum;
  }
}

void PoissonLikelihood::gradient(model::ConstBatch y, model::Batch dy) const {
  for (std::size_t row = 0; row < y.extent(0); ++row)
    for (std::size_t i = 0; i < data().size(); ++i)
      dy(row, i) =
          link_ == Link::log ? data()[i] - std::exp(y(row, i)) : (data()[i] == 0.0 ? 0.0 : data()[i] / y(row, i)) - 1.0;
}

// Information mu = e^y about ln mu, 1 / mu about mu.
void PoissonLikelihood::scale(const double* y, const double* in, double* out) const {
  for (std::size_t i = 0; i < data().size(); ++i)
    out[i] = in[i] * (link_ == Link::log ? std::exp(0.5 * y[i]) : 1.0 / std::sqrt(y[i]));
}

deck::Schema<BinomialLikelihood::Params> BinomialLikelihood::schema() {
  deck::Schema<Params> s("Binomial likelihood: successes in a number of trials, or yes/no data", "");
  add_observation_keys(s, "numbers of successes");
  s.key("trials", &Params::trials, "1", "numbers of trials: one value for all data or one for each", deck::at_least(1))
      .key("trials_column", &Params::trials_column, "",
           "columns of the data's file with the number of trials of each datum, instead of trials");
  s.choice("link", &Params::link, "what the model's outputs are: \"logit\" or \"identity\"",
           {{"logit", Link::logit, "the logits ln(p / (1 - p)) of the probabilities"},
            {"identity", Link::identity, "the probabilities"}})
      .required()
      .check("trials_column", [](const Params& p) {
        return p.trials_column.empty() || p.trials == Params().trials ? std::string()
                                                                      : std::string("trials_column excludes trials");
      });
  return s;
}

BinomialLikelihood::BinomialLikelihood(const Params& params)
    : Observed(counts_of(read_observations(params), params.data.path)),
      trials_(of_each_datum(seen(), {params.trials.begin(), params.trials.end()}, "trials", params.data,
                            params.trials_column, "trials_column")),
      link_(params.link) {
  for (std::size_t i = 0; i < data().size(); ++i)
    if (data()[i] > trials_[i])
      throw deck::KeyError("data", fmt::format("entry {} has {} successes in {} trials", i + 1, data()[i], trials_[i]));
  refresh();
}

bool BinomialLikelihood::keep(const std::vector<int>& data) {
  trials_ = model::entries_at(data, trials_);
  return true;
}

// sum ln(n choose k)
void BinomialLikelihood::refresh() {
  log_constant_ = 0.0;
  for (std::size_t i = 0; i < data().size(); ++i)
    log_constant_ +=
        std::lgamma(trials_[i] + 1.0) - std::lgamma(data()[i] + 1.0) - std::lgamma(trials_[i] - data()[i] + 1.0);
}

// With logit p = y: k y - n ln(1 + e^y).
void BinomialLikelihood::log_density(model::ConstBatch y, model::Vector out) const {
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    double sum = log_constant_;
    for (std::size_t i = 0; i < data().size(); ++i) {
      const double x = y(row, i);
      if (link_ == Link::logit)
        sum += data()[i] * x - trials_[i] * (std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))));
      else
        sum += x < 0.0 || x > 1.0 ? no_density : times_log(data()[i], x) + times_log(trials_[i] - data()[i], 1.0 - x);
    }
    out(row) = sum;
  }
}

void BinomialLikelihood::gradient(model::ConstBatch y, model::Batch dy) const {
  for (std::size_t row = 0; row < y.extent(0); ++row)
    for (std::size_t i = 0; i < data().size(); ++i) {
      const double x = y(row, i), rest = trials_[i] - data()[i];
      dy(row, i) = link_ == Link::logit
                       ? data()[i] - trials_[i] / (1.0 + std::exp(-x))
                       : (data()[i] == 0.0 ? 0.0 : data()[i] / x) - (rest == 0.0 ? 0.0 : rest / (1.0 - x));
    }
}

// Information n p (1 - p) about logit p, n / (p (1 - p)) about p.
void BinomialLikelihood::scale(const double* y, const double* in, double* out) const {
  for (std::size_t i = 0; i < data().size(); ++i) {
    const double root = std::sqrt(trials_[i]);
    out[i] =
        in[i] * (link_ == Link::logit ? 0.5 * root / std::cosh(0.5 * y[i]) : root / std::sqrt(y[i] * (1.0 - y[i])));
  }
}

std::vector<double> PoissonLikelihood::simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                                                std::int64_t row) const {
  std::vector<double> drawn;
  for (std::size_t i = 0; i < data().size(); ++i)
    drawn.push_back(
        poisson_quantile(link_ == Link::log ? std::exp(y[i]) : y[i], uniform_below_one(rng, stream, row, i)));
  return drawn;
}

std::vector<double> BinomialLikelihood::simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                                                 std::int64_t row) const {
  std::vector<double> drawn;
  for (std::size_t i = 0; i < data().size(); ++i) {
    const double p = link_ == Link::logit ? 1.0 / (1.0 + std::exp(-y[i])) : y[i];
    drawn.push_back(binomial_quantile(trials_[i], p, uniform_below_one(rng, stream, row, i)));
  }
  return drawn;
}

}  // namespace aleator::inverse
