#include "model/observation_times.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::model {

TimesParams::TimesParams() = default;

std::vector<std::string> time_labels(const std::vector<double>& times) {
  double gap = std::numeric_limits<double>::infinity();
  for (std::size_t k = 1; k < times.size(); ++k) gap = std::min(gap, times[k] - times[k - 1]);
  std::vector<std::string> labels;
  bool is_told = false;
  for (int digits = 6; digits <= 17 && !is_told; ++digits) {
    labels.clear(), is_told = true;
    for (const double t : times) {
      labels.push_back(fmt::format("{:.{}g}", t, digits));
      is_told = is_told && std::abs(std::stod(labels.back()) - t) <= 0.01 * gap;
    }
  }
  return labels;
}

bool is_whole(double steps) { return std::abs(steps - std::round(steps)) <= 1e-6; }

std::vector<double> observation_times(const TimesParams& params, double start, FirstTime first) {
  std::vector<double> times = params.times;
  if (times.empty()) {
    if (!params.end || !params.observations)
      throw deck::KeyError(params.end ? "end" : "observations", "the observation times are not given",
                           "set times, or end and observations");
    if (!(*params.end > start))
      throw deck::KeyError("end", fmt::format("{} does not come after start = {}", *params.end, start));
    const int n = *params.observations;
    for (int k = 1; k <= n; ++k) times.push_back(k == n ? *params.end : start + (*params.end - start) * k / n);
  } else if (params.end || params.observations) {
    throw deck::KeyError(params.end ? "end" : "observations", "the observation times are given twice",
                         "set either times, or end and observations");
  }
  if (times.front() < start)
    throw deck::KeyError("times", fmt::format("{} comes before start = {}", times.front(), start));
  if (first == FirstTime::after_start && !(times.front() > start))
    throw deck::KeyError("times", fmt::format("{} does not come after start = {}", times.front(), start));
  for (std::size_t k = 1; k < times.size(); ++k)
    if (!(times[k] > times[k - 1]))
      throw deck::KeyError("times", fmt::format("they do not increase: {} comes after {}", times[k], times[k - 1]));
  return times;
}

namespace {

// 0.1 times 3 is not four steps, nor are 1000.1 - 1000 two: times are known to their last bit only.
double steps_between(double from, double to, double dt) {
  if (!(to > from)) return 0.0;
  const double rounding = 4.0 * std::numeric_limits<double>::epsilon() * std::max(std::abs(from), std::abs(to));
  return std::max(1.0, std::ceil((to - from) / dt * (1.0 - 1e-12) - rounding / dt));
}

}  // namespace

void refuse_many_steps(double count, double dt, double most) {
  if (count > most)
    throw deck::KeyError("dt", fmt::format("{} means more than {} steps", dt, static_cast<int>(most)),
                         "choose a longer step or an earlier end");
}

Piece piece_between(double from, double to, double dt) {
  const double n = steps_between(from, to, dt);
  return {static_cast<int>(n), n > 0 ? (to - from) / n : 0.0, -1};
}

std::vector<Piece> pieces_between(const std::vector<double>& times, double start, double dt, double most) {
  std::vector<Piece> pieces;
  double t = start, total = 0.0;
  for (std::size_t k = 0; k < times.size(); ++k) {
    const double n = steps_between(t, times[k], dt);
    refuse_many_steps(total += n, dt, most);
    pieces.push_back({static_cast<int>(n), n > 0 ? (times[k] - t) / n : 0.0, static_cast<int>(k)});
    t = times[k];
  }
  return pieces;
}

std::vector<Piece> cut(const std::vector<Piece>& pieces, int longest) {
  std::vector<Piece> result;
  for (const Piece& piece : pieces) {
    int rest = piece.steps;
    for (; rest > longest; rest -= longest) result.push_back({longest, piece.h, -1});
    result.push_back({rest, piece.h, piece.output});
  }
  return result;
}

int total_steps(const std::vector<Piece>& pieces) {
  int sum = 0;
  for (const Piece& piece : pieces) sum += piece.steps;
  return sum;
}

int parts_of_a_step(int attempt, int steps, double most) {
  int parts = 1;
  for (; attempt > 0 && static_cast<double>(shorter_by) * parts * steps <= most; --attempt) parts *= shorter_by;
  return parts;
}

}  // namespace aleator::model
