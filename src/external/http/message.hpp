#pragma once
/// What      One message of HTTP/1.1, a request or a reply, read from a connection.
/// Method    RFC 9112: start line, header fields, body by Content-Length, in chunks, or up to the end of the connection.
/// Parallel  one thread at a time for each Reader.
/// Cost      one copy of the body.
/// Fails     NetworkError: `malformed` for what is not HTTP or too long, `closed` for a message that ends early.
#include <string>
#include <utility>
#include <vector>

#include "external/http/socket.hpp"

namespace aleator::external {

struct HttpMessage {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  const std::string* header(const std::string& lower_case_name) const;
  /// Whether the connection stays open after this message.
  bool keeps_alive() const;
  /// "HTTP/1.1 200 OK" -> 200; malformed otherwise.
  int status() const;
};

/// Reads messages one after the other; what was received beyond one stays for the next.
class HttpReader {
 public:
  explicit HttpReader(Socket& socket) : socket_(socket) {}
  /// False when the connection ended before the first byte.
  bool read_head(HttpMessage& message, Deadline deadline);
  /// `ends_with_connection`: a reply without a length reaches to the end of the connection; a request has then no body.
  void read_body(HttpMessage& message, bool ends_with_connection, Deadline deadline);
  /// Whether bytes of a further message are here already.
  bool holds_more() const { return !buffer_.empty(); }

 private:
  void need(std::size_t bytes, Deadline deadline);
  std::string take_line(Deadline deadline);
  void read_chunks(HttpMessage& message, Deadline deadline);
  Socket& socket_;
  std::string buffer_;
};

}  // namespace aleator::external
