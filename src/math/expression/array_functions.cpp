// The functions of a Compiler that make, cut, sum and repeat arrays.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "math/expression/compiler.hpp"

namespace aleator::math {
namespace {

std::vector<int> places_of_copies(int size, int times, bool entry_by_entry) {
  std::vector<int> places;
  places.reserve(static_cast<std::size_t>(size) * times);
  for (int i = 0; i < size * times; ++i) places.push_back(entry_by_entry ? i / times : i % size);
  return places;
}

}  // namespace

int Compiler::array_function(const Syntax& s) {
  const std::string& f = s.text;
  if (f == "rep" || f == "each") return repeated(s, f == "each");
  if (f == "group_sum") return group_sum(s);
  if (f == "mat_vec" || f == "mat_t_vec") return matrix_product(s);
  if (f == "multi_normal_lpdf") return multi_normal(s);
  if (f == "cholesky") return cholesky(s);
  if (f == "ode") return ode(s);
  if (f == "iterate") return iterate(s);
  if (f == "range") {
    std::vector<double> values;
    for (int i = 0, n = whole_argument(s, 0, 1); i < n; ++i) values.push_back(i);
    return tape_.constant(std::move(values));
  }
  if (f == "where") {
    std::vector<double> places;
    const std::vector<double> mask = known_numbers_of(s.parts[0]);
    for (std::size_t i = 0; i < mask.size(); ++i)
      if (mask[i] != 0.0) places.push_back(static_cast<double>(i));
    if (places.empty()) throw ExpressionError(s.at, "where(…) finds no entry that is not 0");
    return tape_.constant(std::move(places));
  }
  std::vector<int> a;
  for (const Syntax& part : s.parts) a.push_back(compile(part));
  if (f == "length") return number(tape_.size(a[0]));
  if (f == "is_missing") return tape_.apply(Code::is_nan, {a[0]});
  for (const int slot : a) refuse_missing(slot, Code::sum, s);
  if (f == "dot") return tape_.apply(Code::sum, {apply(Code::multiply, a, s)});
  if (f == "norm") return tape_.apply(Code::sqrt, {tape_.apply(Code::sum, {tape_.apply(Code::square, {a[0]})})});
  if (f == "mean") return tape_.apply(Code::divide, {tape_.apply(Code::sum, {a[0]}), number(tape_.size(a[0]))});
  if (f == "prod") {
    const int products = tape_.recurrence(number(1.0), a[0], number(0.0));
    return tape_.gather(products, {tape_.size(products) - 1});
  }
  if (f == "recurrence") {
    if (tape_.size(a[0]) != 1) throw ExpressionError(s.parts[0].at, "a recurrence starts from a number, not an array");
    const int sizes[] = {tape_.size(a[1]), tape_.size(a[2])};
    if (sizes[0] != 1 && sizes[1] != 1 && sizes[0] != sizes[1])
      throw ExpressionError(s.at, fmt::format("recurrence of arrays of {} and {} entries", sizes[0], sizes[1]),
                            "both as long, or one of them a number");
    return tape_.recurrence(a[0], a[1], a[2]);
  }
  if (f == "log_sum_exp") {
    if (a.size() == 2) return call_function(*function("log_add_exp"), a, s);
    return tape_.apply(Code::log_sum_exp, a);
  }
  const Code code = f == "min" ? Code::minimum : Code::maximum;
  return a.size() == 2 ? apply(code, a, s) : extreme(a[0], code);
}

// The smallest or largest entry: the first half against the second, and again.
int Compiler::extreme(int array, Code code) {
  while (tape_.size(array) > 1) {
    const int size = tape_.size(array), half = (size + 1) / 2;
    std::vector<int> first, second;
    for (int i = 0; i < half; ++i) first.push_back(i), second.push_back(std::min(half + i, size - 1));
    const int front = tape_.gather(array, std::move(first)), back = tape_.gather(array, std::move(second));
    array = tape_.apply(code, {front, back});
  }
  return array;
}

int Compiler::whole_argument(const Syntax& s, std::size_t k, int least) {
  const int value = whole_number(s.parts[k]);
  if (value < least)
    throw ExpressionError(s.parts[k].at, fmt::format("{} wants at least {} here, not {}", s.text, least, value));
  return value;
}

std::vector<double> Compiler::known_numbers_of(const Syntax& s) {
  const int slot = compile(s);
  if (!tape_.is_constant(slot))
    throw ExpressionError(s.at,
                          "numbers that are known beforehand are needed here, not ones that depend on parameters");
  return tape_.values_of(slot);
}

void Compiler::refuse_long_array(double entries, std::size_t at) {
  constexpr double longest = 1e8;
  if (entries > longest) throw ExpressionError(at, fmt::format("an array of {:.0f} entries is too long", entries));
}

int Compiler::repeated(const Syntax& s, bool entry_by_entry) {
  const int array = compile(s.parts[0]), times = whole_argument(s, 1, 1), size = tape_.size(array);
  refuse_long_array(static_cast<double>(size) * times, s.at);
  return tape_.gather(array, places_of_copies(size, times, entry_by_entry));
}

int Compiler::group_sum(const Syntax& s) {
  const int array = compile(s.parts[0]), groups = whole_argument(s, 2, 1), size = tape_.size(array);
  refuse_missing(array, Code::sum, s);
  const std::vector<double> group = known_numbers_of(s.parts[1]);
  if (static_cast<int>(group.size()) != size)
    throw ExpressionError(s.at, fmt::format("{} entries have {} groups: one for each is needed", size, group.size()));
  std::vector<int> places;
  for (const double g : group) {
    if (g != std::floor(g) || g < 0 || g >= groups)
      throw ExpressionError(s.parts[1].at, fmt::format("there is no group {} of {}", g, groups),
                            fmt::format("groups count from 0 to {}", groups - 1));
    places.push_back(static_cast<int>(g));
  }
  return tape_.group_sum(array, std::move(places), groups);
}

int Compiler::matrix_product(const Syntax& s) {
  const int matrix = compile(s.parts[0]), vector = compile(s.parts[1]);
  for (const int slot : {matrix, vector}) refuse_missing(slot, Code::sum, s);
  if (tape_.size(matrix) % tape_.size(vector) != 0)
    throw ExpressionError(
        s.at, fmt::format("a matrix of {} entries times a vector of {}", tape_.size(matrix), tape_.size(vector)),
        s.text == "mat_vec" ? "the matrix is given row by row, each row as long as the vector"
                            : "the matrix is given row by row, one row for each entry of the vector");
  return tape_.matrix_product(matrix, vector, s.text == "mat_t_vec");
}

// Of a matrix that is known; of others the lower triangle is read.
void Compiler::refuse_unsymmetric(int matrix, int n, const Syntax& s) const {
  if (!tape_.is_constant(matrix)) return;
  const std::vector<double>& m = tape_.values_of(matrix);
  const auto at = [&](int i, int j) {
    return m[static_cast<std::size_t>(i) * static_cast<std::size_t>(n) + static_cast<std::size_t>(j)];
  };
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < i; ++j)
      if (std::abs(at(i, j) - at(j, i)) > 1e-8 * std::sqrt(std::abs(at(i, i) * at(j, j))))
        throw ExpressionError(s.at,
                              fmt::format("the matrix is not symmetric: entry [{}] is {}, entry [{}] is {}", i * n + j,
                                          at(i, j), j * n + i, at(j, i)),
                              "row by row, one row after the other");
}

