#pragma once
/// What      Text of a formula -> a tree: numbers, names, calls, indices, lists, operators.
/// Method    recursive descent with binding powers (Pratt 1973). From weak to strong: || ; && ; < <= > >= == != ; + - ; * / ;
///           unary - ! ; ^ (from the right) ; calls and [indices]. '#' starts a comment.
/// Parallel  local.
/// Cost      linear in the text.
/// Fails     ExpressionError with the place of the character.
#include <cstddef>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace aleator::math {

/// What is wrong with a formula, and at which byte of its text.
class ExpressionError : public core::UserError {
 public:
  ExpressionError(std::size_t at, const std::string& message, std::string hint = {})
      : core::UserError(message), at_(at), hint_(std::move(hint)) {}
  std::size_t at() const { return at_; }
  const std::string& hint() const { return hint_; }

 private:
  std::size_t at_;
  std::string hint_;
};

struct Syntax {
  enum class Kind { number, name, call, unary, binary, index, slice, list };
  Kind kind = Kind::number;
  std::size_t at = 0;
  double number = 0.0;
  std::string text;           ///< of a name, a call, an operator
  std::vector<Syntax> parts;  ///< arguments, operands, entries; of an index: array, place; of a slice: array, from, to
};

struct Definition {
  std::string name;
  std::size_t at = 0;
  Syntax value;
  std::vector<std::string> arguments;  ///< of a function; none: a value
};

/// One formula; line breaks do not count.
Syntax parse_formula(const std::string& text);
/// Lines `name = formula` or `name(a, b) = formula`; a formula goes on in the next line inside brackets.
std::vector<Definition> parse_definitions(const std::string& text);

}  // namespace aleator::math
