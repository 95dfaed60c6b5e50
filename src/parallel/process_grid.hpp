#pragma once
/// What      The ranks of a run as a grid, ensemble x domain (above it: groups.hpp): rows of a batch are dealt to domain
///           groups, and the D ranks of a group evaluate one model together, each with its part of the mesh.
/// Method    World rank w has domain rank w mod D and ensemble rank w div D: a group is D neighbouring ranks, which share a node
///           where they can. ensemble() joins the ranks of one domain rank; its D instances are replicas of each other: random
///           numbers are functions of row and column, and a model returns the same bits on all ranks of its group, so that the D
///           copies of a sampler's state never differ. The copy of domain rank 0 writes the files.
///           D chosen automatically is the smallest divisor of the number of ranks that leaves no group without a row (or
///           block of rows) and no rank with more than 4 million unknowns, unless fewer than 5000 unknowns would be left to
///           a rank.
/// Parallel  split() is collective over the world. Everything else is local.
/// Cost      two communicators, made once.
/// Fails     never by itself; campaign/commands.cpp refuses a D that does not divide the number of ranks.
///
/// A model on a decomposed domain takes part in three steps:
///   - its maker in register.cpp asks for builder.service<ProcessGrid>() and calls add_model();
///   - its constructor checks the deck's values and starts neither MPI nor PETSc, for `aleator check` has neither;
///   - its first evaluate() sets up on domain(). All ranks of the group call evaluate() with the same rows and must return the
///     same bits and the same failed rows (Comm::sum and broadcast give them).
#include <cstdint>
#include <string>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

struct DecomposableModel {
  std::string name;
  std::int64_t unknowns = 0;  ///< of one linear system
};

class ProcessGrid {
 public:
  /// One process; no call of MPI is made.
  ProcessGrid() = default;
  /// D as asked for: at least 1, or 0 for the automatic choice.
  explicit ProcessGrid(int requested_domain) : requested_(requested_domain) {}
  /// Already split, for tests and programs without a deck. Collective.
  ProcessGrid(const Comm& world, int domain_ranks) : requested_(domain_ranks) { split(world, domain_ranks); }

  int requested_domain() const { return requested_; }
  /// A model of this run works on decomposed domains.
  void add_model(const DecomposableModel& model) { models_.push_back(model); }
  const std::vector<DecomposableModel>& models() const { return models_; }
  /// `domain_ranks` must divide the size of the world. Collective.
  void split(const Comm& world, int domain_ranks);

  const Comm& world() const { return world_; }
  const Comm& domain() const { return domain_; }
  const Comm& ensemble() const { return ensemble_; }
  int domain_ranks() const { return domain_.size(); }

 private:
  int requested_ = 1;
  std::vector<DecomposableModel> models_;
  Comm world_ = Comm::self(), domain_ = Comm::self(), ensemble_ = Comm::self();
};

/// Some 2 GB a rank with an algebraic multigrid hierarchy.
constexpr std::int64_t most_unknowns_of_a_rank = 4000000;

struct DomainChoice {
  int ranks = 1;
  std::string reason;
};

/// D for the largest of `models` when `rows_at_once` rows can be evaluated side by side.
DomainChoice choose_domain(int world_ranks, std::int64_t rows_at_once, const std::vector<DecomposableModel>& models);

}  // namespace aleator::parallel
