#pragma once
/// What      Laws of real and of bounded parameters: Student t, normal truncated to an interval, beta.
/// Method    inverse incomplete beta function (Boost.Math) and the normal quantile; see Independent.
/// Parallel  local; thread-safe.
/// Cost      0.05 us a value by tables, which cost some milliseconds once; the truncated normal 0.1 us.
/// Fails     KeyError: sizes that do not fit, bounds that hold no mass.
#include "prob/prior/independent.hpp"

namespace aleator::prob {

/// (u - m) / s is Student t with nu degrees of freedom; nu = 1 is Cauchy.
class StudentTLaw {
 public:
  StudentTLaw(double dof, double location, double scale);
  double quantile(Tail tail) const;
  Tail tail(double u) const;
  double log_density(double u) const;
  double slope(double u) const;
  double stretched(Tail tail) const;
  double unstretch(double s) const { return location_ + scale_ * std::sinh(s); }
  bool operator==(const StudentTLaw& o) const {
    return dof_ == o.dof_ && location_ == o.location_ && scale_ == o.scale_;
  }

 private:
  double dof_, location_, scale_, log_constant_;
};

/// N(m, s^2) given low <= u <= high; either bound may be infinite.
class TruncatedNormalLaw {
 public:
  TruncatedNormalLaw(double mean, double sd, double low, double high);
  double quantile(Tail tail) const;
  Tail tail(double u) const;
  double log_density(double u) const;
  double slope(double u) const { return -(u - mean_) / (sd_ * sd_); }
  double mass() const { return mass_; }

 private:
  // Of the normal law, on either side of a bound.
  struct Masses {
    double below = 0.0, above = 0.0;
  };
  double mean_, sd_, low_, high_;
  Masses low_side_, high_side_;
  double mass_ = 0.0;  // between the bounds
};

/// p(u) = u^(a-1) (1-u)^(b-1) / B(a, b) on (0, 1).
class BetaLaw {
 public:
  BetaLaw(double alpha, double beta);
  double quantile(Tail tail) const;
  Tail tail(double u) const;
  double log_density(double u) const;
  double slope(double u) const { return (alpha_ - 1.0) / u - (beta_ - 1.0) / (1.0 - u); }
  double stretched(Tail tail) const;
  double unstretch(double s) const { return s < 0.0 ? std::exp(s) / (1.0 + std::exp(s)) : 1.0 / (1.0 + std::exp(-s)); }
  bool operator==(const BetaLaw& o) const { return alpha_ == o.alpha_ && beta_ == o.beta_; }

 private:
  bool far_quantile(double probability, double& u) const;
  double alpha_, beta_, log_constant_;
};

struct StudentT : Independent<StudentTLaw> {
  struct Params {
    int dimension = 1;
    std::vector<double> degrees_of_freedom = {4.0}, location = {0.0}, scale = {1.0};
  };
  static deck::Schema<Params> schema();
  explicit StudentT(const Params& params);
};

struct TruncatedNormal : Independent<TruncatedNormalLaw> {
  struct Params {
    int dimension = 1;
    std::vector<double> mean = {0.0}, sd = {1.0};
    std::vector<double> low, high;
  };
  static deck::Schema<Params> schema();
  explicit TruncatedNormal(const Params& params);
};

struct Beta : Independent<BetaLaw> {
  struct Params {
    int dimension = 1;
    std::vector<double> alpha = {1.0}, beta = {1.0};
  };
  static deck::Schema<Params> schema();
  explicit Beta(const Params& params);
};

}  // namespace aleator::prob
