// The HTTP of client and server, spoken byte by byte where it matters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "external/http/client.hpp"
#include "external/http/server.hpp"

namespace aleator::external {
namespace {

using testing::HasSubstr;
using Kind = NetworkError::Kind;

// A server that sends these bytes to whoever asks, whatever he asks, and then hangs up.
class RawServer {
 public:
  explicit RawServer(const std::vector<std::string>& pieces) : listener_(Socket::listen("127.0.0.1", 0)) {
    thread_ = std::thread([this, pieces] {
      for (int client; (client = ::accept(listener_.descriptor(), nullptr, nullptr)) >= 0;) {
        Socket socket(client);
        prepare_connection(client);
        std::string request;
        try {
          if (!socket.receive(request, seconds_from_now(5.0)) || is_over_) continue;
          for (const std::string& piece : pieces) {
            socket.send(piece, seconds_from_now(5.0));
            std::this_thread::sleep_for(std::chrono::milliseconds(2));  // so that they arrive apart
          }
        } catch (const NetworkError&) {
        }
        if (is_over_) return;
      }
    });
  }
  ~RawServer() {
    is_over_ = true;
    try {
      Socket::connect("127.0.0.1", port(), seconds_from_now(1.0)).send("bye", seconds_from_now(1.0));
    } catch (const NetworkError&) {
    }
    ::shutdown(listener_.descriptor(), SHUT_RDWR);
    thread_.join();
  }
  int port() const { return listener_.port(); }

