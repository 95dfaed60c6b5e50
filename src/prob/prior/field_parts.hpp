#pragma once
/// What      Which parameters of a prior are fields on grids or meshes: all of them, parts of a product, or none.
/// Method    -
/// Parallel  local.
/// Cost      -
/// Fails     -
#include <string>
#include <vector>

#include "prob/prior/prior.hpp"

namespace aleator::prob {

/// Parameters [first, first + size) that are a field: on the cells of a grid, or else at its nodes; or on a mesh's elements.
struct FieldPart {
  std::string name;
  int first = 0, size = 0;
  std::vector<int> grid;        ///< cells along each axis
  std::vector<double> lengths;  ///< of the sides
  std::shared_ptr<const io::Simplices> mesh{};
  std::vector<int> owner{};  ///< by element: which of the values it has, or -1; empty: each its own
  ModeSpectrum spectrum{};   ///< empty: the field is not cut off at some modes
};

/// `name` is that of the prior's block.
std::vector<FieldPart> field_parts(const Prior& prior, const std::string& name);

}  // namespace aleator::prob
