#pragma once
/// What      The nodes of a mesh in an order whose even shares are compact: for dealing them to ranks.
/// Method    recursive coordinate bisection (Berger, Bokhari 1987): the box around the nodes is cut across its longest side,
///           so that either half has nodes for its number of parts.
/// Parallel  local, the same on every rank.
/// Cost      O(n log parts).
/// Fails     -
#include <vector>

#include "field/mesh/mesh.hpp"

namespace aleator::field {

/// Part r of `parts` is entries [n r / parts, n (r + 1) / parts).
std::vector<int> bisection_order(const Mesh& mesh, int parts);

}  // namespace aleator::field
