#pragma once
/// What      Field of few coordinates: the largest modes of a separable exponential covariance on a box.
/// Method    Karhunen-Loeve expansion x = m + sum_n sqrt(lambda_n) phi_n z_n of C = sd^2 exp(-sum_k |x_k - y_k| / b_k).
///           Along an axis of half length a, with c = 1/b (Ghanem, Spanos 1991): lambda = 2 c / (w^2 + c^2), phi = cos(w x)
///           with c = w tan(w a), or sin(w x) with w = -c tan(w a), normalised. In the box products of these, the largest
///           first; values at the cells' centres. For other covariances the largest modes on the grid (grid_modes.hpp).
/// Parallel  local, row by row; BLAS on one thread.
/// Cost      2 N K flops for N cells and K modes along x, by dgemm, or 2 N modes for the other covariances; to_latent the
///           same for each of some 10 conjugate gradient steps.
/// Fails     KeyError: more modes along an axis than cells, modes without variance, tables that are too large. No density in
///           du exists: log_density is that of the least-squares z.
#include <array>

#include "math/dense.hpp"
#include "prob/field/gaussian_field.hpp"

namespace aleator::prob {

/// A mode of exp(-|x - y| / b) on [-a, a]: eigenvalue and frequency; cosines and sines take turns, a cosine first.
struct AxisMode {
  double eigenvalue = 0.0, frequency = 0.0;
};
std::vector<AxisMode> exponential_modes(double a, double b, int count);

class KarhunenLoeve : public BoxField {
 public:
  enum class Form { separable_exponential, exponential, matern, squared_exponential };
  struct Params {
    std::vector<int> cells = {16, 16};
    std::vector<double> lengths = {1.0};
    Form covariance = Form::separable_exponential;
    double nu = 1.5;
    std::vector<double> correlation_lengths = {0.3};
    double sd = 1.0;
    int modes = 10;
    std::vector<double> mean = {0.0};
    Transform transform = Transform::none;
  };
  static deck::Schema<Params> schema();
  explicit KarhunenLoeve(const Params& params);

  int latent_dimension() const override { return static_cast<int>(eigenvalues_.size()); }
  double log_density(const double* u) const override;
  bool has_density() const override { return false; }
  /// lambda_n in falling order; the sum over all is sd^2 times the volume of the box.
  ModeSpectrum spectrum() const override { return {eigenvalues_, total_}; }

 protected:
  void apply(const double* z, double* x) const override;
  void apply_transposed(const double* g_x, double* g_z) const override;
  void solve(const double* x, double* z) const override;

 private:
  /// The largest products of eigenvalues, and which modes they are made of.
  void choose(const std::vector<std::vector<AxisMode>>& modes, int count, double variance);
  void warn_of_cut(double left_out) const;
  void tabulate(const std::vector<std::vector<AxisMode>>& modes);
  /// The same by the Nystrom method.
  void find_on_grid(const Params& params, const std::vector<double>& lengths);

  double total_ = 0.0;  // of all modes
  std::vector<double> eigenvalues_;
  std::vector<std::array<int, 3>> numbers_;  // of mode n along x, y, z
  std::vector<math::Matrix> phi_;            // an axis: cells x modes
  math::Matrix modes_;                       // the other covariances: modes x cells; empty for products
};

}  // namespace aleator::prob
