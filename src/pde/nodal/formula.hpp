#pragma once
/// What      Values of a deck's formula of the place (x, y, z) at points.
/// Parallel  local.
/// Cost      that of the formula.
/// Fails     KeyError at `key` with the place of the fault in it; where a value is not finite it names the point.
#include <string>
#include <vector>

namespace aleator::pde::nodal {

/// `points`: `dimension` numbers each; `entry`: of the key's list.
std::vector<double> formula_values(const std::string& key, const std::string& text, int dimension,
                                   const std::vector<double>& points, int entry = 0);

}  // namespace aleator::pde::nodal
