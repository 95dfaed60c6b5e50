#pragma once
/// What      A TCP connection on which every wait has a deadline.
/// Method    POSIX sockets, non-blocking, with poll(2); names by getaddrinfo (IPv4 and IPv6), small packets sent at once.
/// Parallel  one thread at a time for each Socket.
/// Cost      a system call or two for each wait.
/// Fails     NetworkError with its kind: nobody there, too late, closed by the other side, not HTTP.
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace aleator::external {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// So many seconds from now; what is too far away to count in nanoseconds is a century.
Deadline seconds_from_now(double seconds);

class NetworkError : public std::runtime_error {
 public:
  enum class Kind { unreachable, timeout, closed, malformed };
  NetworkError(Kind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  static Socket connect(const std::string& host, int port, Deadline deadline);
  /// Listens; port 0: any free one. UserError when the address cannot be had.
  static Socket listen(const std::string& host, int port);
  int port() const;  ///< of a listening socket

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void close();
  void send(std::string_view text, Deadline deadline);
  /// Appends what has arrived, at least one byte; false: the other side has ended the connection.
  bool receive(std::string& buffer, Deadline deadline);
  /// True when the other side has ended the connection, or sent what nobody asked for, while it lay idle.
  bool is_stale() const;

 private:
  int descriptor_ = -1;
};

/// Switches a new connection to non-blocking and to sending small packets at once.
void prepare_connection(int descriptor);

}  // namespace aleator::external
