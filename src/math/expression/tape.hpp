#pragma once
/// What      A straight-line program over arrays of numbers, with exact gradients: what a formula is compiled to.
/// Method    instructions on slots of fixed size; values forwards, adjoints backwards (reverse mode, Griewank and Walther
///           2008), tangents forwards. Lanes: `width` rows side by side (8 of small programs, 1 where arrays are long
///           enough to fill the vector registers themselves), lane fastest. Where an adjoint is exactly 0 nothing flows
///           on, so that the branch of an `if` that was not taken cannot turn a gradient into NaN.
/// Parallel  building: local. Running: const, a workspace for each call; a row's bits do not depend on its lane.
/// Cost      a run: the sum of the slots' sizes, once forwards, about twice backwards, once more for a tangent.
/// Fails     ALEATOR_ASSERT for operands that do not fit (the compiler has checked them).
#include <optional>
#include <utility>
#include <vector>

namespace aleator::math {

enum class Code {
  input,
  gather,
  join,
  sum,
  log_sum_exp,
  group_sum,
  matrix_product,
  recurrence,
  normal_form,
  select,
  negate,
  exp,
  log,
  sqrt,
  square,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  abs,
  log1p,
  expm1,
  softplus,
  logistic,
  lgamma,
  erf,
  log_normal_cdf,
  normal_quantile,
  digamma,
  floor,
  is_nan,
  add,
  subtract,
  multiply,
  divide,
  power,
  atan2,
  minimum,
  maximum,
  less,
  less_equal,
  equal,
  sum_of_products,  ///< a_1 b_1 + a_2 b_2 + ..., of operands a_1, b_1, a_2, ...
  cholesky
};

struct Instruction {
  Code code;
  int out;
  std::vector<int> operands;  ///< slots
  std::vector<int>
      places;  ///< gather: entries of the operand; input: the first column; group_sum: the group of each entry;
               ///< sum_of_products: the sign of each; cholesky: n
  std::vector<int>
      first_adjoints{};  ///< slots whose adjoints begin at 0 here, when the program is gone through backwards
};

class Tape {
 public:
  static constexpr int lanes = 8;

  int constant(std::vector<double> values);
  int input(int first_column, int size);
  /// Elementwise; operands of size 1 stand for all entries. Select: condition, then, else.
  int apply(Code code, std::vector<int> operands);
  int gather(int array, std::vector<int> places);
  /// Arrays one after the other.
  int join(const std::vector<int>& arrays);
  /// out_g = sum of the entries i with group[i] = g, for g = 0 … groups - 1.
  int group_sum(int array, std::vector<int> group, int groups);
  /// sign_1 a_1 b_1 + sign_2 a_2 b_2 + ..., entry by entry; `factors` are a_1, b_1, a_2, ...
  int sum_of_products(const std::vector<int>& factors, const std::vector<int>& signs);
  /// M v for a matrix M (rows one after the other) whose rows are as long as v; M^T v for one with as many rows as v has entries.
  int matrix_product(int matrix, int vector, bool is_transposed);
  /// y_i = a_i y_(i-1) + b_i with y_(-1) = start; a or b may be one number for all.
  int recurrence(int start, int a, int b);
  /// log N(r; 0, C) of residuals r (n) with covariance C (n x n); NaN where C is not positive definite.
  int normal_form(int residuals, int covariance);
  /// L of C = L L^T (n x n, row after row; zeros above the diagonal); NaN where C is not positive definite.
  int cholesky(int matrix, int n);

  int size(int slot) const { return slots_[static_cast<std::size_t>(slot)].size; }
  bool is_constant(int slot) const { return slots_[static_cast<std::size_t>(slot)].is_constant; }
  const std::vector<double>& values_of(int constant) const { return slots_[static_cast<std::size_t>(constant)].values; }

  /// No more instructions: `result` is what a run gives. What it does not depend on is dropped, sums of products become one
  /// instruction each.
  void finish(int result);
  int results() const { return size(result_); }
  /// The program of some entries of the result alone (places in rising order): what they do not hang on is left out, and
  /// arrays are as short as they need. After finish.
  Tape only(const std::vector<int>& entries) const;
  /// A result that is offset + sum of weight * input column, whatever the inputs are.
  struct Affine {
    double offset = 0.0;
    std::vector<std::pair<int, double>> weights;  ///< column, weight; in rising order, none of them 0
  };
  /// Of each entry of the result; nothing where the instructions do not plainly make it so. After finish.
  std::vector<std::optional<Affine>> affine_results() const;
  /// After finish: whether the result depends on this slot.
  bool is_needed(int slot) const;
  int width() const { return width_; }

  /// The values of all slots, and their adjoints or tangents; reused from run to run.
  struct Workspace {
    std::vector<double> values, adjoints;
  };
  /// u[lane], y[lane] -> rows of the inputs and results.
  void run(const double* const* u, double* const* y, Workspace& w) const;
  /// After run: du = J^T dy; every column of the inputs is set.
  void pull_back(const double* const* dy, int columns, double* const* du, Workspace& w) const;
  /// After run: dy = J du.
  void push_forward(const double* const* du, double* const* dy, Workspace& w) const;

 private:
  friend class TapeCut;
  friend class ScalarCompiler;
  struct Slot {
    int size = 1;
    bool is_constant = false;
    std::vector<double> values;  // of a constant
    std::size_t offset = 0;      // in units of lanes: of a variable in the workspace, of a constant in constants_
  };
  int add(Code code, int size, std::vector<int> operands, std::vector<int> places);
  void join_products();
  void place_slots();
  std::vector<char> needed_slots() const;
  template <int width>
  void forward_products(const Instruction& instruction, const std::vector<const double*>& operands, double* out) const;
  template <int width>
  void backward_products(const Instruction& instruction, Workspace& w) const;
  template <int width>
  void tangent_products(const Instruction& instruction, Workspace& w) const;
  template <int width>
  bool forward_sums(const Instruction& instruction, const std::vector<const double*>& operands, double* out) const;
  template <int width>
  bool backward_sums(const Instruction& instruction, Workspace& w) const;
  const double* value(int slot, const Workspace& w, int width) const;
  template <int width>
  void forward(const Instruction& instruction, const std::vector<const double*>& operands, double* out) const;
  template <int width>
  void run_lanes(const double* const* u, double* const* y, Workspace& w) const;
  template <int width>
  void backward(const Instruction& instruction, Workspace& w) const;
  template <int width>
  void pull_back_lanes(const double* const* dy, int columns, double* const* du, Workspace& w) const;

  template <int width>
  void tangent(const Instruction& instruction, Workspace& w) const;
  template <int width>
  bool tangent_sums(const Instruction& instruction, Workspace& w) const;
  template <int width>
  void push_forward_lanes(const double* const* du, double* const* dy, Workspace& w) const;

  std::vector<Slot> slots_;
  std::vector<Instruction> program_;
  std::vector<double> constants_;
  std::size_t variables_ = 0;  // entries of all variable slots
  int result_ = -1, width_ = lanes;
};

}  // namespace aleator::math