 private:
  Socket listener_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

HttpMessage reply_to(const std::vector<std::string>& pieces, double timeout = 5.0) {
  RawServer server(pieces);
  HttpClient client({"127.0.0.1", server.port(), ""}, {5.0, timeout});
  return client.request("/x", nullptr);
}

Kind fault_of(const std::vector<std::string>& pieces, double timeout = 5.0) {
  try {
    reply_to(pieces, timeout);
  } catch (const NetworkError& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return Kind::unreachable;
}

TEST(HttpClient, ReadsBodiesOfEveryKindHoweverTheyArrive) {
  EXPECT_EQ(reply_to({"HTTP/1.1 200 OK\r\nContent-Le", "ngth: 5\r\n\r\nhe", "llo"}).body, "hello");
  EXPECT_EQ(reply_to({"HTTP/1.0 200 OK\r\n\r\nhe", "llo"}).body, "hello");  // up to the end of the connection
  EXPECT_EQ(reply_to({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r",
                      "\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n"})
                .body,
            "hello");
  EXPECT_EQ(reply_to({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 No\ncontent-length: 2\n\nno"}).body, "no");
  EXPECT_EQ(reply_to({"HTTP/1.1 204 Nothing\r\n\r\n"}).status(), 204);
}

TEST(HttpClient, TellsWhatIsWrongWithAReply) {
  EXPECT_EQ(fault_of({"SSH-2.0-OpenSSH\r\n\r\n"}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\nContent-Length: 12abc\r\n\r\n123456789012"}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n"}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\n" + std::string(100000, 'x')}), Kind::malformed);
  EXPECT_EQ(fault_of({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"}), Kind::closed);
  EXPECT_EQ(fault_of({""}), Kind::closed);
}

TEST(HttpClient, ADripOfBytesDoesNotPutOffTheDeadline) {
  const std::vector<std::string> drip(500, "HTTP/1.1 100 Continue\r\n\r\n");  // a second in all
  EXPECT_EQ(fault_of(drip, 0.1), Kind::timeout);
}

TEST(HttpClient, OpensAConnectionAnewThatTheServerHasClosed) {
  std::atomic<int> answers{0};
  const auto answer = [&](const HttpRequest&) { return HttpReply{200, std::to_string(++answers)}; };
  auto server = std::make_unique<HttpServer>("127.0.0.1", 0, answer);
  const int port = server->port();
  HttpClient client({"127.0.0.1", port, ""}, {});
  EXPECT_EQ(client.request("/", nullptr).body, "1");
  server.reset();
  server = std::make_unique<HttpServer>("127.0.0.1", port, answer);
  EXPECT_EQ(client.request("/", nullptr).body, "2");
}

// What follows a reply in the same packet is no answer to the next request.
TEST(HttpClient, TakesASurplusReplyForNoAnswer) {
  std::atomic<int> connections{0};
  Socket listener = Socket::listen("127.0.0.1", 0);
  std::thread server([&] {
    for (int k = 0; k < 2; ++k) {
      Socket socket(accept(listener.descriptor(), nullptr, nullptr));
      const std::string body = std::to_string(++connections);
      const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body;
      std::string all;
      while (all.find("\r\n\r\n") == std::string::npos && socket.receive(all, seconds_from_now(5.0))) {
      }
      socket.send(reply + reply, seconds_from_now(5.0));
      while (socket.receive(all, seconds_from_now(5.0))) {
      }
    }
  });
  {
    HttpClient client({"127.0.0.1", listener.port(), ""}, {5.0, 5.0});
    EXPECT_EQ(client.request("/", nullptr).body, "1");
    EXPECT_EQ(client.request("/", nullptr).body, "2");
  }
  server.join();
}

TEST(HttpUrls, AreTakenApart) {
  const HttpUrl url = parse_url("http://node-7:4242/models/a/");
  EXPECT_EQ(url.host, "node-7");
  EXPECT_EQ(url.port, 4242);
  EXPECT_EQ(url.path, "/models/a");
  EXPECT_EQ(parse_url("http://[::1]:80").host, "::1");
  EXPECT_EQ(parse_url("http://localhost").port, 80);
  for (const char* const wrong :
       {"", "localhost", "http://", "http://:80", "http://a:", "http://a:x", "http://a b", "ftp://a"})
    EXPECT_THROW(parse_url(wrong), core::UserError) << wrong;
}

// What a server answers to these bytes, up to the end of the connection.
std::string answer_to(int port, const std::string& bytes) {
  Socket socket = Socket::connect("127.0.0.1", port, seconds_from_now(5.0));
  socket.send(bytes, seconds_from_now(5.0));
  std::string all;
  while (socket.receive(all, seconds_from_now(5.0))) {
  }
  return all;
}

TEST(HttpServer, SurvivesWhatIsNoHttpAndAnswersTheNext) {
  HttpServer server("127.0.0.1", 0, [](const HttpRequest& r) { return HttpReply{200, r.method + r.path + r.body}; });
  const std::string end = "Connection: close\r\n\r\n";
  EXPECT_THAT(answer_to(server.port(), "rubbish\r\n\r\n"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(answer_to(server.port(), "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(answer_to(server.port(), "GET /a/?q=1 HTTP/1.1\r\n" + end), HasSubstr("\r\n\r\nGET/a"));
  EXPECT_THAT(answer_to(server.port(), "GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
  EXPECT_THAT(
      answer_to(server.port(), "POST /b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + end + "xy"),
      testing::AllOf(HasSubstr("100 Continue"), HasSubstr("POST/bxy")));
  // Two requests in one packet, answered in turn.
  const std::string two = answer_to(server.port(), "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n" + end);
  EXPECT_LT(two.find("GET/1"), two.find("GET/2"));
  EXPECT_NE(two.find("GET/2"), std::string::npos);
}

TEST(HttpServer, DoesNotWaitForHalfARequestWhenItIsStopped) {
  auto server = std::make_unique<HttpServer>("127.0.0.1", 0, [](const HttpRequest&) { return HttpReply{200, ""}; });
  Socket socket = Socket::connect("127.0.0.1", server->port(), seconds_from_now(5.0));
  socket.send("POST /Evaluate HT", seconds_from_now(5.0));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until it is being read
  const auto began = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));  // of the 60 that a message may take
}

TEST(HttpServer, AnswersWhatIsUnderWayWhenItIsStopped) {
  std::atomic<bool> has_begun{false};
  HttpServer server("127.0.0.1", 0, [&](const HttpRequest&) {
    has_begun = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return HttpReply{200, "done"};
  });
  std::string body;
  std::thread asker([&] { body = HttpClient({"127.0.0.1", server.port(), ""}, {}).request("/", nullptr).body; });
  while (!has_begun) std::this_thread::yield();
  server.stop();
  asker.join();
  EXPECT_EQ(body, "done");
}

}  // namespace
}  // namespace aleator::external
