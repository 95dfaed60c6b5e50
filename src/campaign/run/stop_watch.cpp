#include "campaign/run/stop_watch.hpp"

#include <algorithm>

#include "parallel/session.hpp"

namespace aleator::campaign {
StopWatch::StopWatch(const parallel::Comm& comm, const RunSettings& settings, TimePoint began)
    : comm_(comm), settings_(settings), start_(began) {}

double StopWatch::seconds_since(TimePoint then) { return std::chrono::duration<double>(Clock::now() - then).count(); }
double StopWatch::seconds() const { return seconds_since(start_); }
void StopWatch::checkpoint_written() {
  if (ordered_ > last_checkpoint_) checkpoint_cost_ = seconds_since(ordered_);
  last_checkpoint_ = Clock::now();
}

double StopWatch::checkpoint_interval() const {
  constexpr double shortest = 30.0, share = 0.01;
  return std::min(60.0 * settings_.checkpoint_minutes, std::max(shortest, checkpoint_cost_ / share));
}

StopWatch::Order StopWatch::poll() {
  constexpr double look_interval = 0.1;
  if (comm_.size() == 1 ? seconds_since(last_look_) < look_interval : polls_until_look_-- > 0) return Order::go_on;
  Order order = Order::go_on;
  const double since_look = seconds_since(last_look_);
  last_look_ = Clock::now();
  if (comm_.is_root() && settings_.wall_time_minutes &&
      seconds() > 60.0 * (*settings_.wall_time_minutes - settings_.stop_margin_minutes)) {
    order = Order::stop;
    reason_ = "the wall time given in the deck is nearly over";
  } else if (comm_.is_root() && seconds_since(last_checkpoint_) > checkpoint_interval()) {
    order = Order::checkpoint;
    ordered_ = Clock::now();
  }
  if (const std::string signal = parallel::stop_signal(); !signal.empty()) order = Order::stop, reason_ = signal;
  // Rank 0 measures how many polls make a tenth of a second; all use its number. Steps may become a thousand times as long from
  // one to the next: no more than a few of them may pass unseen.
  constexpr double most_polls = 16.0;
  const double polls =
      std::min(most_polls, (polls_between_looks_ + 1) * std::min(2.0, look_interval / std::max(since_look, 1e-6)));
  double shared[1] = {polls};
  comm_.broadcast(shared, 1);
  polls_between_looks_ = std::max(0, static_cast<int>(shared[0]) - 1);
  polls_until_look_ = polls_between_looks_;
  return static_cast<Order>(static_cast<int>(comm_.max(static_cast<double>(order))));
}

}  // namespace aleator::campaign
