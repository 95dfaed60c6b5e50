#pragma once
/// What      A communicator of ranks: the few collectives the framework needs, and failing together.
/// Method    MPI; MPI owns the communicators wrapped; MPI_COMM_WORLD is wrapped only by apps and test mains.
/// Parallel  every member function is collective unless it says "local".
/// Cost      one MPI call each.
/// Fails     InternalError when MPI reports an error.
#include <mpi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace aleator::parallel {

class Comm {
 public:
  static Comm world();
  static Comm self();

  int rank() const { return rank_; }  ///< local
  int size() const { return size_; }  ///< local
  bool is_root() const { return rank_ == 0; }
  MPI_Comm native() const { return *handle_; }  ///< local

  void barrier() const;
  void broadcast(std::string& text, int root = 0) const;
  void broadcast(double* values, std::size_t count, int root = 0) const;
  std::int64_t sum(std::int64_t value) const;
  double max(double value) const;
  double min(double value) const;
  bool any(bool value) const;
  bool all(bool value) const { return !any(!value); }
  /// The ranks' values one after the other, on every rank; lengths may differ.
  std::vector<double> all_gather(const std::vector<double>& mine) const;
  /// Sends send[r] to rank r and returns what each rank sent to this one.
  std::vector<std::vector<double>> all_to_all(const std::vector<std::vector<double>>& send) const;

 private:
  explicit Comm(MPI_Comm borrowed);
  std::shared_ptr<MPI_Comm> handle_;
  int rank_ = 0;
  int size_ = 1;
};

/// Runs `work` on every rank; when it throws on any of them, every rank throws the error of the lowest such rank,
/// with its type. Use it around whatever can fail on one rank only (reading a file, a local factorisation).
void agree(const Comm& comm, const std::function<void()>& work);

}  // namespace aleator::parallel
