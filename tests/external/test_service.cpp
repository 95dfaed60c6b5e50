// ModelService: many clients at once, each with its own answer, in batches or not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "core/error.hpp"
#include "external/http/client.hpp"
#include "external/umbridge/service.hpp"

namespace aleator::external {
namespace {

// y = sin(u), counting how many rows came in its largest batch; u > 10 fails, u > 20 throws.
class Sine : public model::ForwardModel {
 public:
  Sine() { shape_.inputs = shape_.outputs = 1; }
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override {
    largest_ = std::max<int>(largest_, u.extent(0));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    model::RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      if (u(row, 0) > 20.0) throw core::NumericsError("the sine has overflowed");
      if (u(row, 0) > 10.0) status.failed.push_back({static_cast<int>(row), "too large \"an angle\""});
      y(row, 0) = std::sin(u(row, 0));
    }
    return status;
  }
  mutable std::atomic<int> largest_{0};

 private:
  model::Shape shape_;
};

TEST(ModelService, GivesEachOfManyClientsItsOwnAnswerAndBatchesThem) {
  const auto sine = std::make_shared<Sine>();
  ModelService service({{"sine", sine}}, "127.0.0.1", 0);
  std::atomic<int> running{8}, wrong{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c)
    clients.emplace_back([&, c] {
      HttpClient client({"127.0.0.1", service.port(), ""}, {});
      for (int i = 0; i < 10; ++i) {
        const double u = c == 0 && i % 3 == 1 ? 25.0 : c == 1 && i % 2 == 1 ? 15.0 : 0.1 * c + 0.01 * i;
        const std::string body = "{\"name\":\"sine\",\"input\":[[" + std::to_string(u) + "]]}";
        const HttpMessage reply = client.request("/Evaluate", &body);
        const bool is_right = u > 20.0   ? reply.status() == 500 && reply.body.find("overflowed") != std::string::npos
                              : u > 10.0 ? reply.body.find("too large \\\"an angle\\\"") != std::string::npos
                                         : std::stod(reply.body.substr(12)) == std::sin(std::stod(std::to_string(u)));
        if (!is_right) ++wrong;
      }
      --running;
    });
  service.run([&] { return running == 0; });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(sine->largest_, 1) << "clients that wait together share a batch";
}

}  // namespace
}  // namespace aleator::external
