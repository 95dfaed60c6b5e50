#include "inverse/likelihood/student_t.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "math/special.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {

deck::Schema<StudentTLikelihood::Params> StudentTLikelihood::schema() {
  deck::Schema<Params> s("Student t likelihood: measurements with outliers", "");
  add_observation_keys(s, "measurements");
  add_unit_keys(s, "their scale");
  s.key("scale", &Params::scale, "as data", "scale of the noise: one value or one for each datum", deck::positive())
      .key("scale_column", &Params::scale_column, "",
           "columns of the data's file with the scale of each datum, instead of scale")
      .key("degrees_of_freedom", &Params::degrees_of_freedom, "", "1 is Cauchy, many are Gaussian", deck::positive())
      .key("unknown_scale", &Params::unknown_scale, "",
           "true: the last parameter of the prior is a factor on the scale")
      .check("scale_column", [](const Params& p) {
        return p.scale_column.empty() || p.scale == Params().scale ? std::string()
                                                                   : std::string("scale_column excludes scale");
      });
  return s;
}

StudentTLikelihood::StudentTLikelihood(const Params& params)
    : Observed(read_observations(params, {params.units, params.output_units})),
      scale_(of_each_datum(seen(), params.scale, "scale", params.data, params.scale_column, "scale_column")),
      dof_(params.degrees_of_freedom),
      has_unknown_scale_(params.unknown_scale) {
  refresh();
}

bool StudentTLikelihood::keep(const std::vector<int>& data) {
  scale_ = model::entries_at(data, scale_);
  return true;
}

void StudentTLikelihood::refresh() {
  const double one = math::log_rising_ratio(0.5 * dof_, 0.5) - 0.5 * std::log(2.0 * M_PI);
  log_constant_ = seen().log_of_factors();
  for (const double s : scale_) log_constant_ += one - std::log(s);
}

void StudentTLikelihood::log_density(model::ConstBatch y, model::Vector out) const {
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    const double c = factor(y, row);
    double sum = log_constant_ - static_cast<double>(data().size()) * std::log(c);
    for (std::size_t i = 0; i < data().size(); ++i) {
      const double t = (data()[i] - y(row, i)) / (scale_[i] * c);
      sum -= 0.5 * (dof_ + 1.0) * std::log1p(t * t / dof_);
    }
    out(row) = c > 0.0 ? sum : -std::numeric_limits<double>::infinity();
  }
}

// With t = (d - y) / (s c): d/dy = (nu + 1) t / ((nu + t^2) s c), d/dc = sum ((nu + 1) t^2 / (nu + t^2) - 1) / c.
void StudentTLikelihood::gradient(model::ConstBatch y, model::Batch dy) const {
  for (std::size_t row = 0; row < y.extent(0); ++row) {
    const double c = factor(y, row);
    double slope = 0.0;
    for (std::size_t i = 0; i < data().size(); ++i) {
      const double t = (data()[i] - y(row, i)) / (scale_[i] * c), pull = (dof_ + 1.0) * t / (dof_ + t * t);
      dy(row, i) = pull / (scale_[i] * c);
      slope += (pull * t - 1.0) / c;
    }
    if (has_unknown_scale_) dy(row, data().size()) = slope;
  }
}

// Information (nu + 1) / ((nu + 3) s^2 c^2) about y_i and 2 nu p / ((nu + 3) c^2) about c, uncorrelated (Lange, Little, Taylor
// 1989, section 5).
void StudentTLikelihood::scale(const double* y, const double* in, double* out) const {
  const std::size_t p = data().size();
  const double c = has_unknown_scale_ ? y[p] : 1.0, root = std::sqrt((dof_ + 1.0) / (dof_ + 3.0)) / c;
  for (std::size_t i = 0; i < p; ++i) out[i] = in[i] * root / scale_[i];
  if (has_unknown_scale_) out[p] = in[p] * std::sqrt(2.0 * dof_ * static_cast<double>(p) / (dof_ + 3.0)) / c;
}

std::vector<double> StudentTLikelihood::simulate(const double* y, const kernels::Rng& rng, kernels::Stream stream,
                                                 std::int64_t row) const {
  const double c = has_unknown_scale_ ? y[data().size()] : 1.0;
  using boost::math::policies::evaluation_error;
  using boost::math::policies::ignore_error;
  using boost::math::policies::overflow_error;
  using Quiet = boost::math::policies::policy<overflow_error<ignore_error>, evaluation_error<ignore_error>>;
  const boost::math::students_t_distribution<double, Quiet> law(dof_);
  std::vector<double> drawn;
  for (std::size_t i = 0; i < data().size(); ++i) {
    const double u = std::min(rng.uniform(stream, row, static_cast<std::uint32_t>(i)), 1.0 - 0x1p-53);
    drawn.push_back(c > 0.0 ? y[i] + c * scale_[i] * quantile(law, u) : std::nan(""));
  }
  return drawn;
}

}  // namespace aleator::inverse
