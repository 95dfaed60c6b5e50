#include "sampler/functional/mmd.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sampler/functional/points.hpp"
#include "sampler/proposal_scale.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {
namespace {

// sum_j k(x, y_j); from += scale k(x, y_j) (x - y_j)
double add_attraction(const double* x, const Batch& y, double inverse_square, double scale, double* from) {
  const int d = static_cast<int>(y.extent(1));
  double sum = 0.0;
  for (std::size_t j = 0; j < y.extent(0); ++j) {
    double square = 0.0;
    for (int k = 0; k < d; ++k) square = std::fma(x[k] - y(j, k), x[k] - y(j, k), square);
    const double kernel = std::exp(-0.5 * square * inverse_square);
    sum += kernel;
    for (int k = 0; k < d; ++k) from[k] += scale * kernel * (x[k] - y(j, k));
  }
  return sum;
}

double sum_over_pairs(const Batch& y, double inverse_square) {
  double sum = 0.0;
  for (std::size_t i = 0; i < y.extent(0); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double square = 0.0;
      for (std::size_t k = 0; k < y.extent(1); ++k) square = std::fma(y(i, k) - y(j, k), y(i, k) - y(j, k), square);
      sum += 2.0 * std::exp(-0.5 * square * inverse_square);
    }
  return sum + static_cast<double>(y.extent(0));
}

}  // namespace

deck::Schema<Mmd::Params> Mmd::schema() {
  deck::Schema<Params> s("Half the squared maximum mean discrepancy to given samples",
                         "Gretton, Borgwardt, Rasch, Schoelkopf, Smola 2012; Arbel, Korba, Salim, Gretton 2019");
  s.key("samples", &Params::samples, "", "a table with one row for each sample and one column for each parameter")
      .required();
  s.key("length_scale", &Params::length_scale, "1", "l of the kernel, in prior standard deviations", deck::positive());
  return s;
}

Mmd::Mmd(const Params& params) : params_(params) {}

std::string Mmd::objection(const Problem& problem) const { return points_objection(problem, params_.samples); }

const Mmd::Samples& Mmd::samples_of(const Problem& problem) const {
  if (samples_.of == &problem) return samples_;
  samples_ = {&problem, latent_points(problem, params_.samples), 0.0};
  samples_.pairs = sum_over_pairs(samples_.z, 1.0 / (params_.length_scale * params_.length_scale));
  return samples_;
}

double Mmd::evaluate(const Problem& problem, const Context& context, const Ensemble& e, const Batch& force,
                     RunCount& /*count*/) const {
  const Batch all = all_rows(context, e.position, e.layout.rows()), y = samples_of(problem).z;
  const double inverse_square = 1.0 / (params_.length_scale * params_.length_scale),
               members = static_cast<double>(e.layout.rows()), samples = static_cast<double>(y.extent(0));
  const Vector values("values", e.rows());
  kernels::for_each_row(e.rows(), [&](int row) {
    const double* const x = &e.position(row, 0);
    std::fill_n(&force(row, 0), force.extent(1), 0.0);
    const double away = add_attraction(x, all, inverse_square, -inverse_square / members, &force(row, 0)),
                 towards = add_attraction(x, y, inverse_square, inverse_square / samples, &force(row, 0));
    values(row) = away / members - 2.0 * towards / samples;
  });
  return 0.5 * (ordered_mean(context, e.layout, values) + samples_of(problem).pairs / (samples * samples));
}

}  // namespace aleator::sampler
