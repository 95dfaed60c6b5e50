#pragma once
/// What      Puts a parsed formula on a Tape.
/// Method    a walk over the tree; sizes are checked where operands meet, constants are folded by the Tape. A call of a function
///           that is a formula (the user's, or of the library) puts that formula in its place.
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
  /// A name for a slot, and what it is to be called where it is given again; ExpressionError at `at` when it is taken or that of
  /// a function.
  void define(const std::string& name, int slot, std::size_t at, const std::string& what = "defined already");
  int compile(const Syntax& formula);
  /// A function of the user's; ExpressionError when its name is taken.
  void define_function(Definition definition);

 private:
  int name(const Syntax& s) const;
  int binary(const Syntax& s);
  int power(const Syntax& s);
  int call(const Syntax& s);
  int call_function(const Definition& function, const std::vector<int>& arguments, const Syntax& s);
  int array_function(const Syntax& s);
  static void refuse_long_array(double entries, std::size_t at);
  int repeated(const Syntax& s, bool entry_by_entry);
  int group_sum(const Syntax& s);
  int matrix_product(const Syntax& s);
  int multi_normal(const Syntax& s);
  int cholesky(const Syntax& s);
  int extreme(int array, Code code);
  int ode(const Syntax& s);
  int iterate(const Syntax& s);
  /// The function that argument k names.
  const Definition& function_argument(const Syntax& s, std::size_t k, std::size_t arguments);
  int whole_argument(const Syntax& s, std::size_t k, int least);
  std::vector<double> known_numbers_of(const Syntax& s);
  const Definition* function(const std::string& name) const;
  std::vector<std::string> function_names() const;
  int index(const Syntax& s);
  int slice(const Syntax& s);
  int apply(Code code, const std::vector<int>& operands, const Syntax& s);
  void refuse_missing(int slot, Code code, const Syntax& s) const;
  void refuse_fractions(int counts, const Syntax& s) const;
  void refuse_falling(int points, const Syntax& s) const;
  void refuse_unsymmetric(int matrix, int n, const Syntax& s) const;
  /// A whole number known at set-up.
  int whole_number(const Syntax& s);
  int number(double value) { return tape_.constant({value}); }
  void refuse_taken(const std::string& name, std::size_t at) const;
  Tape& tape_;
  std::map<std::string, int> names_;
  std::map<std::string, std::string> what_;      // the names are
  std::map<std::string, Definition> functions_;  // the user's
  std::map<std::string, int> arguments_;         // of the function whose formula is compiled
  int depth_ = 0;                                // of calls within calls
};

}  // namespace aleator::math
