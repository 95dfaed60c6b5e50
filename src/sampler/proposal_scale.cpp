#include "sampler/proposal_scale.hpp"

#include <algorithm>
#include <cmath>

#include "math/dense.hpp"

namespace aleator::sampler {

void PooledMoments::reset(int dimension) {
  count = 0.0;
  const auto d = static_cast<std::size_t>(dimension);
  sums.assign(d * (d + 3) / 2, 0.0);
  shift.clear();
}

std::size_t PooledMoments::stride_of(std::size_t members, int dimension) {
  return std::max<std::size_t>(1, members / static_cast<std::size_t>(std::max(4096, 256 * dimension)));
}

void PooledMoments::observe(const Ensemble& ensemble, const Context& context) {
  const int d = static_cast<int>(ensemble.position.extent(1));
  const Batch z = ensemble.position;
  const std::int64_t members = ensemble.layout.rows(), first = ensemble.layout.first(),
                     stride = static_cast<std::int64_t>(stride_of(static_cast<std::size_t>(members), d));
  if (shift.empty()) shift = mean_position(ensemble, context);
  const double* const centre = shift.data();
  const auto added =
      parallel::ordered_sum(context.comm, ensemble.layout, static_cast<int>(sums.size()), [=](int row, double* sum) {
        if ((first + row) % stride != 0) return;
        double* second = sum + d;
        for (int i = 0; i < d; ++i) {
          const double x = z(row, i) - centre[i];
          sum[i] += x;
          for (int j = 0; j <= i; ++j) second[j] += x * (z(row, j) - centre[j]);
          second += i + 1;
        }
      });
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += added[k];
  count += static_cast<double>((members + stride - 1) / stride);
}

void PooledMoments::observe_weighted(const Ensemble& ensemble, const std::vector<double>& share,
                                     const Context& context) {
  const int d = static_cast<int>(ensemble.position.extent(1));
  const Batch z = ensemble.position;
  if (shift.empty()) shift = mean_position(ensemble, context);
  double squares = 0.0;
  for (const double w : share) squares += w * w;
  const double effective = 1.0 / squares, *const centre = shift.data(),
               *const w = share.data() + ensemble.layout.first();
  const auto added =
      parallel::ordered_sum(context.comm, ensemble.layout, static_cast<int>(sums.size()), [=](int row, double* sum) {
        if (w[row] == 0.0) return;
        double* second = sum + d;
        for (int i = 0; i < d; ++i) {
          const double x = w[row] * (z(row, i) - centre[i]);
          sum[i] += x;
          for (int j = 0; j <= i; ++j) second[j] += x * (z(row, j) - centre[j]);
          second += i + 1;
        }
      });
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += effective * added[k];
  count += effective;
}

std::vector<double> PooledMoments::mean() const {
  std::vector<double> m = shift;
  for (std::size_t k = 0; k < m.size(); ++k) m[k] += sums[k] / count;
  return m;
}

std::vector<double> PooledMoments::factor(Correlations correlations) const {
  const int d = static_cast<int>(shift.size());
  if (count < 2.0 * d || d == 0) return {};
  math::Matrix c(d, d);
  // Correlations are shrunk towards 0. A floor for the variances, as in Stan's warm-up, would be a length: under a vague prior a
  // coordinate may be known to a millionth of its prior's width.
  const double weight = correlations == Correlations::shrunk ? count / (count + 5.0) : 1.0;
  const double* second = sums.data() + d;
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j <= i; ++j)
      c(i, j) = c(j, i) = (i == j ? 1.0 : weight) * (second[j] / count - sums[i] / count * (sums[j] / count));
    second += i + 1;
  }
  math::Matrix lower;
  return math::try_cholesky(c, lower) ? lower.a : std::vector<double>();
}

std::vector<double> PooledMoments::factor_or_deviations() const {
  std::vector<double> lower = factor();
  return lower.empty() ? deviations() : lower;
}

std::vector<double> PooledMoments::deviations() const {
  const std::size_t d = shift.size();
  if (count < 3.0 || d == 0) return {};
  std::vector<double> lower(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) {
    const double mean = sums[i] / count, variance = sums[d + i * (i + 3) / 2] / count - mean * mean;
    if (!(variance > 0.0)) return {};
    lower[i * d + i] = std::sqrt(variance * count / (count - 1.0));
  }
  return lower;
}

void PooledMoments::fields(io::Archive& archive, const std::string& name) {
  const io::ArchiveGroup group(archive, name);
  archive.field("count", count);
  archive.field("sums", sums);
  archive.field("shift", shift);
}

void PooledVariances::reset(int dimension) {
  count = 0.0;
  sums.assign(2 * static_cast<std::size_t>(dimension), 0.0);
  shift.clear();
}

void PooledVariances::observe(const Ensemble& ensemble, const Context& context) {
  const int d = static_cast<int>(ensemble.position.extent(1));
  const Batch z = ensemble.position;
  if (shift.empty()) shift = mean_position(ensemble, context);
  const double* const centre = shift.data();
  const auto added = parallel::ordered_sum(context.comm, ensemble.layout, 2 * d, [=](int row, double* sum) {
    for (int k = 0; k < d; ++k) {
      const double x = z(row, k) - centre[k];
      sum[k] += x;
      sum[d + k] += x * x;
    }
  });
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += added[k];
  count += static_cast<double>(ensemble.layout.rows());
}

std::vector<double> PooledVariances::deviations() const {
  const std::size_t d = shift.size();
  if (count < 8.0 || d == 0) return {};
  std::vector<double> result(d);
  for (std::size_t k = 0; k < d; ++k) {
    const double mean = sums[k] / count, variance = (sums[d + k] / count - mean * mean) * (count / (count - 1.0));
    if (!(variance > 0.0)) return {};  // nobody has moved: no scale is known
    result[k] = std::sqrt(variance);
  }
  return result;
}

void PooledVariances::fields(io::Archive& archive, const std::string& name) {
  const io::ArchiveGroup group(archive, name);
  archive.field("count", count);
  archive.field("sums", sums);
  archive.field("shift", shift);
}

void DualAveraging::restart(double step) {
  centre = std::log(10.0 * step);
  deficit = log_average = count = 0.0;
}

double DualAveraging::update(double target, double acceptance) {
  constexpr double gamma = 0.05, offset = 10.0, kappa = 0.75;
  count += 1.0;
  deficit += (target - acceptance - deficit) / (count + offset);
  const double log_step = centre - std::sqrt(count) / gamma * deficit;
  log_average += std::pow(count, -kappa) * (log_step - log_average);
  return log_step;
}

void DualAveraging::fields(io::Archive& archive, const std::string& name) {
  const io::ArchiveGroup group(archive, name);
  archive.field("centre", centre);
  archive.field("deficit", deficit);
  archive.field("log_average", log_average);
  archive.field("count", count);
}

std::vector<double> mean_position(const Ensemble& ensemble, const Context& context) {
  const Batch z = ensemble.position;
  const int d = static_cast<int>(z.extent(1));
  std::vector<double> mean = parallel::ordered_sum(context.comm, ensemble.layout, d, [=](int row, double* sum) {
    for (int k = 0; k < d; ++k) sum[k] += z(row, k);
  });
  for (double& value : mean) value /= static_cast<double>(ensemble.layout.rows());
  return mean;
}

double ordered_mean(const Context& context, const parallel::RowLayout& layout, const Vector& values) {
  const auto sum =
      parallel::ordered_sum(context.comm, layout, 1, [&](int row, double* total) { total[0] += values(row); });
  return sum[0] / static_cast<double>(layout.rows());
}

}  // namespace aleator::sampler
