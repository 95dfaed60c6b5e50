#pragma once
/// What      The diffusion solve for one pack of samples: observations, adjoint gradient and tangent.
/// Method    See tables.hpp and docs/theory/diffusion.md. Symbols: theta, u skeleton values by slot, v second solution
///           (adjoint lambda or tangent du), t1 t2 s p q of a pair of cells.
/// Parallel  device code; one call works on one pack in its own memory.
/// Cost      Tables::value_flops and gradient_flops a sample.
/// Fails     never; the caller checks theta before and the outputs after.
#include "kernels/multifrontal.hpp"
#include "pde/diffusion/tables.hpp"

namespace aleator::pde::diffusion {

/// Tables as raw pointers into memory of the execution space.
struct KernelTables {
  kernels::MultifrontalTables tree;
  const LeafRecord* leaves;
  const FrontLeaves* front_leaves;
  const int *edge_rest, *cell_variable, *block_begin, *block_output;
  const double *leaf_constants, *edge_extension, *edge_inverse, *edge_load;
  const double *block_weight, *block_interior, *S;
  int leaves_count, cells, boundary, edge, rest, outputs;
};

/// Where the arrays of one pack lie in its workspace; counted in packs.
struct KernelLayout {
  int theta, u, v, z, dz, gradient, pivots, columns, factor, schur, total;
};

/// Adds the leaves below a front to its tiles.
template <class P>
struct LeafTerms {
  P factor[6];  ///< t1, t2, q of child 0 and of child 1
  P p[2];
  const double* constants;

  /// Rows from `first` on of the tile whose constants come next.
  KOKKOS_FORCEINLINE_FUNCTION void operator()(kernels::Tile<P, kernels::strip>& c, int first, int sources) {
    using kernels::strip, kernels::tile;
    const double* at = constants;
    for (unsigned matrices = (sources / leaf_matrix) & 63; matrices; matrices &= matrices - 1) {
      const P times = factor[kernels::lowest_bit(matrices)];
      ALEATOR_UNROLL
      for (int a = 0; a < strip; ++a) {
        ALEATOR_UNROLL
        for (int b = 0; b < tile; ++b) c.v[a][b] += times * at[tile * (first + a) + b];
      }
      at += kernels::tile_size;
    }
    if (first + strip < tile) return;
    if (sources & leaf_load) {  // the load is the last row
      ALEATOR_UNROLL
      for (int b = 0; b < tile; ++b) c.v[strip - 1][b] += p[0] * at[tile + b] + (p[1] * at[2 * tile + b] + at[b]);
      at += 3 * tile;
    }
    constants = at;
  }
};

template <class Memory>
struct Kernel {
  using P = typename Memory::P;
  KernelTables t;
  Memory theta, u, v, z, dz, gradient;  ///< dz: derivative of the outputs; gradient: of the parameters
  kernels::MultifrontalMemory<Memory> memory;

  KOKKOS_INLINE_FUNCTION Kernel(const KernelTables& tables, const KernelLayout& at, Memory work)
      : t(tables),
        theta(work + at.theta),
        u(work + at.u),
        v(work + at.v),
        z(work + at.z),
        dz(work + at.dz),
        gradient(work + at.gradient),
        memory{work + at.schur, work + at.factor, work + at.columns, work + at.pivots} {}

  /// z = observations of the solution for theta; keeps the factor and u.
  KOKKOS_INLINE_FUNCTION void evaluate() const {
    factor();
    for (int i = 0; i < t.tree.rhs_slot; ++i) u[i] = P{};
    u[t.tree.rhs_slot] = P{} - 1.0;  // the right-hand side is a column of the factor with this value
    back_substitute(u, 1.0);
    for (int k = 0; k < t.cells; ++k) observe(k, u, 1.0 / theta[k], z);
  }

  /// gradient = J^T dz, with the factor and u of evaluate().
  KOKKOS_INLINE_FUNCTION void pull_back() const {
    clear(v);
    dz[t.outputs] = P{};  // read by incomplete blocks
    for (int k = 0; k < t.cells; ++k) gradient[k] = scatter(k);
    solve(v);
    for (int k = 0; k < t.cells; ++k) gradient[k] = P{} - energy(k) - gradient[k] / (theta[k] * theta[k]);
  }

