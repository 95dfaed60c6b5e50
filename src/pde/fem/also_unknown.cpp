#include "pde/fem/also_unknown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "deck/diagnostics.hpp"

namespace aleator::pde::fem {

AlsoUnknown::AlsoUnknown(const std::vector<std::string>& texts, const std::vector<std::string>& known)
    : texts_(texts), components_(texts.size()) {
  for (std::size_t k = 0; k < texts_.size(); ++k) {
    const deck::TextPlace place{static_cast<int>(k), 0};
    if (std::find(known.begin(), known.end(), texts_[k]) == known.end())
      throw deck::KeyError("also_unknown", fmt::format("'{}' has no value in this block", texts_[k]),
                           fmt::format("one of: {}", fmt::join(known, ", ")), place);
    if (of(texts_[k]) != static_cast<int>(k))
      throw deck::KeyError("also_unknown", fmt::format("'{}' stands there twice", texts_[k]), "leave one of them out",
                           place);
  }
}

int AlsoUnknown::of(const std::string& text) const {
  const auto at = std::find(texts_.begin(), texts_.end(), text);
  return at == texts_.end() ? -1 : static_cast<int>(at - texts_.begin());
}

void AlsoUnknown::put_into(Layout& layout) const {
  layout.first_source = layout.coefficients;
  layout.coefficients += count();
  for (std::size_t k = 0; k < components_.size(); ++k) {
    if (components_[k].empty())
      throw deck::KeyError("also_unknown", fmt::format("'{}' acts only where supports hold the body", texts_[k]),
                           "leave it out", {static_cast<int>(k), 0});
    const auto acts = [](const Component& one) {
      return std::any_of(one.unit.begin(), one.unit.end(), [](double value) { return value != 0.0; });
    };
    if (std::none_of(components_[k].begin(), components_[k].end(), acts))
      throw deck::KeyError("also_unknown",
                           fmt::format("'{}' counts at no node: other sides hold all of them", texts_[k]),
                           "leave it out, or give that side last", {static_cast<int>(k), 0});
    for (const Component& one : components_[k]) {
      layout.input_names.push_back(one.input);
      Functionals& to = one.is_imposed ? layout.imposed : layout.sources;
      for (std::size_t i = 0; i < one.unit.size(); ++i)
        if (one.unit[i] != 0.0) to.add(static_cast<int>(i), one.unit[i]);
      layout.sources.end_row(), layout.imposed.end_row();
    }
  }
}

int AlsoUnknown::count() const {
  std::size_t sum = 0;
  for (const std::vector<Component>& name : components_) sum += name.size();
  return static_cast<int>(sum);
}

}  // namespace aleator::pde::fem
