#pragma once
/// What      Steps for stiff systems x' = f(t, x, q), their derivative and its exact transpose: in the place of RungeKutta.
/// Method    Diagonally implicit Runge-Kutta of order 3, three stages, L-stable (Alexander 1977): X_i = x + h sum_(j<i) a_ij k_j
///           + h g f(t_i, X_i), k_i = f(X_i), x+ = X_3. Newton's method with the Jacobian of every iterate until the change is
///           1e-9 of the state, and once more: the error is then its square. Transpose, M_i = I - h g J_x(X_i), l = (dJ/dx+)^T:
///           M_i^T m_i = w_i with w_3 = l and w_i = J_x(X_i)^T v_i, v_i = h sum_(j>i) a_ji m_j; dJ/dx = sum m_i,
///           dJ/dq += J_q(X_i)^T (v_i + h g m_i).
/// Parallel  one group of samples, one in each lane; a lane that has converged stands still while others go on.
/// Cost      a step: some 3 x 4 Jacobians (a run and n tangents each) and factorisations of n^3 / 3 flops; its adjoint: the same
///           and three transposed solutions.
/// Fails     a lane whose iteration does not converge becomes NaN: the row's state is not finite.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ode/lanes.hpp"
#include "ode/plan.hpp"
#include "ode/right_hand_side.hpp"

namespace aleator::ode {

template <class Rhs>
class ImplicitRungeKutta {
 public:
  static constexpr bool is_map = false;
  static std::int64_t scratch_size(int n) { return static_cast<std::int64_t>(n) * (n + 12); }
  ImplicitRungeKutta(const Rhs& rhs, Lanes* scratch) : rhs_{rhs}, n_(rhs.size()) {
    for (Lanes** const place : {&zero_, &r_, &d_, &k1_, &k2_, &k3_, &x1_, &x2_, &x3_, &w_, &g_, &sum_})
      *place = take(scratch);
    matrix_ = scratch;
  }

  Lanes* march(const Piece& piece, const Lanes* q, Lanes* from, Lanes* to, int stride) const {
    std::fill_n(zero_, n_, Lanes{});
    for (int s = 0; s < piece.steps; ++s) {
      stages(piece, s, q, from);
      std::copy_n(x3_, n_, to);
      from = to;
      to += stride;
    }
    return from;
  }

  void march_back(const Piece& piece, const Lanes* q, const Lanes* first, Lanes* gx, Lanes* gq) const {
    const double h = piece.h;
    std::fill_n(zero_, n_, Lanes{});
    for (int s = piece.steps - 1; s >= 0; --s) {
      stages(piece, s, q, first + static_cast<std::int64_t>(s) * n_);
      // k1_, k2_, k3_: m_1, m_2, m_3 from here on.
      std::copy_n(gx, n_, k3_);
      solve_transposed(piece, s, c3, q, x3_, k3_);
      each([&](int i) { w_[i] = h * g * k3_[i]; });
      rhs_.transposed(time(piece, s, c3), x3_, q, w_, g_, gq);
      each([&](int i) { sum_[i] = k3_[i], w_[i] = h * b2 * k3_[i]; });
      pull_stage(piece, s, c2, q, x2_, k2_, gq);
      each([&](int i) { sum_[i] += k2_[i], w_[i] = h * b1 * k3_[i] + h * a21 * k2_[i]; });
      pull_stage(piece, s, c1, q, x1_, k1_, gq);
      each([&](int i) { gx[i] = sum_[i] + k1_[i]; });
    }
  }

  void march_tangent(const Piece& piece, const Lanes* q, const Lanes* dq, Lanes* x, Lanes* dx) const {
    const double h = piece.h;
    std::fill_n(zero_, n_, Lanes{});
    for (int s = 0; s < piece.steps; ++s) {
      stages(piece, s, q, x);
      // k1_, k2_: derivatives of the stages' rates from here on.
      std::copy_n(dx, n_, r_);
      push_stage(piece, s, c1, q, dq, x1_);
      each([&](int i) { k1_[i] = 1.0 / (h * g) * (d_[i] - r_[i]), r_[i] = dx[i] + h * a21 * k1_[i]; });
      push_stage(piece, s, c2, q, dq, x2_);
      each([&](int i) { k2_[i] = 1.0 / (h * g) * (d_[i] - r_[i]), r_[i] = dx[i] + h * b1 * k1_[i] + h * b2 * k2_[i]; });
      push_stage(piece, s, c3, q, dq, x3_);
      std::copy_n(d_, n_, dx);
      std::copy_n(x3_, n_, x);
    }
  }

 private:
  // The root of g^3 - 3 g^2 + 3 g / 2 = 1 / 6 in (1/6, 1/2).
  static constexpr double g = 0.43586652150845899942;
  static constexpr double a21 = 0.5 * (1.0 - g), b1 = -0.25 * (6.0 * g * g - 16.0 * g + 1.0),
                          b2 = 0.25 * (6.0 * g * g - 20.0 * g + 5.0);
  static constexpr double c1 = g, c2 = 0.5 * (1.0 + g), c3 = 1.0;

  // Inside the step: its own side of a jump.
  static double time(const Piece& piece, int s, double c) {
    return piece.from + (s + std::min(c, 1.0 - inside_step(piece))) * piece.h;
  }
  Lanes* take(Lanes*& free) const {
    Lanes* const place = free;
    free += n_;
    return place;
  }
  template <class Work>
  void each(const Work& work) const {
    for (int i = 0; i < n_; ++i) work(i);
  }