  /// dz = J dtheta, with the factor and u of evaluate(); dtheta is given in gradient.
  KOKKOS_INLINE_FUNCTION void push_forward() const {
    clear(v);
    for (int k = 0; k < t.cells; ++k) {
      const int* variable = t.cell_variable + k * t.boundary;
      for (int b = 0; b < t.boundary; ++b) {
        P flux{};
        for (int j = 0; j < t.boundary; ++j) flux += t.S[b * t.boundary + j] * u[variable[j]];
        v[variable[b]] -= gradient[k] * flux;
      }
    }
    solve(v);
    for (int k = 0; k < t.cells; ++k) observe(k, v, P{} - gradient[k] / (theta[k] * theta[k]), dz);
  }

 private:
  KOKKOS_INLINE_FUNCTION void clear(Memory x) const {
    for (int i = 0; i <= t.tree.rhs_slot; ++i) x[i] = P{};
  }

  KOKKOS_INLINE_FUNCTION void factor() const {
    for (int i = 0; i < t.tree.fronts_count; ++i) {
      if (t.tree.fronts[i].is_leaf) continue;
      if (t.front_leaves[i].leaf[0] < 0 && t.front_leaves[i].leaf[1] < 0) {
        kernels::factor_front(t.tree.fronts[i], t.tree, memory, kernels::NoLeaves{});
      } else {
        kernels::factor_front(t.tree.fronts[i], t.tree, memory, leaf_terms(t.front_leaves[i]));
      }
    }
  }

  KOKKOS_INLINE_FUNCTION LeafTerms<P> leaf_terms(const FrontLeaves& leaves) const {
    LeafTerms<P> terms;
    terms.constants = t.leaf_constants + leaves.constants;
    for (int h = 0; h < 2; ++h) {
      terms.p[h] = P{};
      if (leaves.leaf[h] < 0) continue;
      const LeafRecord& leaf = t.leaves[leaves.leaf[h]];
      const P t1 = theta[leaf.first_cell];
      terms.factor[3 * h] = t1;
      if (leaf.second_cell < 0) continue;
      const P t2 = theta[leaf.second_cell];
      terms.p[h] = t1 / (t1 + t2);
      terms.factor[3 * h + 1] = t2;
      terms.factor[3 * h + 2] = terms.p[h] * t2;
    }
    return terms;
  }

  /// Solves S x = b for any b given in the slots of x; the zero and rhs slots may hold anything before and hold 0 after.
  KOKKOS_INLINE_FUNCTION void solve(Memory x) const {
    x[t.tree.zero_slot] = P{};
    int leaf = 0;
    for (int i = 0; i < t.tree.fronts_count; ++i) {
      const kernels::Front& front = t.tree.fronts[i];
      if (front.is_leaf) {
        eliminate_edge(t.leaves[leaf++], x);
        continue;
      }
      kernels::solve_front(front, t.tree, memory, x);
    }
    x[t.tree.zero_slot] = P{};
    x[t.tree.rhs_slot] = P{};
    back_substitute(x, 0.0);
  }

  /// The shared edge of a pair, on the way up: y_e = E x_e / s, x_1 += t1 / s M_1^T x_e, x_2 += t2 / s M_2^T x_e.
  KOKKOS_INLINE_FUNCTION void eliminate_edge(const LeafRecord& leaf, Memory x) const {
    if (leaf.second_cell < 0) return;
    const P t1 = theta[leaf.first_cell], t2 = theta[leaf.second_cell], inverse = 1.0 / (t1 + t2);
    const Memory own = x + t.tree.fronts[leaf.front].first_eliminated;
    extend_load(leaf.first_cell, leaf.first_side, t1 * inverse, own, x);
    extend_load(leaf.second_cell, leaf.second_side, t2 * inverse, own, x);
    const Memory scratch = memory.columns;
    for (int i = 0; i < t.edge; ++i) {
      P sum{};
      for (int k = 0; k < t.edge; ++k) sum += t.edge_inverse[i * t.edge + k] * own[k];
      scratch[i] = sum * inverse;
    }
    for (int i = 0; i < t.edge; ++i) own[i] = scratch[i];
  }

  KOKKOS_INLINE_FUNCTION void extend_load(int cell, int side, P factor, Memory own, Memory x) const {
    const int* variable = t.cell_variable + cell * t.boundary;
    const int* others = t.edge_rest + side * t.rest;
    const double* M = t.edge_extension + side * t.edge * t.rest;
    for (int j = 0; j < t.rest; ++j) {
      P sum{};
      for (int k = 0; k < t.edge; ++k) sum += M[k * t.rest + j] * own[k];
      x[variable[others[j]]] += factor * sum;
    }
  }

