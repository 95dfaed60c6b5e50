#include "inverse/program/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <thread>

#include "core/error.hpp"
#include "parallel/session.hpp"

extern char** environ;

namespace aleator::inverse {
namespace {

using Clock = std::chrono::steady_clock;

struct Running {
  int index;
  pid_t pid;
  Clock::time_point latest;
  bool has_deadline, is_late = false;
};

bool belongs_to_mpi(const std::string& variable) {
  for (const char* const prefix : {"PMIX_", "PMI_", "OMPI_COMM_", "OMPI_APP_", "OMPI_UNIVERSE", "OMPI_MCA_ess",
                                   "OMPI_MCA_orte", "OMPI_MCA_initial", "OMPI_FILE", "OMPI_FIRST", "OMPI_NUM"})
    if (variable.rfind(prefix, 0) == 0) return true;
  return false;
}

std::vector<std::string> environment_with(const std::vector<std::string>& more) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string one = *variable, name = one.substr(0, one.find('=') + 1);
    const bool is_replaced =
        std::any_of(more.begin(), more.end(), [&](const std::string& given) { return given.rfind(name, 0) == 0; });
    if (!is_replaced && !belongs_to_mpi(one)) all.push_back(one);
  }
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// The process, or why there is none.
std::string start(const Command& command, pid_t& pid) {
  const std::vector<std::string> environment = environment_with(command.environment);
  const std::string out = command.folder + "/stdout.txt", err = command.folder + "/stderr.txt";
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out.c_str(), flags, 0644);
  posix_spawn_file_actions_addopen(&files, 2, err.c_str(), flags, 0644);
  posix_spawn_file_actions_addchdir_np(&files, command.folder.c_str());
  sigset_t none, usual;
  sigemptyset(&none), sigemptyset(&usual);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGPIPE}) sigaddset(&usual, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  int error = EAGAIN;
  for (int attempt = 0; attempt < 20 && (error == EAGAIN || error == ENOMEM || error == ETXTBSY); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));  // that passes
    error = posix_spawn(&pid, command.arguments[0].c_str(), &files, &attributes, pointers(command.arguments).data(),
                        pointers(environment).data());
  }
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? std::string() : fmt::format("cannot be started: {}", std::strerror(error));
}

// Those that are not zombies.
std::vector<pid_t> processes_of_session(pid_t leader) {
  std::vector<pid_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry->path() / "stat");
    std::string line;
    std::getline(file, line);
    const std::size_t behind_name = line.rfind(')');
    if (behind_name == std::string::npos) continue;
    char state = 0;
    pid_t parent = 0, group = 0, session = 0;
    std::istringstream(line.substr(behind_name + 1)) >> state >> parent >> group >> session;
    if (session == leader && state != 'Z') found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return found;
}

// Ends a program that leads a session, and all it has started there: mpirun and timeout put their programs into groups of their
// own. Only what begins another session, as a service does, lives on.
void end_session(pid_t leader) {
  ::kill(-leader, SIGKILL);
  constexpr int most_passes = 10;  // a program that starts others meanwhile
  for (int pass = 0, found = 1; found > 0 && pass < most_passes; ++pass) {
    found = 0;
    for (const pid_t process : processes_of_session(leader)) found += ::kill(process, SIGKILL) == 0 ? 1 : 0;
  }
}

// Whatever still runs ends with its owner: an error must not leave programs behind.
struct RunningCommands {
  std::vector<Running> list;
  ~RunningCommands() {
    for (const Running& process : list) end_session(process.pid);
    for (const Running& process : list) ::waitpid(process.pid, nullptr, 0);
  }
};

Outcome outcome_of(const Running& process, int status) {
  Outcome outcome;
  outcome.is_late = process.is_late;
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

// Whether what ended a program was meant for the run, which was asked to stop by a signal to all processes of the job: it has
// then to run again, for the step goes to its end. This process may hear of the signal a little later. A shell gives the signals
// of its programs as exit codes from 128 on.
bool was_stopped_with_us(const Outcome& outcome) {
  const auto is_one = [](int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGUSR1; };
  if (outcome.signal == 0) return is_one(outcome.exit_code - 128) && !parallel::stop_signal().empty();
  if (!is_one(outcome.signal)) return false;
  for (int wait = 0; wait < 20 && parallel::stop_signal().empty(); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  return !parallel::stop_signal().empty();
}

}  // namespace

void run_commands(int count, int concurrency, const std::function<Command(int)>& command,
                  const std::function<void(int, const Outcome&)>& done) {
  RunningCommands commands;
  std::vector<Running>& running = commands.list;
  std::deque<int> waiting(static_cast<std::size_t>(count));
  std::iota(waiting.begin(), waiting.end(), 0);
  constexpr int most_repeats = 2;  // a program may have reasons of its own to end so
  std::vector<int> repeats(static_cast<std::size_t>(count), 0);
  auto pause = std::chrono::milliseconds(1);
  while (!waiting.empty() || !running.empty()) {
    while (!waiting.empty() && static_cast<int>(running.size()) < concurrency) {
      const int next = waiting.front();
      waiting.pop_front();
      Command one;
      Outcome outcome;
      try {
        one = command(next);
      } catch (const std::exception& error) {
        outcome.error = fmt::format("cannot be prepared: {}", error.what());
        done(next, outcome);
        continue;
      }
      const auto allowed = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(one.timeout));
      Running process{next, 0, Clock::now() + allowed, one.timeout > 0.0};
      outcome.error = start(one, process.pid);
      if (outcome.error.empty())
        running.push_back(process);
      else
        done(next, outcome);
    }
    bool has_ended = false;
    for (std::size_t k = 0; k < running.size();) {
      int status = 0;
      const pid_t answer = ::waitpid(running[k].pid, &status, WNOHANG);
      if (answer == 0 || (answer < 0 && errno == EINTR)) {
        if (running[k].has_deadline && !running[k].is_late && Clock::now() > running[k].latest) {
          running[k].is_late = true;
          end_session(running[k].pid);
        }
        ++k;
        continue;
      }
      const Running ended = running[k];
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(k));
      has_ended = true;
      Outcome outcome = outcome_of(ended, status);
      if (answer < 0) outcome.error = fmt::format("its end was not told: {}", std::strerror(errno));
      int& repeated = repeats[static_cast<std::size_t>(ended.index)];
      if (repeated < most_repeats && was_stopped_with_us(outcome))
        ++repeated, waiting.push_front(ended.index);
      else
        done(ended.index, outcome);
    }
    pause = has_ended ? std::chrono::milliseconds(1) : std::min(2 * pause, std::chrono::milliseconds(20));
    if (!has_ended && !running.empty()) std::this_thread::sleep_for(pause);
  }
}

std::string find_program(const std::string& name) {
  if (name.empty()) return {};
  const auto is_program = [](const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path);
  };
  if (name.find('/') != std::string::npos)
    return is_program(name) ? std::filesystem::absolute(name).string() : std::string();
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (is_program(folder + "/" + name)) return folder + "/" + name;
  return {};
}

}  // namespace aleator::inverse
