#include "campaign/report/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "campaign/report/svg.hpp"
#include "core/utf8.hpp"

extern char** environ;

namespace aleator::campaign::report {
namespace {

constexpr auto gnuplot_time_limit = std::chrono::seconds(60);

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Waits for the child; kills it at the time limit. Returns its exit status, or -1.
int wait_for_child(pid_t child) {
  const auto deadline = std::chrono::steady_clock::now() + gnuplot_time_limit;
  bool killed = false;
  for (;;) {
    int status = 0;
    const pid_t done = waitpid(child, &status, killed ? 0 : WNOHANG);
    if (done == child) return !killed && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (done < 0 && errno != EINTR) return -1;
    if (!killed && std::chrono::steady_clock::now() > deadline) {
      kill(child, SIGKILL);
      killed = true;
    } else if (!killed) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace

Gnuplot::Gnuplot(std::string program, const std::string& work_dir) : program_(std::move(program)) {
  std::error_code error;
  std::filesystem::create_directories(work_dir, error);
  std::string pattern = work_dir + "/figures-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    problem_ = fmt::format("no temporary folder could be made in '{}': {}", work_dir, std::strerror(errno));
    return;
  }
  folder_ = pattern;
  available_ = run("--version", folder_ + "/version");
  if (!available_ && problem_.empty()) problem_ = fmt::format("'{}' does not run", program_);
}

Gnuplot::~Gnuplot() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool Gnuplot::run(const char* argument, const std::string& output_file) {
  const std::string errors = folder_ + "/errors";
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&files, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  char no_startup_file[] = "-d";
  std::string program = program_, last = argument;
  char* arguments[] = {program.data(), no_startup_file, last.data(), nullptr};
  pid_t child = 0;
  const int failure = posix_spawnp(&child, program.c_str(), &files, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (failure != 0) {
    problem_ = fmt::format("the program '{}' could not be started: {}", program_, std::strerror(failure));
    return false;
  }
  const int status = wait_for_child(child);
  if (status == 0) return true;
  problem_ = fmt::format("'{}' ended with status {}: {}", program_, status, core::beginning_of(text_of(errors), 500));
  return false;
}

std::string Gnuplot::draw(const std::string& script, int width, int height, const std::string& description) {
  if (!available_) return "";
  const std::string id = fmt::format("fig{}", ++pictures_);
  const std::string script_file = fmt::format("{}/{}.gp", folder_, id), picture = fmt::format("{}/{}.svg", folder_, id);
  {
    std::ofstream out(script_file, std::ios::binary);
    out << fmt::format("set terminal svg size {},{} dynamic noenhanced font 'sans,12' butt name '{}'\n", width, height,
                       id)
        << "set encoding utf8\n"
        << script;
  }
  if (!run(script_file.c_str(), picture)) return "";
  std::string svg = inline_svg(text_of(picture), id, description);
  if (svg.empty()) problem_ = "gnuplot wrote no picture";
  return svg;
}

}  // namespace aleator::campaign::report
