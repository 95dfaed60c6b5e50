#include "core/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>

#include "core/error.hpp"

namespace aleator::core {
namespace {

struct LogState {
  std::mutex guard;
  bool enabled = true;
  Terminal terminal = Terminal::everything;
  LogLevel level = LogLevel::info;
  std::string status;
  std::shared_ptr<spdlog::logger> file;
};

LogState& log_state() {
  static LogState state;
  return state;
}

void print_to_terminal(const LogState& state, LogLevel level, std::string_view text) {
  const char* const erase = state.status.empty() ? "" : "\r\033[K";
  const char* const label = level == LogLevel::warning ? "warning: " : level == LogLevel::error ? "error: " : "";
  std::fprintf(stderr, "%s%s%.*s\n%s", erase, label, static_cast<int>(text.size()), text.data(), state.status.c_str());
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

bool is_logged(LogLevel level) { return log_state().enabled && level >= log_state().level; }

void log_line(LogLevel level, std::string_view text) {
  LogState& state = log_state();
  if (!is_logged(level)) return;
  const std::lock_guard<std::mutex> lock(state.guard);
  if (state.terminal == Terminal::everything) print_to_terminal(state, level, text);
  if (state.file) state.file->log(spdlog_level(level), "{}", text);
}

void set_log_rank(int rank) { log_state().enabled = rank == 0; }
void set_log_level(LogLevel level) { log_state().level = level; }
void set_terminal(Terminal shown) { log_state().terminal = shown; }

void set_log_file(const std::string& path) {
  LogState& state = log_state();
  if (!state.enabled) return;
  const std::lock_guard<std::mutex> lock(state.guard);
  state.file.reset();
  if (path.empty()) return;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, false);
    state.file = std::make_shared<spdlog::logger>("aleator", sink);
    state.file->set_pattern("%Y-%m-%d %H:%M:%S  %-7l  %v");
    state.file->set_level(spdlog::level::debug);
    state.file->flush_on(spdlog::level::debug);
    state.file->set_error_handler(
        [](const std::string&) {});  // a full disk is told by what writes results, with advice
  } catch (const spdlog::spdlog_ex& failure) {
    throw UserError(fmt::format("{}: the log cannot be written ({})", path, failure.what()));
  }
}

bool has_terminal() {
  return log_state().enabled && log_state().terminal != Terminal::nothing && isatty(STDERR_FILENO) != 0;
}

void set_status_line(std::string_view text) {
  LogState& state = log_state();
  if (!has_terminal()) return;
  const std::lock_guard<std::mutex> lock(state.guard);
  state.status = std::string(text);
  std::fprintf(stderr, "\r\033[K%s", state.status.c_str());
  std::fflush(stderr);
}

}  // namespace aleator::core
