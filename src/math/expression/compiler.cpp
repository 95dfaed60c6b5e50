#include "math/expression/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "deck/diagnostics.hpp"
#include "math/expression/library.hpp"

namespace aleator::math {
namespace {

struct Function {
  Code code;
  int arguments;
};

const std::map<std::string, Function>& elementary_functions() {
  static const std::map<std::string, Function> all = {{"exp", {Code::exp, 1}},
                                                      {"log", {Code::log, 1}},
                                                      {"sqrt", {Code::sqrt, 1}},
                                                      {"square", {Code::square, 1}},
                                                      {"sin", {Code::sin, 1}},
                                                      {"cos", {Code::cos, 1}},
                                                      {"tan", {Code::tan, 1}},
                                                      {"asin", {Code::asin, 1}},
                                                      {"acos", {Code::acos, 1}},
                                                      {"atan", {Code::atan, 1}},
                                                      {"sinh", {Code::sinh, 1}},
                                                      {"cosh", {Code::cosh, 1}},
                                                      {"tanh", {Code::tanh, 1}},
                                                      {"abs", {Code::abs, 1}},
                                                      {"log1p", {Code::log1p, 1}},
                                                      {"expm1", {Code::expm1, 1}},
                                                      {"log1p_exp", {Code::softplus, 1}},
                                                      {"inv_logit", {Code::logistic, 1}},
                                                      {"lgamma", {Code::lgamma, 1}},
                                                      {"erf", {Code::erf, 1}},
                                                      {"log_normal_cdf", {Code::log_normal_cdf, 1}},
                                                      {"normal_quantile", {Code::normal_quantile, 1}},
                                                      {"digamma", {Code::digamma, 1}},
                                                      {"floor", {Code::floor, 1}},
                                                      {"sum", {Code::sum, 1}},
                                                      {"pow", {Code::power, 2}},
                                                      {"atan2", {Code::atan2, 2}},
                                                      {"if", {Code::select, 3}}};
  return all;
}

// Functions of arrays, with the least and the largest number of arguments.
const std::map<std::string, std::pair<int, int>>& array_functions() {
  static const std::map<std::string, std::pair<int, int>> all = {
      {"dot", {2, 2}},         {"mean", {1, 1}},       {"norm", {1, 1}},
      {"length", {1, 1}},      {"rep", {2, 2}},        {"each", {2, 2}},
      {"range", {1, 1}},       {"min", {1, 2}},        {"max", {1, 2}},
      {"log_sum_exp", {1, 2}}, {"group_sum", {3, 3}},  {"mat_vec", {2, 2}},
      {"mat_t_vec", {2, 2}},   {"recurrence", {3, 3}}, {"where", {1, 1}},
      {"is_missing", {1, 1}},  {"prod", {1, 1}},       {"multi_normal_lpdf", {3, 3}},
      {"cholesky", {1, 1}},    {"ode", {5, 5}},        {"iterate", {3, 3}}};
  return all;
}

std::pair<int, int> arguments_of(const std::string& function) {
  if (const auto f = array_functions().find(function); f != array_functions().end()) return f->second;
  if (const auto f = elementary_functions().find(function); f != elementary_functions().end())
    return {f->second.arguments, f->second.arguments};
  return {0, 0};
}

const std::map<std::string, double>& known_numbers() {
  static const std::map<std::string, double> all = {{"pi", M_PI},
                                                    {"infinity", std::numeric_limits<double>::infinity()}};
  return all;
}

std::string listed(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

const Definition* Compiler::function(const std::string& name) const {
  if (const auto own = functions_.find(name); own != functions_.end()) return &own->second;
  const auto known = formula_library().find(name);
  return known == formula_library().end() ? nullptr : &known->second;
}

std::vector<std::string> Compiler::function_names() const {
  std::vector<std::string> names;
  for (const auto& [name, one] : elementary_functions()) names.push_back(name);
  for (const auto& [name, one] : array_functions()) names.push_back(name);
  for (const auto& [name, one] : formula_library()) names.push_back(name);
  for (const auto& [name, one] : functions_) names.push_back(name);
  return names;
}

void Compiler::refuse_taken(const std::string& name, std::size_t at) const {
  if (const auto taken = what_.find(name); taken != what_.end())
    throw ExpressionError(at, fmt::format("'{}' is {}", name, taken->second), "choose another name");
}

// A value may be called like a function (a column "mean", a parameter "sd"): a call is told from it by its brackets.
void Compiler::define(const std::string& name, int slot, std::size_t at, const std::string& what) {
  if (known_numbers().count(name) != 0)
    throw ExpressionError(at, fmt::format("'{}' is the name of a constant", name), "choose another name");
  refuse_taken(name, at);
  names_.emplace(name, slot), what_.emplace(name, what);
}

void Compiler::define_function(Definition definition) {
  const std::string name = definition.name;
  const std::size_t at = definition.at;
  if (arguments_of(name).second > 0 || formula_library().count(name) != 0)
    throw ExpressionError(at, fmt::format("'{}' is a function already", name), "choose another name");
  refuse_taken(name, at);
  functions_.emplace(name, std::move(definition)), what_.emplace(name, "defined already");
}

int Compiler::compile(const Syntax& s) {
  switch (s.kind) {
    case Syntax::Kind::number:
      return number(s.number);
    case Syntax::Kind::name:
      return name(s);
    case Syntax::Kind::call:
      return call(s);
    case Syntax::Kind::unary: {
      const int operand = compile(s.parts[0]);
      return s.text == "-" ? tape_.apply(Code::negate, {operand}) : tape_.apply(Code::equal, {operand, number(0.0)});
    }
    case Syntax::Kind::binary:
      return binary(s);
    case Syntax::Kind::index:
      return index(s);
    case Syntax::Kind::slice:
      return slice(s);
    case Syntax::Kind::list: {
      if (s.parts.empty()) throw ExpressionError(s.at, "the list is empty");
      std::vector<int> entries;
      double size = 0.0;
      for (const Syntax& part : s.parts) {
        entries.push_back(compile(part));
        size += tape_.size(entries.back());
      }
      refuse_long_array(size, s.at);
      return tape_.join(entries);
    }
  }
  return -1;
}

int Compiler::name(const Syntax& s) const {
  if (const auto slot = arguments_.find(s.text); slot != arguments_.end()) return slot->second;
  if (const auto slot = names_.find(s.text); slot != names_.end()) return slot->second;
  if (const auto value = known_numbers().find(s.text); value != known_numbers().end())
    return tape_.constant({value->second});
  if (arguments_of(s.text).second > 0 || function(s.text) != nullptr)
    throw ExpressionError(s.at, fmt::format("'{}' is a function", s.text), s.text + "(…)");
  std::vector<std::string> names;
  for (const auto& [name, slot] : names_) names.push_back(name);
  for (const auto& [name, slot] : arguments_) names.push_back(name);
  const std::string nearest = deck::did_you_mean(s.text, names);
  throw ExpressionError(s.at, fmt::format("unknown name '{}'", s.text),
                        nearest.empty() ? "known: " + listed(names) : nearest);
}

int Compiler::apply(Code code, const std::vector<int>& operands, const Syntax& s) {
  int size = 1;
  for (const int operand : operands) {
    refuse_missing(operand, code, s);
    if (tape_.size(operand) == 1) continue;
    if (size != 1 && tape_.size(operand) != size)
      throw ExpressionError(s.at, fmt::format("'{}' of arrays of {} and {} entries", s.text, size, tape_.size(operand)),
                            "both as long, or one of them a number");
    size = tape_.size(operand);
  }
  return tape_.apply(code, operands);
}

int Compiler::binary(const Syntax& s) {
  if (s.text == "^") return power(s);
  const int a = compile(s.parts[0]), b = compile(s.parts[1]);
  const auto is_not_zero = [&](int slot) {
    return tape_.apply(Code::equal, {tape_.apply(Code::equal, {slot, number(0.0)}), number(0.0)});
  };
  if (s.text == "+") return apply(Code::add, {a, b}, s);
  if (s.text == "-") return apply(Code::subtract, {a, b}, s);
  if (s.text == "*") return apply(Code::multiply, {a, b}, s);
  if (s.text == "/") return apply(Code::divide, {a, b}, s);
  if (s.text == "<") return apply(Code::less, {a, b}, s);
  if (s.text == "<=") return apply(Code::less_equal, {a, b}, s);
  if (s.text == ">") return apply(Code::less, {b, a}, s);
  if (s.text == ">=") return apply(Code::less_equal, {b, a}, s);
  if (s.text == "==") return apply(Code::equal, {a, b}, s);
  if (s.text == "!=") return tape_.apply(Code::equal, {apply(Code::equal, {a, b}, s), number(0.0)});
  if (s.text == "&&") return apply(Code::multiply, {is_not_zero(a), is_not_zero(b)}, s);
  return apply(Code::maximum, {is_not_zero(a), is_not_zero(b)}, s);
}

// Small whole powers by products; they are exact and have derivatives at negative numbers.
int Compiler::power(const Syntax& s) {
  const int a = compile(s.parts[0]), b = compile(s.parts[1]);
  if (tape_.is_constant(b) && tape_.size(b) == 1) {
    const double exponent = tape_.values_of(b)[0];
    if (exponent == 1.0) return a;
    if (exponent == 2.0) return tape_.apply(Code::square, {a});
    if (exponent == 3.0) return tape_.apply(Code::multiply, {tape_.apply(Code::square, {a}), a});
    if (exponent == 4.0) return tape_.apply(Code::square, {tape_.apply(Code::square, {a})});
  }
  return apply(Code::power, {a, b}, s);
}

int Compiler::call(const Syntax& s) {
  const auto [least, most] = arguments_of(s.text);
  const Definition* const known = function(s.text);
  const int given = static_cast<int>(s.parts.size());
  if (most == 0 && known == nullptr) {
    if (names_.count(s.text) != 0 || arguments_.count(s.text) != 0)
      throw ExpressionError(s.at, fmt::format("'{}' is no function", s.text),
                            "an entry of an array: " + s.text + "[0]");
    const std::string nearest = deck::did_you_mean(s.text, function_names());
    throw ExpressionError(s.at, fmt::format("unknown function '{}'", s.text),
                          nearest.empty() ? "known: " + listed(function_names()) : nearest);
  }
  const int wanted = known != nullptr ? static_cast<int>(known->arguments.size()) : most;
  if (given > wanted || given < (known != nullptr ? wanted : least))
    throw ExpressionError(s.at,
                          fmt::format("{} takes {} argument{}, not {}", s.text, wanted, wanted == 1 ? "" : "s", given),
                          known != nullptr ? fmt::format("{}({})", s.text, fmt::join(known->arguments, ", ")) : "");
  if (array_functions().count(s.text) != 0) return array_function(s);
  std::vector<int> arguments;
  for (const Syntax& part : s.parts) arguments.push_back(compile(part));
  if (s.text == "interp" && known == &formula_library().at("interp")) refuse_falling(arguments[1], s.parts[1]);
  if (s.text.find("_lpmf") != std::string::npos && formula_library().count(s.text) != 0 &&
      known == &formula_library().at(s.text))
    refuse_fractions(arguments[0], s.parts[0]);
  if (known != nullptr) return call_function(*known, arguments, s);
  const Code code = elementary_functions().at(s.text).code;
  if (code != Code::sum) return apply(code, arguments, s);
  refuse_missing(arguments[0], code, s);
  return tape_.apply(code, arguments);
}

// Of points that are known.
void Compiler::refuse_falling(int points, const Syntax& s) const {
  if (!tape_.is_constant(points)) return;
  const std::vector<double>& x = tape_.values_of(points);
  for (std::size_t i = 1; i < x.size(); ++i)
    if (!(x[i] > x[i - 1]))
      throw ExpressionError(s.at, fmt::format("the points of interp do not rise: {} comes after {}", x[i], x[i - 1]),
                            "in rising order, and their values with them");
}

// Of counts that are known: the laws' formulas would take them for counts between.
void Compiler::refuse_fractions(int counts, const Syntax& s) const {
  if (!tape_.is_constant(counts)) return;
  const std::vector<double>& k = tape_.values_of(counts);
  const auto found = std::find_if(k.begin(), k.end(),
                                  [](double value) { return value < std::floor(value) || value > std::floor(value); });
  if (found != k.end())
    throw ExpressionError(s.at, fmt::format("entry {} of the counts is {}, no whole number", found - k.begin(), *found),
                          "a law of counts (_lpmf) takes whole numbers; take a density (_lpdf) for others");
}

// The function's formula in place of the call. What is wrong inside is shown where the function is called.
int Compiler::call_function(const Definition& function, const std::vector<int>& arguments, const Syntax& s) {
  constexpr int most_depth = 50;
  if (depth_ >= most_depth)
    throw ExpressionError(s.at, fmt::format("'{}' calls itself", function.name), "iterate(f, start, n) repeats a step");
  std::map<std::string, int> mine;
  for (std::size_t k = 0; k < arguments.size(); ++k) mine.emplace(function.arguments[k], arguments[k]);
  std::swap(mine, arguments_);
  ++depth_;
  try {
    const int result = compile(function.value);
    std::swap(mine, arguments_);
    --depth_;
    return result;
  } catch (const ExpressionError& error) {
    std::swap(mine, arguments_);
    --depth_;
    const std::string where = "in " + function.name,
                      what = error.what();  // x_lpdf is the sum of x_lpdfs: one name is enough
    throw ExpressionError(s.at, what.rfind(where, 0) == 0 ? what : where + ": " + what, error.hint());
  }
}

// Entries that are missing (or 0 / 0) would make every density of a run undefined.
void Compiler::refuse_missing(int slot, Code code, const Syntax& s) const {
  if (code == Code::is_nan || code == Code::select || !tape_.is_constant(slot)) return;
  const std::vector<double>& values = tape_.values_of(slot);
  const auto missing = std::find_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  if (missing == values.end()) return;
  throw ExpressionError(
      s.at, fmt::format("entry {} of an operand of '{}' is missing or not a number", missing - values.begin(), s.text),
      "missing values of a column y are left out by y[where(!is_missing(y))]; the logarithm of a negative number, as "
      "of a "
      "scale below 0 or of data out of a law's support, is none");
}

int Compiler::whole_number(const Syntax& s) {
  const int slot = compile(s);
  if (!tape_.is_constant(slot) || tape_.size(slot) != 1)
    throw ExpressionError(s.at, "a number that is known beforehand is needed here, not one that depends on parameters");
  const double value = tape_.values_of(slot)[0];
  if (value != std::floor(value) || std::abs(value) > 1e9)
    throw ExpressionError(s.at, fmt::format("a whole number is needed here, not {}", value));
  return static_cast<int>(value);
}

// array[3], or array[places] with places an array of data.
int Compiler::index(const Syntax& s) {
  const int array = compile(s.parts[0]), at = compile(s.parts[1]), size = tape_.size(array);
  if (!tape_.is_constant(at))
    throw ExpressionError(s.parts[1].at,
                          "a place that is known beforehand is needed here, not one that depends on parameters");
  std::vector<int> places;
  for (const double value : tape_.values_of(at)) {
    if (value != std::floor(value) || value < 0 || value >= size)
      throw ExpressionError(s.parts[1].at, fmt::format("there is no entry {} in an array of {}", value, size),
                            fmt::format("places count from 0 to {}", size - 1));
    places.push_back(static_cast<int>(value));
  }
  return tape_.gather(array, std::move(places));
}

// array[from:to] without the entry `to`.
int Compiler::slice(const Syntax& s) {
  const auto is_open = [](const Syntax& end) { return end.kind == Syntax::Kind::number && std::isnan(end.number); };
  const int array = compile(s.parts[0]), size = tape_.size(array);
  const int from = is_open(s.parts[1]) ? 0 : whole_number(s.parts[1]),
            to = is_open(s.parts[2]) ? size : whole_number(s.parts[2]);
  if (from < 0 || to > size || from >= to)
    throw ExpressionError(s.at, fmt::format("[{}:{}] holds no entries of an array of {}", from, to, size),
                          "from the first entry to the one behind the last; places count from 0");
  std::vector<int> places;
  for (int i = from; i < to; ++i) places.push_back(i);
  return tape_.gather(array, std::move(places));
}

}  // namespace aleator::math
