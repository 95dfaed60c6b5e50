#include "external/http/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aleator::external {
namespace {

using Fault = NetworkError::Kind;
constexpr std::size_t longest_head = 1 << 16, longest_body = std::size_t{1} << 30;

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
}

std::size_t length_of(const std::string& text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > longest_body)
    throw NetworkError(Fault::malformed, fmt::format("a body of '{}' bytes", text.substr(0, 40)));
  return value;
}

}  // namespace

const std::string* HttpMessage::header(const std::string& lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return &value;
  return nullptr;
}

bool HttpMessage::keeps_alive() const {
  const std::string* const connection = header("connection");
  const std::string words = connection == nullptr ? std::string() : lower_case(*connection);
  if (words.find("close") != std::string::npos) return false;
  return start_line.find("HTTP/1.0") == std::string::npos || words.find("keep-alive") != std::string::npos;
}

int HttpMessage::status() const {
  int code = 0;
  if (start_line.rfind("HTTP/1.", 0) == 0 && start_line.size() >= 12)
    std::from_chars(start_line.data() + 9, start_line.data() + 12, code);
  if (code < 100 || code > 599)
    throw NetworkError(Fault::malformed, fmt::format("the answer is not HTTP: '{}'", start_line.substr(0, 60)));
  return code;
}

bool HttpReader::read_head(HttpMessage& message, Deadline deadline) {
  message = {};
  if (buffer_.empty() && !socket_.receive(buffer_, deadline)) return false;
  do message.start_line = take_line(deadline);
  while (message.start_line.empty());  // RFC 9112, 2.2: blank lines before a message are to be skipped
  std::size_t total = message.start_line.size();
  for (std::string line = take_line(deadline); !line.empty(); line = take_line(deadline)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos)
      throw NetworkError(Fault::malformed, fmt::format("'{}' is no HTTP header", line.substr(0, 60)));
    message.headers.emplace_back(lower_case(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    if ((total += line.size()) > longest_head) throw NetworkError(Fault::malformed, "the HTTP headers do not end");
  }
  return true;
}

void HttpReader::read_body(HttpMessage& message, bool ends_with_connection, Deadline deadline) {
  const std::string* const coding = message.header("transfer-encoding");
  const std::string* const length = message.header("content-length");
  if (coding != nullptr && lower_case(*coding) != "identity") {
    if (lower_case(*coding) != "chunked")
      throw NetworkError(Fault::malformed, fmt::format("the transfer coding '{}' is not known", *coding));
    read_chunks(message, deadline);
  } else if (length != nullptr) {
    const std::size_t bytes = length_of(*length, 10);
    need(bytes, deadline);
    message.body = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
  } else if (ends_with_connection) {
    while (socket_.receive(buffer_, deadline))
      if (buffer_.size() > longest_body) throw NetworkError(Fault::malformed, "the body does not end");
    message.body = std::move(buffer_);
    buffer_.clear();
  }
}

void HttpReader::read_chunks(HttpMessage& message, Deadline deadline) {
  for (;;) {
    const std::string line = take_line(deadline);
    const std::size_t bytes = length_of(trimmed(line.substr(0, line.find(';'))), 16);
    if (bytes == 0) break;
    if (message.body.size() + bytes > longest_body) throw NetworkError(Fault::malformed, "the body does not end");
    need(bytes, deadline);
    message.body.append(buffer_, 0, bytes);
    buffer_.erase(0, bytes);
    if (!take_line(deadline).empty()) throw NetworkError(Fault::malformed, "a chunk is longer than it says");
  }
  while (!take_line(deadline).empty()) {  // trailers
  }
}

void HttpReader::need(std::size_t bytes, Deadline deadline) {
  buffer_.reserve(bytes);
  while (buffer_.size() < bytes)
    if (!socket_.receive(buffer_, deadline)) throw NetworkError(Fault::closed, "the connection ended within a message");
}

std::string HttpReader::take_line(Deadline deadline) {
  std::size_t searched = 0, end = 0;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    searched = buffer_.size();
    if (searched > longest_head) throw NetworkError(Fault::malformed, "the answer is not HTTP: a line without end");
    if (!socket_.receive(buffer_, deadline)) throw NetworkError(Fault::closed, "the connection ended within a message");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace aleator::external
