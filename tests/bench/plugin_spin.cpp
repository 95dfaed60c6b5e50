// A plugin whose runs take a given time of the processor: for bench_external.
#include <aleator/plugin.hpp>
#include <ctime>

namespace {

class Spin : public aleator::plugin::Model {
 public:
  explicit Spin(const aleator::plugin::Config& config) : microseconds_(config.number("microseconds")) {}
  int inputs() const override { return 10; }
  int outputs() const override { return 10; }
  bool is_thread_safe() const override { return true; }
  void evaluate(const aleator::plugin::Rows& rows) const override {
    for (int64_t row = 0; row < rows.count(); ++row) {
      for (int i = 0; i < 10; ++i) rows.y(row)[i] = 2.0 * rows.u(row)[i];
      const double end = microseconds_ > 0.0 ? processor_time() + microseconds_ : 0.0;
      while (microseconds_ > 0.0 && processor_time() < end) {
      }
    }
  }

 private:
  static double processor_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
  }
  double microseconds_;
};

}  // namespace

ALEATOR_PLUGIN(Spin)
