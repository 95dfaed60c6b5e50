#pragma once
/// What      One connection to an HTTP server, kept open from request to request.
/// Method    HTTP/1.1 over TCP. A connection that the server has closed while it lay idle is opened anew, once, without
///           the caller noticing: the requests made here may be repeated.
/// Parallel  one thread at a time for each HttpClient.
/// Cost      one round trip a request; opening a connection another one.
/// Fails     NetworkError (socket.hpp). UserError: an address that is not http://host[:port][/path].
#include <optional>
#include <string>

#include "external/http/message.hpp"

namespace aleator::external {

struct HttpUrl {
  std::string host;
  int port = 80;
  std::string path;  ///< without a slash at its end
};
/// "http://host:4242/base" -> its parts.
HttpUrl parse_url(const std::string& text);

struct HttpTimeouts {
  double connect = 5.0;  ///< seconds
  double answer = 60.0;
};

class HttpClient {
 public:
  HttpClient(HttpUrl url, HttpTimeouts timeouts);
  HttpClient(const HttpClient&) = delete;  // the reader refers to the socket
  HttpClient& operator=(const HttpClient&) = delete;
  /// `path` begins with a slash; a body makes it a POST. Replies with any status are returned; 1xx are passed over. The
  /// answer may come so many seconds after the usual time-out.
  HttpMessage request(const std::string& path, const std::string* json, double patience = 0.0);

 private:
  HttpMessage exchange(const std::string& text, double seconds);
  HttpUrl url_;
  HttpTimeouts timeouts_;
  Socket socket_;
  std::optional<HttpReader> reader_;
};

}  // namespace aleator::external
