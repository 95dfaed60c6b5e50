// A step of ensemble Kalman inversion with perturbed data, J = 1000 members, d = 10^5 unknowns, p = 256 data, the model's runs
// being copies of coordinates; and a direction of Stein variational gradient descent, n = 10^4 particles, d = 10.
// Prints processor time, the least of some runs: other work on the machine changes what the clock on the wall says.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 [mpirun -n 2] bench_ensemble eki|svgd [runs]
// The peers: tests/bench/ensemble_peers.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <string>

#include "kernels/stein.hpp"
#include "parallel/session.hpp"
#include "sampler/ensemble/eki.hpp"

namespace {

using namespace aleator;

class Copies : public model::Problem, private model::GaussianNoise {
 public:
  Copies(int d, int p) : d_(d), data_(static_cast<std::size_t>(p), 0.5), variables_{{"z", d}} {}
  int dimension() const override { return d_; }
  int outputs() const override { return static_cast<int>(data_.size()); }
  bool has_gradient() const override { return false; }
  bool may_stop() const override { return false; }
  const model::GaussianNoise* noise() const override { return this; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  const model::ProblemFacts& facts() const override { return facts_; }
  void parameters(model::ConstBatch z, model::Batch u) const override { Kokkos::deep_copy(u, z); }
  model::RowStatus evaluate_parameters(model::ConstBatch u, model::Evaluation& result,
                                       model::Vector log_prior) const override {
    evaluate(u, result);
    for (std::size_t row = 0; row < u.extent(0); ++row) log_prior(row) = model::latent_log_prior(&u(row, 0), d_);
    return {};
  }
  std::vector<int> evaluate(model::ConstBatch z, model::Evaluation& result) const override {
    for (std::size_t row = 0; row < z.extent(0); ++row) {
      double squares = 0.0;
      for (int i = 0; i < outputs(); ++i) {
        const double g = z(row, i * (d_ / outputs()));
        squares += (g - data_[i]) * (g - data_[i]);
        if (result.outputs.size() != 0) result.outputs(row, i) = g;
      }
      result.log_likelihood(row) = -5.0 * squares;
    }
    return {};
  }

 private:
  void whiten(const double* y, double* r) const override {
    for (int i = 0; i < outputs(); ++i) r[i] = (y[i] - data_[i]) / std::sqrt(0.1);
  }
  int d_;
  std::vector<double> data_;
  std::vector<prob::Variable> variables_;
  model::ProblemFacts facts_;
};

template <typename Work>
double least_ms(int runs, Work&& work) {
  double least = std::numeric_limits<double>::infinity();
  for (int run = 0; run <= runs; ++run) {
    const std::clock_t begin = std::clock();
    work();
    if (run > 0) least = std::min(least, 1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

void inversion(int runs) {
  const Copies problem(100000, 256);
  const model::Context context{parallel::Comm::world(), kernels::Rng(1)};
  sampler::Eki eki;
  eki.params.members = 1000, eki.params.step = sampler::Eki::StepRule::fixed, eki.params.fixed_step = 1e-3;
  sampler::Eki::State s = eki.init(problem, context);
  const double ms = context.comm.max(least_ms(runs, [&] { eki.step(problem, context, s); }));
  if (context.comm.is_root()) fmt::print("eki {:.0f} ms\n", ms);
}

void direction(int runs) {
  constexpr int n = 10000, d = 10;
  const model::Batch z("z", n, d), score("score", n, d), phi("phi", n, d);
  kernels::Rng(1).normals({kernels::Purpose::initial}, 0, z);
  for (int row = 0; row < n; ++row)
    for (int k = 0; k < d; ++k) score(row, k) = -z(row, k);
  const double length = std::sqrt(static_cast<double>(d));
  fmt::print("svgd double {:.1f} ms\n",
             least_ms(runs, [&] { kernels::SteinDirection<double>(z, score, length).apply(0, phi); }));
  fmt::print("svgd float {:.1f} ms\n",
             least_ms(runs, [&] { kernels::SteinDirection<float>(z, score, length).apply(0, phi); }));
}

}  // namespace

int main(int argc, char** argv) {
  const parallel::Session session(argc, argv);
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  if (argc > 1 && std::string(argv[1]) == "eki")
    inversion(runs);
  else
    direction(runs);
  return 0;
}
