#pragma once
/// What      A Tape of few numbers, entry by entry: what formulas run that are evaluated millions of times, the rates of models
///           in time.
/// Method    Arrays are taken apart: each step is one operation on single numbers, `width` samples side by side in registers;
///           entries of arrays that are only moved cost nothing, and a step that is there already is not made again. Values
///           have the bits of the Tape. Derivatives as there: nothing flows where an adjoint (or tangent) is 0.
/// Parallel  running: const, a workspace for each thread; a sample's bits do not depend on its place.
/// Cost      some 4 ns a step and `width` samples for values, three times that for a gradient, where the operation has a vector
///           instruction.
/// Fails     of() returns null for programs with other operations, or of more than 1024 steps.
#include <memory>
#include <tuple>
#include <vector>

#include "kernels/vector_math.hpp"
#include "math/expression/tape.hpp"

namespace aleator::math {

class ScalarProgram {
 public:
  static constexpr int width = 2 * kernels::vector_lanes;

  /// `parts`: the tape's columns come in so many arrays, of these sizes.
  static std::shared_ptr<const ScalarProgram> of(const Tape& tape, const std::vector<int>& parts);

  struct alignas(64) Line {
    double number[width];
  };
  struct Workspace {
    std::vector<Line> values, flows;
  };
  /// The arrays, entry by entry, `width` samples each; null where nothing depends on it, or no derivative is wanted.
  using In = const double* const*;
  using Out = double* const*;

  /// y: the results, entry by entry; they may not lie where the inputs do. Null: derivatives alone are wanted.
  void run(In inputs, double* y, Workspace& w) const;
  /// After run: gradients += J^T dy.
  void pull_back(In inputs, const double* dy, Out gradients, Workspace& w) const;
  /// After run: dy = J directions.
  void push_forward(In inputs, In directions, double* dy, Workspace& w) const;

 private:
  friend class ScalarCompiler;
  enum class Kind { add, subtract, multiply, divide, fused, fused_minus, negate, square, unary, binary, select };
  struct Place {
    int base, entry;  // base 0: of a step; 1: of a constant; 2 …: of the inputs
    bool operator<(const Place& other) const { return std::tie(base, entry) < std::tie(other.base, other.entry); }
    bool operator==(const Place& other) const { return base == other.base && entry == other.entry; }
  };
  static constexpr int step_base = 0, constant_base = 1, input_base = 2;
  // fused: a b + c; fused_minus: c - a b; select: a != 0 ? b : c
  struct Step {
    Kind kind;
    Code code;
    Place a, b, c;
  };
  // Where the numbers of a place are, or their derivatives.
  template <typename Pointer>
  struct Bases {
    static constexpr int most = 6;
    Pointer at[most];
    Pointer operator()(const Place& place) const {
      const Pointer base = at[place.base];
      return base == nullptr ? nullptr : base + static_cast<std::ptrdiff_t>(place.entry) * width;
    }
  };
  template <typename Pointer>
  Bases<Pointer> bases(Pointer steps, Pointer constants, const Pointer* inputs) const;
  template <typename Wanted, typename Use>
  static void with_slopes(const Step& step, const double* const* operands, const double* y, const Wanted& is_wanted,
                          const Use& use);

  int parts_ = 0;
  std::vector<Step> steps_;
  std::vector<Line> constants_;
  std::vector<Place> results_;
};

}  // namespace aleator::math
