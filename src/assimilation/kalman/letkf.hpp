#pragma once
/// What      Local ensemble transform Kalman filter: each state has an analysis of its own, from the observations around it.
/// Method    Hunt, Kostelich, Szunyogh 2007: filter/etkf for each state with R^-1 times taper(distance) (Gaspari, Cohn 1999).
///           A pack of neighbouring states at once: their N x N matrices sum_k taper_ik s_k s_k^T share the products s_k s_k^T,
///           their eigenpairs are Jacobi's, one matrix in each lane. With more than twice as many members as observations near
///           any pack: state by state from the p x p matrices of those (transform.hpp). Symbols: as in filter/etkf.
/// Parallel  as Experiment; of a single replicate with many states the packs are shared out to the threads.
/// Cost      a cycle: N model runs, O(N^2 p) for the products, for each state O(N^2 (observations around + 50 N)) flops; of many
///           members O(N p^2 + 9 p^3), p the observations around.
/// Fails     NumericsError when fewer than two members are finite, or the analysis is not.
#include <memory>

#include "assimilation/ensemble.hpp"

namespace aleator::assimilation {

struct Letkf {
  struct Params : EnsembleParams {
    double radius = 4.0;
    bool rotate = false;
    Params() { members = 7, inflation = 1.04; }
  };
  struct Neighbourhood;  ///< which observations have what taper at each pack of states
  struct State : BaseState {
    std::shared_ptr<const Neighbourhood> neighbours;  ///< no part of the checkpoint, since it follows from the deck
  };
  static deck::Schema<Params> schema();
  int members() const { return params.members; }
  std::string objection(const model::StateInfo& info, bool has_model_noise) const;

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
