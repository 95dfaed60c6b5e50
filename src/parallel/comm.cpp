#include "parallel/comm.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

#include "core/error.hpp"
#include "parallel/mpi_call.hpp"
#include "parallel/waiting.hpp"

namespace aleator::parallel {
namespace {

struct Waited {
  std::vector<MPI_Comm> counted;
  double seconds = 0.0;
  bool is_inside = false;  // a call that makes another
};

Waited& waited() {
  static Waited one;
  return one;
}

// Lives as long as a collective call.
class Waiting {
 public:
  explicit Waiting(MPI_Comm comm) {
    Waited& w = waited();
    if (w.is_inside || std::find(w.counted.begin(), w.counted.end(), comm) == w.counted.end()) return;
    w.is_inside = is_counted_ = true;
    start_ = Clock::now();
  }
  ~Waiting() {
    if (!is_counted_) return;
    waited().seconds += std::chrono::duration<double>(Clock::now() - start_).count();
    waited().is_inside = false;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  bool is_counted_ = false;
  Clock::time_point start_;
};

enum ErrorKind { none = 0, user, numerics, internal };

}  // namespace

Comm::Comm(MPI_Comm borrowed) : handle_(std::make_shared<MPI_Comm>(borrowed)) {
  check_mpi(MPI_Comm_rank(borrowed, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(borrowed, &size_), "MPI_Comm_size");
}

Comm::Comm(MPI_Comm borrowed, int rank, int size)
    : handle_(std::make_shared<MPI_Comm>(borrowed)), rank_(rank), size_(size) {}

Comm Comm::world() { return Comm(MPI_COMM_WORLD); }
Comm Comm::self() { return {MPI_COMM_SELF, 0, 1}; }  // no call of MPI: it need not be started

Comm Comm::split(int colour) const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(native(), colour, rank_, &part), "MPI_Comm_split");
  return Comm(part);
}

Comm Comm::as_replica_of(const Comm& whole, bool is_copy) const {
  Comm comm = *this;
  comm.whole_ = std::make_shared<const Comm>(whole);
  comm.is_copy_ = is_copy;
  return comm;
}

void Comm::barrier() const {
  const Waiting waiting(whole().native());
  check_mpi(MPI_Barrier(whole().native()), "MPI_Barrier");
}

void Comm::broadcast(std::string& text, int root) const {
  const Waiting waiting(native());
  std::uint64_t length = text.size();
  check_mpi(MPI_Bcast(&length, 1, MPI_UINT64_T, root, native()), "MPI_Bcast");
  text.resize(length);
  check_mpi(MPI_Bcast(text.data(), mpi_count(length), MPI_CHAR, root, native()), "MPI_Bcast");
}

void Comm::broadcast(double* values, std::size_t count, int root) const {
  const Waiting waiting(native());
  check_mpi(MPI_Bcast(values, mpi_count(count), MPI_DOUBLE, root, native()), "MPI_Bcast");
}

std::int64_t Comm::sum(std::int64_t value) const {
  const Waiting waiting(native());
  std::int64_t total = 0;
  check_mpi(MPI_Allreduce(&value, &total, 1, MPI_INT64_T, MPI_SUM, native()), "MPI_Allreduce");
  return total;
}

// Not MPI_Allreduce, which may add in another order on each rank.
void Comm::sum(double* values, std::size_t count) const {
  if (size_ == 1) return;
  const Waiting waiting(native());
  const int n = mpi_count(count);
  check_mpi(MPI_Reduce(rank_ == 0 ? MPI_IN_PLACE : values, values, n, MPI_DOUBLE, MPI_SUM, 0, native()), "MPI_Reduce");
  broadcast(values, count);
}

double Comm::max(double value) const {
  const Waiting waiting(native());
  double largest = 0;
  check_mpi(MPI_Allreduce(&value, &largest, 1, MPI_DOUBLE, MPI_MAX, native()), "MPI_Allreduce");
  return largest;
}

double Comm::min(double value) const { return -max(-value); }

bool Comm::any(bool value) const {
  const Waiting waiting(native());
  int mine = value ? 1 : 0, result = 0;
  check_mpi(MPI_Allreduce(&mine, &result, 1, MPI_INT, MPI_MAX, native()), "MPI_Allreduce");
  return result != 0;
}

std::vector<double> Comm::all_gather(const std::vector<double>& mine) const {
  const Waiting waiting(native());
  const int count = mpi_count(mine.size());
  std::vector<int> counts(size_), offsets(size_);
  check_mpi(MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, native()), "MPI_Allgather");
  std::size_t total = 0;
  for (int r = 0; r < size_; ++r) {
    offsets[r] = mpi_count(total);
    total += static_cast<std::size_t>(counts[r]);
  }
  std::vector<double> all(total);
  check_mpi(
      MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), offsets.data(), MPI_DOUBLE, native()),
      "MPI_Allgatherv");
  return all;
}

