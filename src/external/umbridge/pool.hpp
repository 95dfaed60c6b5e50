#pragma once
/// What      Rows of work, shared out to several HTTP servers that all can do it.
/// Method    `slots` threads for each server, each with a connection of its own, take rows from one queue. A row whose
///           answer does not come goes back into the queue, for whichever server is free; a server that cannot be reached is
///           left alone for 0.1, 0.2, 0.4 … 5 s. A server that let a request time out is still at work on it: its next
///           answer may come later by the longer of `wait` and the time-out, and with no other server to ask, the row
///           that was late has failed. One row alone is worked on by the caller's thread.
/// Parallel  run() is called from one thread at a time; work() from many. Each rank has a pool of its own.
/// Cost      a wake-up of threads for each batch, a lock for each row.
/// Fails     Rows fail by themselves. A batch is given up when no server could be reached for `wait` seconds.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "external/http/client.hpp"

namespace aleator::external {

/// One connection to one server of the pool, and what it has been asked.
class PoolConnection {
 public:
  PoolConnection(std::string url, HttpTimeouts timeouts);
  const std::string& url() const { return url_; }
  /// POST; the reply's body when the status is 200. UmbridgeError: an error of the model. NetworkError: no answer.
  std::string post(const std::string& path, const std::string& json);
  /// The next answer may come so many seconds later than the others.
  void be_patient(double seconds) { patience_ = seconds; }

 private:
  std::string url_;
  double patience_ = 0.0;
  HttpClient client_;
};

class ServerPool {
 public:
  struct Settings {
    std::vector<std::string> urls;
    int slots = 1;
    int retries = 2;
    double wait = 60.0;  ///< s, for the first server to come back when all are gone
    HttpTimeouts timeouts;
  };
  struct Outcomes {
    std::vector<std::string> failures;  ///< for each row: empty, or why it failed
    std::string unreachable;            ///< set: no server is there, and the rows not done so far failed for that
  };
  using Work = std::function<void(int row, PoolConnection&)>;

  explicit ServerPool(Settings settings);
  ~ServerPool();
  ServerPool(const ServerPool&) = delete;
  ServerPool& operator=(const ServerPool&) = delete;

  /// Calls work(row, connection) for each of the rows 0 … rows - 1 until it succeeds, or fails for good.
  Outcomes run(int rows, const Work& work);

 private:
  struct Server {
    std::string url;
    int tries_in_vain = 0;  // since it was last reached
    Clock::time_point gone_since{}, next_try{};
    bool is_behind = false;  // at work on a request that nobody waits for any more
  };
  struct Batch;
  struct Worker;
  bool take_row(Batch& batch, const Server& server, int& row);
  bool step(Batch& batch, Worker& worker, int row);
  void note_unreachable(Batch& batch, Server& server, int row, const std::string& why);
  bool may_come_back(const Server& server) const;
  void run_here(Batch& batch);
  void work_on_batches(Worker& worker);
  void start_threads();

  Settings settings_;
  std::vector<Server> servers_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex mutex_;  // guards all below, the servers, and the batch's queue and counters
  std::condition_variable changed_;
  Batch* batch_ = nullptr;
  bool is_ending_ = false;
  std::size_t next_alone_ = 0;  // the worker that takes the next row that comes alone
};

}  // namespace aleator::external
