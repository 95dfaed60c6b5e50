#include "deck/registry.hpp"

#include <algorithm>

namespace aleator::deck {

void Registry::insert(Component component) {
  if (find(component.name) != nullptr) throw core::InternalError("two components are called " + component.name);
  components_.push_back(std::move(component));
}

const Component* Registry::find(const std::string& name) const {
  for (const Component& component : components_)
    if (component.name == name) return &component;
  return nullptr;
}

std::vector<std::string> Registry::names(const std::string& kind) const {
  std::vector<std::string> names;
  for (const Component& component : components_)
    if (component.kind == kind) names.push_back(component.name);
  return names;
}

std::vector<std::string> Registry::kinds() const {
  std::vector<std::string> kinds;
  for (const Component& component : components_)
    if (std::find(kinds.begin(), kinds.end(), component.kind) == kinds.end()) kinds.push_back(component.kind);
  return kinds;
}

const Component* Registry::settings(const std::string& kind) const {
  for (const Component& component : components_)
    if (component.kind == kind && !component.maker.has_value()) return &component;
  return nullptr;
}

}  // namespace aleator::deck
