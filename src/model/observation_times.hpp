#pragma once
/// What      When a model in time is observed, and the steps that lead from one observation to the next.
/// Method    From one time to the next n = ceil(length / dt) equal steps, so that each time is met to the bit. A length that is
///           whole steps but for the rounding of the times is so many.
/// Parallel  local.
/// Cost      -
/// Fails     KeyError: times that do not increase or come too early, neither or both of `times` and `end`, too many steps.
#include <optional>
#include <string>
#include <vector>

#include "deck/schema.hpp"

namespace aleator::model {

struct TimesParams {
  TimesParams();  // out of line: else GCC 12 warns of times in a base of a base
  std::vector<double> times;
  std::optional<double> end;
  std::optional<int> observations;
};

/// Adds the keys of TimesParams; `order`: how the times must lie.
template <class Params>
void add_times_keys(deck::Schema<Params>& s, const std::string& unit, const std::string& order) {
  s.key("times", &TimesParams::times, unit, "times of the observations, " + order)
      .example("[1.0, 2.0]")
      .key("end", &TimesParams::end, unit, "time of the last observation, instead of times")
      .key("observations", &TimesParams::observations, "1",
           "number of equally spaced observation times after the start, the last at end", deck::between(1, 1000000));
}

enum class FirstTime { at_start_or_later, after_start };

std::vector<double> observation_times(const TimesParams& params, double start, FirstTime first);

/// With six digits, or as many more as it takes to know each to a hundredth of the smallest time between two.
std::vector<std::string> time_labels(const std::vector<double>& times);

/// Equal steps without a break; `output`: index of the time they end at, or -1.
struct Piece {
  int steps;
  double h;
  int output;
};

/// Equal steps from one time to another, none longer than dt.
Piece piece_between(double from, double to, double dt);
/// KeyError on dt where there are more than `most`.
void refuse_many_steps(double count, double dt, double most);
/// A piece for each of the times. KeyError on dt when there are more than `most` steps.
std::vector<Piece> pieces_between(const std::vector<double>& times, double start, double dt, double most);
/// The same in pieces of at most `longest` steps, at least 1.
std::vector<Piece> cut(const std::vector<Piece>& pieces, int longest);
int total_steps(const std::vector<Piece>& pieces);

/// Whether so many steps of a map can be taken: times are written with few digits.
bool is_whole(double steps);

/// How much shorter the steps are each time that a row is computed again: the two retries of the default reach a sixteenth.
constexpr int shorter_by = 4;
/// In how many parts each of `steps` is taken for rows that have failed `attempt` times; at most `most` steps then.
int parts_of_a_step(int attempt, int steps, double most);

}  // namespace aleator::model
