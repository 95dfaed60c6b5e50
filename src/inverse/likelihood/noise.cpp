#include "inverse/likelihood/noise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/gemm.hpp"

namespace aleator::inverse {
namespace {

class IndependentNoise final : public NoiseFactor {
 public:
  explicit IndependentNoise(std::vector<double> sd) : sd_(std::move(sd)) {
    for (const double s : sd_) precision_.push_back(1.0 / s);
  }
  void solve(const double* in, double* out) const override {
    for (std::size_t i = 0; i < sd_.size(); ++i) out[i] = in[i] * precision_[i];
  }
  void solve_transposed(const double* in, double* out) const override { solve(in, out); }
  void multiply(const double* in, double* out) const override {
    for (std::size_t i = 0; i < sd_.size(); ++i) out[i] = in[i] * sd_[i];
  }
  double log_determinant() const override {
    double sum = 0.0;
    for (const double s : sd_) sum += std::log(s);
    return sum;
  }
  std::shared_ptr<const NoiseFactor> only(const std::vector<int>& data) const override {
    std::vector<double> sd;
    for (const int i : data) sd.push_back(sd_[static_cast<std::size_t>(i)]);
    return std::make_shared<IndependentNoise>(std::move(sd));
  }

 private:
  std::vector<double> sd_, precision_;  // 1 / sd
};

class DenseNoise final : public NoiseFactor {
 public:
  // The covariances become their factors.
  explicit DenseNoise(std::vector<NoiseGroup> groups) : groups_(std::move(groups)) {
    for (NoiseGroup& group : groups_) {
      if (const int pivot = math::factor_positive_definite(group.covariance); pivot >= 0)
        throw core::NumericsError(fmt::format("the covariance of {} data is not positive definite, as its row {} shows",
                                              group.data.size(), pivot + 1));
      largest_ = std::max(largest_, group.data.size());
    }
  }
  void solve(const double* in, double* out) const override {
    std::vector<double> x(largest_);
    for (const auto& [data, l] : groups_) {
      for (int i = 0; i < l.rows; ++i) {
        double rest = in[data[i]];
        for (int j = 0; j < i; ++j) rest -= l(i, j) * x[j];
        x[i] = rest / l(i, i);
      }
      for (int i = 0; i < l.rows; ++i) out[data[i]] = x[i];
    }
  }
  void solve_transposed(const double* in, double* out) const override {
    std::vector<double> x(largest_);
    for (const auto& [data, l] : groups_) {
      for (int i = 0; i < l.rows; ++i) x[i] = in[data[i]];
      for (int i = l.rows - 1; i >= 0; --i) {
        x[i] /= l(i, i);
        for (int j = 0; j < i; ++j) x[j] -= l(i, j) * x[i];
      }
      for (int i = 0; i < l.rows; ++i) out[data[i]] = x[i];
    }
  }
  void multiply(const double* in, double* out) const override {
    std::vector<double> x(largest_);
    for (const auto& [data, l] : groups_) {
      for (int i = 0; i < l.rows; ++i) x[i] = in[data[i]];
      for (int i = 0; i < l.rows; ++i) {
        double sum = 0.0;
        for (int j = 0; j <= i; ++j) sum += l(i, j) * x[j];
        out[data[i]] = sum;
      }
    }
  }
  double log_determinant() const override {
    double sum = 0.0;
    for (const auto& [data, l] : groups_) sum += 0.5 * math::log_det_cholesky(l);
    return sum;
  }

 private:
  std::vector<NoiseGroup> groups_;
  std::size_t largest_ = 0;
};

}  // namespace

std::shared_ptr<const NoiseFactor> independent_noise(std::vector<double> sd) {
  return std::make_shared<IndependentNoise>(std::move(sd));
}

std::shared_ptr<const NoiseFactor> dense_noise(std::vector<NoiseGroup> groups) {
  return std::make_shared<DenseNoise>(std::move(groups));
}

}  // namespace aleator::inverse
