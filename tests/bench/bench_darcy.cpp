// One Darcy problem, our multigrid against PETSc's CG with BoomerAMG (hypre) on the same matrix, in alternation.
//   mpirun -n 1 build/release/bin/bench_darcy [n = 1024] [rounds against hypre = 7; 0: only the cost of a gradient]
// On several ranks, or with rounds < 0: set-up and solve alone, dealt out in strips.
// -div(e^m grad u) = 1 on the unit square, u = 0 on its boundary, m a smooth Gaussian field of standard deviation 1.5, bilinear
// elements, CG to 1e-8. Set-up + solve count on both sides; assembling PETSc's matrix does not. Threads: OMP_NUM_THREADS for
// ours; PETSc has none. The residuals are the true ones, |b - A u| / |b|, by the same code for both.
#include <petscksp.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kernels/random.hpp"
#include "math/multigrid/multigrid.hpp"
#include "parallel/comm.hpp"

namespace {

using Field = std::vector<double>;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(Field v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

// exp of a sum of 80 random waves, wave numbers of 4 periods on average.
Field coefficient(int n) {
  constexpr int waves = 80;
  const aleator::kernels::Rng rng(3);
  const aleator::kernels::Batch z("z", waves, 2);
  rng.normals({aleator::kernels::Purpose::test}, 0, z);
  Field a(static_cast<std::size_t>(n) * n);
  aleator::kernels::for_each_row(n, [&](int j) {
    for (int i = 0; i < n; ++i) {
      double m = 0.0;
      for (int w = 0; w < waves; ++w) {
        const double phase = 6.283185307 * rng.uniform({aleator::kernels::Purpose::test, 1}, w);
        m += std::cos(25.13274123 * (z(w, 0) * (i + 0.5) + z(w, 1) * (j + 0.5)) / n + phase);
      }
      a[static_cast<std::size_t>(j) * n + i] = std::exp(1.5 * std::sqrt(2.0 / waves) * m);
    }
  });
  return a;
}

// The matrix of the inner nodes.
Mat assemble(int n, const Field& a) {
  Mat A = nullptr;
  const int side = n - 1;
  MatCreateSeqAIJ(PETSC_COMM_SELF, side * side, side * side, 9, nullptr, &A);
  const auto cell = [&](int i, int j) { return a[static_cast<std::size_t>(j) * n + i]; };
  for (int y = 1; y < n; ++y)
    for (int x = 1; x < n; ++x) {
      const double sw = cell(x - 1, y - 1), se = cell(x, y - 1), nw = cell(x - 1, y), ne = cell(x, y);
      const double value[9] = {
          -sw / 3,        -(sw + se) / 6, -se / 3,        -(sw + nw) / 6, (sw + se + nw + ne) * 2 / 3,
          -(se + ne) / 6, -nw / 3,        -(nw + ne) / 6, -ne / 3};
      for (int q = 0; q < 9; ++q) {
        const int i = x + q % 3 - 1, j = y + q / 3 - 1;
        if (i < 1 || j < 1 || i >= n || j >= n) continue;
        MatSetValue(A, (y - 1) * side + x - 1, (j - 1) * side + i - 1, value[q], INSERT_VALUES);
      }
    }
  MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY);
  MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY);
  return A;
}

struct Outcome {
  double setup, solve;
  int iterations;
};

Outcome with_hypre(Mat A, Vec b, Vec u) {
  KSP ksp = nullptr;
  PC pc = nullptr;
  PetscInt iterations = 0;
  KSPCreate(PETSC_COMM_SELF, &ksp);
  KSPSetOperators(ksp, A, A);
  KSPSetType(ksp, KSPCG);
  KSPGetPC(ksp, &pc);
  PCSetType(pc, PCHYPRE);
  PCHYPRESetType(pc, "boomeramg");
  KSPSetTolerances(ksp, 1e-8, PETSC_DEFAULT, PETSC_DEFAULT, 500);
  KSPSetFromOptions(ksp);
  const double start = now();
  KSPSetUp(ksp);
  const double ready = now();
  KSPSolve(ksp, b, u);
  const double end = now();
  KSPGetIterationNumber(ksp, &iterations);
  KSPDestroy(&ksp);
  return {ready - start, end - ready, static_cast<int>(iterations)};
}

double true_residual(aleator::math::Multigrid& solver, const Field& b, const Field& u, int n) {
  Field back(b.size());
  solver.apply(u.data(), back.data());
  double error = 0.0, size = 0.0;
  for (int j = 1; j < n; ++j)
    for (int i = 1; i < n; ++i) {
      const std::size_t k = static_cast<std::size_t>(j) * (n + 1) + i;
      error += (back[k] - b[k]) * (back[k] - b[k]), size += b[k] * b[k];
    }
  return std::sqrt(error / size);
}

