#include "prob/field/conditioned.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::prob {

deck::Schema<Conditioned::Params> Conditioned::schema() {
  deck::Schema<Params> s("Normal or log-normal field, given measurements of its own values (kriging)",
                         "Matheron's rule; Wilson and others 2021");
  s.reference("field", &Params::field, "prior",
              "the field: prior/matern_spde, prior/circulant, prior/karhunen_loeve or prior/matern_mesh")
      .required();
  s.key("points", &Params::points, "",
        "where it was measured: [x], [x, y] or [x, y, z]; the cell or element around counts")
      .required()
      .example("[[0.5, 0.5]]")
      .key("values", &Params::values, "", "what was measured of the field there, in the same order")
      .required()
      .example("[1.0]")
      .key("sd", &Params::sd, "",
           "standard deviation of the error of a value (of its logarithm where the field is an exponential); 0: exact",
           deck::at_least(0.0))
      .check("values", [](const Params& p) {
        return p.values.size() == p.points.size()
                   ? std::string()
                   : fmt::format("{} values for {} points", p.values.size(), p.points.size());
      });
  return s;
}

Conditioned::Conditioned(const Params& params, const std::shared_ptr<const Prior>& field)
    : field_(std::dynamic_pointer_cast<const GaussianField>(field)), sd_(params.sd) {
  if (field_ == nullptr)
    throw deck::KeyError("field", "'" + params.field + "' is no normal field, or the exponential of one",
                         "prior/matern_spde, prior/circulant, prior/karhunen_loeve and prior/matern_mesh are");
  if (params.values.empty() || params.values.size() != params.points.size())
    throw deck::KeyError("values", fmt::format("{} values for {} points", params.values.size(), params.points.size()));
  for (std::size_t k = 0; k < params.points.size(); ++k) cells_.push_back(field_->value_at(params.points[k], k + 1));
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    const bool is_exp = field_->transform() == Transform::exp;
    if (is_exp && !(params.values[k] > 0.0))
      throw deck::KeyError("values", fmt::format("{} is not positive, as the field is", params.values[k]));
    residual_.push_back((is_exp ? std::log(params.values[k]) : params.values[k]) - field_->mean()[cells_[k]]);
  }
  find_gain();
}

void Conditioned::find_gain() {
  const int n = data(), N = dimension();
  math::Matrix c(n, N), k(n, n);  // P C
  std::vector<double> unit(static_cast<std::size_t>(N)), z(static_cast<std::size_t>(field_->latent_dimension()));
  for (int i = 0; i < n; ++i) {
    std::fill(unit.begin(), unit.end(), 0.0);
    unit[cells_[i]] = 1.0;
    field_->apply_transposed(unit.data(), z.data());
    field_->apply(z.data(), c.row(i));
    for (int j = 0; j < n; ++j) k(i, j) = c(i, cells_[j]);
  }
  double largest = 0.0;
  for (int i = 0; i < n; ++i) largest = std::max(largest, k(i, i));
  math::add_to_diagonal(k, sd_ * sd_);
  bool is_definite = math::try_cholesky(k, lower_);
  for (int i = 0; i < n && is_definite; ++i) is_definite = lower_(i, i) * lower_(i, i) > 1e-12 * largest;
  if (!is_definite)
    throw deck::KeyError(
        "points", "their values are not independent: two in one cell or element, or more than the field has modes",
        "set sd above 0, or leave some of them out");
  gain_ = math::transpose(math::solve_cholesky(lower_, c));
}

void Conditioned::to_parameters(const double* z, double* u) const {
  field_->apply(z, u);
  const double* const e = z + field_->latent_dimension();
  std::vector<double> r(residual_);
  for (int k = 0; k < data(); ++k) r[k] -= u[cells_[k]] + (sd_ > 0.0 ? sd_ * e[k] : 0.0);
  for (int i = 0; i < dimension(); ++i) {
    double sum = u[i] + field_->mean()[i];
    for (int k = 0; k < data(); ++k) sum += gain_(i, k) * r[k];
    u[i] = field_->transform() == Transform::exp ? std::exp(sum) : sum;
  }
}

void Conditioned::to_latent(const double* u, double* z) const {
  field_->to_latent(u, z);
  if (sd_ == 0.0) return;
  std::vector<double> x(static_cast<std::size_t>(dimension()));
  const bool is_inside = field_->to_field(u, x.data());
  double* const e = z + field_->latent_dimension();
  for (int k = 0; k < data(); ++k)
    e[k] = is_inside ? (residual_[k] - x[cells_[k]]) / sd_ : std::numeric_limits<double>::quiet_NaN();
}

void Conditioned::pullback(const double* z, const double* g_u, double* g_z) const {
  std::vector<double> g(g_u, g_u + dimension()), to_data(cells_.size(), 0.0);
  if (field_->transform() == Transform::exp) {
    std::vector<double> u(g.size());
    to_parameters(z, u.data());
    for (std::size_t i = 0; i < g.size(); ++i) g[i] *= u[i];
  }
  for (int i = 0; i < dimension(); ++i)
    for (int k = 0; k < data(); ++k) to_data[k] += gain_(i, k) * g[i];
  for (int k = 0; k < data(); ++k) g[cells_[k]] -= to_data[k];
  field_->apply_transposed(g.data(), g_z);
  for (int k = 0; k < data() && sd_ > 0.0; ++k) g_z[field_->latent_dimension() + k] = -sd_ * to_data[k];
}

// Bayes' formula: log p(u) + log p(d | u) - log p(d).
double Conditioned::log_density(const double* u) const {
  if (sd_ == 0.0) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> x(static_cast<std::size_t>(dimension()));
  if (!field_->to_field(u, x.data())) return -std::numeric_limits<double>::infinity();
  double misfit = 0.0;
  for (int k = 0; k < data(); ++k) misfit += std::pow((residual_[k] - x[cells_[k]]) / sd_, 2);
  const std::vector<double> whitened = math::solve_lower(lower_, residual_);
  return field_->log_density(u) - 0.5 * misfit - data() * std::log(sd_) + 0.5 * math::dot(whitened, whitened) +
         0.5 * math::log_det_cholesky(lower_);
}

}  // namespace aleator::prob
