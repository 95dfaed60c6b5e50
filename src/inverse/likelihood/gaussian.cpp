#include "inverse/likelihood/gaussian.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "io/files.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {
namespace {

constexpr double half_log_two_pi = 0.918938533204672741780329736406;

// -log det(2 pi R) / 2
double constant_of(const NoiseFactor& noise, int count) { return -count * half_log_two_pi - noise.log_determinant(); }

}  // namespace

deck::Schema<GaussianLikelihood::Params> GaussianLikelihood::schema() {
  deck::Schema<Params> s("Gaussian likelihood: measurements with additive Gaussian noise", "");
  add_observation_keys(s, "measurements");
  add_unit_keys(s, "their noise");
  s.key("sd", &Params::sd, "as data",
        "standard deviation of the noise: one value or one for each datum; may be left out with unknown_scale and is "
        "then 1",
        deck::positive())
      .example("0.1")
      .key("sd_column", &Params::sd_column, "",
           "columns of the data's file with the standard deviation of each datum, instead of sd")
      .key("covariance", &Params::covariance, "", "covariance of the noise, a square table, instead of sd")
      .choice("correlation", &Params::correlation,
              "of the noise of data that lie near each other, rho(r), r = distance / length",
              {{"none", Correlation::none, "the noise is independent"},
               {"exponential", Correlation::exponential, "exp(-r); along one coordinate an autoregression, AR(1)"},
               {"matern", Correlation::matern, "2^(1 - nu) / Gamma(nu) s^nu K_nu(s), s = sqrt(2 nu) r"},
               {"squared_exponential", Correlation::squared_exponential, "exp(-r^2 / 2)"}})
      .key("correlation_length", &Params::correlation_length, "as positions",
           "length over which the noise is correlated; one for each coordinate where they differ", deck::positive())
      .key("nu", &Params::nu, "1", "smoothness (0.5, 1.5 and 2.5 cost no more than p along one coordinate)",
           deck::inside(0.0, 20.0))
      .only_with("correlation = \"matern\"", [](const Params& p) { return p.correlation == Correlation::matern; })
      .key("nugget", &Params::nugget, "1", "share of the noise's variance that is independent of all else",
           deck::between(0, 1))
      .key("positions", &Params::positions, "",
           "times or places of the data, a table with a row for each datum, missing ones too; not set: 0, 1, 2, …")
      .key("position_column", &Params::position_column, "",
           "columns of the data's file with the coordinates of each row, instead of positions")
      .key("groups", &Params::groups, "",
           "label of each datum (an instrument, say): data with different labels are independent; a shorter list is "
           "repeated, [1, 2] for data of two columns")
      .key("normalised", &Params::normalised, "",
           "false: log-likelihood relative to its maximum, as some publications report it")
      .key("unknown_scale", &Params::unknown_scale, "",
           "true: the noise level is not known; the last parameter of the prior is a factor on sd, or where no sd is "
           "given the standard deviation itself")
      .check(
          "sd",
          [](const Params& p) {
            const int given = (p.sd.empty() ? 0 : 1) + (p.sd_column.empty() ? 0 : 1) + (p.covariance.empty() ? 0 : 1);
            if (given == 1 || (given == 0 && p.unknown_scale)) return std::string();
            return std::string(given == 0
                                   ? "the noise is not given: set sd, sd_column or covariance, or unknown_scale = true"
                                   : "sd, sd_column and covariance exclude each other");
          })
      .check(
          "correlation",
          [](const Params& p) {
            return p.correlation != Correlation::none && !p.covariance.empty()
                       ? std::string("is for noise given by sd or sd_column; a covariance has its correlation already")
                       : std::string();
          })
      .check("correlation_length",
             [](const Params& p) {
               const bool has_length = !p.correlation_length.empty();
               if (has_length == (p.correlation != Correlation::none)) return std::string();
               return std::string(
                   has_length ? "needs correlation = \"exponential\", say"
                              : "the key 'correlation_length' is missing: over what distance is the noise correlated?");
             })
      .check("positions", [](const Params& p) {
        if (!p.positions.empty() && !p.position_column.empty())
          return std::string("positions and position_column exclude each other");
        const bool is_used = p.correlation != Correlation::none;
        return (!p.positions.empty() || !p.position_column.empty() || !p.groups.empty() || p.nugget > 0.0) && !is_used
                   ? std::string("positions, position_column, groups and nugget need a correlation")
                   : std::string();
      });
  return s;
}

