#pragma once
/// What      A formula of a state x, parameters q and the time t, evaluated for the samples of Lanes, with its derivatives.
/// Method    math::ScalarProgram on all samples at once; formulas that are too long for it, or have other operations, by
///           math::Tape on groups of samples: as many at a time as the tape takes side by side.
/// Parallel  local; a workspace for each thread.
/// Cost      the program's; of a tape also the way of the numbers from lanes to rows and back.
/// Fails     -
#include <algorithm>
#include <memory>
#include <vector>

#include "math/expression/formula.hpp"
#include "math/expression/scalar_program.hpp"
#include "ode/lanes.hpp"

namespace aleator::ode {

/// Its arguments are x (n entries; null: it depends on none), q (p entries) and t, in this order. Null directions are zero.
class LaneFormula {
 public:
  LaneFormula() = default;  // of nothing
  LaneFormula(std::shared_ptr<const math::Formula> formula, int n, int p) : formula_(std::move(formula)), n_(n), p_(p) {
    if (formula_ != nullptr && Lanes::count == Program::width) program_ = Program::of(formula_->tape(), {n_, p_, 1});
  }

  void values(double t, const Lanes* x, const Lanes* q, Lanes* y) const {
    if (program_ != nullptr) return Inputs(t, x, q).run(*program_, numbers(y));
    each_group([&](Rows& r, int first) {
      run(r, first, t, x, q);
      unload(r.y, first, y, outputs());
    });
  }
  void tangent(double t, const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* dy) const {
    if (program_ != nullptr) {
      const Inputs in(t, x, q);
      const double* const directions[] = {numbers(dx), numbers(dq), nullptr};
      in.run(*program_, nullptr);
      return program_->push_forward(in.at, directions, numbers(dy), workspace());
    }
    each_group([&](Rows& r, int first) {
      run(r, first, t, x, q);
      load(r.du, first, 0.0, dx, dq);
      const double* direction[Tape::lanes];
      std::copy_n(r.at_du, Tape::lanes, direction);
      formula_->tape().push_forward(direction, r.at_y, r.work);
      unload(r.y, first, dy, outputs());
    });
  }
  /// J_x, row after row: one run for all of its columns.
  void jacobian(double t, const Lanes* x, const Lanes* q, Lanes* matrix) const {
    if (program_ != nullptr) return jacobian_by_program(t, x, q, matrix);
    each_group([&](Rows& r, int first) {
      run(r, first, t, x, q);
      const int m = outputs(), d = columns();
      std::fill(r.du.begin(), r.du.end(), 0.0);
      const double* direction[Tape::lanes];
      std::copy_n(r.at_du, Tape::lanes, direction);
      for (int j = 0; j < n_; ++j) {
        for (int lane = 0; lane < width(); ++lane) r.du[lane * d + j] = 1.0;
        formula_->tape().push_forward(direction, r.at_y, r.work);
        for (int lane = 0; lane < width() && first + lane < Lanes::count; ++lane) {
          for (int i = 0; i < m; ++i) matrix[i * n_ + j][first + lane] = r.y[lane * m + i];
          r.du[lane * d + j] = 0.0;
        }
      }
    });
  }
  /// gx = J_x^T w, gq += J_q^T w.
  void transposed(double t, const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) const {
    if (program_ != nullptr) {
      const Inputs in(t, x, q);
      double* const gradients[] = {numbers(gx), numbers(gq), nullptr};
      in.run(*program_, nullptr);
      if (gx != nullptr) std::fill_n(gx, n_, Lanes{});
      return program_->pull_back(in.at, numbers(w), gradients, workspace());
    }
    each_group([&](Rows& r, int first) {
      run(r, first, t, x, q);
      const int m = outputs(), d = columns();
      for (int lane = 0; lane < Tape::lanes; ++lane)
        for (int i = 0; i < m; ++i) r.dy[lane * m + i] = w[i][lane_of(first, lane)];
      formula_->tape().pull_back(r.at_dy_in, d, r.at_du, r.work);
      for (int lane = 0; lane < width() && first + lane < Lanes::count; ++lane) {
        for (int i = 0; gx != nullptr && i < n_; ++i) gx[i][first + lane] = r.du[lane * d + i];
        for (int j = 0; j < p_; ++j) gq[j][first + lane] += r.du[lane * d + n_ + j];
      }
    });
  }