  // x1_, x2_, x3_ of step s from x. One function for value and adjoint, so that both have the same bits.
  [[gnu::noinline, gnu::noclone]] void stages(const Piece& piece, int s, const Lanes* q, const Lanes* x) const {
    const double h = piece.h;
    std::copy_n(x, n_, r_);
    std::copy_n(x, n_, x1_);
    newton(piece, s, c1, q, x1_);
    each([&](int i) {
      k1_[i] = 1.0 / (h * g) * (x1_[i] - r_[i]);
      r_[i] = x[i] + h * a21 * k1_[i], x2_[i] = x1_[i] + h * (c2 - c1) * k1_[i];
    });
    newton(piece, s, c2, q, x2_);
    each([&](int i) {
      k2_[i] = 1.0 / (h * g) * (x2_[i] - r_[i]);
      r_[i] = x[i] + h * b1 * k1_[i] + h * b2 * k2_[i], x3_[i] = x2_[i] + h * (1.0 - c2) * k2_[i];
    });
    newton(piece, s, c3, q, x3_);
  }

  // X = r_ + h g f(X) from the guess X.
  void newton(const Piece& piece, int s, double c, const Lanes* q, Lanes* X) const {
    constexpr int most = 25;
    constexpr double enough = 1e-9;
    const double t = time(piece, s, c), hg = piece.h * g;
    bool is_done[Lanes::count] = {};
    for (int iteration = 0; iteration < most; ++iteration) {
      rhs_.f(t, X, q, d_);
      each([&](int i) { d_[i] = r_[i] + hg * d_[i] - X[i]; });
      make_matrix(t, hg, q, X);
      factor_and_solve(d_);
      bool is_over = true;
      for (int lane = 0; lane < Lanes::count; ++lane) {
        if (is_done[lane]) continue;
        double change = 0.0, size = 0.0;
        for (int i = 0; i < n_; ++i) {
          X[i][lane] += d_[i][lane];
          change = std::max(change, std::abs(d_[i][lane])), size = std::max(size, std::abs(X[i][lane]));
          if (!std::isfinite(X[i][lane])) size = std::numeric_limits<double>::infinity();
        }
        is_done[lane] = change <= enough * size || std::isinf(size);
        is_over = is_over && is_done[lane];
      }
      if (is_over) return;
    }
    for (int lane = 0; lane < Lanes::count; ++lane)
      for (int i = 0; i < n_ && !is_done[lane]; ++i) X[i][lane] = std::numeric_limits<double>::quiet_NaN();
  }

  // matrix_ = I - h g J_x
  void make_matrix(double t, double hg, const Lanes* q, const Lanes* X) const {
    rhs_.jacobian(t, X, q, matrix_);
    for (int i = 0; i < n_; ++i)
      for (int j = 0; j < n_; ++j)
        matrix_[i * n_ + j] = (i == j ? Lanes::all(1.0) : Lanes{}) - hg * matrix_[i * n_ + j];
  }

  // Gauss' elimination with pivots of each lane's own; b -> M^-1 b.
  void factor_and_solve(Lanes* b) const {
    for (int k = 0; k < n_; ++k) {
      for (int lane = 0; lane < Lanes::count; ++lane) {
        int pivot = k;
        for (int i = k + 1; i < n_; ++i)
          if (std::abs(matrix_[i * n_ + k][lane]) > std::abs(matrix_[pivot * n_ + k][lane])) pivot = i;
        if (pivot == k) continue;
        for (int j = k; j < n_; ++j) std::swap(matrix_[k * n_ + j][lane], matrix_[pivot * n_ + j][lane]);
        std::swap(b[k][lane], b[pivot][lane]);
      }
      for (int i = k + 1; i < n_; ++i) {
        const Lanes ratio = matrix_[i * n_ + k] / matrix_[k * n_ + k];
        for (int j = k + 1; j < n_; ++j) matrix_[i * n_ + j] -= ratio * matrix_[k * n_ + j];
        b[i] -= ratio * b[k];
      }
    }
    for (int k = n_ - 1; k >= 0; --k) {
      for (int j = k + 1; j < n_; ++j) b[k] -= matrix_[k * n_ + j] * b[j];
      b[k] = b[k] / matrix_[k * n_ + k];
    }
  }

  // b -> M(X)^-T b
  void solve_transposed(const Piece& piece, int s, double c, const Lanes* q, const Lanes* X, Lanes* b) const {
    make_matrix(time(piece, s, c), piece.h * g, q, X);
    for (int i = 0; i < n_; ++i)
      for (int j = 0; j < i; ++j) std::swap(matrix_[i * n_ + j], matrix_[j * n_ + i]);
    factor_and_solve(b);
  }

  // v in w_ -> m = M^-T J_x^T v, and J_q^T (v + h g m) to gq.
  void pull_stage(const Piece& piece, int s, double c, const Lanes* q, const Lanes* X, Lanes* m, Lanes* gq) const {
    const double t = time(piece, s, c);
    rhs_.transposed(t, X, q, w_, m, gq);
    solve_transposed(piece, s, c, q, X, m);
    each([&](int i) { w_[i] = piece.h * g * m[i]; });
    rhs_.transposed(t, X, q, w_, g_, gq);
  }

  // d_ = M^-1 (r_ + h g J_q dq)
  void push_stage(const Piece& piece, int s, double c, const Lanes* q, const Lanes* dq, const Lanes* X) const {
    const double t = time(piece, s, c), hg = piece.h * g;
    rhs_.tangent(t, X, q, zero_, dq, d_);
    each([&](int i) { d_[i] = r_[i] + hg * d_[i]; });
    make_matrix(t, hg, q, X);
    factor_and_solve(d_);
  }

  Timed<Rhs> rhs_;
  int n_;
  Lanes *zero_, *r_, *d_, *k1_, *k2_, *k3_, *x1_, *x2_, *x3_, *w_, *g_, *sum_, *matrix_;
};

}  // namespace aleator::ode
