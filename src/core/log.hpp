#pragma once
/// What      The program's one log: libraries write to it, the program decides where it goes.
/// Method    spdlog sinks: the terminal (stderr) and, during a run, log.txt in the run folder.
/// Parallel  rank 0 writes; the others are silenced by set_log_rank() and every call on them is free.
/// Cost      one formatted line; never call it in a loop over rows.
/// Fails     UserError when log.txt cannot be opened.
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace aleator::core {

enum class LogLevel { debug, info, warning, error };

void log_line(LogLevel level, std::string_view text);
bool is_logged(LogLevel level);

/// Only rank 0 logs; call once after MPI has started.
void set_log_rank(int rank);
void set_log_level(LogLevel level);
/// What the terminal shows; the file has all. A campaign's runs show a bar at most: their lines would mix.
enum class Terminal { everything, status, nothing };
void set_terminal(Terminal shown);
/// Adds (appends to) the file; an empty path closes it.
void set_log_file(const std::string& path);
/// Writes `text` over the current terminal line (a progress bar); later log lines keep it last. Empty text removes it.
void set_status_line(std::string_view text);
/// True when stderr is a terminal on rank 0: a progress bar makes sense.
bool has_terminal();

template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(LogLevel::info)) log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(LogLevel::warning)) log_line(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace aleator::core