 private:
  using Tape = math::Tape;
  using Program = math::ScalarProgram;
  static double* numbers(Lanes* x) { return reinterpret_cast<double*>(x); }  // NOLINT: a vector type may be read so
  static const double* numbers(const Lanes* x) { return reinterpret_cast<const double*>(x); }  // NOLINT
  static Program::Workspace& workspace() {
    thread_local Program::Workspace w;
    return w;
  }
  struct Inputs {
    Inputs(double t, const Lanes* x, const Lanes* q)
        : time(Lanes::all(t)), at{numbers(x), numbers(q), numbers(&time)} {}
    void run(const Program& program, double* y) const { program.run(at, y, workspace()); }
    Lanes time;
    const double* at[3];
  };
  // Column after column: the direction is one number of x.
  void jacobian_by_program(double t, const Lanes* x, const Lanes* q, Lanes* matrix) const {
    const Inputs in(t, x, q);
    const int m = outputs();
    in.run(*program_, nullptr);
    thread_local std::vector<Lanes> direction, column;
    direction.assign(static_cast<std::size_t>(n_), Lanes{}), column.resize(static_cast<std::size_t>(m));
    const double* const directions[] = {numbers(direction.data()), nullptr, nullptr};
    for (int j = 0; j < n_; ++j) {
      direction[static_cast<std::size_t>(j)] = Lanes::all(1.0);
      program_->push_forward(in.at, directions, numbers(column.data()), workspace());
      direction[static_cast<std::size_t>(j)] = Lanes{};
      for (int i = 0; i < m; ++i) matrix[i * n_ + j] = column[static_cast<std::size_t>(i)];
    }
  }
  // Lanes (entry by entry, samples side by side) <-> the rows of a tape.
  struct Rows {
    math::Tape::Workspace work;
    std::vector<double> u, du, y, dy;
    const double* at_u[Tape::lanes];
    const double* at_dy_in[Tape::lanes];
    double *at_y[Tape::lanes], *at_du[Tape::lanes];
  };

  int columns() const { return n_ + p_ + 1; }
  int width() const { return formula_->tape().width(); }
  int outputs() const { return formula_->outputs(); }
  static Rows& rows_for(int inputs, int outputs) {
    thread_local Rows rows;
    const auto in = static_cast<std::size_t>(inputs), out = static_cast<std::size_t>(outputs);
    rows.u.resize(Tape::lanes * in), rows.du.resize(Tape::lanes * in);
    rows.y.resize(Tape::lanes * out), rows.dy.resize(Tape::lanes * out);
    for (std::size_t lane = 0; lane < Tape::lanes; ++lane) {
      rows.at_u[lane] = rows.u.data() + lane * in, rows.at_du[lane] = rows.du.data() + lane * in;
      rows.at_y[lane] = rows.y.data() + lane * out, rows.at_dy_in[lane] = rows.dy.data() + lane * out;
    }
    return rows;
  }

  // Lanes past the last repeat it.
  static int lane_of(int first, int lane) { return std::min(first + lane, Lanes::count - 1); }

  template <class Work>
  void each_group(const Work& work) const {
    if (formula_ == nullptr) return;
    Rows& rows = rows_for(columns(), outputs());
    for (int first = 0; first < Lanes::count; first += width()) work(rows, first);
  }
  void load(std::vector<double>& to, int first, double t, const Lanes* x, const Lanes* q) const {
    const int d = columns();
    for (int lane = 0; lane < width(); ++lane) {
      for (int i = 0; i < n_; ++i) to[lane * d + i] = x == nullptr ? 0.0 : x[i][lane_of(first, lane)];
      for (int j = 0; j < p_; ++j) to[lane * d + n_ + j] = q == nullptr ? 0.0 : q[j][lane_of(first, lane)];
      to[lane * d + n_ + p_] = t;
    }
  }
  void unload(const std::vector<double>& from, int first, Lanes* y, int m) const {
    for (int lane = 0; lane < width() && first + lane < Lanes::count; ++lane)
      for (int i = 0; i < m; ++i) y[i][first + lane] = from[lane * m + i];
  }
  void run(Rows& r, int first, double t, const Lanes* x, const Lanes* q) const {
    load(r.u, first, t, x, q);
    formula_->tape().run(r.at_u, r.at_y, r.work);
  }

  std::shared_ptr<const math::Formula> formula_;
  std::shared_ptr<const Program> program_;  // null: by the tape
  int n_ = 0, p_ = 0;
};

}  // namespace aleator::ode
