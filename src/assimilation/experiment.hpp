#pragma once
/// What      What a filter works on: a model in time, what is observed of it with what error, and several replicates of the same
///           experiment that run side by side, each with random numbers of its own.
/// Method    The first replicate has the random numbers of the seed, the others of seeds made of it. Rows that are advanced are
///           those of all replicates in one batch.
/// Parallel  With as many replicates as ranks or more, each rank has whole replicates and the ranks never wait for each other.
///           With fewer, every rank holds all ensembles and does all analyses, and the model runs are shared out where one
///           batch of them takes longer than sending its result: measured once, with no effect on the numbers. Within a
///           rank replicates are shared out to the threads.
/// Cost      memory: all ensembles of the rank's replicates.
/// Fails     -
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assimilation/observation_density.hpp"
#include "io/archive.hpp"
#include "kernels/random.hpp"
#include "model/forward_model.hpp"
#include "model/state_space.hpp"
#include "parallel/row_layout.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::assimilation {

using kernels::Batch;
using kernels::ConstBatch;
using kernels::Purpose;

/// The numbers behind an experiment.
struct Statistics {
  std::vector<double> noise_sd;        ///< of the observations, p; empty: `density` says how they err
  std::vector<double> model_noise_sd;  ///< added to the states at every observation time, d; empty: none
  std::vector<double> initial_mean;    ///< of truth and members at the start, d
  std::vector<double> initial_sd;      ///< d
  std::shared_ptr<const prob::Prior>
      initial_perturbation;  ///< added to the mean instead of N(0, initial_sd^2); or null
  /// x = a draw from the initial distribution around a mean.
  void draw(const kernels::Rng& rng, kernels::Stream stream, int row, const double* mean, double* x) const;
  int replicates = 1;
  std::uint64_t seed = 1;
  /// Of the first replicate it is the seed itself.
  std::uint64_t seed_of(int replicate) const {
    return replicate == 0 ? seed : kernels::seed_of_part(seed, static_cast<std::uint64_t>(replicate), 0x4E9);
  }
  double cycle_length = 0.0;  ///< mean time between observations; 0: as the model's own times say
  std::shared_ptr<const ObservationDensity> density =
      nullptr;  ///< of data that are no y = H x + N(0, noise_sd^2); or null
};

/// What each replicate has of its own where they are rows of unknown parameters; row by row.
struct Own {
  ConstBatch inputs;                      ///< of the model
  std::vector<std::uint64_t> seeds;       ///< of the random numbers
  Batch initial_mean;                     ///< rows x d
  std::vector<double> noise_scale;        ///< factor of noise_sd; empty: 1
  std::vector<double> model_noise_scale;  ///< factor of model_noise_sd; empty: 1
};

/// From one observation time to the next, and what was observed then: local replicates x p, NaN where it is missing.
struct Cycle {
  int number = 0;  ///< from 0
  model::Interval interval;
  ConstBatch data;

  /// "cycle 3 (t = 0.5)": how every error of a cycle begins.
  std::string label() const;
};

class Experiment {
 public:
  Experiment(const model::StateSpace& model, Statistics statistics, const parallel::Comm& comm);
  /// On this rank alone, as many replicates as rows. One that a filter gives up is lost, and the others go on.
  Experiment(const model::StateSpace& model, Statistics statistics, Own own);

  const Statistics& statistics() const { return statistics_; }
  const model::StateInfo& info() const { return model_.info(); }
  int states() const { return static_cast<int>(info().names.size()); }
  int observables() const {
    return static_cast<int>(statistics_.density ? statistics_.density->names().size() : info().observed.size());
  }
  const parallel::Comm& comm() const { return comm_; }

  int replicates() const { return count_; }       ///< of this rank
  int first_replicate() const { return first_; }  ///< the global number of the first of them
  bool is_spread() const { return is_spread_; }   ///< each rank has replicates of its own
  kernels::Rng rng(int replicate) const {
    return kernels::Rng(is_of_rows() ? own_.seeds[static_cast<std::size_t>(replicate)]
                                     : statistics_.seed_of(first_ + replicate));
  }
  /// Of the observations and of the states (empty: none) of one replicate.
  std::vector<double> noise_sd(int replicate) const;
  std::vector<double> model_noise_sd(int replicate) const;
  /// Why a replicate was given up, or empty.
  const std::string& why_lost(int replicate) const { return lost_[static_cast<std::size_t>(replicate)]; }

  /// Rows of x, `rows_each` for each replicate, to the interval's end; rows that fail become NaN.
  void advance(model::Interval interval, double* x, int rows_each) const;
  /// Rows that advance() has been given so far, of this rank's replicates.
  std::int64_t model_runs() const { return model_runs_; }
  /// `rows` rows that are no replicates', on this rank alone, with the model's own inputs.
  void run(model::Interval interval, double* x, int rows) const;
  /// The model's noise of a cycle; `first_row`: the number of the first of them for the random numbers.
  void add_noise(int cycle, double* x, int rows_each, int first_row) const;
  /// A draw from the initial distribution.
  void draw_initial(int replicate, int row, double* x) const;
  /// The density of data that are no weighted sums of states; or null.
  const ObservationDensity* density() const { return statistics_.density.get(); }
  /// The model's inputs of a replicate, or null for the model's own values.
  const double* inputs(int replicate) const {
    return is_of_rows() && own_.inputs.extent(1) > 0 ? &own_.inputs(replicate, 0) : nullptr;
  }
  /// y = H x; NaN where the data have a density of their own.
  void observe(const double* x, double* y) const;
  /// Why rows failed last on this rank, in the model's words.
  const std::string& last_failure() const { return last_failure_; }

  /// work(replicate) for each of this rank, an error of one being thrown when all are done; on several threads unless the work
  /// is smaller than their start. `operations`: of one replicate, about.
  void each_replicate(const std::function<void(int replicate)>& work, std::int64_t operations = 100000) const;
  /// `width` numbers of each replicate in the checkpoint, whatever the ranks when it is written and read.
  void fields(io::Archive& archive, const std::string& name, std::vector<double>& values, int width) const;
  /// Of all replicates, in order, on every rank.
  std::vector<double> gather(const std::vector<double>& values) const;

 private:
  const model::StateSpace& model_;
  Statistics statistics_;
  parallel::Comm comm_;
  parallel::RowLayout layout_;  // of the replicates
  bool is_spread_;
  int first_, count_;
  enum class Sharing { not_measured, on, off };
  mutable Sharing sharing_ = Sharing::not_measured;
  mutable std::string last_failure_;
  mutable std::int64_t model_runs_ = 0;
  bool is_of_rows() const { return !own_.seeds.empty(); }
  ConstBatch inputs_of(int rows_each) const;
  Own own_;
  mutable std::vector<std::string> lost_, failures_;  // of rows: why they were lost, why members failed last
};

}  // namespace aleator::assimilation
