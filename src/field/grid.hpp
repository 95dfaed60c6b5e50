#pragma once
/// What      A box in 1, 2 or 3 dimensions with a uniform grid, dealt over the ranks of a communicator.
/// Method    PETSc DMDA on the nodes, box stencil of width one. A rank owns a box of nodes; of elements those whose lowest node
///           it owns, so that the ghosted nodes of a rank hold all corners of its elements. Numbers of nodes: (i, j, k) along
///           x, y, z; in files and gathered fields i + (nx + 1) (j + (ny + 1) k).
/// Parallel  constructor and functions that take a Vec are collective; the others local.
/// Cost      set-up O(nodes of this rank); gather holds the whole field on every rank.
/// Fails     UserError when the grid has fewer nodes along its axes than ranks to share them.
#include <array>
#include <cstdint>
#include <vector>

#include "math/petsc/dm.hpp"
#include "parallel/comm.hpp"

namespace aleator::field {

struct GridShape {
  std::vector<int> elements;    ///< along x, y, z: one, two or three numbers
  std::vector<double> lengths;  ///< of the box, which begins at 0; as many

  int dimension() const { return static_cast<int>(elements.size()); }
  double spacing(int axis) const { return lengths[axis] / elements[axis]; }
  std::int64_t nodes() const;
  std::int64_t all_elements() const;
};

/// first <= (i, j, k) < last; axes beyond the dimension have the one index 0.
struct IndexBox {
  std::array<int, 3> first{0, 0, 0}, last{1, 1, 1};
  int size(int axis) const { return last[axis] - first[axis]; }
  std::int64_t count() const { return static_cast<std::int64_t>(size(0)) * size(1) * size(2); }
  /// Place of (i, j, k) when the box is stored x fastest.
  std::int64_t at(int i, int j, int k) const {
    return (i - first[0]) + static_cast<std::int64_t>(size(0)) * ((j - first[1]) + size(1) * (k - first[2]));
  }
  bool holds(int i, int j, int k) const {
    return i >= first[0] && i < last[0] && j >= first[1] && j < last[1] && k >= first[2] && k < last[2];
  }
};

/// Calls visit(i, j, k) for every index of the box, x fastest.
template <typename Visit>
void for_each_index(const IndexBox& box, Visit&& visit) {
  for (int k = box.first[2]; k < box.last[2]; ++k)
    for (int j = box.first[1]; j < box.last[1]; ++j)
      for (int i = box.first[0]; i < box.last[0]; ++i) visit(i, j, k);
}

class Grid {
 public:
  Grid(const parallel::Comm& comm, const GridShape& shape);

  const GridShape& shape() const { return shape_; }
  int dimension() const { return shape_.dimension(); }
  const parallel::Comm& comm() const { return comm_; }
  const IndexBox& owned_nodes() const { return owned_; }
  const IndexBox& ghosted_nodes() const { return ghosted_; }
  const IndexBox& owned_elements() const { return elements_; }
  /// Place of any node of the grid in global vectors.
  PetscInt global_index(int i, int j, int k) const;
  std::array<double, 3> position(int i, int j, int k) const;

  math::VecHandle new_vector() const;  ///< owned nodes
  math::VecHandle new_ghosted() const;
  /// Owned values and those of the neighbours.
  void fill_ghosted(Vec global, Vec ghosted) const;
  /// Every rank's contributions to its ghosted nodes, summed: global = sum.
  void sum_ghosted(Vec ghosted, Vec global) const;
  /// All nodes' values, in the order of files, on every rank.
  std::vector<double> gather(Vec global) const;
  /// value(x) at every owned node.
  template <typename Function>
  void fill(Vec global, Function&& value) const {
    double* v = nullptr;
    math::check_petsc(VecGetArrayWrite(global, &v), "to open a field");
    for_each_index(owned_, [&](int i, int j, int k) { v[owned_.at(i, j, k)] = value(position(i, j, k).data()); });
    math::check_petsc(VecRestoreArrayWrite(global, &v), "to close a field");
  }

 private:
  parallel::Comm comm_;
  GridShape shape_;
  math::DmHandle dm_;
  IndexBox owned_, ghosted_, elements_;
  std::array<std::vector<int>, 3> starts_;  // first node of every rank along an axis, and the end
  std::vector<PetscInt> offsets_;           // first place of every rank's nodes in global vectors
};

}  // namespace aleator::field
