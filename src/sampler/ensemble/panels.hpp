#pragma once
/// What      Operations that couple all members: position += left (right position), and the members' inner products.
/// Method    Columns are taken in panels of a fixed width, each whole (all J members) on one rank and thread. On one rank a
///           panel is a window into the positions; else ranks exchange theirs, a panel for each at a time, so that beside the
///           ensemble a few panels are held, never a copy of it.
/// Parallel  collective; panels do not depend on ranks or threads, nor do the bits.
/// Cost      add_combination: 4 J m d flops, and on P > 1 ranks each sends (and gets back) J d / P doubles.
///           centred_products: 2 J^2 d flops and up to 16 J^2 doubles, for they are added in at most 16 groups of panels.
/// Fails     -
#include <functional>

#include "math/gemm.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

constexpr int panel_columns = 256;

/// Changes the m x columns block right * panel before it is combined; `members` is the panel, J x columns.
using Shrink = std::function<void(const math::ConstMatrixView& members, const math::MatrixView& block)>;

/// position_j += sum_i left(j, i) sum_k right(i, k) position_k; left is J x m and right m x J, the same on every rank.
void add_combination(const Context& context, const Ensemble& ensemble, const math::Matrix& left,
                     const math::Matrix& right, const Shrink& shrink = nullptr);

/// Deviations from the mean over all members are multiplied by `factor`.
void inflate(const Context& context, double factor, const Ensemble& ensemble);

/// H_ij = (z_i - m) . z_j with m = sum_k weights_k z_k; J x J, on every rank.
math::Matrix centred_products(const Context& context, const Ensemble& ensemble, const std::vector<double>& weights);

}  // namespace aleator::sampler
