#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/error.hpp"
#include "core/log.hpp"
#include "external/umbridge/handshake.hpp"
#include "external/umbridge/protocol.hpp"
#include "fake_server.hpp"

namespace aleator::external {
namespace {

using model::Batch;
using testing::HasSubstr;
constexpr double infinity = std::numeric_limits<double>::infinity();

const deck::Registry no_components;
const deck::Deck no_deck("deck.toml", no_components, {},
                         [](const std::string&) { return std::optional<std::string>(""); });

UmbridgeModel::Params params_for(const std::vector<std::string>& urls) {
  UmbridgeModel::Params params;
  params.urls = urls;
  params.retries = 1;
  params.wait_seconds = 0.3;
  params.timeout_seconds = 5.0;
  return params;
}

std::unique_ptr<UmbridgeModel> make(const UmbridgeModel::Params& params) {
  deck::Builder builder(no_deck);
  return UmbridgeModel::make(params, builder);
}

Batch points(int rows) {
  Batch u("u", rows, 3);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < 3; ++k) u(row, k) = std::exp(0.1 * row + k) / 3.0;
  return u;
}

// The model of FakeServer, computed here: the same operations, so the same bits.
std::vector<double> expected(const Batch& u, int row) {
  return {u(row, 0) * u(row, 1), u(row, 2) + 1.0, std::sin(u(row, 0)) * u(row, 2)};
}

std::string complaint(const UmbridgeModel::Params& params, std::string* key = nullptr) {
  try {
    make(params);
  } catch (const deck::KeyError& error) {
    if (key != nullptr) *key = error.key();
    return error.what();
  }
  return {};
}

// What the model says of one row when the server answers /Evaluate like this.
std::string failure_when(const FakeServer::Override& evaluate, double timeout = 5.0) {
  FakeServer server;
  server.overrides["/Evaluate"] = evaluate;
  UmbridgeModel::Params params = params_for({server.url()});
  params.timeout_seconds = timeout;
  const auto model = make(params);
  const Batch u = points(1), y("y", 1, 3);
  const model::RowStatus status = model->evaluate(u, y);
  if (status.ok()) return {};
  EXPECT_TRUE(std::isnan(y(0, 0)) && std::isnan(y(0, 2))) << "a failed row has NaN outputs";
  return status.failed[0].reason;
}

TEST(UmbridgeNumbers, ReadBackToTheSameBits) {
  const std::vector<double> values{0.1, -0.0, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, 1e22, 3.0, -2.5e-9};
  std::string text = "{\"output\":";
  append_vectors(text, values.data(), {3, 0, 5});
  EXPECT_THAT(text, HasSubstr(",3.0,"));  // a float, for Python's sake
  std::vector<double> read(8);
  read_outputs(text + "}", {3, 0, 5}, read.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(read[i], values[i]);
    EXPECT_EQ(std::signbit(read[i]), std::signbit(values[i]));
  }
}

TEST(UmbridgeNumbers, OfReferenceServersAreUnderstood) {
  std::vector<double> y(5);
  read_outputs("{ \"output\" : [[ 1, -inf ],\n [nan, null,-Infinity]] }", {2, 3},
               y.data());  // as Python and nlohmann print
  EXPECT_EQ(y[0], 1.0);
  EXPECT_EQ(y[1], -infinity);
  EXPECT_TRUE(std::isnan(y[2]) && std::isnan(y[3]));
  EXPECT_EQ(y[4], -infinity);
  read_outputs(R"({"output":[[1e400,2],[1e-400,4,5]]})", {2, 3}, y.data());
  EXPECT_EQ(y[0], infinity);
  EXPECT_EQ(y[2], 0.0);
  read_outputs(R"({"note": [1, "]"], "output": [[6, 7], [8, 9, 10]]})", {2, 3}, y.data());
  EXPECT_EQ(y[4], 10.0);
}

TEST(UmbridgeNumbers, InNestsDeeperThanAnyMessageAreRefused) {
  const std::string deep = std::string(400000, '[') + std::string(400000, ']');
  EXPECT_TRUE(parsed_json("{\"name\":" + deep + "}").is_discarded());
  EXPECT_EQ(parsed_json("[[1.0]]").dump(), "[[1.0]]");
  double value = 0.0;
  EXPECT_THROW(read_outputs("{\"output\":" + deep + "}", {1}, &value), UmbridgeError);
}

