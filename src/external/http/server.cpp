#include "external/http/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "core/error.hpp"

namespace aleator::external {
namespace {

constexpr std::size_t most_connections = 512;
constexpr double seconds_for_a_message = 60.0;  // from its first byte to its last
constexpr int idle_milliseconds = 600'000;

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return status >= 500 ? "Internal Server Error" : "Error";
  }
}

std::string message_of(const HttpReply& reply, bool keeps_alive, bool with_body) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: {}\r\n\r\n{}",
      reply.status, reason_of(reply.status), reply.json.size(), keeps_alive ? "keep-alive" : "close",
      with_body ? reply.json : "");
}

HttpReply refusal(int status, const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '\'' : c;
  return {status, fmt::format(R"({{"error":{{"type":"InvalidInput","message":"{}"}}}})", safe)};
}

// "POST /Evaluate?x HTTP/1.1"
HttpRequest request_of(HttpMessage& message) {
  const std::string& line = message.start_line;
  const std::size_t first = line.find(' '), second = line.rfind(' ');
  if (first == std::string::npos || second == first || line.compare(second + 1, 5, "HTTP/") != 0)
    throw NetworkError(NetworkError::Kind::malformed, "this is no HTTP request");
  std::string path = line.substr(first + 1, second - first - 1);
  path.resize(std::min(path.size(), path.find('?')));
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return {line.substr(0, first), path, std::move(message.body)};
}

}  // namespace

HttpServer::HttpServer(const std::string& host, int port, Answer answer)
    : answer_(std::move(answer)), listener_(Socket::listen(host, port)), port_(listener_.port()) {
  if (pipe2(wake_, O_CLOEXEC) != 0) throw core::UserError("no pipe to be had: too many open files");
  acceptor_ = std::thread([this] { accept_connections(); });
}

void HttpServer::stop() {
  if (is_stopping_.exchange(true)) return;
  const char byte = 0;
  while (write(wake_[1], &byte, 1) < 0 && errno == EINTR) {
  }
  acceptor_.join();
  {
    const std::lock_guard<std::mutex> lock(connections_mutex_);
    for (Connection& connection : connections_)  // who has sent half a request is not waited for
      if (connection.socket.is_open() && !connection.is_answering) ::shutdown(connection.socket.descriptor(), SHUT_RD);
  }
  join_finished(true);
  ::close(wake_[0]);
  ::close(wake_[1]);
}

void HttpServer::accept_connections() {
  while (!is_stopping_) {
    std::array<pollfd, 2> waits{pollfd{listener_.descriptor(), POLLIN, 0}, pollfd{wake_[0], POLLIN, 0}};
    if (poll(waits.data(), waits.size(), 10'000) < 0 && errno != EINTR) return;
    if (is_stopping_) break;
    if (waits[0].revents == 0) continue;
    const int descriptor = accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) {
      join_finished(false);
      take(Socket(descriptor));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until somebody leaves
      join_finished(false);
    }
  }
  listener_.close();
}

void HttpServer::take(Socket socket) {
  prepare_connection(socket.descriptor());
  const auto send_away = [](Socket& visitor, const char* reason) {
    try {
      visitor.send(message_of(refusal(503, reason), false, true), seconds_from_now(0.1));
    } catch (const NetworkError&) {  // it is sent away in any case
    }
  };
  const std::lock_guard<std::mutex> lock(connections_mutex_);
  if (connections_.size() >= most_connections) return send_away(socket, "too many connections");
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  try {
    connection.thread = std::thread([this, &connection] { serve(connection); });
  } catch (const std::system_error&) {
    send_away(connection.socket, "no more threads");
    connections_.pop_back();
  }
}

void HttpServer::join_finished(bool all) {
  std::list<Connection> finished;
  {
    const std::lock_guard<std::mutex> lock(connections_mutex_);
    for (auto one = connections_.begin(); one != connections_.end();) {
      const auto next = std::next(one);
      if (all || one->is_over) finished.splice(finished.end(), connections_, one);
      one = next;
    }
  }
  for (Connection& connection : finished) connection.thread.join();
}

void HttpServer::serve(Connection& connection) {
  HttpReader reader(connection.socket);
  try {
    while (!is_stopping_ && serve_one(connection, reader)) {
    }
  } catch (const NetworkError& error) {  // the client left, was too slow, or does not speak HTTP
    if (error.kind() == NetworkError::Kind::malformed) try {
        connection.socket.send(message_of(refusal(400, error.what()), false, true), seconds_from_now(1.0));
      } catch (const NetworkError&) {
      }
  } catch (const std::exception&) {  // no memory for this one: the others go on
  }
  const std::lock_guard<std::mutex> lock(connections_mutex_);  // stop() must not meet the number of another file
  connection.socket.close();
  connection.is_over = true;
}

bool HttpServer::serve_one(Connection& connection, HttpReader& reader) {
  if (!reader.holds_more()) {
    std::array<pollfd, 2> waits{pollfd{connection.socket.descriptor(), POLLIN, 0}, pollfd{wake_[0], POLLIN, 0}};
    const int ready = poll(waits.data(), waits.size(), idle_milliseconds);
    if (ready < 0) return errno == EINTR;
    if (ready == 0 || waits[0].revents == 0) return false;  // silent for long, or stopping
  }
  const Deadline deadline = seconds_from_now(seconds_for_a_message);
  HttpMessage message;
  if (!reader.read_head(message, deadline)) return false;
  const std::string* const expectation = message.header("expect");
  if (expectation != nullptr && expectation->find("100") == 0)
    connection.socket.send("HTTP/1.1 100 Continue\r\n\r\n", deadline);
  reader.read_body(message, false, deadline);
  const bool keeps_alive = message.keeps_alive() && !is_stopping_;
  const HttpRequest request = request_of(message);
  connection.is_answering = true;
  const HttpReply reply = answer_(request);
  connection.socket.send(message_of(reply, keeps_alive, request.method != "HEAD"),
                         seconds_from_now(seconds_for_a_message));
  connection.is_answering = false;
  return keeps_alive;
}

}  // namespace aleator::external
