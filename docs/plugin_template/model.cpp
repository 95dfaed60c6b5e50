// A cup of coffee that cools: T(t) = room + (start - room) exp(-rate t), measured at given times.
// Inputs: start and rate. Outputs: the temperatures. Copy this folder and put your own model in its place.
#include <aleator/plugin.hpp>
#include <cmath>

namespace {

class Cooling : public aleator::plugin::Model {
 public:
  // The table [model.….config] of the deck. A key that is not asked for here is reported as a mistake.
  explicit Cooling(const aleator::plugin::Config& config)
      : room_(config.number("room", 20.0)), times_(config.numbers("times")) {
    if (times_.empty()) throw std::runtime_error("config: times is empty");
  }

  int inputs() const override { return 2; }
  int outputs() const override { return static_cast<int>(times_.size()); }
  std::vector<std::string> input_names() const override { return {"start", "rate"}; }
  // evaluate() changes nothing in the object, so several threads may call it at once.
  bool is_thread_safe() const override { return true; }

  void evaluate(const aleator::plugin::Rows& rows) const override {
    for (int64_t row = 0; row < rows.count(); ++row) {
      const double start = rows.u(row)[0], rate = rows.u(row)[1];
      if (rate < 0.0) {
        rows.fail(row, "a negative rate");  // this row alone; the problem's on_failure says what becomes of it
        continue;
      }
      for (std::size_t i = 0; i < times_.size(); ++i)
        rows.y(row)[i] = room_ + (start - room_) * std::exp(-rate * times_[i]);
    }
  }

  // Optional: du = J^T dy, which hmc and mala need.
  bool has_pullback() const override { return true; }
  void pullback(const aleator::plugin::Rows& rows) const override {
    for (int64_t row = 0; row < rows.count(); ++row) {
      const double start = rows.u(row)[0], rate = rows.u(row)[1];
      double by_start = 0.0, by_rate = 0.0;
      for (std::size_t i = 0; i < times_.size(); ++i) {
        const double decay = std::exp(-rate * times_[i]);
        by_start += decay * rows.dy(row)[i];
        by_rate -= times_[i] * (start - room_) * decay * rows.dy(row)[i];
      }
      rows.du(row)[0] = by_start;
      rows.du(row)[1] = by_rate;
    }
  }

  // Optional: dy = J du.
  bool has_pushforward() const override { return true; }
  void pushforward(const aleator::plugin::Rows& rows) const override {
    for (int64_t row = 0; row < rows.count(); ++row) {
      const double start = rows.u(row)[0], rate = rows.u(row)[1];
      for (std::size_t i = 0; i < times_.size(); ++i)
        rows.derivative(row)[i] = std::exp(-rate * times_[i]) *
                                  (rows.direction(row)[0] - times_[i] * (start - room_) * rows.direction(row)[1]);
    }
  }

 private:
  double room_;
  std::vector<double> times_;
};

}  // namespace

ALEATOR_PLUGIN(Cooling)
