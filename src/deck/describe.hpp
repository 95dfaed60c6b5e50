#pragma once
/// What      The pages a user reads about the components: menu, help, reference in Markdown, JSON schema for editors.
/// Method    All of it is written from the Registry and the schemas' keys; nothing is kept by hand.
/// Parallel  local.
/// Cost      milliseconds.
/// Fails     component_or_throw: UserError that names the nearest component and the whole menu.
#include <string>
#include <utility>
#include <vector>

#include "deck/registry.hpp"

namespace aleator::deck {

/// The component called `name`; "eki" for "sampler/eki" will do where only one is meant, and "run" for the settings
/// [run].
const Component& component_or_throw(const Registry& registry, const std::string& name);

/// `aleator list`: the components of each kind with their titles.
std::string list_text(const Registry& registry);

/// A short block that the schema accepts: its type, the required keys and what else the schema marks with example().
std::string example_block(const Component& component);

/// `aleator describe sampler/eki`: title, method, an example and a table of the keys.
std::string describe_text(const Component& component);

/// The same in Markdown.
std::string reference_page(const Component& component);
std::string reference_index(const Registry& registry);
/// What docs/reference holds: file name there and text; README.md is the index.
std::vector<std::pair<std::string, std::string>> reference_pages(const Registry& registry);

/// JSON schema (draft 7) of a whole deck, for editors that complete and check TOML.
std::string json_schema(const Registry& registry);

}  // namespace aleator::deck