GaussianLikelihood::GaussianLikelihood(const Params& params)
    : Observed(read_observations(params, {params.units, params.output_units})),
      noise_(noise_of(params, seen())),
      is_normalised_(params.normalised),
      has_unknown_scale_(params.unknown_scale) {
  refresh();
}

bool GaussianLikelihood::keep(const std::vector<int>& data) {
  noise_ = noise_->only(data);
  return noise_ != nullptr;  // null: correlated
}

void GaussianLikelihood::refresh() {
  log_constant_ = is_normalised_ ? constant_of(*noise_, data_count()) + seen().log_of_factors() : 0.0;
}

// r = W (y - d)
void GaussianLikelihood::whiten(const double* y, double* r) const {
  for (int i = 0; i < data_count(); ++i) r[i] = y[i] - data()[i];
  noise_->solve(r, r);
}

// S^T = W / c, and of the factor c itself sqrt(2 p) / c: E (dlog p / dc)^2 = 2 p / c^2, uncorrelated with dlog p / dy.
void GaussianLikelihood::to_whitened(const double* y, const double* dy, double* w) const {
  noise_->solve(dy, w);
  if (!has_unknown_scale_) return;
  const int p = data_count();
  for (int i = 0; i < p; ++i) w[i] /= y[p];
  w[p] = std::sqrt(2.0 * p) / y[p] * dy[p];
}

void GaussianLikelihood::from_whitened(const double* y, const double* w, double* dy) const {
  noise_->solve_transposed(w, dy);
  if (!has_unknown_scale_) return;
  const int p = data_count();
  for (int i = 0; i < p; ++i) dy[i] /= y[p];
  dy[p] = std::sqrt(2.0 * p) / y[p] * w[p];
}

void GaussianLikelihood::log_density(model::ConstBatch y, model::Vector out) const {
  std::vector<double> r(data().size());
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    whiten(&y(row, 0), r.data());
    double squares = 0.0;
    for (const double x : r) squares += x * x;
    out(row) = log_constant_ - 0.5 * squares;
    if (!has_unknown_scale_) continue;
    const double c = y(row, r.size());
    out(row) = c > 0.0 ? log_constant_ - 0.5 * squares / (c * c) - static_cast<double>(r.size()) * std::log(c)
                       : -std::numeric_limits<double>::infinity();
  }
}

// d log p / dc = |r|^2 / c^3 - p / c
void GaussianLikelihood::scale_slopes(double c, const std::vector<double>& r, double* dy) const {
  double squares = 0.0;
  for (std::size_t i = 0; i < r.size(); ++i) squares += r[i] * r[i], dy[i] /= c * c;
  dy[r.size()] = squares / (c * c * c) - static_cast<double>(r.size()) / c;
}

// d log p / dy = -R^-1 (y - d) = -W^T r
void GaussianLikelihood::gradient(model::ConstBatch y, model::Batch dy) const {
  const int p = data_count();
  std::vector<double> r(data().size());
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    whiten(&y(row, 0), r.data());
    noise_->solve_transposed(r.data(), &dy(row, 0));
    for (int i = 0; i < p; ++i) dy(row, i) = -dy(row, i);
    if (has_unknown_scale_) scale_slopes(y(row, p), r, &dy(row, 0));
  }
}

std::vector<double> GaussianLikelihood::simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                                                 std::int64_t row) const {
  const int p = data_count();
  const double c = has_unknown_scale_ ? y[p] : 1.0;
  std::vector<double> n(data().size()), drawn(y, y + p);
  rng.row_of_normals(stream, row, n.data(), p);
  noise_->multiply(n.data(), n.data());
  for (int i = 0; i < p; ++i) drawn[i] += c * n[i];
  return drawn;
}

}  // namespace aleator::inverse
