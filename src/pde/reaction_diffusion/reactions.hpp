#pragma once
/// What      The reactions R(u, q) of reaction_diffusion.hpp, at the own cells of a grid, with their derivatives.
/// Method    Each adds to what diffusion gave. q: diffusivities of the fields, then the reaction's own coefficients.
/// Parallel  one thread; loops without dependences.
/// Cost      3 to 8 flops a cell.
/// Fails     -
#include <string>
#include <vector>

#include "pde/evolution/semi_discrete.hpp"
#include "pde/evolution/stencil.hpp"
#include "pde/reaction_diffusion/reaction_diffusion.hpp"

namespace aleator::pde::reaction_diffusion {

using Place = evolution::Point;
using evolution::Cells;

/// R = q[1] g(u) for one field.
template <class Growth>
struct OneField {
  static constexpr int fields = 1, coefficients = 2;
  static std::vector<std::string> field_names() { return {"u"}; }
  static std::vector<std::string> coefficient_names() { return {"diffusivity", "rate"}; }
  static std::vector<double> values(const Params& p) { return {p.diffusivity, p.rate}; }
  static double decay(const double* q, double most) { return q[1] * Growth::steepest(most); }

  static void f(const Cells& c, const double* q, const double* x, double* f) {
    const double rate = q[1];
#pragma GCC ivdep
    for (int i = c.begin; i < c.end; ++i) f[i] += rate * Growth::value(x[i]);
  }
  static void tangent(const Cells& c, const Place& at, const double* dq, const double* dx, double* df) {
    for (int i = c.begin; i < c.end; ++i)
      df[i] += at.q[1] * Growth::slope(at.x[i]) * dx[i] + dq[1] * Growth::value(at.x[i]);
  }
  static void transposed(const Cells& c, const Place& at, const double* w, double* gx) {
    const double rate = at.q[1];
    const double* const x = at.x;
#pragma GCC ivdep
    for (int i = c.begin; i < c.end; ++i) gx[i] += rate * Growth::slope(x[i]) * w[i];
  }
  static void add_gradient(const Cells& c, const Place& at, const double* w, double* gq) {
    const double* const x = at.x + c.begin;
    w += c.begin;
    gq[1] += evolution::sum_terms(c.own(), [&](int i) { return w[i] * Growth::value(x[i]); });
  }
};

struct FisherGrowth {
  static double value(double u) { return u * (1.0 - u); }
  static double slope(double u) { return 1.0 - 2.0 * u; }
  static double steepest(double most) { return 1.0 + 2.0 * most; }  ///< bound on |slope|
};
struct PhaseGrowth {
  static double value(double u) { return u * (1.0 - u * u); }
  static double slope(double u) { return 1.0 - 3.0 * u * u; }
  static double steepest(double most) { return 1.0 + 3.0 * most * most; }
};
using FisherKpp = OneField<FisherGrowth>;
using AllenCahn = OneField<PhaseGrowth>;

struct GrayScott {
  static constexpr int fields = 2, coefficients = 4;
  static std::vector<std::string> field_names() { return {"u", "v"}; }
  static std::vector<std::string> coefficient_names() { return {"diffusivity", "second_diffusivity", "feed", "kill"}; }
  static std::vector<double> values(const Params& p) { return {p.diffusivity, p.second_diffusivity, p.feed, p.kill}; }
  static double decay(const double* q, double most) { return q[2] + q[3] + 3.0 * most * most; }

  static void f(const Cells& c, const double* q, const double* x, double* f) {
    const int n = c.size;
    const double feed = q[2], loss = q[2] + q[3];
#pragma GCC ivdep
    for (int i = c.begin; i < c.end; ++i) {
      const double u = x[i], v = x[n + i], made = u * v * v;
      f[i] += feed * (1.0 - u) - made;
      f[n + i] += made - loss * v;
    }
  }
  static void tangent(const Cells& c, const Place& at, const double* dq, const double* dx, double* df) {
    const int n = c.size;
    const double feed = at.q[2], loss = at.q[2] + at.q[3];
    for (int i = c.begin; i < c.end; ++i) {
      const double u = at.x[i], v = at.x[n + i], made = v * v * dx[i] + 2.0 * u * v * dx[n + i];
      df[i] += dq[2] * (1.0 - u) - feed * dx[i] - made;
      df[n + i] += made - loss * dx[n + i] - (dq[2] + dq[3]) * v;
    }
  }
  static void transposed(const Cells& c, const Place& at, const double* w, double* gx) {
    const int n = c.size;
    const double feed = at.q[2], loss = at.q[2] + at.q[3];
    const double* const x = at.x;
#pragma GCC ivdep
    for (int i = c.begin; i < c.end; ++i) {
      const double u = x[i], v = x[n + i], change = w[n + i] - w[i];
      gx[i] += v * v * change - feed * w[i];
      gx[n + i] += 2.0 * u * v * change - loss * w[n + i];
    }
  }
  static void add_gradient(const Cells& c, const Place& at, const double* w, double* gq) {
    const int n = c.size;
    const double* const x = at.x + c.begin;
    w += c.begin;
    const double lost = evolution::sum_terms(c.own(), [&](int i) { return w[n + i] * x[n + i]; });
    gq[2] += evolution::sum_terms(c.own(), [&](int i) { return w[i] * (1.0 - x[i]); }) - lost;
    gq[3] -= lost;
  }
};

}  // namespace aleator::pde::reaction_diffusion
