#pragma once
/// What      Runs other programs, several at a time, each in a folder of its own.
/// Method    posix_spawn of an argument vector without a shell, in a process group of its own; a program that is late is ended
///           with its group. Standard output and error go to files. Variables by which MPI knows this process are not handed
///           on, so that a program may start MPI itself.
/// Parallel  local: one thread of one rank.
/// Cost      a millisecond to start a program; waiting looks every 1 to 20 ms.
/// Fails     never: what is wrong with a command or its program is in its Outcome.
#include <functional>
#include <string>
#include <vector>

namespace aleator::inverse {

struct Command {
  std::vector<std::string> arguments;    ///< the first is the program, a path
  std::string folder;                    ///< where it runs; stdout.txt and stderr.txt are written there
  std::vector<std::string> environment;  ///< "NAME=value", added to this process's
  double timeout = 0.0;                  ///< seconds; 0: none
};

struct Outcome {
  int exit_code = 0;
  int signal = 0;  ///< that ended it; 0: none
  bool is_late = false;
  std::string error;  ///< why it could not be prepared or started
};

/// Runs command(0) … command(count - 1), at most `concurrency` at a time; done(i, outcome) as each ends. A program that a signal
/// ends with which the run was asked to stop is run again, twice at most, its command asked for again.
void run_commands(int count, int concurrency, const std::function<Command(int)>& command,
                  const std::function<void(int, const Outcome&)>& done);

/// The path of a program by its name, as a shell finds it; a relative path is made absolute. Empty: there is none.
std::string find_program(const std::string& name);

}  // namespace aleator::inverse
