#include "campaign/progress.hpp"

#include <cmath>

#include "core/log.hpp"

namespace aleator::campaign {
namespace {

double elapsed(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  if (seconds < 60.0) return fmt::format("{:.1f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(seconds / 60.0);
  if (minutes < 60) return fmt::format("{} min {:02} s", minutes, static_cast<int>(seconds - 60.0 * static_cast<double>(minutes)));
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (int at = static_cast<int>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3) digits.insert(static_cast<std::size_t>(at), " ");
  return digits;
}

Progress::Progress(std::string label, double progress_before) : label_(std::move(label)), progress_before_(progress_before) {}

std::string Progress::line(const sampler::StepInfo& info, std::int64_t evaluations) const {
  const double seconds = elapsed(start_), done = info.progress - progress_before_;
  const double left = done > 0.0 ? seconds * (1.0 - info.progress) / done : NAN;
  const double rate = seconds > 0.0 ? static_cast<double>(evaluations - evaluations_before_) / seconds : 0.0;
  return fmt::format("{:3.0f} %  {}  {}{} model runs, {:.3g} /s, {} left", 100.0 * info.progress, phase_, numbers_, count_text(evaluations),
                     rate, duration_text(left));
}

void Progress::update(const sampler::StepInfo& info, std::int64_t evaluations) {
  if (evaluations_before_ < 0) evaluations_before_ = evaluations;
  phase_ = info.phase;
  if (!info.numbers.empty()) {
    numbers_.clear();
    for (const auto& [name, value] : info.numbers) numbers_ += fmt::format("{} {:.3g}, ", name, value);
  }
  const int tenth = static_cast<int>(10.0 * info.progress);
  if (tenth != last_tenth_ || elapsed(last_line_) > 30.0) {
    last_tenth_ = tenth;
    last_line_ = Clock::now();
    core::info("{}: {}", label_, line(info, evaluations));
  }
  if (elapsed(last_bar_) < 0.1 || !core::has_terminal()) return;
  last_bar_ = Clock::now();
  constexpr int width = 24;
  const int filled = static_cast<int>(width * info.progress);
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
  core::set_status_line(fmt::format("{} {} {}", label_, bar, line(info, evaluations)));
}

void Progress::end() { core::set_status_line(""); }

}  // namespace aleator::campaign
