#pragma once
/// What      Puts a parsed formula on a Tape.
/// Method    a walk over the tree; sizes are checked where operands meet, constants are folded by the Tape.
/// Parallel  local.
/// Cost      linear in the formula.
/// Fails     ExpressionError: unknown names ("did you mean"), wrong numbers of arguments, sizes that do not fit, places that are
///           not known at set-up or outside their array.
#include <map>
#include <string>
#include <vector>

#include "math/expression/syntax.hpp"
#include "math/expression/tape.hpp"

namespace aleator::math {

class Compiler {
 public:
  explicit Compiler(Tape& tape) : tape_(tape) {}
  /// A name for a slot; ExpressionError at `at` when it is taken or that of a function.
  void define(const std::string& name, int slot, std::size_t at);
  int compile(const Syntax& formula);

 private:
  int name(const Syntax& s) const;
  int binary(const Syntax& s);
  int power(const Syntax& s);
  int call(const Syntax& s);
  int composed(const Syntax& s, const std::vector<int>& arguments);
  int normal_lpdf(const Syntax& s, const std::vector<int>& a);
  int index(const Syntax& s);
  int slice(const Syntax& s);
  int apply(Code code, const std::vector<int>& operands, const Syntax& s);
  /// A whole number known at set-up.
  int whole_number(const Syntax& s);
  int number(double value) { return tape_.constant({value}); }
  Tape& tape_;
  std::map<std::string, int> names_;
};

}  // namespace aleator::math
