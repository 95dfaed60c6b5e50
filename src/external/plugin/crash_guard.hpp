#pragma once
/// What      Tells of a plugin that crashes, or ends the program, which one it was, what it was doing and at which row, in place
///           of a bare backtrace.
/// Method    While a guard lives, signals of a crash (segmentation fault, bus error, illegal instruction, arithmetic, abort) that
///           reach its thread end the process with a message. The row is the first whose outputs the plugin has not
///           written: they are marked beforehand. Outside of plugins signals go where they went before.
///           exit() ends the process likewise; _exit() cannot be caught.
/// Parallel  each thread has its own guard; a process that ends so takes the other ranks with it (mpirun).
/// Cost      some ns a call, a pass over the outputs, and 64 KiB a thread: a stack for when the plugin's is full.
/// Fails     a crash exits with code 3 at once: nothing more is written, so that files stay as they were at the last checkpoint.
#include <string>
#include <vector>

#include "kernels/batch.hpp"

namespace aleator::external {

/// What a plugin is asked to do.
struct PluginCall {
  const char* plugin;         ///< its file
  const char* doing;          ///< "evaluate"
  const double* u = nullptr;  ///< rows x inputs; null: it has none
  double* y = nullptr;        ///< rows x outputs
  int rows = 0, inputs = 0, outputs = 0;
  const std::vector<std::string>* names = nullptr;  ///< of the inputs
};

/// Whether this number is what a CrashGuard put there, so that the plugin has not written it.
bool is_unwritten(double output);

class CrashGuard {
 public:
  explicit CrashGuard(const PluginCall& call);
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  const PluginCall call_;
  const PluginCall* outer_;
};

/// While it lives, this thread is in Aleator's own code again: in what a plugin calls back.
class OutsideOfPlugin {
 public:
  OutsideOfPlugin();
  ~OutsideOfPlugin();
  OutsideOfPlugin(const OutsideOfPlugin&) = delete;
  OutsideOfPlugin& operator=(const OutsideOfPlugin&) = delete;

 private:
  const PluginCall* inner_;
};

}  // namespace aleator::external
