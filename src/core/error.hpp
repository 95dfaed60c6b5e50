#pragma once
/// What      The three ways a run can fail, and the assertion macro. The program turns each into its exit code.
/// Method    DESIGN: 2 the deck or the data is wrong, 3 the numerics failed, 4 a bug of ours.
/// Parallel  local; a caller that throws on one rank only must first agree() with the others (parallel/comm.hpp).
/// Cost      nothing unless thrown.
/// Fails     -
#include <stdexcept>
#include <string>

namespace aleator::core {

/// The deck, the data or the command line is wrong: the message tells the user what to change. Exit code 2.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input was sound but the computation broke down (no positive definite matrix, every model run failed). Exit code 3.
class NumericsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An invariant of the program does not hold: a bug. Exit code 4.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace aleator::core

/// Checked in every build: the conditions guarded are cheap beside the work they protect.
#define ALEATOR_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::aleator::core::assertion_failed(#expression, __FILE__, __LINE__))
