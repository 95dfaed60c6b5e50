#pragma once
/// What      Field with a stationary covariance (exponential, Matern of any smoothness, squared exponential), exact at the
///           cells' centres.
/// Method    circulant embedding (Dietrich, Newsam 1997; Wood, Chan 1994): on a periodic box of M cells that holds the grid
///           the covariance c has eigenvalues lambda = FFT(c), and
///           x_j = m + sum_k sqrt(lambda_k / M) zeta_k exp(2 pi i j.k / M)
///           with conjugate-symmetric normal zeta made of the M coordinates z. The box is enlarged until no lambda is
///           negative. c = sd^2 rho(r), r^2 = sum_k (d_k / l_k)^2; rho: exp(-r), exp(-r^2 / 2) or
///           2^(1 - nu) / Gamma(nu) s^nu K_nu(s), s = sqrt(2 nu) r.
/// Parallel  local, row by row, safe on any thread.
/// Cost      one real FFT of M >= 2^d N values of which only the N cells are worked out; 8 bytes kept for each value of M.
/// Fails     KeyError when eigenvalues stay negative in a box of 16 times the grid: shorter correlation lengths or a rougher
///           field. to_latent gives the least |z|, by conjugate gradients, as accurately as the covariance's condition
///           allows; log_density is that of u but for the constant: the determinant of the covariance of a part of the box
///           has no short form.
#include "math/box_fft.hpp"
#include "prob/field/gaussian_field.hpp"
#include "prob/field/stationary.hpp"

namespace aleator::prob {

class Circulant : public BoxField {
 public:
  struct Params {
    std::vector<int> cells = {16, 16};
    std::vector<double> lengths = {1.0};
    Covariance covariance = Covariance::matern;
    double nu = 1.5;
    std::vector<double> correlation_lengths = {0.1};
    double sd = 1.0;
    std::vector<double> mean = {0.0};
    Transform transform = Transform::none;
  };
  static deck::Schema<Params> schema();
  explicit Circulant(const Params& params);

  int latent_dimension() const override { return static_cast<int>(fft_.size()); }
  double log_density(const double* u) const override;
  bool has_density() const override { return false; }
  /// Cells of the periodic box.
  const math::BoxFft::Shape& period() const { return fft_.period(); }

 protected:
  void apply(const double* z, double* x) const override;
  void apply_transposed(const double* g_x, double* g_z) const override;
  void solve(const double* x, double* z) const override;

 private:
  struct Embedding {
    math::BoxFft fft;
    std::vector<double> root;  // sqrt(lambda / (2 M)), half of the spectrum
  };
  Circulant(const Params& params, Embedding embedding);
  static Embedding embed(const Params& params);

  void multiply(const std::vector<double>& root, const double* z, double* x) const;
  void multiply_transposed(const std::vector<double>& root, const double* g_x, double* g_z) const;
  /// y with C y = x, C the covariance of the cells.
  std::vector<double> solve_covariance(const double* x) const;

  math::BoxFft fft_;
  math::BoxFft::Shape cells_;  // of the grid, 1 for axes that are not there
  std::vector<double> root_;
  std::vector<double> inverse_root_;  // the same of 1 / lambda: for the preconditioner
};

}  // namespace aleator::prob
