#include "prob/field/levelset.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "math/special.hpp"

namespace aleator::prob {
namespace {

std::string levelset_fault(const Levelset::Params& p) {
  if (p.thresholds.empty()) return "thresholds is empty: one value needs no field";
  for (std::size_t i = 1; i < p.thresholds.size(); ++i)
    if (!(p.thresholds[i] > p.thresholds[i - 1]))
      return fmt::format("thresholds must rise: {} follows {}", p.thresholds[i], p.thresholds[i - 1]);
  return {};
}

std::string values_fault(const Levelset::Params& p) {
  if (p.values.size() == p.thresholds.size() + 1) return {};
  return fmt::format("values has {} numbers for {} thresholds: one more value than thresholds", p.values.size(),
                     p.thresholds.size());
}

}  // namespace

deck::Schema<Levelset::Params> Levelset::schema() {
  deck::Schema<Params> s("Piecewise constant field: another prior's field cut at thresholds",
                         "Iglesias, Lu, Stuart 2016");
  s.reference("field", &Params::field, "prior", "the field that is cut").required();
  s.key("thresholds", &Params::thresholds, "", "where the field is cut, rising")
      .key("values", &Params::values, "", "value below the first threshold, between the first and the second, ...")
      .key("width", &Params::width, "",
           "0: sharp steps, without derivatives; above: values change over so much of the field, smoothly",
           deck::at_least(0.0))
      .check("thresholds", levelset_fault)
      .check("values", values_fault);
  return s;
}

Levelset::Levelset(const Params& params, std::shared_ptr<const Prior> field)
    : field_(std::move(field)), thresholds_(params.thresholds), values_(params.values), width_(params.width) {
  if (const std::string fault = levelset_fault(params); !fault.empty()) throw deck::KeyError("thresholds", fault);
  if (const std::string fault = values_fault(params); !fault.empty()) throw deck::KeyError("values", fault);
  // The outer intervals are taken to be as wide as their neighbours, or 2.
  const std::size_t n = thresholds_.size();
  const double first = n > 1 ? thresholds_[1] - thresholds_[0] : 2.0;
  const double last = n > 1 ? thresholds_[n - 1] - thresholds_[n - 2] : 2.0;
  middles_.push_back(thresholds_[0] - 0.5 * first);
  for (std::size_t i = 1; i < n; ++i) middles_.push_back(0.5 * (thresholds_[i - 1] + thresholds_[i]));
  middles_.push_back(thresholds_[n - 1] + 0.5 * last);
}

double Levelset::value_at(double x) const {
  double value = values_[0];
  for (std::size_t i = 0; i < thresholds_.size(); ++i) {
    const double t = thresholds_[i];
    if (width_ == 0.0) {
      if (x >= t) value = values_[i + 1];  // in place of a sum, so that values are met to the bit
    } else {
      value += (values_[i + 1] - values_[i]) * math::normal_cdf((x - t) / width_);
    }
  }
  return value;
}

double Levelset::slope_at(double x) const {
  if (width_ == 0.0) return 0.0;
  constexpr double root_two_pi = 2.506628274631000502415765284811;
  double slope = 0.0;
  for (std::size_t i = 0; i < thresholds_.size(); ++i) {
    const double s = (x - thresholds_[i]) / width_;
    slope += (values_[i + 1] - values_[i]) * std::exp(-0.5 * s * s) / (root_two_pi * width_);
  }
  return slope;
}

void Levelset::to_parameters(const double* z, double* u) const {
  field_->to_parameters(z, u);
  for (int i = 0; i < dimension(); ++i) u[i] = value_at(u[i]);
}

void Levelset::to_latent(const double* u, double* z) const {
  std::vector<double> x(static_cast<std::size_t>(dimension()));
  for (int i = 0; i < dimension(); ++i) {
    std::size_t nearest = 0;
    for (std::size_t k = 1; k < values_.size(); ++k)
      if (std::abs(u[i] - values_[k]) < std::abs(u[i] - values_[nearest])) nearest = k;
    x[i] = std::isfinite(u[i]) ? middles_[nearest] : std::numeric_limits<double>::quiet_NaN();
  }
  field_->to_latent(x.data(), z);
}

void Levelset::pullback(const double* z, const double* g_u, double* g_z) const {
  std::vector<double> g_x(static_cast<std::size_t>(dimension()));
  field_->to_parameters(z, g_x.data());
  for (int i = 0; i < dimension(); ++i) g_x[i] = g_u[i] * slope_at(g_x[i]);
  field_->pullback(z, g_x.data(), g_z);
}

double Levelset::log_density(const double*) const { return std::numeric_limits<double>::quiet_NaN(); }

}  // namespace aleator::prob
