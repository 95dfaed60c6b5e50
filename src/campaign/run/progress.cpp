#include "campaign/run/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/log.hpp"
#include "core/utf8.hpp"

namespace aleator::campaign {
namespace {

double elapsed(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Columns of the terminal: a status line that is longer would wrap and could not be written over.
int terminal_columns() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string bar(int width, double progress) {
  const int filled = static_cast<int>(width * progress);
  std::string text;
  for (int i = 0; i < width; ++i) text += i < filled ? "█" : "░";
  return text + " ";
}

// UTF-8 text cut to a number of characters.
std::string cut(const std::string& text, int columns) {
  std::size_t end = 0;
  for (int seen = 0; end < text.size(); ++end)
    if (core::begins_character(text[end]) && ++seen > columns) break;
  return text.substr(0, end);
}

}  // namespace

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  if (seconds < 60.0) return fmt::format("{:.1f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(seconds / 60.0);
  if (minutes < 60)
    return fmt::format("{} min {:02} s", minutes, static_cast<int>(seconds - 60.0 * static_cast<double>(minutes)));
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (int at = static_cast<int>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), " ");
  return digits;
}

Progress::Progress(std::string label, double progress_before)
    : label_(std::move(label)), progress_before_(progress_before) {}

std::string Progress::line(const sampler::StepInfo& info, std::int64_t evaluations) const {
  const double seconds = elapsed(start_), done = info.progress - progress_before_;
  const auto runs = evaluations - evaluations_before_;
  std::string text = fmt::format(
      "{:3.0f} %", 100.0 * std::max(0.0, info.progress));  // first what must not be cut on a narrow terminal
  if (done > 0.0 && info.progress < 1.0 && runs > 0)
    text += fmt::format(", {} left", duration_text(seconds * (1.0 - info.progress) / done));
  if (runs > 0 && seconds > 0.0) text += fmt::format(", {:.3g} runs/s", static_cast<double>(runs) / seconds);
  return text + fmt::format("  {}  {}{} model runs", phase_, numbers_, count_text(evaluations));
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
  const std::string text = line(info, evaluations);
  constexpr int widest_bar = 24, narrowest_bar = 8, least_columns = 60;
  const int columns = terminal_columns() - 1,
            left_for_bar = columns - static_cast<int>(label_.size() + text.size()) - 2;
  const std::string middle =
      columns < least_columns ? "" : bar(std::clamp(left_for_bar, narrowest_bar, widest_bar), info.progress);
  core::set_status_line(cut(fmt::format("{} {}{}", label_, middle, text), columns));
}

void Progress::end() { core::set_status_line(""); }

void log_idle_shares(const std::string& doing, const std::vector<double>& idle) {
  const auto most = std::max_element(idle.begin(), idle.end());
  const double mean = std::accumulate(idle.begin(), idle.end(), 0.0) / static_cast<double>(idle.size());
  core::info("idle, {}: {:.1f} % of the time on average over {} groups, {:.1f} % in group {}", doing, 100.0 * mean,
             idle.size(), 100.0 * *most, most - idle.begin());
}

}  // namespace aleator::campaign
