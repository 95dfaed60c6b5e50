#include "inverse/likelihood/gaussian.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "io/files.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {
namespace {

// Of all data; rows and columns of the missing ones are left out.
math::Matrix read_covariance(const deck::File& file, const Observations& seen) {
  const io::Table table = io::parse_table(file.text, file.path);
  const int p = seen.count;
  if (static_cast<int>(table.rows) != p || static_cast<int>(table.columns) != p)
    throw deck::KeyError("covariance",
                         fmt::format("{} is {} x {}, but there are {} data", file.path, table.rows, table.columns, p));
  for (int i = 0; i < p; ++i)
    for (int j = 0; j < p; ++j)
      if (std::abs(table(i, j) - table(j, i)) > 1e-12 * std::sqrt(std::abs(table(i, i) * table(j, j))))
        throw deck::KeyError("covariance", fmt::format("{} is not symmetric at ({}, {})", file.path, i + 1, j + 1));
  const int measured = static_cast<int>(seen.values.size());
  const auto place = [&seen](int i) { return seen.places.empty() ? i : seen.places[static_cast<std::size_t>(i)]; };
  math::Matrix c(measured, measured);
  for (int i = 0; i < measured; ++i)
    for (int j = 0; j < measured; ++j) c(i, j) = table(place(i), place(j));
  return c;
}

constexpr double half_log_two_pi = 0.918938533204672741780329736406;

// - sum ln(sqrt(2 pi) sd_i)
double constant_of(const std::vector<double>& precision) {
  double sum = 0.0;
  for (const double p : precision) sum += std::log(p) - half_log_two_pi;
  return sum;
}

}  // namespace

deck::Schema<GaussianLikelihood::Params> GaussianLikelihood::schema() {
  deck::Schema<Params> s("Gaussian likelihood: measurements with additive Gaussian noise", "");
  add_observation_keys(s, "measurements");
  s.key("sd", &Params::sd, "as data", "standard deviation of the noise: one value or one for each datum",
        deck::positive())
      .example("0.1")
      .key("sd_column", &Params::sd_column, "",
           "columns of the data's file with the standard deviation of each datum, instead of sd")
      .key("covariance", &Params::covariance, "", "covariance of the noise, a square table, instead of sd")
      .key("normalised", &Params::normalised, "",
           "false: log-likelihood relative to its maximum, as some publications report it")
      .key("unknown_scale", &Params::unknown_scale, "",
           "true: the noise level is not known; the last parameter of the prior is a factor on sd")
      .check("sd", [](const Params& p) {
        const int given = (p.sd.empty() ? 0 : 1) + (p.sd_column.empty() ? 0 : 1) + (p.covariance.empty() ? 0 : 1);
        if (given == 1) return std::string();
        return std::string(given == 0 ? "the noise is not given: set sd, sd_column or covariance"
                                      : "sd, sd_column and covariance exclude each other");
      });
  return s;
}

GaussianLikelihood::GaussianLikelihood(const Params& params)
    : is_normalised_(params.normalised), has_unknown_scale_(params.unknown_scale) {
  const Observations seen = read_observations(params.data, params.column);
  noise_.data = seen.values, places_ = seen.places, all_ = seen.count;
  const int p = data_count();
  if (params.covariance.empty()) {
    const std::vector<double> sd = of_each_datum(seen, params.sd, "sd", params.data, params.sd_column, "sd_column");
    noise_.covariance = math::Matrix(p, p);
    for (int i = 0; i < p; ++i) {
      precision_.push_back(1.0 / sd[i]);
      noise_.covariance(i, i) = sd[i] * sd[i];
    }
    log_constant_ = constant_of(precision_);
  } else {
    noise_.covariance = read_covariance(params.covariance, seen);
    try {
      factor_ = math::cholesky(noise_.covariance);
    } catch (const core::NumericsError&) {
      throw deck::KeyError("covariance", params.covariance.path + " is not positive definite");
    }
    for (int i = 0; i < p; ++i) log_constant_ -= half_log_two_pi + std::log(factor_(i, i));
  }
  if (!is_normalised_) log_constant_ = 0.0;
}