TEST(Umbridge, VectorsAreLaidOneAfterTheOtherWithNames) {
  FakeServer server;
  UmbridgeModel::Params params = params_for({server.url()});
  EXPECT_THAT(make(params)->shape().input_names, testing::ElementsAre("u0[0]", "u0[1]", "u1[0]"));
  params.input_names = {"rate", "depth"}, params.output_names = {"a", "b", "c"};
  const auto model = make(params);
  EXPECT_THAT(model->shape().input_names, testing::ElementsAre("rate[0]", "rate[1]", "depth"));
  EXPECT_THAT(model->shape().output_names, testing::ElementsAre("a", "b", "c"));
  params.input_names = {"one"};
  EXPECT_THAT(complaint(params), HasSubstr("1 names for 2 vectors of 3 numbers"));
}

TEST(Umbridge, ValuesGradientsAndTangentsAreThoseOfTheModel) {
  FakeServer server;
  const auto model = make(params_for({server.url()}));
  const int rows = 5;
  const Batch u = points(rows), y("y", rows, 3), du("du", rows, 3), direction = points(rows), dy("dy", rows, 3);
  ASSERT_NE(model->adjoint(), nullptr);
  const auto cotangent = [](int first, model::ConstBatch values, Batch out) {
    for (std::size_t row = 0; row < values.extent(0); ++row)
      for (int i = 0; i < 3; ++i) out(row, i) = i + 1.0 + first;
  };
  EXPECT_TRUE(model->adjoint()->evaluate_and_pullback(u, y, cotangent, du).ok());
  ASSERT_NE(model->tangent(), nullptr);
  EXPECT_TRUE(model->tangent()->evaluate_and_pushforward(u, direction, y, dy).ok());
  for (int row = 0; row < rows; ++row) {
    EXPECT_THAT(std::vector<double>(&y(row, 0), &y(row, 0) + 3), testing::ElementsAreArray(expected(u, row)));
    const double s[3] = {1.0 + row, 2.0 + row, 3.0 + row};  // J^T s and J v by hand
    EXPECT_DOUBLE_EQ(du(row, 0), s[0] * u(row, 1) + s[2] * std::cos(u(row, 0)) * u(row, 2));
    EXPECT_DOUBLE_EQ(du(row, 1), s[0] * u(row, 0));
    EXPECT_DOUBLE_EQ(du(row, 2), s[1] + s[2] * std::sin(u(row, 0)));
    EXPECT_DOUBLE_EQ(dy(row, 0), 2.0 * u(row, 0) * u(row, 1));
    EXPECT_DOUBLE_EQ(dy(row, 1), u(row, 2));
    EXPECT_DOUBLE_EQ(dy(row, 2), (std::cos(u(row, 0)) * u(row, 0) + std::sin(u(row, 0))) * u(row, 2));
  }
}

TEST(Umbridge, ProductsWithHessiansAreThoseOfTheModel) {
  FakeServer server;
  const auto model = make(params_for({server.url()}));
  ASSERT_NE(model->curvature(), nullptr);
  const int rows = 4;
  const Batch u = points(rows), v("v", rows, 3), dy("dy", rows, 3), h("h", rows, 3);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < 3; ++k) v(row, k) = std::cos(row + 2.0 * k), dy(row, k) = 1.0 + row - 0.7 * k;
  EXPECT_TRUE(model->curvature()->apply_hessian(u, dy, v, h).ok());
  for (int row = 0; row < rows; ++row) {
    const double sine = std::sin(u(row, 0)), cosine = std::cos(u(row, 0)), s0 = dy(row, 0), s2 = dy(row, 2);
    EXPECT_NEAR(h(row, 0), -s2 * sine * u(row, 2) * v(row, 0) + s0 * v(row, 1) + s2 * cosine * v(row, 2), 1e-13);
    EXPECT_NEAR(h(row, 1), s0 * v(row, 0), 1e-13);
    EXPECT_NEAR(h(row, 2), s2 * cosine * v(row, 0), 1e-13);
  }
  const Batch by_differences("by_differences", rows, 3);
  EXPECT_TRUE(model::hessian_by_differences(*model->adjoint(), u, dy, v, by_differences).ok());
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(by_differences(row, k), h(row, k), 1e-8);
}

