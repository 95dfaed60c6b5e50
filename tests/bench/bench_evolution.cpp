// Value, and value with gradient, of one row of each evolution model on its test's small grid; least times, in alternation.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=1 bench_evolution
#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "../pde/evolution_cases.hpp"

namespace {

using namespace aleator;
using kernels::Batch;
using kernels::ConstBatch;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void measure(const pde::evolution::Case& c) {
  const auto model = c.make({c.dt});
  const int inputs = model->shape().inputs, outputs = model->shape().outputs;
  const Batch u("u", 1, inputs), y("y", 1, outputs), g("g", 1, inputs);
  for (int k = 0; k < inputs; ++k) u(0, k) = c.centre[static_cast<std::size_t>(k)];
  const auto cotangent = [](int, ConstBatch values, Batch dy) { Kokkos::deep_copy(dy, values); };
  double value = 1e9, both = 1e9;
  for (int round = 0; round < 200; ++round) {
    const double begin = now();
    model->evaluate(u, y);
    const double middle = now();
    model->adjoint()->evaluate_and_pullback(u, y, cotangent, g);
    value = std::min(value, middle - begin), both = std::min(both, now() - middle);
  }
  std::printf("%-12s value %7.1f us, with gradient %7.1f us: %.2f times\n", c.name.c_str(), 1e6 * value, 1e6 * both,
              both / value);
}

}  // namespace

int main() {
  Kokkos::initialize();
  for (const pde::evolution::Case& c : pde::evolution::all_cases()) measure(c);
  Kokkos::finalize();
}