// r = W (d - y)
void GaussianLikelihood::whiten(const double* y, double* r) const {
  for (int i = 0; i < data_count(); ++i) r[i] = noise_.data[i] - y[i];
  times_w(r, r);
}

// out = L^-1 in; may be in place.
void GaussianLikelihood::times_w(const double* in, double* out) const {
  for (int i = 0; i < data_count(); ++i) {
    if (precision_.empty()) {
      double rest = in[i];
      for (int j = 0; j < i; ++j) rest -= factor_(i, j) * out[j];
      out[i] = rest / factor_(i, i);
    } else {
      out[i] = in[i] * precision_[i];
    }
  }
}

// out = L^-T in; may be in place.
void GaussianLikelihood::times_w_transposed(const double* in, double* out) const {
  const int p = data_count();
  for (int i = p - 1; i >= 0; --i) {
    double value = in[i];
    if (precision_.empty()) {
      for (int j = i + 1; j < p; ++j) value -= factor_(j, i) * out[j];
      out[i] = value / factor_(i, i);
    } else {
      out[i] = value * precision_[i];
    }
  }
}

// S^T = W / c, and of the factor c itself sqrt(2 p) / c: E (dlog p / dc)^2 = 2 p / c^2, uncorrelated with dlog p / dy.
void GaussianLikelihood::to_whitened(const double* y, const double* dy, double* w) const {
  times_w(dy, w);
  if (!has_unknown_scale_) return;
  const int p = data_count();
  for (int i = 0; i < p; ++i) w[i] /= y[p];
  w[p] = std::sqrt(2.0 * p) / y[p] * dy[p];
}

void GaussianLikelihood::from_whitened(const double* y, const double* w, double* dy) const {
  times_w_transposed(w, dy);
  if (!has_unknown_scale_) return;
  const int p = data_count();
  for (int i = 0; i < p; ++i) dy[i] /= y[p];
  dy[p] = std::sqrt(2.0 * p) / y[p] * w[p];
}

void GaussianLikelihood::log_density(model::ConstBatch y, model::Vector out) const {
  std::vector<double> r(noise_.data.size());
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

// d log p / dy = R^-1 (d - y) = W^T r
void GaussianLikelihood::gradient(model::ConstBatch y, model::Batch dy) const {
  const int p = data_count();
  std::vector<double> r(noise_.data.size());
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    whiten(&y(row, 0), r.data());
    times_w_transposed(r.data(), &dy(row, 0));
    if (has_unknown_scale_) scale_slopes(y(row, p), r, &dy(row, 0));
  }
}

std::vector<double> GaussianLikelihood::simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                                                 std::int64_t row) const {
  const int p = data_count();
  const double c = has_unknown_scale_ ? y[p] : 1.0;
  std::vector<double> n(noise_.data.size()), data(y, y + p);
  rng.row_of_normals(stream, row, n.data(), p);
  for (int i = 0; i < p; ++i) {
    if (!precision_.empty()) {
      data[i] += c * n[i] / precision_[i];
      continue;
    }
    for (int j = 0; j <= i; ++j) data[i] += c * factor_(i, j) * n[j];
  }
  return data;
}

std::unique_ptr<model::Likelihood> GaussianLikelihood::with_data(const std::vector<double>& data) const {
  if (data.size() != noise_.data.size()) return nullptr;
  auto copy = std::make_unique<GaussianLikelihood>(*this);
  copy->noise_.data = data;
  return copy;
}

std::shared_ptr<const model::Likelihood> GaussianLikelihood::only(const std::vector<int>& data) const {
  if (precision_.empty()) return nullptr;  // correlated noise
  auto part = std::make_shared<GaussianLikelihood>();
  part->is_normalised_ = is_normalised_, part->has_unknown_scale_ = has_unknown_scale_;
  part->noise_.data = model::entries_at(data, noise_.data);
  part->precision_ = model::entries_at(data, precision_);
  part->noise_.covariance = math::Matrix(part->data_count(), part->data_count());
  for (int i = 0; i < part->data_count(); ++i)
    part->noise_.covariance(i, i) = 1.0 / (part->precision_[i] * part->precision_[i]);
  part->log_constant_ = is_normalised_ ? constant_of(part->precision_) : 0.0;
  return part;
}

}  // namespace aleator::inverse
