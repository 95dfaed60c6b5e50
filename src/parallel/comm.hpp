#pragma once
/// What      A communicator of ranks: the few collectives the framework needs, and failing together.
/// Method    MPI; MPI owns the communicators wrapped, and keeps those that split() makes to the end of the program, for freeing
///           one is collective; MPI_COMM_WORLD is wrapped only by apps and test mains.
///           A communicator may be one of several replicas: its ranks then hold the same numbers as those of the others, and
///           all replicas run the same program (process_grid.hpp). Reductions stay within the replica; barrier() and agree()
///           are over all of them, and only one writes files.
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
  bool writes() const { return !is_copy_; }                   ///< local; false: another replica writes the files
  bool is_writer() const { return rank_ == 0 && !is_copy_; }  ///< local; of all replicas one rank, rank 0 of whole()
  /// All replicas together; the communicator itself where it is the only one. Local. What a rank's clock decides is shared here.
  const Comm& whole() const { return whole_ ? *whole_ : *this; }
  /// Ranks of one colour form a communicator, in the order of their present ranks.
  Comm split(int colour) const;
  /// This communicator as one of the replicas that `whole` consists of. Local.
  Comm as_replica_of(const Comm& whole, bool is_copy) const;
  MPI_Comm native() const { return *handle_; }  ///< local

  void barrier() const;  ///< of whole()
  void broadcast(std::string& text, int root = 0) const;
  void broadcast(double* values, std::size_t count, int root = 0) const;
  std::int64_t sum(std::int64_t value) const;
  /// In place; every rank gets the same bits, which depend on the number of ranks.
  void sum(double* values, std::size_t count) const;
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
  Comm(MPI_Comm borrowed, int rank, int size);
  std::shared_ptr<MPI_Comm> handle_;
  int rank_ = 0;
  int size_ = 1;
  std::shared_ptr<const Comm> whole_;  // null: no replicas
  bool is_copy_ = false;
};

/// Runs `work` on every rank of comm.whole(); when it throws on any of them, every rank throws the error of the lowest such rank,
/// with its type. Use it around whatever can fail on one rank only (reading a file, a local factorisation).
void agree(const Comm& comm, const std::function<void()>& work);

}  // namespace aleator::parallel