TEST(Umbridge, AHessianThatIsNotThatOfTheGradientIsToldOf) {
  for (const bool is_wrong : {false, true}) {
    FakeServer server;
    if (is_wrong)
      server.overrides["/ApplyHessian"] = [](const nlohmann::json& request) {
        return HttpReply{200, request["inWrt1"] == 0 ? R"({"output": [1, 2]})" : R"({"output": [3]})"};
      };
    const std::string log = testing::TempDir() + "hessian_check.txt";
    std::filesystem::remove(log);
    core::set_log_file(log);
    const auto model = make(params_for({server.url()}));
    const Batch u = points(1), v("v", 1, 3), dy("dy", 1, 3), h("h", 1, 3);
    for (int k = 0; k < 3; ++k) v(0, k) = dy(0, k) = 1.0;
    EXPECT_TRUE(model->curvature()->apply_hessian(u, dy, v, h).ok());
    core::set_log_file("");
    std::stringstream text;
    text << std::ifstream(log).rdbuf();
    EXPECT_EQ(text.str().find("a product with its Hessian") != std::string::npos, is_wrong) << text.str();
  }
}

TEST(Umbridge, OffersTheDerivativesThatTheServerHas) {
  FakeServer server;
  server.overrides["/ModelInfo"] = [](const auto&) { return HttpReply{200, R"({"support": {"Evaluate": true}})"}; };
  const auto model = make(params_for({server.url()}));
  EXPECT_EQ(model->adjoint(), nullptr);
  EXPECT_EQ(model->tangent(), nullptr);
  EXPECT_EQ(model->curvature(), nullptr);
}

TEST(Umbridge, TheConfigurationGoesWithEveryRequest) {
  FakeServer server;
  std::mutex mutex;
  std::vector<nlohmann::json> configs;
  const auto note = [&](const nlohmann::json& request, const std::string& reply) {
    const std::lock_guard<std::mutex> lock(mutex);
    configs.push_back(request["config"]);
    EXPECT_EQ(request["name"], "forward");
    return HttpReply{200, reply};
  };
  server.overrides["/InputSizes"] = [&](const auto& r) { return note(r, R"({"inputSizes": [2, 1]})"); };
  server.overrides["/OutputSizes"] = [&](const auto& r) { return note(r, R"({"outputSizes": [1, 2]})"); };
  server.overrides["/Evaluate"] = [&](const auto& r) { return note(r, R"({"output": [[1], [2, 3]]})"); };
  UmbridgeModel::Params params = params_for({server.url()});
  params.config.text = R"({"level":2,"mesh":[1,2]})";
  const auto model = make(params);
  const Batch y("y", 2, 3);
  EXPECT_TRUE(model->evaluate(points(2), y).ok());
  EXPECT_THAT(configs, testing::AllOf(testing::SizeIs(4), testing::Each(nlohmann::json::parse(params.config.text))));
}

TEST(Umbridge, ARowThatTheModelRefusesFailsWithWhatTheServerSays) {
  EXPECT_THAT(
      failure_when([](const auto&) {
        return HttpReply{400, R"({"error": {"type": "InvalidEvaluation", "message": "no steady state"}})"};
      }),
      testing::AllOf(HasSubstr("http://127.0.0.1:"), HasSubstr("InvalidEvaluation"), HasSubstr("no steady state")));
  EXPECT_THAT(failure_when([](const auto&) {
                return HttpReply{200, R"({"error": {"type": "X", "message": "y"}})"};
              }),
              HasSubstr("the server says \"X\""));
  EXPECT_THAT(failure_when([](const auto&) {
                return HttpReply{500, "Server got itself in trouble"};
              }),
              HasSubstr("HTTP status 500: 'Server got itself in trouble'"));
  EXPECT_THAT(failure_when([](const auto&) {
                return HttpReply{200, R"({"output": [[1], [2]]})"};
              }),
              HasSubstr("sizes [1, 1], not [1, 2]"));
  EXPECT_THAT(failure_when([](const auto&) {
                return HttpReply{200, R"({"output": [1, 2, 3]})"};
              }),
              HasSubstr("no numbers"));
  EXPECT_THAT(failure_when([](const auto&) { return HttpReply{200, "<html>hello</html>"}; }), HasSubstr("not JSON"));
  EXPECT_THAT(failure_when([](const auto&) {
                return HttpReply{200, R"({"output": [[nan], [2, 3]]})"};
              }),
              HasSubstr("y0[0] is not a number"));
}

