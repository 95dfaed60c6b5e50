// The diffusion model of problem B1 (32 x 32 elements, 8 x 8 coefficients, 169 points):
//   OMP_PROC_BIND=false OPENBLAS_NUM_THREADS=1 bench_diffusion [rows = 512] [repetitions = 200]
// Everything is measured in turns in one program, since other work on the machine changes its speed; the smallest time of
// each counts. "Kokkos / plain" is the rate of the model's own launch over that of a loop with raw pointers and no Kokkos.
#include <cblas.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "pde/diffusion/diffusion.hpp"
#include "pde/diffusion/engine.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;
using pde::diffusion::Diffusion;
using pde::diffusion::Kernel;
using pde::diffusion::lanes;
using pde::diffusion::Memory;

class Stopwatch {
 public:
  template <class Work>
  void time(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    seconds_.push_back(elapsed.count());
  }
  double least() const { return *std::min_element(seconds_.begin(), seconds_.end()); }

 private:
  std::vector<double> seconds_;
};

/// The same kernel on one thread: raw arrays, a loop over the packs, no views and no launch.
class PlainLoop {
 public:
  explicit PlainLoop(const pde::diffusion::Job& job)
      : tables_(job.tables), layout_(job.layout), pages_(static_cast<std::size_t>(job.layout.total) * lanes) {
    std::fill_n(pages_.data(), static_cast<std::size_t>(layout_.total) * lanes, 0.0);
  }

  void evaluate(const double* u, double* y, int rows) const {
    const Kernel<Memory> kernel(tables_, layout_, Memory{reinterpret_cast<Memory::P*>(pages_.data()), 1});
    const int inputs = tables_.cells, outputs = tables_.outputs;
    for (int first = 0; first < rows; first += lanes) {
      for (int lane = 0; lane < lanes; ++lane)
        for (int k = 0; k < inputs; ++k)
          kernel.theta.lane(k, lane) = u[static_cast<std::size_t>(std::min(first + lane, rows - 1)) * inputs + k];
      kernel.evaluate();
      for (int lane = 0; lane < std::min(lanes, rows - first); ++lane)
        for (int o = 0; o < outputs; ++o)
          y[static_cast<std::size_t>(first + lane) * outputs + o] = kernel.z.lane(o, lane);
    }
  }

 private:
  pde::diffusion::KernelTables tables_;
  pde::diffusion::KernelLayout layout_;
  kernels::HugePages pages_;
};

void report(const char* what, double seconds, int rows, double flops, double dgemm_rate) {
  const double rate = flops * rows / seconds;
  std::printf("%-28s %7.2f us/sample   %6.1f GF/s   %5.1f %% of DGEMM\n", what, seconds / rows * 1e6, rate * 1e-9,
              100 * rate / dgemm_rate);
}

void run(int rows, int repetitions) {
  pde::diffusion::Setup setup;
  setup.sensors = pde::diffusion::sensor_grid(13);
  const Diffusion model(setup);
  const Batch u("theta", rows, 64), y("u", rows, 169), plain_y("u", rows, 169), gradient("dJ", rows, 64);
  for (int i = 0; i < rows; ++i)
    for (int k = 0; k < 64; ++k) u(i, k) = std::exp(std::sin(1.1 * i + 0.7 * k * k));
  const auto cotangent = [](int, ConstBatch values, Batch dy) {
    for (std::size_t i = 0; i < values.extent(0); ++i)
      for (std::size_t o = 0; o < values.extent(1); ++o) dy(i, o) = values(i, o) - 0.1;
  };

  constexpr int n = 384;  // large enough for the full DGEMM rate, short enough for an undisturbed moment
  std::vector<double> a(n * n, 1.0), b(n * n, 1.0), c(n * n, 0.0);
  Stopwatch value, both, plain, dgemm;
  const pde::diffusion::Job job = model.engine().job(u);
  const PlainLoop loop(job);
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    value.time([&] { model.evaluate(u, y); });
    plain.time([&] { loop.evaluate(u.data(), plain_y.data(), rows); });
    both.time([&] { model.adjoint()->evaluate_and_pullback(u, y, cotangent, gradient); });
    dgemm.time([&] {
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, a.data(), n, b.data(), n, 0.0, c.data(), n);
    });
  }
  for (std::size_t i = 0; i < y.span(); ++i)
    if (y.data()[i] != plain_y.data()[i]) std::printf("output %zu differs between the two versions\n", i);

  const int threads = pde::diffusion::Exec().concurrency();
  const double dgemm_rate = 2.0 * n * n * n / dgemm.least();
  const auto& tables = model.tables();
  std::printf("rows %d, threads %d, lanes %d, DGEMM %.1f GF/s (one thread)\n", rows, threads, lanes, dgemm_rate * 1e-9);
  std::printf("flops a sample: value %.0f, value and gradient %.0f\n", static_cast<double>(tables.value_flops),
              static_cast<double>(tables.gradient_flops));
  report("value", value.least(), rows, static_cast<double>(tables.value_flops), threads * dgemm_rate);
  report("value, plain, one thread", plain.least(), rows, static_cast<double>(tables.value_flops), dgemm_rate);
  report("value and gradient", both.least(), rows, static_cast<double>(tables.gradient_flops), threads * dgemm_rate);
  std::printf("gradient / value %.3f   Kokkos / plain, per thread %.3f\n", both.least() / value.least(),
              plain.least() / value.least() / threads);
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  run(argc > 1 ? std::atoi(argv[1]) : 512, argc > 2 ? std::atoi(argv[2]) : 200);
  Kokkos::finalize();
}
