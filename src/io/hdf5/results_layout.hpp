#pragma once
/// What      The structure of a results file: made from the variables defined, and found again in a file.
/// Method    A group per group, dimension scales as coordinate variables, (chain, draw, …) variables in chunks of one
///           chain x some draws x everything else, all space allocated. Chunks lie one after the other (implicit
///           index).
/// Parallel  local.
/// Cost      some 50 us a variable.
/// Fails     UserError naming the file and the variable.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/hdf5/handles.hpp"
#include "io/results.hpp"

namespace aleator::io::hdf5 {

inline constexpr const char* results_format = "aleator results 1";
inline constexpr const char* results_format_attribute = "format";

/// Where a variable's numbers lie.
struct Place {
  VariableInfo::Type type = VariableInfo::Type::real;
  std::int64_t unwritten = unwritten_integer;  ///< what an integer holds before it is written
  std::vector<std::int64_t> extents;
  std::uint64_t offset = 0;
  std::int64_t chunk_draws = 0;  ///< 0: contiguous

  std::int64_t chains() const { return extents.empty() ? 1 : extents[0]; }
  std::int64_t draws() const { return extents.size() < 2 ? 1 : extents[1]; }
  std::uint64_t words_per_draw() const;
  std::uint64_t chunks_per_chain() const;
  /// Draws for which a chain has room, with the unused end of its last chunk. All draws of a chain lie in one row, as
  /// its chunks follow one another.
  std::int64_t allocated_draws() const;
  std::uint64_t allocated_words() const;
  /// Byte in the file of the first number of a draw.
  std::uint64_t address(std::int64_t chain, std::int64_t draw) const;
};
using Places = std::map<std::string, Place>;  // "group/name"

struct Definition {
  std::string group, name;
  std::vector<Dimension> dims;
  VariableInfo info;
};

void make_results_layout(hid_t root, const std::string& file, const ResultsFile::Attributes& attributes,
                         const std::vector<Definition>& definitions);
Places find_places(hid_t root, const std::string& file);
/// UserError unless the root is that of a results file.
void check_results_format(hid_t root, const std::string& file);
bool is_dimension_scale(hid_t group, const std::string& name);

std::string pack(const Places& places);
Places unpack_places(const std::string& bytes);

}  // namespace aleator::io::hdf5
