#pragma once
/// What      Values of a model's block that a deck names as unknown too, beside its coefficients: loads, and what they hang on.
/// Method    Each is one or more rows of Layout::sources, the load at the value 1, whose factor is an input behind the
///           coefficients of the elements, in the order in which the deck names them.
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
  void add(int k, const std::string& input, std::vector<double> unit);
  /// Sources and inputs of the layout, whose coefficients so far are those of the elements. Once.
  void put_into(Layout& layout) const;
  /// Inputs that it makes.
  int count() const;

 private:
  struct Component {
    std::string input;
    std::vector<double> unit;
  };
  std::vector<std::string> texts_;
  std::vector<std::vector<Component>> components_;  // by name
};

}  // namespace aleator::pde::fem
