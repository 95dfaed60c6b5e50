#include "external/umbridge/pool.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "core/log.hpp"
#include "external/umbridge/protocol.hpp"

namespace aleator::external {
namespace {

constexpr double first_pause = 0.1, longest_pause = 5.0;  // seconds

double pause_after(int tries) { return std::min(longest_pause, first_pause * std::pow(2.0, tries - 1)); }

bool comes_and_goes(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

PoolConnection::PoolConnection(std::string url, HttpTimeouts timeouts)
    : url_(std::move(url)), client_(parse_url(url_), timeouts) {}

std::string PoolConnection::post(const std::string& path, const std::string& json) {
  HttpMessage reply = client_.request(path, &json, std::exchange(patience_, 0.0));
  const int status = reply.status();
  if (status == 200) return std::move(reply.body);
  const std::string why = error_in(status, reply.body);
  if (comes_and_goes(status)) throw NetworkError(NetworkError::Kind::closed, why);
  throw UmbridgeError(why);
}

struct ServerPool::Batch {
  const Work& work;
  Outcomes outcomes;
  std::vector<char> is_done;
  std::vector<int> attempts;
  std::deque<int> queue;
  int unfinished = 0;
  std::exception_ptr exception;  // of work(), neither of the network nor of the model
  bool is_over() const { return unfinished == 0 || !outcomes.unreachable.empty() || exception; }
};

struct ServerPool::Worker {
  Worker(Server& its_server, HttpTimeouts timeouts) : server(its_server), connection(its_server.url, timeouts) {}
  Server& server;
  PoolConnection connection;
  bool is_busy = false;
  std::thread thread;
};

ServerPool::ServerPool(Settings settings) : settings_(std::move(settings)), next_alone_(getpid()) {
  for (const std::string& url : settings_.urls) servers_.push_back({url});
  for (int slot = 0; slot < settings_.slots; ++slot)
    for (Server& server : servers_) workers_.push_back(std::make_unique<Worker>(server, settings_.timeouts));
}

ServerPool::~ServerPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  for (const auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
}

ServerPool::Outcomes ServerPool::run(int rows, const Work& work) {
  Batch batch{work, {std::vector<std::string>(rows), {}}, std::vector<char>(rows), std::vector<int>(rows), {}, rows,
              {}};
  for (int row = 0; row < rows; ++row) batch.queue.push_back(row);
  if (rows == 1 || workers_.size() == 1) {
    run_here(batch);
  } else if (rows > 1) {
    start_threads();
    std::unique_lock<std::mutex> lock(mutex_);
    batch_ = &batch;
    changed_.notify_all();
    const auto nobody_works = [&] {
      return std::none_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->is_busy; });
    };
    changed_.wait(lock, [&] { return batch.is_over() && nobody_works(); });
    batch_ = nullptr;
  }
  if (batch.exception) std::rethrow_exception(batch.exception);
  for (int row = 0; row < rows; ++row)
    if (!batch.is_done[row]) batch.outcomes.failures[row] = batch.outcomes.unreachable;
  return std::move(batch.outcomes);
}

// On the caller's thread: the first server that is not being left alone.
void ServerPool::run_here(Batch& batch) {
  while (!batch.is_over()) {
    const Clock::time_point now = Clock::now();
    const auto wait_for = [now](const Worker& worker) { return std::max(worker.server.next_try, now); };
    Worker* chosen = workers_[next_alone_++ % workers_.size()].get();
    for (const auto& worker : workers_)
      if (wait_for(*worker) < wait_for(*chosen)) chosen = worker.get();
    std::this_thread::sleep_until(chosen->server.next_try);
    const int row = batch.queue.front();
    batch.queue.pop_front();
    step(batch, *chosen, row);
  }
}

void ServerPool::start_threads() {
  for (const auto& worker : workers_)
    if (!worker->thread.joinable())
      worker->thread = std::thread([this, &worker = *worker] { work_on_batches(worker); });
}

// To be called with the lock held.
bool ServerPool::take_row(Batch& batch, const Server& server, int& row) {
  if (batch.is_over() || batch.queue.empty() || server.next_try > Clock::now()) return false;
  row = batch.queue.front();
  batch.queue.pop_front();
  return true;
}

void ServerPool::work_on_batches(Worker& worker) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!is_ending_) {
    int row = 0;
    if (batch_ != nullptr && take_row(*batch_, worker.server, row)) {
      Batch& batch = *batch_;
      worker.is_busy = true;
      lock.unlock();
      const bool is_back_in_queue = step(batch, worker, row);
      lock.lock();
      worker.is_busy = false;
      if (batch.is_over() || is_back_in_queue) changed_.notify_all();
    } else if (batch_ != nullptr && !batch_->is_over() && !batch_->queue.empty()) {
      changed_.wait_until(lock, worker.server.next_try);
    } else {
      changed_.wait(lock);
    }
  }
}

