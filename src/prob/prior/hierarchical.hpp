#pragma once
/// What      A group of normal parameters whose mean and standard deviation are parameters themselves:
///           theta_j ~ N(mu, tau^2 lambda_j^2).
/// Method    non-centred: u = (parts, theta), theta_j = mu + tau lambda_j z_j, with mu and tau entries of the parts or numbers,
///           and lambda a part of as many entries, or 1. In z all coordinates are independent: the funnel of the centred form
///           is not there. With half-Cauchy tau and lambda it is the horseshoe (Carvalho, Polson, Scott 2010).
/// Parallel  local, row by row.
/// Cost      that of the parts and O(d).
/// Fails     KeyError: a mean or sd that is no single parameter of a part, factors of another size, a name used twice.
#include <memory>

#include "prob/prior/product.hpp"

namespace aleator::prob {

class Hierarchical : public Prior, private DensitySlope {
 public:
  struct Params {
    std::vector<std::string> parts;
    int dimension = 1;
    std::string group;
    std::string mean, sd;
    double fixed_mean = 0.0, fixed_sd = 1.0;
    std::string factors = {};
  };
  static deck::Schema<Params> schema();
  Hierarchical(const Params& params, std::vector<Product::Part> parts);

  bool is_continuous() const override { return hyper_.is_continuous(); }
  int dimension() const override { return hyper_.dimension() + size_; }
  int latent_dimension() const override { return hyper_.latent_dimension() + size_; }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  bool has_density() const override { return hyper_.has_density(); }
  const DensitySlope* density_slope() const override { return hyper_.density_slope() != nullptr ? this : nullptr; }
  std::vector<Variable> variables(const std::string& name) const override;

 private:
  void log_density_gradient(const double* u, double* g) const override;
  int column_of(const std::string& name, int size, const std::string& key) const;
  void refuse_negative(int column, int size, const std::string& key, const std::string& part) const;
  double mean(const double* u) const { return mean_column_ < 0 ? fixed_mean_ : u[mean_column_]; }
  double factor(const double* u, int j) const { return factor_column_ < 0 ? 1.0 : u[factor_column_ + j]; }
  double scale(const double* u) const { return sd_column_ < 0 ? fixed_sd_ : u[sd_column_]; }
  double sd(const double* u, int j) const { return scale(u) * factor(u, j); }
  Product hyper_;
  int size_;
  std::string group_;
  double fixed_mean_, fixed_sd_;
  int mean_column_ = -1, sd_column_ = -1, factor_column_ = -1;  // of u; -1: fixed
};

}  // namespace aleator::prob
