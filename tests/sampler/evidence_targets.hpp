#pragma once
// Likelihoods with known evidence under simple priors (shared/benchmarks, B7 and B8, recomputed for this project by quadrature).
#include <cmath>
#include <functional>

#include "sampler/sampler.hpp"

namespace aleator::sampler::test {

/// A posterior given by its log-likelihood of u: u = z, or uniform on (low, high)^d by u = low + (high - low) Phi(z).
class DensityProblem : public model::Problem {
 public:
  using LogLikelihood = std::function<double(const double* u)>;
  struct Box {
    double low, high;  ///< equal: the prior is N(0, I)
  };
  DensityProblem(int dimension, const Box& box, LogLikelihood log_likelihood)
      : dimension_(dimension), box_(box), log_likelihood_(std::move(log_likelihood)), variables_{{"u", dimension}} {}

  int dimension() const override { return dimension_; }
  int outputs() const override { return 1; }
  bool has_gradient() const override { return false; }
  bool may_stop() const override { return false; }
  const model::GaussianNoise* noise() const override { return nullptr; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  const model::ProblemFacts& facts() const override { return facts_; }
  model::RowStatus evaluate_parameters(ConstBatch u, model::Evaluation& result, Vector log_prior) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      result.log_likelihood(row) = log_likelihood_(&u(row, 0));
      log_prior(row) = box_.low == box_.high ? model::latent_log_prior(&u(row, 0), dimension_)
                                             : -dimension_ * std::log(box_.high - box_.low);
    }
    return {};
  }
  void parameters(ConstBatch z, Batch u) const override {
    for (std::size_t row = 0; row < z.extent(0); ++row)
      for (int k = 0; k < dimension_; ++k)
        u(row, k) = box_.low == box_.high
                        ? z(row, k)
                        : box_.low + (box_.high - box_.low) * 0.5 * std::erfc(-z(row, k) / std::sqrt(2.0));
  }
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    const Batch u("u", z.extent(0), z.extent(1));
    parameters(z, u);
    for (std::size_t row = 0; row < z.extent(0); ++row) result.log_likelihood(row) = log_likelihood_(&u(row, 0));
    return {};
  }

 private:
  int dimension_;
  Box box_;
  LogLikelihood log_likelihood_;
  std::vector<prob::Variable> variables_;
  model::ProblemFacts facts_;
};

struct Evidence {
  DensityProblem problem;
  double log_evidence;
};

/// Two Gaussian shells of radius 2 and width 0.1 about +-3.5 e_1, prior uniform on (-6, 6)^d (Feroz, Hobson, Bridges 2009).
inline Evidence shells(int dimension) {
  const auto shell = [dimension](const double* u, double centre) {
    double squares = (u[0] - centre) * (u[0] - centre);
    for (int k = 1; k < dimension; ++k) squares += u[k] * u[k];
    const double distance = (std::sqrt(squares) - 2.0) / 0.1;
    return -0.5 * distance * distance - 0.5 * std::log(2.0 * M_PI * 0.01);
  };
  const auto log_likelihood = [shell](const double* u) {
    const double a = shell(u, 3.5), b = shell(u, -3.5);
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
  };
  const double exact = dimension == 2 ? -1.745642 : dimension == 10 ? -14.590491 : -60.127767;
  return {{dimension, {-6.0, 6.0}, log_likelihood}, exact};
}

inline double log_normal(double x, double sd) {
  return -0.5 * x * x / (sd * sd) - std::log(sd) - 0.5 * std::log(2.0 * M_PI);
}
/// Student's t law with 3 degrees of freedom.
inline double log_t3(double x) { return std::log(2.0 / (M_PI * std::sqrt(3.0))) - 2.0 * std::log1p(x * x / 3.0); }

/// Neal's funnel v ~ N(0, 9), x ~ N(0, exp v), from the prior v ~ N(0, 9), x of a t law with 2 degrees of freedom.
inline Evidence funnel() {
  return {{2,
           {0.0, 0.0},
           [](const double* z) {
             const double q = 0.5 * std::erfc(std::abs(z[1]) / std::sqrt(2.0)), p = 1.0 - q;
             const double x = (p - 0.5) / std::sqrt(2.0 * p * q) * 2.0;
             const double log_prior = -1.5 * std::log1p(0.5 * x * x) - 1.5 * std::log(2.0);
             return log_normal(x, std::exp(1.5 * z[0])) - log_prior;
           }},
          0.0};
}

/// d independent values of a t law with 3 degrees of freedom, from the prior N(0, I): the weights' variance is infinite.
inline Evidence heavy_tails(int dimension) {
  return {{dimension,
           {0.0, 0.0},
           [dimension](const double* u) {
             double sum = 0.0;
             for (int k = 0; k < dimension; ++k) sum += log_t3(u[k]) - log_normal(u[k], 1.0);
             return sum;
           }},
          0.0};
}

/// Two normal laws about 0 of sd 0.1 and `narrow`, the narrow one with 100 times the evidence; prior uniform on (-1/2, 1/2)^d.
inline Evidence spike(int dimension, double narrow) {
  const auto law = [dimension](const double* u, double sd) {
    double sum = 0.0;
    for (int k = 0; k < dimension; ++k) sum += log_normal(u[k], sd);
    return sum;
  };
  const auto log_likelihood = [law, narrow](const double* u) {
    const double a = law(u, 0.1), b = law(u, narrow) + std::log(100.0);
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
  };
  return {{dimension, {-0.5, 0.5}, log_likelihood}, std::log(101.0)};
}

/// (2 + cos(x / 2) cos(y / 2))^5 on (0, 10 pi)^2: eighteen equal modes (Feroz, Hobson 2008).
inline Evidence eggbox() {
  return {{2,
           {0.0, 10.0 * M_PI},
           [](const double* u) { return std::pow(2.0 + std::cos(u[0] / 2) * std::cos(u[1] / 2), 5); }},
          235.855940};
}

/// F = u_1^2 + 3 u_0^2 (u_0^2 - 1) observed as 1 with sd 0.1, prior N(0, I). Four curved arms; E u_0^2 = .45542365,
/// E u_1^2 = 1.10039074.
inline Evidence vector_quartic() {
  return {{2,
           {0.0, 0.0},
           [](const double* u) {
             const double f = u[1] * u[1] + 3.0 * u[0] * u[0] * (u[0] * u[0] - 1.0), r = (1.0 - f) / 0.1;
             return -0.5 * r * r - 0.5 * std::log(2.0 * M_PI * 0.01);
           }},
          -1.86488400};
}

}  // namespace aleator::sampler::test
