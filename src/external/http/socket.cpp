#include "external/http/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/error.hpp"

namespace aleator::external {
namespace {

using Kind = NetworkError::Kind;
using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses look_up(const std::string& host, int port, int flags, std::string& why) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC, hints.ai_socktype = SOCK_STREAM, hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) why = fmt::format("the host name '{}' is not known ({})", host, gai_strerror(code));
  return {code == 0 ? found : nullptr, &freeaddrinfo};
}

// Waits until the descriptor is ready; false when the deadline passes first.
bool wait_for(int descriptor, short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
    if (left <= 0) return false;
    pollfd one{descriptor, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<long long>(left, 1'000'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throw NetworkError(Kind::closed, std::strerror(errno));
  }
}

int pending_error(int descriptor) {
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

}  // namespace

Deadline seconds_from_now(double seconds) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::min(seconds, 3e9)));
}

void prepare_connection(int descriptor) {
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK);
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    std::swap(descriptor_, other.descriptor_);
  }
  return *this;
}

void Socket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Socket Socket::connect(const std::string& host, int port, Deadline deadline) {
  std::string why;
  const Addresses addresses = look_up(host, port, 0, why);
  Kind kind = Kind::unreachable;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) {
      why = std::strerror(errno);
      continue;
    }
    prepare_connection(socket.descriptor());
    int error = ::connect(socket.descriptor(), address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS || error == EINTR) {
      if (!wait_for(socket.descriptor(), POLLOUT, deadline)) {
        why = "the connection was not accepted in time";
        continue;
      }
      error = pending_error(socket.descriptor());
    }
    if (error == 0) return socket;
    why = std::strerror(error);
  }
  throw NetworkError(kind, why);
}

Socket Socket::listen(const std::string& host, int port) {
  std::string why;
  const Addresses addresses = look_up(host, port, AI_PASSIVE, why);
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(socket.descriptor(), address->ai_addr, address->ai_addrlen) == 0 &&
        ::listen(socket.descriptor(), SOMAXCONN) == 0)
      return socket;
    why = std::strerror(errno);
  }
  throw core::UserError(fmt::format("cannot listen on {}:{}: {}; give another --port or --host", host, port, why));
}

int Socket::port() const {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

void Socket::send(std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(descriptor_, POLLOUT, deadline))
        throw NetworkError(Kind::timeout, "the request was not taken in time");
    } else if (errno != EINTR) {
      throw NetworkError(Kind::closed, std::strerror(errno));
    }
  }
}

bool Socket::receive(std::string& buffer, Deadline deadline) {
  std::array<char, 65536> chunk;
#ifdef TCP_QUICKACK
  // A peer that writes head and body one by one waits with the body for our acknowledgement of the head, which the system
  // would hold back for 40 ms; it forgets this wish with every packet.
  const int yes = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes));
#endif
  for (;;) {
    if (!wait_for(descriptor_, POLLIN, deadline)) throw NetworkError(Kind::timeout, "no answer in time");
    const ssize_t got = recv(descriptor_, chunk.data(), chunk.size(), 0);
    if (got > 0) {
      buffer.append(chunk.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      throw NetworkError(Kind::closed, std::strerror(errno));
  }
}

bool Socket::is_stale() const {
  char byte = 0;
  const ssize_t got = recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace aleator::external
