#pragma once
/// What      The quantities of transport that can be unknown: their names in the deck, their unknowns, what goes with which.
/// Method    Each quantity named has its share of u, in the order named.
/// Parallel  local.
/// Cost      -
/// Fails     fault_of_…: what is wrong with the keys together, or empty.
#include <string>
#include <vector>

#include "pde/transport/transport.hpp"

namespace aleator::pde::transport {

/// Where the unknowns of each begin; -1: it is known.
struct Unknowns {
  int initial = -1, source = -1, diffusivity = -1, wind = -1, stream = -1, point_source = -1;
  bool is_any_of_medium() const { return diffusivity >= 0 || wind >= 0 || stream >= 0; }
};

/// Appends the names of the unknowns of all quantities.
Unknowns name_unknowns(const Params& p, std::vector<std::string>& names);

bool contains(const Params& p, const std::string& quantity);
std::string fault_of_quantities(const Params& p);
std::string fault_of_stream_grid(const Params& p);
std::string fault_of_source_width(const Params& p);

}  // namespace aleator::pde::transport