int Compiler::multi_normal(const Syntax& s) {
  const int x = compile(s.parts[0]), mean = compile(s.parts[1]), covariance = compile(s.parts[2]);
  const int residuals = apply(Code::subtract, {x, mean}, s), n = tape_.size(residuals);
  refuse_missing(covariance, Code::sum, s);
  if (tape_.size(covariance) != n * n)
    throw ExpressionError(
        s.parts[2].at,
        fmt::format("the covariance of {} numbers has {} entries, not {}", n, n * n, tape_.size(covariance)),
        "row by row, one row after the other");
  refuse_unsymmetric(covariance, n, s.parts[2]);
  const int density = tape_.normal_form(residuals, covariance);
  if (tape_.is_constant(covariance) &&
      std::isnan(tape_.values_of(tape_.normal_form(tape_.constant(std::vector<double>(n)), covariance))[0]))
    throw ExpressionError(s.parts[2].at, "the covariance is not positive definite");
  return density;
}

int Compiler::cholesky(const Syntax& s) {
  const int matrix = compile(s.parts[0]), size = tape_.size(matrix);
  const int n = static_cast<int>(std::lround(std::sqrt(static_cast<double>(size))));
  refuse_missing(matrix, Code::sum, s);
  if (n * n != size)
    throw ExpressionError(s.parts[0].at, fmt::format("{} entries are no square matrix", size),
                          "row by row, one row after the other");
  refuse_unsymmetric(matrix, n, s.parts[0]);
  const int factor = tape_.cholesky(matrix, n);
  if (tape_.is_constant(factor) && std::isnan(tape_.values_of(factor)[0]))
    throw ExpressionError(s.parts[0].at, "the matrix is not positive definite");
  return factor;
}

