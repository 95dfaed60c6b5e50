#pragma once
// Keeps the least time of each benchmark over its repetitions: other work on the machine changes its speed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace aleator {

class LeastTimes : public benchmark::BenchmarkReporter {
 public:
  explicit LeastTimes(double rows) : rows_(rows) {}
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const double seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
      const auto [known, is_new] = seconds_.try_emplace(run.run_name.function_name, seconds);
      if (!is_new) known->second = std::min(known->second, seconds);
    }
  }
  bool has(const std::string& name) const { return seconds_.count(name) > 0; }
  /// Seconds a row.
  double operator[](const std::string& name) const { return seconds_.at(name) / rows_; }

 private:
  double rows_;
  std::map<std::string, double> seconds_;
};

}  // namespace aleator
