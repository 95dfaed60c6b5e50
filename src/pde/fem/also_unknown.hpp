#pragma once
/// What      Values of a model's block that a deck names as unknown too, beside its coefficients: loads, what they hang on, and
///           values given at sides.
/// Method    Each is one or more rows of Layout::sources, the load at the value 1, or of Layout::imposed, where u is that value;
///           its factor is an input behind the coefficients of the elements, in the order in which the deck names them.
/// Parallel  local.
/// Cost      a load vector each, kept as its entries that are not zero.
/// Fails     KeyError at also_unknown: a name without a value, or twice, or that acts nowhere.
#include <string>
#include <vector>

#include "pde/fem/equation.hpp"

namespace aleator::pde::fem {

class AlsoUnknown {
 public:
  /// `texts`: of the deck; `known`: what the block has values of.
  AlsoUnknown(const std::vector<std::string>& texts, const std::vector<std::string>& known);
  /// Which of the deck's names that is, or -1.
  int of(const std::string& text) const;
  /// A component of name k: what its input is called, and the load of a unit.
  void add(int k, const std::string& input, std::vector<double> unit) { put(k, {input, std::move(unit), false}); }
  /// Instead of a load: 1 at the fixed unknowns that have that value.
  void impose(int k, const std::string& input, std::vector<double> unit) { put(k, {input, std::move(unit), true}); }
  /// Sources and inputs of the layout, whose coefficients so far are those of the elements. Once.
  void put_into(Layout& layout) const;
  /// Inputs that it makes.
  int count() const;

 private:
  struct Component {
    std::string input;
    std::vector<double> unit;
    bool is_imposed;
  };
  void put(int k, Component component) { components_[static_cast<std::size_t>(k)].push_back(std::move(component)); }

  std::vector<std::string> texts_;
  std::vector<std::vector<Component>> components_;  // by name
};

}  // namespace aleator::pde::fem
