#include "external/umbridge/protocol.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/utf8.hpp"

namespace aleator::external {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// One pass over the text of a reply. Every function returns false where the text is not of the form expected.
class Scanner {
 public:
  explicit Scanner(const std::string& text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool token(std::string_view word) {
    skip_blanks();
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool is_at_end() {
    skip_blanks();
    return at_ == end_;
  }
  bool number(double& value) {
    skip_blanks();
    if (token("null")) {
      value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    const auto [end, error] = std::from_chars(at_, end_, value);  // knows nan and infinity too
    if (error == std::errc::result_out_of_range)
      value = std::strtod(std::string(at_, end).c_str(), nullptr);  // 1e-400 is 0, 1e400 infinity
    else if (error != std::errc())
      return false;
    at_ = end;
    return true;
  }
  // Counts what is there, stores what there is room for.
  bool vector(double* values, int room, int& count) {
    count = 0;
    if (!token("[")) return false;
    if (token("]")) return true;
    do {
      double value = 0.0;
      if (!number(value)) return false;
      if (count < room) values[count] = value;
      ++count;
    } while (token(","));
    return token("]");
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }
  const char *at_, *end_;
};

std::string beginning_of(const std::string& text) {
  std::string shown = core::beginning_of(text, 120);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return shown;
}

std::string listed(const std::vector<int>& sizes) { return fmt::format("[{}]", fmt::join(sizes, ", ")); }

[[noreturn]] void refuse(const std::string& reply) {
  const nlohmann::json json = parsed_json(reply);
  if (json.is_object() && json.contains("error")) throw UmbridgeError(error_in(200, reply));
  throw UmbridgeError(json.is_discarded()
                          ? fmt::format("the answer is not JSON: '{}'", beginning_of(reply))
                          : fmt::format("the answer has no numbers in \"output\": '{}'", beginning_of(reply)));
}

// {"output": [[…], …]} where `output` comes first or alone; replies of another form are brought into this one.
bool scan_outputs(const std::string& reply, const std::vector<int>& sizes, double* values, std::vector<int>& found) {
  Scanner scan(reply);
  if (!scan.token("{") || !scan.token("\"output\"") || !scan.token(":") || !scan.token("[")) return false;
  found.clear();
  int offset = 0;
  if (!scan.token("]")) {
    do {
      const std::size_t k = found.size();
      int count = 0;
      if (!scan.vector(values + offset, k < sizes.size() ? sizes[k] : 0, count)) return false;
      offset += k < sizes.size() ? sizes[k] : 0;
      found.push_back(count);
    } while (scan.token(","));
    if (!scan.token("]")) return false;
  }
  return scan.token("}") && scan.is_at_end();
}

bool scan_output(const std::string& reply, int size, double* values, int& found) {
  Scanner scan(reply);
  return scan.token("{") && scan.token("\"output\"") && scan.token(":") && scan.vector(values, size, found) &&
         scan.token("}") && scan.is_at_end();
}

// The reply with `output` alone in it, or empty.
std::string only_output(const std::string& reply) {
  const nlohmann::json json = parsed_json(reply);
  if (!json.is_object() || json.contains("error") || !json.contains("output")) return {};
  return nlohmann::json{{"output", json["output"]}}.dump();
}

}  // namespace

nlohmann::json parsed_json(const std::string& text) {
  constexpr int deepest = 64;
  bool is_too_deep = false;
  const auto keep = [&is_too_deep](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    is_too_deep = is_too_deep || depth > deepest;
    return !is_too_deep;
  };
  nlohmann::json json = nlohmann::json::parse(text, keep, false);
  return is_too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : json;
}

int total_size(const std::vector<int>& sizes) {
  int total = 0;
  for (const int size : sizes) total += size;
  return total;
}

void append_vector(std::string& out, const double* values, int size) {
  char digits[32];
  out += '[';
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    if (!std::isfinite(values[i])) {  // as Python writes and reads them; JSON itself has no word for them
      out += std::isnan(values[i]) ? "NaN" : values[i] > 0.0 ? "Infinity" : "-Infinity";
      continue;
    }
    const char* const end = std::to_chars(digits, digits + sizeof(digits), values[i]).ptr;
    const std::string_view number(digits, static_cast<std::size_t>(end - digits));
    out += number;
    if (number.find_first_of(".e") == std::string_view::npos) out += ".0";
  }
  out += ']';
}

void append_vectors(std::string& out, const double* values, const std::vector<int>& sizes) {
  out += '[';
  int offset = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    if (k > 0) out += ',';
    append_vector(out, values + offset, sizes[k]);
    offset += sizes[k];
  }
  out += ']';
}

void append_text(std::string& out, const std::string& text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void read_outputs(const std::string& reply, const std::vector<int>& sizes, double* values) {
  std::vector<int> found;
  if (!scan_outputs(reply, sizes, values, found) && !scan_outputs(only_output(reply), sizes, values, found))
    refuse(reply);
  if (found != sizes)
    throw UmbridgeError(fmt::format("the answer has outputs of sizes {}, not {}", listed(found), listed(sizes)));
}

void read_output(const std::string& reply, int size, double* values) {
  int found = 0;
  if (!scan_output(reply, size, values, found) && !scan_output(only_output(reply), size, values, found)) refuse(reply);
  if (found != size) throw UmbridgeError(fmt::format("the answer has {} numbers, not {}", found, size));
}

std::string error_in(int status, const std::string& reply) {
  const nlohmann::json json = parsed_json(reply);
  if (json.is_object() && json.contains("error")) {
    const nlohmann::json& error = json["error"];
    if (error.is_object())
      return fmt::format("the server says {}: {}", error.value("type", nlohmann::json("error")).dump(),
                         error.value("message", nlohmann::json("")).dump());
    return fmt::format("the server says {}", beginning_of(error.dump()));
  }
  return fmt::format("the server answered with HTTP status {}: '{}'", status, beginning_of(reply));
}

}  // namespace aleator::external
