#pragma once
/// What      A small HTTP/1.1 server: a thread for each connection, one function that answers every request.
/// Method    One thread accepts; connections stay open until the client, silence or stop() ends them. Requests under way
///           when stop() is called are answered first.
/// Parallel  `answer` is called from many threads at once.
/// Cost      a thread a connection, at most 512 of them; a further one is told to come again later (503).
/// Fails     UserError when the address cannot be had. What clients do wrong is answered with 400 or an end of the
///           connection, and disturbs nobody else.
#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "external/http/message.hpp"

namespace aleator::external {

struct HttpRequest {
  std::string method, path, body;
};
struct HttpReply {
  int status = 200;
  std::string json;
};

class HttpServer {
 public:
  using Answer = std::function<HttpReply(const HttpRequest&)>;
  HttpServer(const std::string& host, int port, Answer answer);
  ~HttpServer() { stop(); }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  /// Takes no further requests, lets those under way be answered, and ends all threads.
  void stop();

 private:
  struct Connection {
    Socket socket;
    std::thread thread;
    std::atomic<bool> is_answering{false}, is_over{false};
  };
  void accept_connections();
  void take(Socket socket);
  void serve(Connection& connection);
  bool serve_one(Connection& connection, HttpReader& reader);
  void join_finished(bool all);

  Answer answer_;
  Socket listener_;
  int port_ = 0;
  std::atomic<bool> is_stopping_{false};
  int wake_[2] = {-1, -1};  // a pipe; readable once stop() was called
  std::list<Connection> connections_;
  std::mutex connections_mutex_;
  std::thread acceptor_;
};

}  // namespace aleator::external
