#pragma once
/// What      Keys of a deck and the values that each takes in turn: the table `vary` of a campaign.
/// Method    {sampler.smc.particles = [64, 256]}: dotted keys, which TOML reads as tables in tables, or keys in quotes. Values
///           are kept as TOML, as an override (deck.hpp) writes them.
/// Parallel  local.
/// Cost      -
/// Fails     as read_value of other types (value.hpp), whose overloads these are.
#include <string>
#include <vector>

#include "deck/value.hpp"

namespace aleator::deck {

struct Variation {
  std::string key;                  ///< kind.name.key, or kind.key of settings
  std::vector<std::string> values;  ///< at least one
};
struct Variations {
  std::vector<Variation> keys;  ///< in the order of the text
};

bool read_value(const Node& node, Variations& value, Problem& problem);
std::string write_value(const Variations& value);
inline TypeName type_name(const Variations&) {
  return {"table: key = list of values", R"({"type": "object"})", "{sampler.my_sampler.draws = [100, 1000]}"};
}
inline void numbers_in(const Variations&, std::vector<double>&) {}

}  // namespace aleator::deck
