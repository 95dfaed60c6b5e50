#include "pde/cavity/flow.hpp"

namespace aleator::pde::cavity {

FlowState Flow::state() const {
  FlowState s;
  s.lid.resize(static_cast<std::size_t>(n_) + 1);
  s.psi.resize(nodes()), s.w.resize(nodes());
  return s;
}

void Flow::set_vorticity(FlowState& s) const {
  const double scale = 1.0 / (h_ * h_);
  const std::size_t row = static_cast<std::size_t>(n_) + 1;
  for (int j = 1; j < n_; ++j)
    for (int i = 1; i < n_; ++i) {
      const double* const p = &s.psi[node(i, j)];
      s.w[node(i, j)] = scale * (4.0 * p[0] - (p[1] + *(p - 1)) - (p[row] + *(p - row)));
    }
  for (int k = 1; k < n_; ++k) {
    s.w[node(0, k)] = -2.0 * scale * s.psi[node(1, k)];
    s.w[node(n_, k)] = -2.0 * scale * s.psi[node(n_ - 1, k)];
    s.w[node(k, 0)] = -2.0 * scale * s.psi[node(k, 1)];
    s.w[node(k, n_)] = -2.0 * scale * s.psi[node(k, n_ - 1)] - 2.0 / h_ * s.lid[static_cast<std::size_t>(k)];
  }
}

double Flow::u(const FlowState& s, int i, int j) const {
  if (j == n_) return s.lid[static_cast<std::size_t>(i)];
  return i == 0 || i == n_ || j == 0 ? 0.0 : (s.psi[node(i, j + 1)] - s.psi[node(i, j - 1)]) / (2.0 * h_);
}

double Flow::v(const FlowState& s, int i, int j) const {
  const bool is_wall = i == 0 || i == n_ || j == 0 || j == n_;
  return is_wall ? 0.0 : -(s.psi[node(i + 1, j)] - s.psi[node(i - 1, j)]) / (2.0 * h_);
}

Flow::Weights Flow::weights(const FlowState& s, int i, int j) const {
  const double diffusion = s.viscosity / (h_ * h_), along_x = u(s, i, j) / (2.0 * h_),
               along_y = v(s, i, j) / (2.0 * h_);
  return {4.0 * diffusion, along_x - diffusion, -along_x - diffusion, along_y - diffusion, -along_y - diffusion};
}

void Flow::residual(const FlowState& s, double* r) const {
  for (int j = 1; j < n_; ++j)
    for (int i = 1; i < n_; ++i) {
      const Weights c = weights(s, i, j);
      r[unknown(i, j)] = c.centre * s.w[node(i, j)] + c.east * s.w[node(i + 1, j)] + c.west * s.w[node(i - 1, j)] +
                         c.north * s.w[node(i, j + 1)] + c.south * s.w[node(i, j - 1)] -
                         (torque_.empty() ? 0.0 : torque_[node(i, j)]);
    }
}

// dR = weights . dw + dpsi_y w_x - dpsi_x w_y, and dw in terms of dpsi.
void Flow::jacobian(const FlowState& s, math::BandedLu& a) const {
  const double scale = 1.0 / (h_ * h_), half = 1.0 / (2.0 * h_);
  const auto is_inner = [this](int i, int j) { return i > 0 && i < n_ && j > 0 && j < n_; };
  a.clear();
  for (int j = 1; j < n_; ++j)
    for (int i = 1; i < n_; ++i) {
      const int row = unknown(i, j);
      const auto add = [&](int p, int q, double value) {
        if (is_inner(p, q)) a(row, unknown(p, q)) += value;
      };
      const auto add_vorticity = [&](int p, int q, double weight) {
        const double c = weight * scale;
        if (is_inner(p, q)) {
          add(p, q, 4.0 * c), add(p + 1, q, -c), add(p - 1, q, -c), add(p, q + 1, -c), add(p, q - 1, -c);
        } else {
          add(p == 0 ? 1 : p == n_ ? n_ - 1 : p, q == 0 ? 1 : q == n_ ? n_ - 1 : q, -2.0 * c);
        }
      };
      const Weights c = weights(s, i, j);
      add_vorticity(i, j, c.centre), add_vorticity(i + 1, j, c.east), add_vorticity(i - 1, j, c.west);
      add_vorticity(i, j + 1, c.north), add_vorticity(i, j - 1, c.south);
      const double w_x = half * (s.w[node(i + 1, j)] - s.w[node(i - 1, j)]),
                   w_y = half * (s.w[node(i, j + 1)] - s.w[node(i, j - 1)]);
      add(i, j + 1, half * w_x), add(i, j - 1, -half * w_x);
      add(i + 1, j, -half * w_y), add(i - 1, j, half * w_y);
    }
}

double Flow::laplacian_of_w(const FlowState& s, int i, int j) const {
  return (s.w[node(i + 1, j)] + s.w[node(i - 1, j)] + s.w[node(i, j + 1)] + s.w[node(i, j - 1)] -
          4.0 * s.w[node(i, j)]) /
         (h_ * h_);
}

void Flow::tangent(const FlowState& s, double dnu, const double* dg, double* r) const {
  for (int j = 1; j < n_; ++j)
    for (int i = 1; i < n_; ++i) r[unknown(i, j)] = -dnu * laplacian_of_w(s, i, j);
  for (int i = 1; i < n_; ++i) r[unknown(i, n_ - 1)] += weight_of_lid(s, i) * dg[i];
}

void Flow::add_transposed(const FlowState& s, const double* lambda, double& dnu, double* dg) const {
  for (int j = 1; j < n_; ++j)
    for (int i = 1; i < n_; ++i) dnu -= lambda[unknown(i, j)] * laplacian_of_w(s, i, j);
  for (int i = 1; i < n_; ++i) dg[i] += weight_of_lid(s, i) * lambda[unknown(i, n_ - 1)];
}

}  // namespace aleator::pde::cavity
