#include "external/http/client.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/error.hpp"

namespace aleator::external {

HttpUrl parse_url(const std::string& text) {
  const std::string scheme = "http://";
  const auto refuse = [&text](const char* why) -> core::UserError {
    return core::UserError(fmt::format("'{}' {}; write http://host:port", text, why));
  };
  if (text.rfind("https://", 0) == 0) throw refuse("asks for an encrypted connection, which is not to be had here");
  if (text.rfind(scheme, 0) != 0) throw refuse("is no address of an HTTP server");
  HttpUrl url;
  std::string rest = text.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) {
    url.path = rest.substr(slash);
    rest.resize(slash);
    while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  }
  const std::size_t bracket = rest.rfind(']'), colon = rest.rfind(':');  // [::1]:4242
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    const char *const first = rest.data() + colon + 1, *const last = rest.data() + rest.size();
    const auto [end, error] = std::from_chars(first, last, url.port);
    if (error != std::errc() || end != last || url.port < 1 || url.port > 65535) throw refuse("has no sound port");
    rest.resize(colon);
  }
  url.host = rest.size() > 2 && rest.front() == '[' ? rest.substr(1, rest.size() - 2) : rest;
  if (url.host.empty() || url.host.find_first_of("@?# \t\r\n") != std::string::npos ||
      url.path.find_first_of(" \t\r\n?#") != std::string::npos)
    throw refuse("is no address of an HTTP server");
  return url;
}

HttpClient::HttpClient(HttpUrl url, HttpTimeouts timeouts) : url_(std::move(url)), timeouts_(timeouts) {}

HttpMessage HttpClient::request(const std::string& path, const std::string* json, double patience) {
  const double seconds = timeouts_.answer + patience;
  std::string text =
      fmt::format("{} {}{} HTTP/1.1\r\nHost: {}:{}\r\nAccept: application/json\r\nUser-Agent: aleator\r\n",
                  json == nullptr ? "GET" : "POST", url_.path, path,
                  url_.host.find(':') == std::string::npos ? url_.host : "[" + url_.host + "]", url_.port);
  if (json != nullptr) text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", json->size());
  text += "\r\n";
  if (json != nullptr) text += *json;
  // Bytes beyond the last reply are none of ours: the next reply would be taken for that of another request.
  const bool is_reused = socket_.is_open() && !socket_.is_stale() && !reader_->holds_more();
  if (is_reused) {
    try {
      return exchange(text, seconds);
    } catch (const NetworkError& error) {
      socket_.close();
      if (error.kind() != NetworkError::Kind::closed) throw;  // else the server gave up the idle connection: once more
    }
  }
  socket_ = Socket::connect(url_.host, url_.port, seconds_from_now(timeouts_.connect));
  reader_.emplace(socket_);
  try {
    return exchange(text, seconds);
  } catch (...) {
    socket_.close();
    throw;
  }
}

HttpMessage HttpClient::exchange(const std::string& text, double seconds) {
  const Deadline deadline = seconds_from_now(seconds);
  socket_.send(text, deadline);
  HttpMessage reply;
  do {
    if (!reader_->read_head(reply, deadline))
      throw NetworkError(NetworkError::Kind::closed, "the server closed the connection without an answer");
  } while (reply.status() < 200);
  if (reply.status() != 204 && reply.status() != 304) reader_->read_body(reply, true, deadline);
  if (!reply.keeps_alive()) socket_.close();
  return reply;
}

}  // namespace aleator::external
