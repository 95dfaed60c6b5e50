#include "math/expression/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace aleator::math {
namespace {

struct Token {
  enum class Kind { number, name, sign, line_end, end };
  Kind kind = Kind::end;
  std::size_t at = 0;
  std::string text;
};

// Every byte of a character beyond ASCII is one: μ and σ are names.
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::size_t end_of_number(const std::string& text, std::size_t at) {
  const char* const begin = text.c_str() + at;
  char* end = nullptr;
  std::strtod(begin, &end);
  return at + static_cast<std::size_t>(end - begin);
}

std::vector<Token> tokens_of(const std::string& text) {
  std::vector<Token> tokens;
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t end = at + 1;
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == '\n' || c == ';') {
      if (depth == 0) tokens.push_back({Token::Kind::line_end, at, {c}});
      ++at;
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
    } else {
      Token::Kind kind = Token::Kind::sign;
      if (is_digit(c) || (c == '.' && end < text.size() && is_digit(text[end]))) {
        kind = Token::Kind::number, end = end_of_number(text, at);
      } else if (is_letter(c)) {
        kind = Token::Kind::name;
        while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
      } else if (std::string("+-*/^()[],:=<>!&|").find(c) == std::string::npos) {
        throw ExpressionError(at, std::string("the character '") + c + "' means nothing here");
      } else if (end < text.size()) {
        const std::string two = text.substr(at, 2);
        for (const char* const sign : {"<=", ">=", "==", "!=", "&&", "||", "**"})
          if (two == sign) end = at + 2;
      }
      if (c == '(' || c == '[') ++depth;
      if (c == ')' || c == ']') --depth;
      tokens.push_back({kind, at, text.substr(at, end - at)});
      at = end;
    }
  }
  tokens.push_back({Token::Kind::end, text.size(), ""});
  return tokens;
}

class Parser {
 public:
  Parser(const std::string& text, bool lines_count) : tokens_(tokens_of(text)) {
    if (lines_count) return;
    std::vector<Token> kept;
    for (Token& token : tokens_) {
      if (token.kind == Token::Kind::line_end && token.text == ";")
        throw ExpressionError(token.at, "';' ends a definition; here one formula is wanted");
      if (token.kind != Token::Kind::line_end) kept.push_back(std::move(token));
    }
    tokens_ = std::move(kept);
  }

  Syntax whole_formula() {
    Syntax formula = expression(0);
    if (now().kind != Token::Kind::end) unexpected("an operator or the end");
    return formula;
  }

  std::vector<Definition> definitions() {
    std::vector<Definition> all;
    while (true) {
      while (now().kind == Token::Kind::line_end) ++next_;
      if (now().kind == Token::Kind::end) return all;
      if (now().kind != Token::Kind::name) unexpected("a name and '='");
      Definition one{now().text, now().at, {}, {}};
      ++next_;
      if (take("(")) one.arguments = argument_names();
      expect("=");
      one.value = expression(0);
      if (now().kind != Token::Kind::end && now().kind != Token::Kind::line_end)
        unexpected("an operator or a new line");
      all.push_back(std::move(one));
    }
  }

 private:
  const Token& now() const { return tokens_[next_]; }
  bool is_sign(const char* text) const { return now().kind == Token::Kind::sign && now().text == text; }
  bool take(const char* text) { return is_sign(text) && (++next_, true); }
  void expect(const char* text) {
    if (!take(text)) unexpected(std::string("'") + text + "'");
  }
  [[noreturn]] void unexpected(const std::string& wanted) const {
    const std::string found = now().kind == Token::Kind::end        ? "the formula ends"
                              : now().kind == Token::Kind::line_end ? "the line ends"
                                                                    : "'" + now().text + "' stands";
    throw ExpressionError(now().at, found + " where " + wanted + " is expected");
  }

  std::vector<std::string> argument_names() {
    std::vector<std::string> names;
    do {
      if (now().kind != Token::Kind::name) unexpected("the name of an argument");
      if (std::find(names.begin(), names.end(), now().text) != names.end())
        throw ExpressionError(now().at, "the argument '" + now().text + "' is named twice");
      names.push_back(now().text);
      ++next_;
    } while (take(","));
    expect(")");
    return names;
  }

