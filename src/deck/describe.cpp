#include "deck/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aleator::deck {
namespace {

bool is_settings(const Component& component) { return !component.maker.has_value(); }

std::string last_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }

// How many columns a text fills in a terminal: characters, not bytes.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, width(text)), ' ');
}

using Row = std::array<std::string, 6>;

// Columns as wide as their widest cell, two blanks apart; a column of empty cells is left out.
std::string aligned(const std::vector<Row>& rows) {
  Row::size_type last = rows.front().size() - 1;
  std::array<std::size_t, 6> widths{};
  for (std::size_t i = 1; i < rows.size(); ++i)  // the heading alone does not keep a column
    for (std::size_t c = 0; c <= last; ++c) widths[c] = std::max(widths[c], width(rows[i][c]));
  for (std::size_t c = 0; c <= last; ++c)
    if (widths[c] > 0) widths[c] = std::max(widths[c], width(rows.front()[c]));
  std::string text;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t c = 0; c <= last; ++c)
      if (widths[c] > 0) line += " " + padded(row[c], widths[c]) + (c < last ? " " : "");
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string unit_of(const KeyInfo& key) { return key.unit == "1" ? "" : key.unit; }

std::string default_of(const KeyInfo& key) {
  if (key.is_required) return "required";
  return key.default_text.empty() ? "not set" : key.default_text;
}

// Markdown cells: a bar would end the cell.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string page_of(const Component& component) { return component.name + ".md"; }

std::string heading_of(const Component& component) {
  return is_settings(component) ? "[" + component.kind + "]" : component.name;
}

std::vector<const Component*> of_kind(const Registry& registry, const std::string& kind) {
  std::vector<const Component*> found;
  for (const Component& component : registry.components())
    if (component.kind == kind) found.push_back(&component);
  return found;
}

}  // namespace

const Component& component_or_throw(const Registry& registry, const std::string& name) {
  if (const Component* const found = registry.find(name)) return *found;
  std::vector<std::string> names;
  std::vector<const Component*> meant;
  for (const Component& component : registry.components()) {
    names.push_back(component.name);
    const bool is_its_block = is_settings(component) && (name == component.kind || name == "[" + component.kind + "]");
    if (is_its_block || last_part(component.name) == name) meant.push_back(&component);
  }
  if (meant.size() == 1) return *meant.front();
  std::string hint = did_you_mean(name, names);
  if (!hint.empty()) hint = "; " + hint;
  throw core::UserError(fmt::format("there is no component '{}'{}\n{}", name, hint, list_text(registry)));
}

std::string list_text(const Registry& registry) {
  std::size_t longest = 0;
  for (const Component& component : registry.components()) longest = std::max(longest, width(component.name));
  std::string text;
  for (const std::string& kind : registry.kinds()) {
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", registry.settings(kind) != nullptr ? kind : kind + ".…");
    for (const Component* const component : of_kind(registry, kind))
      text += "  " + padded(component->name, longest) + "  " + component->schema->title() + "\n";
  }
  return text;
}

std::string example_block(const Component& component) {
  std::string text = is_settings(component)
                         ? "[" + component.kind + "]\n"
                         : fmt::format("[{}.my_{}]\ntype = \"{}\"\n", component.kind, component.kind, component.name);
  for (const KeyInfo& key : component.schema->keys())
    if (key.is_in_example) text += fmt::format("{} = {}\n", key.name, key.example_text);
  return text;
}

std::string describe_text(const Component& component) {
  const SchemaBase& schema = *component.schema;
  std::string text = heading_of(component) + ": " + schema.title() + "\n";
  if (!schema.source().empty()) text += "method: " + schema.source() + "\n";
  const std::string example = example_block(component);
  text += "\n";
  for (std::size_t begin = 0, end; begin < example.size(); begin = end + 1) {
    end = example.find('\n', begin);
    text += "  " + example.substr(begin, end - begin) + "\n";
  }
  if (schema.keys().empty()) return text + "\nIt has no keys.\n";
  std::vector<Row> rows{{"key", "type", "default", "unit", "allowed", "meaning"}};
  for (const KeyInfo& key : schema.keys()) {
    rows.push_back({key.name, key.type_words, default_of(key), unit_of(key), key.condition, key.help});
    for (const auto& [choice, meaning] : key.choices) rows.push_back({"", "", "", "", write_value(choice), meaning});
  }
  return text + "\n" + aligned(rows);
}

std::string reference_page(const Component& component) {
  const SchemaBase& schema = *component.schema;
  std::string text = "# " + heading_of(component) + "\n\n" + schema.title() + ".\n\n";
  if (!schema.source().empty()) text += "Method: " + schema.source() + ".\n\n";
  text += "```toml\n" + example_block(component) + "```\n\n";
  if (schema.keys().empty()) return text + "It has no keys.\n";
  text += "| key | type | default | unit | allowed | meaning |\n|---|---|---|---|---|---|\n";
  for (const KeyInfo& key : schema.keys()) {
    const std::string value = key.is_required            ? "**required**"
                              : key.default_text.empty() ? "not set"
                                                         : "`" + key.default_text + "`";
    std::string allowed = key.condition;
    for (const auto& [choice, meaning] : key.choices)
      allowed += (allowed.empty() ? "`" : ", `") + write_value(choice) + "`";
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", key.name, cell(key.type_words), cell(value),
                        cell(unit_of(key)), cell(allowed), cell(key.help));
  }
  for (const KeyInfo& key : schema.keys()) {
    if (!key.choices.empty()) text += "\n`" + key.name + "`:\n\n";
    for (const auto& [choice, meaning] : key.choices) text += "- `" + write_value(choice) + "`: " + meaning + "\n";
  }
  return text;
}

std::string reference_index(const Registry& registry) {
  std::string text =
      "# Reference\n\nEvery component of a deck and every key. These pages are written by the program (`aleator "
      "describe` shows the\n"
      "same); change the schema, not the page.\n";
  for (const std::string& kind : registry.kinds()) {
    text += registry.settings(kind) != nullptr ? "\n## `[" + kind + "]`\n\n" : "\n## `[" + kind + ".…]`\n\n";
    for (const Component* const component : of_kind(registry, kind))
      text += fmt::format("- [{}]({}): {}\n", component->name, page_of(*component), component->schema->title());
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> reference_pages(const Registry& registry) {
  std::vector<std::pair<std::string, std::string>> pages{{"README.md", reference_index(registry)}};
  for (const Component& component : registry.components())
    pages.emplace_back(page_of(component), reference_page(component));
  return pages;
}

}  // namespace aleator::deck