TEST(Umbridge, ALateAnswerFailsTheRow) {
  const auto late = [](const auto&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return HttpReply{200, R"({"output": [[1], [2, 3]]})"};
  };
  EXPECT_THAT(failure_when(late, 0.05), HasSubstr("no answer in time"));
}

TEST(Umbridge, ABusyServerFailsTheRowInTheEndAndSaysHowOftenItWasTried) {
  const auto busy = [](const auto&) { return HttpReply{503, "busy"}; };
  EXPECT_THAT(failure_when(busy), testing::AllOf(HasSubstr("busy"), HasSubstr("tried 2 times")));
}

TEST(Umbridge, AServerThatIsBusyIsAskedAgain) {
  std::atomic<int> times{0};
  EXPECT_EQ(failure_when([&](const auto&) {
              return ++times == 1 ? HttpReply{503, "busy"} : HttpReply{200, R"({"output": [[1], [2, 3]]})"};
            }),
            "");
  EXPECT_EQ(times, 2);
}

TEST(Umbridge, InputsThatAreNoNumbersAreNotSent) {
  FakeServer server;
  const auto model = make(params_for({server.url()}));
  const int before = server.requests;
  const Batch u = points(2), y("y", 2, 3);
  u(0, 1) = infinity;
  const model::RowStatus status = model->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1U);
  EXPECT_THAT(status.failed[0].reason, HasSubstr("u0[1] = inf is not finite"));
  EXPECT_EQ(server.requests, before + 1);
  EXPECT_THAT(std::vector<double>(&y(1, 0), &y(1, 0) + 3), testing::ElementsAreArray(expected(u, 1)));
}

TEST(UmbridgePool, GivesTheBitsOfOneServerWhoeverAnswersAndSpreadsTheRows) {
  FakeServer one, two, three;
  three.overrides["/Evaluate"] = [n = std::make_shared<std::atomic<int>>(0)](const nlohmann::json& r) {
    const double u0 = r["input"][0][0], u1 = r["input"][0][1], u2 = r["input"][1][0];
    if (++*n % 3 == 0) return HttpReply{503, "come back later"};
    return HttpReply{200, nlohmann::json{{"output", {{u0 * u1}, {u2 + 1.0, std::sin(u0) * u2}}}}.dump()};
  };
  UmbridgeModel::Params params = params_for({one.url(), two.url(), three.url()});
  params.slots = 2, params.retries = 20;
  const auto model = make(params);
  const int rows = 200;
  const Batch u = points(rows), y("y", rows, 3);
  for (int repeat = 0; repeat < 2; ++repeat) ASSERT_TRUE(model->evaluate(u, y).ok());
  for (int row = 0; row < rows; ++row)
    ASSERT_THAT(std::vector<double>(&y(row, 0), &y(row, 0) + 3), testing::ElementsAreArray(expected(u, row))) << row;
  EXPECT_GT(one.requests, 10);
  EXPECT_GT(two.requests, 10);
}

TEST(UmbridgePool, GoesOnWithoutAServerThatLeavesAndStopsWhenAllHaveLeft) {
  FakeServer one;
  auto two = std::make_unique<FakeServer>();
  UmbridgeModel::Params params = params_for({one.url(), two->url()});
  params.retries = 0;
  const auto model = make(params);
  const int rows = 40;
  const Batch u = points(rows), y("y", rows, 3);
  ASSERT_TRUE(model->evaluate(u, y).ok());
  two->stop();
  model::RowStatus status = model->evaluate(u, y);
  EXPECT_LE(status.failed.size(), 1U);  // at most the row that was under way on a connection just closed
  one.stop();
  try {
    model->evaluate(u, y);
    FAIL() << "nobody is there";
  } catch (const core::NumericsError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("no server of the model could be reached for 0.3 s"),
                                             HasSubstr("aleator resume")));
  }
  params.unreachable = UmbridgeModel::Unreachable::reject;
  const UmbridgeModel patient(params, {"forward", {2, 1}, {1, 2}, true, true});
  EXPECT_EQ(patient.evaluate(u, y).failed.size(), static_cast<std::size_t>(rows));
}