  static int power_of(const std::string& sign) {
    if (sign == "||") return 1;
    if (sign == "&&") return 2;
    for (const char* const one : {"<", "<=", ">", ">=", "==", "!="})
      if (sign == one) return comparison_power;
    if (sign == "+" || sign == "-") return 4;
    if (sign == "*" || sign == "/") return 5;
    return sign == "^" || sign == "**" ? unary_power + 1 : 0;
  }

  // One level of nesting, as long as it lives.
  class Level {
   public:
    explicit Level(Parser& parser) : depth_(parser.depth_) {
      constexpr int deepest = 1000;  // the compiler follows with a stack frame or two a level
      if (++depth_ > deepest)
        throw ExpressionError(parser.now().at, fmt::format("the formula is nested more than {} levels deep", deepest));
    }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    int& depth_;
  };

  Syntax expression(int least_power) {
    const Level level(*this);
    Syntax left = prefix();
    int before = 0;
    while (now().kind == Token::Kind::sign) {
      const Token sign = now();
      const int power = power_of(sign.text);
      if (power == 0 || power <= least_power) break;
      if (power == comparison_power && before == comparison_power)
        throw ExpressionError(sign.at, "comparisons do not chain: a < b < c compares 0 or 1 with c",
                              "a < b && b < c, or brackets");
      before = power;
      ++next_;
      const bool from_right = power > unary_power;
      Syntax both{Syntax::Kind::binary, sign.at, 0.0, sign.text == "**" ? "^" : sign.text, {}};
      both.parts.reserve(2);  // a list in braces would copy them, and all that they hold
      both.parts.push_back(std::move(left));
      both.parts.push_back(expression(from_right ? unary_power - 1 : power));
      left = std::move(both);
    }
    return left;
  }

  Syntax prefix() {
    const Token token = now();
    if (take("-")) return {Syntax::Kind::unary, token.at, 0.0, "-", {expression(unary_power)}};
    if (take("!")) return {Syntax::Kind::unary, token.at, 0.0, "!", {expression(unary_power)}};
    if (take("+")) return expression(unary_power);
    return postfix(primary());
  }

  Syntax primary() {
    const Token token = now();
    if (token.kind == Token::Kind::number) {
      ++next_;
      return {Syntax::Kind::number, token.at, std::strtod(token.text.c_str(), nullptr), token.text, {}};
    }
    if (token.kind == Token::Kind::name) {
      ++next_;
      if (!take("(")) return {Syntax::Kind::name, token.at, 0.0, token.text, {}};
      return {Syntax::Kind::call, token.at, 0.0, token.text, entries(")")};
    }
    if (take("(")) {
      Syntax inner = expression(0);
      expect(")");
      return inner;
    }
    if (take("[")) return {Syntax::Kind::list, token.at, 0.0, "", entries("]")};
    unexpected("a number, a name or '('");
  }

  std::vector<Syntax> entries(const char* closing) {
    std::vector<Syntax> all;
    if (take(closing)) return all;
    // Stan writes normal_lpdf(y | mu, sigma).
    do all.push_back(expression(0));
    while (take(",") || (all.size() == 1 && *closing == ')' && take("|")));
    expect(closing);
    return all;
  }

  // array[place], array[from:to]; an end left out is a NaN.
  Syntax postfix(Syntax left) {
    while (is_sign("[")) {
      const std::size_t at = now().at;
      ++next_;
      const Syntax open{Syntax::Kind::number, at, std::nan(""), "", {}};
      Syntax from = is_sign(":") ? open : expression(0);
      if (take(":")) {
        Syntax to = is_sign("]") ? open : expression(0);
        left = {Syntax::Kind::slice, at, 0.0, "", {std::move(left), std::move(from), std::move(to)}};
      } else {
        left = {Syntax::Kind::index, at, 0.0, "", {std::move(left), std::move(from)}};
      }
      expect("]");
    }
    return left;
  }

  static constexpr int comparison_power = 3, unary_power = 6;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace

Syntax parse_formula(const std::string& text) { return Parser(text, false).whole_formula(); }

std::vector<Definition> parse_definitions(const std::string& text) { return Parser(text, true).definitions(); }

}  // namespace aleator::math
