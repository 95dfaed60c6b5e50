#include "external/plugin/crash_guard.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace aleator::external {
namespace {

constexpr std::array<int, 5> crash_signals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::uint64_t unwritten = 0x7ff8a1ea70500000;  // a NaN that no computation gives
constexpr int exit_code = 3;

thread_local const PluginCall* current = nullptr;
std::array<struct sigaction, crash_signals.size()> before;

const char* name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "segmentation fault: it used memory that is not its own, or its stack is full";
    case SIGBUS:
      return "bus error";
    case SIGILL:
      return "illegal instruction: it was built for another processor, perhaps";
    case SIGFPE:
      return "arithmetic error, such as a division of whole numbers by zero";
    default:
      return "it called abort, or threw an exception that nobody caught";
  }
}

// Only what is allowed while anything may be broken: no memory is asked for.
struct Text {
  char text[2048];
  int length = 0;
  template <typename... Values>
  void add(const char* form, Values... values) {
    const int room = static_cast<int>(sizeof text) - length;
    length +=
        std::max(0, std::min(room - 1, std::snprintf(text + length, static_cast<std::size_t>(room), form, values...)));
  }
};

int first_unwritten(const PluginCall& call) {
  for (int row = 0; row < call.rows; ++row)
    if (is_unwritten(call.y[static_cast<std::ptrdiff_t>(row) * call.outputs])) return row;
  return -1;
}

void add_row(const PluginCall& call, Text& text) {
  constexpr int most_inputs = 8;
  const int row = first_unwritten(call);
  if (row < 0) {
    text.add(", after all outputs of its %d row%s were written", call.rows, call.rows == 1 ? "" : "s");
    return;
  }
  text.add(
      call.rows == 1 ? ", at" : ", at or before row %d of the %d handed over in this call, the first without outputs:",
      row, call.rows);
  for (int k = 0; k < std::min(call.inputs, most_inputs); ++k)
    text.add("%s %s = %.17g", k == 0 ? "" : ",", (*call.names)[static_cast<std::size_t>(k)].c_str(),
             call.u[static_cast<std::ptrdiff_t>(row) * call.inputs + k]);
  if (call.inputs > most_inputs) text.add(", ...");
}

// The end of a process in which nothing may be relied on any more.
[[noreturn]] void tell_and_end(const PluginCall& call, const char* what, const char* why, const char* advice) {
  Text text;
  text.add("error: the plugin %s %s its %s function (%s)", call.plugin, what, call.doing, why);
  if (call.u != nullptr) add_row(call, text);
  text.add("\n  nothing more is written; files are as at the last checkpoint. %s\n", advice);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.text, static_cast<std::size_t>(text.length));
  _exit(exit_code);
}

// A plugin that ends the program would end it with its own exit code, as if the run were done.
void on_exit() {
  if (current != nullptr)
    tell_and_end(*current, "ended the program from", "it called exit, or a Fortran STOP",
                 "A model that fails returns a non-zero number, or NaN in the outputs of a row.");
}

void on_crash(int signal, siginfo_t*, void*) {
  if (current == nullptr) {  // not a plugin's: as if we were not there
    const auto k =
        static_cast<std::size_t>(std::find(crash_signals.begin(), crash_signals.end(), signal) - crash_signals.begin());
    sigaction(signal, &before[k], nullptr);
    raise(signal);
    return;
  }
  tell_and_end(*current, "crashed in", name_of(signal),
               "To find the place: build the plugin with -g, then gdb --args aleator ...");
}

void catch_crashes() {
  std::atexit(on_exit);
  struct sigaction action = {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (std::size_t k = 0; k < crash_signals.size(); ++k) sigaction(crash_signals[k], &action, &before[k]);
}

// A stack of its own for the handler of each thread, given back at the thread's end.
struct SpareStack {
  static constexpr std::size_t size = 65536;
  std::unique_ptr<char[]> memory = std::make_unique<char[]>(size);
  SpareStack() {
    stack_t stack = {};
    stack.ss_sp = memory.get(), stack.ss_size = size;
    sigaltstack(&stack, nullptr);
  }
  ~SpareStack() {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
};

}  // namespace

bool is_unwritten(double output) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &output, sizeof bits);
  return bits == unwritten;
}

CrashGuard::CrashGuard(const PluginCall& call) : call_(call), outer_(current) {
  static std::once_flag once;
  std::call_once(once, catch_crashes);
  thread_local const SpareStack stack;
  const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(call.rows) * call.outputs;
  for (std::ptrdiff_t i = 0; i < count; ++i) std::memcpy(call.y + i, &unwritten, sizeof unwritten);
  current = &call_;
}

CrashGuard::~CrashGuard() { current = outer_; }

OutsideOfPlugin::OutsideOfPlugin() : inner_(current) { current = nullptr; }
OutsideOfPlugin::~OutsideOfPlugin() { current = inner_; }

}  // namespace aleator::external
