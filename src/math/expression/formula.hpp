#pragma once
/// What      Formulas with named parameters, data and definitions, compiled once and evaluated for batches of rows.
/// Method    names and sizes are resolved at set-up, constants folded, and the rest put on a Tape, which is taken apart where its
///           arrays are short (ScalarProgram). Values are numbers or arrays;
///           arithmetic is elementwise, a number stands for all entries of an array, places count from 0.
/// Parallel  local rows, threads over tiles of rows; a row's bits do not depend on the others.
/// Cost      set-up: milliseconds; a row: see Tape.
/// Fails     FormulaError with the place of the character: syntax, unknown names, sizes that do not fit.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/batch.hpp"
#include "math/expression/scalar_program.hpp"
#include "math/expression/syntax.hpp"
#include "math/expression/tape.hpp"

namespace aleator::math {

/// "theta[8]": a name and how many numbers it stands for; of data also the numbers.
struct NamedArray {
  std::string name;
  int size = 1;
  std::vector<double> values;
};

struct FormulaText {
  std::vector<std::string> parameters;   ///< "mu", "theta[8]"
  std::vector<NamedArray> data;          ///< columns of a file
  std::vector<std::string> definitions;  ///< lines "name = formula"
  std::vector<std::string> results;      ///< formulas, or "name = formula"
  bool has_time = false;                 ///< the last parameter is the time, whose name is reserved
};

/// Which text is wrong, where and why.
struct FormulaError : core::UserError {
  enum class Text { parameters, definitions, results };
  FormulaError(Text text, int entry, const ExpressionError& error)
      : core::UserError(error.what()), text(text), entry(entry), at(error.at()), hint(error.hint()) {}
  Text text;
  int entry;       ///< of the list
  std::size_t at;  ///< byte of that entry
  std::string hint;
};

class Formula {
 public:
  explicit Formula(const FormulaText& text);
  int inputs() const { return inputs_; }
  int outputs() const { return tape_.results(); }
  const std::vector<NamedArray>& parameters() const { return parameters_; }
  /// One array a result; its name is empty where the text gives none.
  const std::vector<NamedArray>& results() const { return results_; }
  /// The same formulas for some of their outputs alone (places in rising order), at a cost that falls with their number
  /// where each output hangs on its own entries of long arrays. results() is empty.
  Formula only(const std::vector<int>& outputs) const;

  /// y = F(u).
  void evaluate(kernels::ConstBatch u, kernels::Batch y) const;
  /// y = F(u), dy = cotangent(first row, y), du = J^T dy; the cotangent is called on worker threads for tiles of rows.
  using Cotangent = std::function<void(int first_row, kernels::ConstBatch y, kernels::Batch dy)>;
  void evaluate_and_pullback(kernels::ConstBatch u, kernels::Batch y, const Cotangent& cotangent,
                             kernels::Batch du) const;
  /// y = F(u), dy = J du.
  void evaluate_and_pushforward(kernels::ConstBatch u, kernels::ConstBatch du, kernels::Batch y,
                                kernels::Batch dy) const;
  /// Names of the parameters on which no result depends.
  const std::vector<std::string>& unused_parameters() const { return unused_; }
  /// The program itself, for those who have their own threads and lanes.
  const Tape& tape() const { return tape_; }

 private:
  Formula() = default;
  void take_apart();
  std::vector<NamedArray> parameters_, results_;
  std::vector<std::string> unused_;
  int inputs_ = 0;
  Tape tape_;
  std::shared_ptr<const ScalarProgram> program_;  // the same; null where the tape itself is run
};

}  // namespace aleator::math