// One try at one row; called without the lock. True: the row is in the queue again.
bool ServerPool::step(Batch& batch, Worker& worker, int row) {
  std::string failure;
  bool may_try_again = false, is_late = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (worker.server.is_behind) worker.connection.be_patient(std::max(settings_.wait, settings_.timeouts.answer));
  }
  try {
    batch.work(row, worker.connection);
  } catch (const UmbridgeError& error) {
    failure = fmt::format("{}: {}", worker.connection.url(), error.what());
  } catch (const NetworkError& error) {
    if (error.kind() == NetworkError::Kind::unreachable) {
      note_unreachable(batch, worker.server, row, error.what());
      return true;
    }
    failure = fmt::format("{}: {}", worker.connection.url(), error.what());
    is_late = error.kind() == NetworkError::Kind::timeout;
    may_try_again = !is_late || servers_.size() > 1;
  } catch (...) {
    const std::lock_guard<std::mutex> lock(mutex_);
    batch.exception = std::current_exception();
    return false;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  worker.server.tries_in_vain = 0;
  worker.server.is_behind = is_late;
  if (may_try_again && batch.attempts[row]++ < settings_.retries) {
    batch.queue.push_back(row);
    worker.server.next_try = seconds_from_now(pause_after(batch.attempts[row]));
    return true;
  }
  if (!failure.empty() && may_try_again && settings_.retries > 0)
    failure += fmt::format(" (tried {} times)", batch.attempts[row]);
  batch.outcomes.failures[row] = std::move(failure);
  batch.is_done[row] = 1;
  --batch.unfinished;
  return false;
}

void ServerPool::note_unreachable(Batch& batch, Server& server, int row, const std::string& why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  batch.queue.push_front(row);  // no fault of the row
  if (server.tries_in_vain++ == 0) {
    server.gone_since = Clock::now();
    server.is_behind = false;
    const bool is_somebody_there =
        std::any_of(servers_.begin(), servers_.end(), [](const Server& one) { return one.tries_in_vain == 0; });
    if (!is_somebody_there && settings_.wait > 0.0)
      core::warn("no server of the model can be reached; waiting {:g} s for one to come back ({}: {})", settings_.wait,
                 server.url, why);
  }
  const Clock::time_point last_try = server.gone_since + (seconds_from_now(settings_.wait) - Clock::now());
  server.next_try = seconds_from_now(pause_after(server.tries_in_vain));
  if (last_try > Clock::now()) server.next_try = std::min(server.next_try, last_try);
  if (std::none_of(servers_.begin(), servers_.end(), [this](const Server& one) { return may_come_back(one); }))
    batch.outcomes.unreachable =
        fmt::format("no server of the model could be reached for {:g} s; the last one tried was {}: {}", settings_.wait,
                    server.url, why);
}

bool ServerPool::may_come_back(const Server& server) const {
  return server.tries_in_vain == 0 ||
         std::chrono::duration<double>(Clock::now() - server.gone_since).count() < settings_.wait;
}

}  // namespace aleator::external
