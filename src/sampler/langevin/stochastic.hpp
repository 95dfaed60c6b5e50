#pragma once
/// What      What the samplers by stochastic gradients share: batches of the data, start and preconditioner, and the energy of
///           blocks that know of each other only by past states.
/// Method    Start and preconditioner: the point of largest density m by Newton's method and the Hessian H there, from all data
///           (sampler/hessian); chains begin with draws of N(m, C), C = (I + H)^-1, and steps are in units of C. Gradients:
///           minibatches.hpp. Structured (`blocks`): chain coordinates fall into blocks, and block i moves by
///           -E grad_i U(z_i, other blocks) over past states of the chain; the blocks are then independent and have the law of
///           mean-field variational inference, of any shape (Alexos, Boyd, Mandt 2022; one past state a block and step). C is
///           then its diagonal.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      the first step: some ten to twenty gradients and Hessian products of all data, and one run of every batch. Then a
///           batch a chain and step (one for each block), and a run of all data a draw for its log-density.
/// Fails     NumericsError when no start has a density; objects to problems whose data are not independent.
#include "sampler/hessian/newton.hpp"
#include "sampler/langevin/minibatches.hpp"
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct StochasticParams : ChainLength {
  StochasticParams() { warmup = 500, thin = 10; }
  int batch = 32;
  bool control_variate = true;
  int rank = 100;
  std::vector<int> blocks = {};
  int memory = 100;
};

template <typename Params>
deck::Schema<Params>& add_stochastic_keys(deck::Schema<Params>& s) {
  return s.key("chains", &Params::chains, "1", "number of chains, advanced together", deck::at_least(1))
      .key("warmup", &Params::warmup, "1", "first steps, which are thrown away", deck::at_least(1))
      .key("draws", &Params::draws, "1", "draws kept of each chain", deck::at_least(4))
      .key("thin", &Params::thin, "1", "steps between two draws; a draw costs a run of all data", deck::at_least(1))
      .key("batch", &Params::batch, "1", "data in a batch", deck::at_least(1))
      .key("control_variate", &Params::control_variate, "",
           "true: gradients are differences to those at the point of largest density, which vary less near it")
      .key("rank", &Params::rank, "1", "eigenpairs of the Hessian that shape the steps, at most", deck::at_least(1))
      .key("blocks", &Params::blocks, "1",
           "sizes of blocks of latent coordinates, one after the other, which are to be independent of each other "
           "(structured); none: all belong together",
           deck::at_least(1))
      .key("memory", &Params::memory, "1", "past draws of a chain by which its blocks know of each other",
           deck::at_least(1))
      .only_with("blocks", [](const Params& p) { return !p.blocks.empty(); });
}

struct StochasticState : BaseState {
  LowRankHessian hessian;                      ///< H at the mode m
  std::vector<double> diagonal;                ///< of C, with blocks; else empty
  Batch past;                                  ///< local rows x (memory d): states of the chain, with blocks
  std::int64_t batch_rows = 0;                 ///< rows evaluated with a batch, over all ranks
  std::shared_ptr<const Minibatches> batches;  ///< follows from problem, seed and m: not saved
  void fields(io::Archive& archive);
};

std::string stochastic_objection(const StochasticParams& params, const Problem& problem);
Plan stochastic_plan(const StochasticParams& params);
/// Members drawn from the prior, and room for the past.
void begin_stochastic(const StochasticParams& params, const Problem& problem, const Context& context,
                      StochasticState& s);
/// Before a step: the first time finds m, H and the chains' starts with their gradients; after a checkpoint deals the
/// batches anew. `spread`: the share h by which gradient noise enters the variance of the draws, for a warning.
void prepare_stochastic(const StochasticParams& params, double spread, const Problem& problem, const Context& context,
                        StochasticState& s);
/// The estimate of grad log-likelihood (of the blocks' energy) at `position`, random numbers those of `step`.
void stochastic_gradient(const StochasticParams& params, const Context& context, const Batch& position,
                         std::int64_t step, StochasticState& s, model::Evaluation& result);
/// x <- C^1/2 x, x <- C x.
void multiply_root(const StochasticState& s, double* x);
void multiply_covariance(const StochasticState& s, double* x);
/// After a move: counts, remembers the states, and evaluates a draw with all data.
StepInfo end_stochastic_step(const StochasticParams& params, const Batch& chain, const Vector& moved,
                             const Problem& problem, const Context& context, StochasticState& s);

}  // namespace aleator::sampler