void compare(int n, int rounds) {
  const Field a = coefficient(n), b(static_cast<std::size_t>(n + 1) * (n + 1), 1.0 / n / n);
  aleator::math::Multigrid solver({n, n, 1.0 / n, 1.0 / n});
  Field ours(b.size()), theirs(b.size(), 0.0);
  Mat A = assemble(n, a);
  Vec right = nullptr, solution = nullptr;
  MatCreateVecs(A, &right, &solution);
  VecSet(right, 1.0 / n / n);
  Field setup, solve, total, hypre, ratio;
  int iterations = 0, hypre_iterations = 0;
  for (int round = 0; round <= rounds; ++round) {
    VecSet(solution, 0.0);
    const Outcome peer = with_hypre(A, right, solution);
    const double start = now();
    solver.set_coefficient(a.data());
    const double ready = now();
    iterations = solver.solve(b.data(), ours.data(), 1e-8).iterations;
    const double end = now();
    if (round == 0) continue;  // first touch of memory
    setup.push_back(ready - start), solve.push_back(end - ready), total.push_back(end - start);
    hypre.push_back(peer.setup + peer.solve), ratio.push_back(hypre.back() / total.back());
    hypre_iterations = peer.iterations;
  }
  const PetscScalar* values = nullptr;
  VecGetArrayRead(solution, &values);
  for (int j = 1; j < n; ++j)
    for (int i = 1; i < n; ++i) theirs[static_cast<std::size_t>(j) * (n + 1) + i] = values[(j - 1) * (n - 1) + i - 1];
  VecRestoreArrayRead(solution, &values);
  std::printf(
      "%d^2 elements, %d threads: multigrid %d iterations, %.1f ms (min %.1f), set-up %.1f %% of it, residual %.1e; "
      "hypre %d iterations, %.1f ms (min %.1f), residual %.1e; ratio %.2f (median of %d)\n",
      n, Kokkos::DefaultHostExecutionSpace().concurrency(), iterations, 1e3 * median(total),
      1e3 * *std::min_element(total.begin(), total.end()), 100 * median(setup) / median(total),
      true_residual(solver, b, ours, n), hypre_iterations, 1e3 * median(hypre),
      1e3 * *std::min_element(hypre.begin(), hypre.end()), true_residual(solver, b, theirs, n), median(ratio), rounds);
  VecDestroy(&right), VecDestroy(&solution), MatDestroy(&A);
}

// A misfit's gradient with every 16th node observed: forward (set-up and solve), to 1e-9, adjoint solve to
// 1e-7 as FieldDiffusion does by default, gradient of every element. Least times, which other programs disturb least.
void cost_of_gradient(int n, int rounds) {
  const Field a = coefficient(n), b(static_cast<std::size_t>(n + 1) * (n + 1), 1.0 / n / n);
  aleator::math::Multigrid solver({n, n, 1.0 / n, 1.0 / n});
  Field u(b.size()), lambda(b.size()), misfit(b.size(), 0.0), g(a.size()), setup, solve, adjoint, gradient;
  int iterations = 0, adjoint_iterations = 0;
  for (int round = 0; round <= rounds; ++round) {
    const double start = now();
    solver.set_coefficient(a.data());
    const double ready = now();
    iterations = solver.solve(b.data(), u.data(), 1e-9).iterations;
    const double solved = now();
    for (std::size_t k = 0; k < u.size(); k += 16) misfit[k] = u[k] - 0.5;
    const double observed = now();
    adjoint_iterations = solver.solve(misfit.data(), lambda.data(), 1e-7).iterations;
    const double back = now();
    solver.gradient(lambda.data(), u.data(), g.data());
    const double end = now();
    if (round == 0) continue;
    setup.push_back(ready - start), solve.push_back(solved - ready);
    adjoint.push_back(back - observed), gradient.push_back(end - back);
  }
  const auto least = [](const Field& times) { return 1e3 * *std::min_element(times.begin(), times.end()); };
  const double forward = least(setup) + least(solve);
  std::printf(
      "gradient: set-up %.2f ms (%.1f %% of forward), solve %.2f ms (%d iterations), adjoint %.2f ms (%d), gradient "
      "%.2f ms: %.2f x forward (least of %d)\n",
      least(setup), 100 * least(setup) / forward, least(solve), iterations, least(adjoint), adjoint_iterations,
      least(gradient), (forward + least(adjoint) + least(gradient)) / forward, rounds);
}

// Dealt to the ranks in strips: set-up and solve to 1e-8, the slowest rank's time.
void on_ranks(int n, int rounds) {
  const aleator::parallel::Comm world = aleator::parallel::Comm::world();
  aleator::math::Multigrid solver({n, n, 1.0 / n, 1.0 / n}, world);
  const Field whole = coefficient(n), b(solver.nodes(), 1.0 / n / n);
  const Field a(whole.begin() + static_cast<std::ptrdiff_t>(n) * solver.first_row(),
                whole.begin() + static_cast<std::ptrdiff_t>(n) * solver.element_end());
  Field u(b.size()), setup, total;
  int iterations = 0;
  for (int round = 0; round <= rounds; ++round) {
    world.barrier();
    const double start = now();
    solver.set_coefficient(a.data());
    const double ready = now();
    iterations = solver.solve(b.data(), u.data(), 1e-8).iterations;
    const double end = now();
    if (round > 0) setup.push_back(world.max(ready - start)), total.push_back(world.max(end - start));
  }
  if (world.is_root())
    std::printf("%d^2 elements on %d ranks: %d iterations, %.2f ms (min %.2f), set-up %.1f %% of it (median of %d)\n",
                n, world.size(), iterations, 1e3 * median(total), 1e3 * *std::min_element(total.begin(), total.end()),
                100 * median(setup) / median(total), rounds);
}

}  // namespace

int main(int argc, char** argv) {
  const int n = argc > 1 ? std::atoi(argv[1]) : 1024, rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  PetscInitialize(nullptr, nullptr, nullptr, nullptr);
  Kokkos::initialize();
  if (aleator::parallel::Comm::world().size() > 1 || rounds < 0) {
    on_ranks(n, std::max(7, std::abs(rounds)));
  } else {
    if (rounds > 0) compare(n, rounds);
    cost_of_gradient(n, 20);
  }
  Kokkos::finalize();
  PetscFinalize();
}