  /// L^T x = b from the root down; edges of pairs get x_e = y_e + load 2 E g_e / s + t1 / s M_1 x_1 + t2 / s M_2 x_2.
  KOKKOS_INLINE_FUNCTION void back_substitute(Memory x, double load) const {
    int leaf = t.leaves_count;
    for (int i = t.tree.fronts_count - 1; i >= 0; --i) {
      if (t.tree.fronts[i].is_leaf) {
        recover_edge(t.leaves[--leaf], load, x);
      } else {
        kernels::solve_front_transposed(t.tree.fronts[i], t.tree, memory, x);
      }
    }
  }

  KOKKOS_INLINE_FUNCTION void recover_edge(const LeafRecord& leaf, double load, Memory x) const {
    if (leaf.second_cell < 0) return;
    const P t1 = theta[leaf.first_cell], t2 = theta[leaf.second_cell], inverse = 1.0 / (t1 + t2);
    const Memory own = x + t.tree.fronts[leaf.front].first_eliminated;
    const int *variable1 = t.cell_variable + leaf.first_cell * t.boundary,
              *others1 = t.edge_rest + leaf.first_side * t.rest;
    const int *variable2 = t.cell_variable + leaf.second_cell * t.boundary,
              *others2 = t.edge_rest + leaf.second_side * t.rest;
    for (int i = 0; i < t.edge; ++i) {
      const double *M1 = t.edge_extension + (leaf.first_side * t.edge + i) * t.rest,
                   *M2 = t.edge_extension + (leaf.second_side * t.edge + i) * t.rest;
      P sum1{}, sum2{};
      for (int j = 0; j < t.rest; ++j) {
        sum1 += M1[j] * x[variable1[others1[j]]];
        sum2 += M2[j] * x[variable2[others2[j]]];
      }
      own[i] += (load * t.edge_load[i] + t1 * sum1 + t2 * sum2) * inverse;
    }
  }

  /// out = c . x_b + d times interior, at the points of cell k.
  KOKKOS_INLINE_FUNCTION void observe(int k, Memory x, P interior, Memory out) const {
    const int* variable = t.cell_variable + k * t.boundary;
    for (int block = t.block_begin[k]; block < t.block_begin[k + 1]; ++block) {
      const double* weight = t.block_weight + 4 * t.boundary * block;
      P sum[4];
      ALEATOR_UNROLL
      for (int o = 0; o < 4; ++o) sum[o] = t.block_interior[4 * block + o] * interior;
      for (int b = 0; b < t.boundary; ++b) {
        const P value = x[variable[b]];
        ALEATOR_UNROLL
        for (int o = 0; o < 4; ++o) sum[o] += weight[4 * b + o] * value;
      }
      for (int o = 0; o < 4; ++o) out[t.block_output[4 * block + o]] = sum[o];
    }
  }

  /// v_b += sum_obs c dz over the points of cell k; returns sum_obs d dz.
  KOKKOS_INLINE_FUNCTION P scatter(int k) const {
    const int* variable = t.cell_variable + k * t.boundary;
    P interior{};
    for (int block = t.block_begin[k]; block < t.block_begin[k + 1]; ++block) {
      const double* weight = t.block_weight + 4 * t.boundary * block;
      P r[4];
      ALEATOR_UNROLL
      for (int o = 0; o < 4; ++o) {
        r[o] = dz[t.block_output[4 * block + o]];
        interior += t.block_interior[4 * block + o] * r[o];
      }
      for (int b = 0; b < t.boundary; ++b) {
        P sum = v[variable[b]];
        ALEATOR_UNROLL
        for (int o = 0; o < 4; ++o) sum += weight[4 * b + o] * r[o];
        v[variable[b]] = sum;
      }
    }
    return interior;
  }

  /// v_b . S u_b of cell k.
  KOKKOS_INLINE_FUNCTION P energy(int k) const {
    const int* variable = t.cell_variable + k * t.boundary;
    P sum{};
    for (int i = 0; i < t.boundary; i += 4) {  // boundary = 4 r
      P flux[4] = {};
      const double* row = t.S + i * t.boundary;
      for (int j = 0; j < t.boundary; ++j) {
        const P value = u[variable[j]];
        ALEATOR_UNROLL
        for (int a = 0; a < 4; ++a) flux[a] += row[a * t.boundary + j] * value;
      }
      ALEATOR_UNROLL
      for (int a = 0; a < 4; ++a) sum += v[variable[i + a]] * flux[a];
    }
    return sum;
  }
};

}  // namespace aleator::pde::diffusion