const Definition& Compiler::function_argument(const Syntax& s, std::size_t k, std::size_t arguments) {
  const Syntax& f = s.parts[k];
  const Definition* const known = f.kind == Syntax::Kind::name ? function(f.text) : nullptr;
  if (known == nullptr || known->arguments.size() != arguments)
    throw ExpressionError(f.at, fmt::format("{} wants the name of a function of (t, y) here", s.text),
                          "definitions = \"f(t, y) = -k * y\"");
  return *known;
}

constexpr long long most_formula_steps = 200000;  // each is part of the formula

// y(t) at `times` by `steps` classical Runge-Kutta steps (Kutta 1901) from each time to the next, times one after the other.
int Compiler::ode(const Syntax& s) {
  const Definition f = function_argument(s, 0, 2);
  int y = compile(s.parts[1]);
  const std::vector<double> start = known_numbers_of(s.parts[2]), times = known_numbers_of(s.parts[3]);
  const int steps = whole_argument(s, 4, 1), size = tape_.size(y);
  if (start.size() != 1) throw ExpressionError(s.parts[2].at, "the first time is a number, not an array");
  if (static_cast<long long>(times.size()) * steps > most_formula_steps)
    throw ExpressionError(s.parts[4].at, fmt::format("{} x {} steps are too many for a formula", times.size(), steps),
                          "fewer steps, or a model/program");
  const auto slope = [&](double t, int at) {
    const int dy = call_function(f, {number(t), at}, s);
    if (tape_.size(dy) != size)
      throw ExpressionError(s.parts[0].at,
                            fmt::format("{} has {} entries for a state of {}", f.name, tape_.size(dy), size));
    return dy;
  };
  const auto moved = [&](int from, double h, int along) {
    return tape_.apply(Code::add, {from, tape_.apply(Code::multiply, {number(h), along})});
  };
  std::vector<int> states;
  double now = start[0];
  for (const double time : times) {
    if (!(time >= now))
      throw ExpressionError(s.parts[3].at, fmt::format("the time {} does not come after {}", time, now));
    const double h = (time - now) / steps;
    for (int k = 0; k < steps && time > now; ++k) {
      const double t = now + k * h;
      const int k1 = slope(t, y), k2 = slope(t + h / 2, moved(y, h / 2, k1)),
                k3 = slope(t + h / 2, moved(y, h / 2, k2)), k4 = slope(t + h, moved(y, h, k3));
      y = moved(moved(moved(moved(y, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
    }
    now = time;
    states.push_back(y);
  }
  return tape_.join(states);
}

// y_1 … y_n with y_k = f(k, y_(k-1)), one after the other.
int Compiler::iterate(const Syntax& s) {
  const Definition f = function_argument(s, 0, 2);
  int y = compile(s.parts[1]);
  std::vector<int> states;
  const int n = whole_argument(s, 2, 1);
  if (n > most_formula_steps)
    throw ExpressionError(s.parts[2].at, fmt::format("{} steps are too many for a formula", n),
                          "recurrence, where a step is linear, or a model/program");
  for (int k = 1; k <= n; ++k) {
    const int next = call_function(f, {number(k), y}, s);
    if (tape_.size(next) != tape_.size(y))
      throw ExpressionError(
          s.parts[0].at, fmt::format("{} has {} entries for a state of {}", f.name, tape_.size(next), tape_.size(y)));
    states.push_back(y = next);
  }
  return tape_.join(states);
}

}  // namespace aleator::math