std::vector<std::vector<double>> Comm::all_to_all(const std::vector<std::vector<double>>& send) const {
  const Waiting waiting(native());
  ALEATOR_ASSERT(static_cast<int>(send.size()) == size_);
  std::vector<int> send_counts(size_), receive_counts(size_), send_offsets(size_), receive_offsets(size_);
  std::vector<double> outgoing;
  for (int r = 0; r < size_; ++r) {
    send_offsets[r] = mpi_count(outgoing.size());
    send_counts[r] = mpi_count(send[r].size());
    outgoing.insert(outgoing.end(), send[r].begin(), send[r].end());
  }
  check_mpi(MPI_Alltoall(send_counts.data(), 1, MPI_INT, receive_counts.data(), 1, MPI_INT, native()), "MPI_Alltoall");
  std::size_t total = 0;
  for (int r = 0; r < size_; ++r) {
    receive_offsets[r] = mpi_count(total);
    total += static_cast<std::size_t>(receive_counts[r]);
  }
  std::vector<double> incoming(total);
  check_mpi(MPI_Alltoallv(outgoing.data(), send_counts.data(), send_offsets.data(), MPI_DOUBLE, incoming.data(),
                          receive_counts.data(), receive_offsets.data(), MPI_DOUBLE, native()),
            "MPI_Alltoallv");
  std::vector<std::vector<double>> received(size_);
  for (int r = 0; r < size_; ++r)
    received[r].assign(incoming.begin() + receive_offsets[r],
                       incoming.begin() + receive_offsets[r] + receive_counts[r]);
  return received;
}

void count_waiting(const Comm& comm) {
  std::vector<MPI_Comm>& counted = waited().counted;
  if (comm.size() > 1 && std::find(counted.begin(), counted.end(), comm.native()) == counted.end())
    counted.push_back(comm.native());
}

double seconds_waited() { return waited().seconds; }

std::vector<double> idle_shares(const Comm& ensemble, double waited, double elapsed) {
  if (ensemble.size() == 1) return {};
  return ensemble.all_gather({elapsed > 0.0 ? std::min(1.0, waited / elapsed) : 0.0});
}

void agree(const Comm& replica, const std::function<void()>& work) {
  const Comm& comm = replica.whole();
  ErrorKind kind = none;
  std::string message;
  try {
    work();
  } catch (const core::UserError& error) {
    kind = user, message = error.what();
  } catch (const core::NumericsError& error) {
    kind = numerics, message = error.what();
  } catch (const std::exception& error) {
    kind = internal, message = error.what();
  } catch (...) {
    kind = internal, message = "an exception that is no std::exception";
  }
  const int none_failed = comm.size();
  const int failed_rank = static_cast<int>(comm.min(kind == none ? none_failed : comm.rank()));
  if (failed_rank == none_failed) return;
  double shared_kind = kind;
  comm.broadcast(&shared_kind, 1, failed_rank);
  comm.broadcast(message, failed_rank);
  if (shared_kind == user) throw core::UserError(message);
  if (shared_kind == numerics) throw core::NumericsError(message);
  throw core::InternalError(message);
}

}  // namespace aleator::parallel
