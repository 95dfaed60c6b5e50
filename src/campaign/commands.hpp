#pragma once
/// What      The commands of the program: each reads a deck or a run folder and does one thing.
/// Method    run, calibrate and resume are collective and need a parallel::Session; the others need neither MPI nor PETSc.
/// Parallel  run, calibrate, resume, evaluate: collective. The rest: one process.
/// Cost      check: milliseconds.
/// Fails     UserError, NumericsError, InternalError (core/error.hpp): main turns them into exit codes.
#include <string>

#include "deck/deck.hpp"
#include "parallel/comm.hpp"

namespace aleator::campaign {

struct RunRequest {
  std::string deck;
  deck::Overrides overrides;
  std::string folder;   ///< empty: runs/<deck name>
  std::string command;  ///< as typed, for the records
};

void run(const parallel::Comm& comm, const RunRequest& request);
/// Calibrates (job/calibrate) instead of running the deck's jobs: its own calibrate jobs, or one with problem and sampler of the
/// first job/sample. False: not calibrated. Folder: runs/<deck name>-calibration.
bool calibrate(const parallel::Comm& comm, const RunRequest& request);
/// Of `overrides` only what changes no number may differ from the run that was begun. False: a calibration that is not
/// calibrated.
bool resume(const parallel::Comm& comm, const std::string& folder, const deck::Overrides& overrides,
            const std::string& command);
/// Rows of parameters in the file `at` -> CSV on standard output, or in `out`.
void evaluate(const parallel::Comm& comm, const std::string& deck, const deck::Overrides& overrides,
              const std::string& at, const std::string& out);

/// Reads the deck and builds all its objects, without running; returns what it would do, in words.
std::string check_deck(const std::string& path, const deck::Overrides& overrides);
/// Draws the report of a run folder anew.
void draw_report(const std::string& folder, const deck::Overrides& overrides = {});

}  // namespace aleator::campaign
