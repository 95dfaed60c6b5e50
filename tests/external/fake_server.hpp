#pragma once
// A server of the UM-Bridge protocol with faults to order, in this process.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "external/http/server.hpp"
#include "external/umbridge/client.hpp"

namespace aleator::external {

// "forward": inputs of sizes {2, 1}, outputs of sizes {1, 2}: y = (u0 u1, u2 + 1, sin(u0) u2).
class FakeServer {
 public:
  using Override = std::function<HttpReply(const nlohmann::json& request)>;
  std::map<std::string, Override> overrides;  // path -> answer instead of the usual one
  std::atomic<int> requests{0};
  nlohmann::json last_request;

  explicit FakeServer(int port = 0)
      : server_(std::make_unique<HttpServer>("127.0.0.1", port, [this](const HttpRequest& r) { return answer(r); })) {
    url_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  std::string url() const { return url_; }
  void stop() { server_.reset(); }

 private:
  HttpReply answer(const HttpRequest& request) {
    using nlohmann::json;
    ++requests;
    const json body = json::parse(request.body, nullptr, false);
    if (const auto found = overrides.find(request.path); found != overrides.end()) return found->second(body);
    if (request.path == "/Info") return {200, R"({"protocolVersion": 1.0, "models": ["forward"]})"};
    if (request.path == "/InputSizes") return {200, R"({"inputSizes": [2, 1]})"};
    if (request.path == "/OutputSizes") return {200, R"({"outputSizes": [1, 2]})"};
    if (request.path == "/ModelInfo")
      return {200, R"({"support": {"Evaluate": true, "Gradient": true, "ApplyJacobian": true, "ApplyHessian": true}})"};
    const double u0 = body["input"][0][0], u1 = body["input"][0][1], u2 = body["input"][1][0];
    if (request.path == "/Evaluate") return {200, json{{"output", {{u0 * u1}, {u2 + 1.0, std::sin(u0) * u2}}}}.dump()};
    const int out = body["outWrt"];
    if (request.path == "/ApplyHessian") return product(body, out, u0, u2);
    const int in = body["inWrt"];
    // Blocks of the Jacobian, by output and input vector.
    using Block = std::vector<std::vector<double>>;
    const Block blocks[2][2] = {{{{u1, u0}}, {{0.0}}},
                                {{{0.0, 0.0}, {std::cos(u0) * u2, 0.0}}, {{1.0}, {std::sin(u0)}}}};
    const Block& block = blocks[out][in];
    const bool is_gradient = request.path == "/Gradient";
    const std::vector<double> vector = body[is_gradient ? "sens" : "vec"];
    std::vector<double> result(is_gradient ? block[0].size() : block.size(), 0.0);
    for (std::size_t i = 0; i < block.size(); ++i)
      for (std::size_t k = 0; k < block[i].size(); ++k)
        is_gradient ? result[k] += block[i][k] * vector[i] : result[i] += block[i][k] * vector[k];
    return {200, json{{"output", result}}.dump()};
  }
  // Of sens . output `out`: d2 (s u0 u1), d2 (s1 (u2 + 1) + s2 sin(u0) u2).
  static HttpReply product(const nlohmann::json& body, int out, double u0, double u2) {
    const double s = out == 0 ? double(body["sens"][0]) : double(body["sens"][1]);
    const double whole[3][3] = {
        {out == 0 ? 0.0 : -s * std::sin(u0) * u2, out == 0 ? s : 0.0, out == 0 ? 0.0 : s * std::cos(u0)},
        {out == 0 ? s : 0.0, 0.0, 0.0},
        {out == 0 ? 0.0 : s * std::cos(u0), 0.0, 0.0}};
    const int first[] = {0, 2}, size[] = {2, 1}, to = body["inWrt1"], from = body["inWrt2"];
    const std::vector<double> v = body["vec"];
    std::vector<double> result(static_cast<std::size_t>(size[to]), 0.0);
    for (int i = 0; i < size[to]; ++i)
      for (int k = 0; k < size[from]; ++k)
        result[static_cast<std::size_t>(i)] += whole[first[to] + i][first[from] + k] * v[static_cast<std::size_t>(k)];
    return {200, nlohmann::json{{"output", result}}.dump()};
  }
  std::string url_;
  std::unique_ptr<HttpServer> server_;  // last: its threads use all of the above
};

}  // namespace aleator::external