TEST(UmbridgePool, WaitsForAServerThatComesBack) {
  auto server = std::make_unique<FakeServer>();
  UmbridgeModel::Params params = params_for({server->url()});
  params.retries = 0, params.wait_seconds = 20.0;
  const auto model = make(params);
  const int port = parse_url(server->url()).port;
  const Batch u = points(3), y("y", 3, 3);
  ASSERT_TRUE(model->evaluate(u, y).ok());
  server.reset();
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    server = std::make_unique<FakeServer>(port);
  });
  const model::RowStatus status = model->evaluate(u, y);
  later.join();
  EXPECT_LE(status.failed.size(), 1U);  // at most the row on the connection that was cut
  EXPECT_TRUE(model->evaluate(u, y).ok());
}

// One worker: what it was asked stays in its queue when nobody waits for the answer any more.
TEST(UmbridgePool, TheRowAfterALateOneIsNotLateForIt) {
  FakeServer server;
  const auto worker = std::make_shared<std::mutex>();
  server.overrides["/Evaluate"] = [worker](const nlohmann::json& r) {
    const std::lock_guard<std::mutex> lock(*worker);
    const double u0 = r["input"][0][0], u1 = r["input"][0][1], u2 = r["input"][1][0];
    if (u0 < 0.0) std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    return HttpReply{200, nlohmann::json{{"output", {{u0 * u1}, {u2 + 1.0, std::sin(u0) * u2}}}}.dump()};
  };
  UmbridgeModel::Params params = params_for({server.url()});
  params.retries = 0, params.timeout_seconds = 0.4, params.wait_seconds = 20.0;
  const auto model = make(params);
  const Batch u = points(4), y("y", 4, 3);
  u(1, 0) = -1.0;
  const model::RowStatus status = model->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1U);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_THAT(status.failed[0].reason, HasSubstr("no answer in time"));
  for (const int row : {0, 2, 3})
    EXPECT_THAT(std::vector<double>(&y(row, 0), &y(row, 0) + 3), testing::ElementsAreArray(expected(u, row))) << row;
}

TEST(UmbridgeHandshake, NamesTheServerThatIsNotThere) {
  std::string key;
  EXPECT_THAT(complaint(params_for({"http://127.0.0.1:1"}), &key),
              testing::AllOf(HasSubstr("no server answers"), HasSubstr("http://127.0.0.1:1: Connection refused")));
  EXPECT_EQ(key, "urls");
  EXPECT_THAT(complaint(params_for({"https://a.org"})), HasSubstr("encrypted"));
  EXPECT_THAT(complaint(params_for({"localhost:4242"})), HasSubstr("http://host:port"));
  EXPECT_THAT(complaint(params_for({"http://localhost:99999"})), HasSubstr("port"));
}

TEST(UmbridgeHandshake, RefusesServersThatDoNotFit) {
  const auto with = [](const std::string& path, const std::string& reply) {
    FakeServer server;
    server.overrides[path] = [reply](const auto&) { return HttpReply{200, reply}; };
    return complaint(params_for({server.url()}));
  };
  EXPECT_THAT(with("/Info", R"({"protocolVersion": 0.9, "models": ["forward"]})"), HasSubstr("version 0.9"));
  EXPECT_THAT(with("/Info", "[]"), HasSubstr("/Info"));
  EXPECT_THAT(with("/Info", R"({"protocolVersion": 1.0, "models": ["a", "b"]})"), HasSubstr("serves 2 models"));
  EXPECT_THAT(with("/InputSizes", R"({"inputSizes": [0]})"), HasSubstr("make no model"));
  EXPECT_THAT(with("/OutputSizes", R"({"outputSizes": "many"})"), HasSubstr("no sound \"outputSizes\""));
  EXPECT_THAT(with("/ModelInfo", R"({"support": {"Evaluate": false}})"), HasSubstr("does not support Evaluate"));
  FakeServer one, two;
  two.overrides["/OutputSizes"] = [](const auto&) { return HttpReply{200, R"({"outputSizes": [3]})"}; };
  EXPECT_THAT(complaint(params_for({one.url(), two.url()})), HasSubstr("serve different models"));
  UmbridgeModel::Params other = params_for({one.url()});
  other.name = "backward";
  EXPECT_THAT(complaint(other), HasSubstr("serves no model 'backward'"));
}

}  // namespace
}  // namespace aleator::external
