#pragma once
/// What      The likelihood of the parameters of a model in time whose states are noisy, estimated by a filter: with any
///           Metropolis sampler this is particle marginal Metropolis-Hastings.
/// Method    x_0 ~ N(initial(u), initial_sd^2), or initial(u) + a draw of a prior; x_k = M(x_(k-1); u) + q_k, y_k = H x_k + r_k,
///           or y_k of a density of its own given x_k and u (observation_density.hpp).
///           f(u) = sum_k log p^(y_k | y_1 ... y_(k-1), u) from the filter's members. With filter/particle exp f is without
///           bias, E exp f(u) = p(y | u) (Del Moral 2004), so that chains on exp f have the exact posterior as their law
///           whatever the number of particles (Andrieu, Roberts 2009; Andrieu, Doucet, Holenstein 2010, section 2.4.2). With
///           filter/enkf and filter/etkf it is the Gaussian approximation, exact for linear models and many members only
///           (Drovandi, Everitt, Golightly, Prangle 2022).
///           A row's random numbers are those of the bits of u and `seed`: as good as fresh ones at every new u, and at an old
///           one the same, so that a value that is asked for again is the one that was accepted.
/// Parallel  local rows; threads over the rows. The same bits on any number of ranks, after a resume, and for a row by itself.
/// Cost      a row: the filter's members x model runs.
/// Fails     KeyError: sizes, times, filters that give no likelihood. Rows: all members diverge, a noise scale is not positive.
///           Where no particle explains the data the estimate is 0: f = -infinity, no failure.
#include <memory>
#include <string>
#include <vector>

#include "assimilation/filter.hpp"
#include "assimilation/observations.hpp"
#include "model/sequence.hpp"
#include "model/target.hpp"

namespace aleator::assimilation {

class StateSpaceTarget : public model::Target, public model::Sequence {
 public:
  struct Params : ObservationParams {
    std::string model, filter, initial_perturbation;
    std::vector<double> initial_sd;
    bool unknown_noise_scale = false;
    bool unknown_model_noise_scale = false;
    int seed = 1;
  };
  struct Parts {
    std::shared_ptr<const model::ForwardModel> model;
    std::shared_ptr<Filter> filter;
    std::string component;                                         ///< "filter/particle"
    std::shared_ptr<const prob::Prior> initial_perturbation = {};  ///< or null
  };
  static deck::Schema<Params> schema();
  StateSpaceTarget(const Params& params, Parts parts);

  int dimension() const override;
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  std::vector<std::string> parameter_names() const override;
  std::string approximation() const override;
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override;

  int stages() const override { return static_cast<int>(times_.size()); }
  int memory_size() const override;
  model::RowStatus advance(int stage, model::ConstBatch u, const std::vector<std::uint64_t>& seeds, Batch memory,
                           model::Vector log_factor) const override;
  /// The filter with `factor` times the members.
  std::shared_ptr<const model::Sequence> refined(int factor) const override;

 private:
  const model::StateSpace& space() const { return *parts_.model->state_space(); }
  Experiment experiment(model::ConstBatch u, std::vector<std::uint64_t> seeds) const;
  std::vector<std::string> cycle(const Experiment& rows, int stage, model::Vector log_factor) const;
  std::string bad_scale(model::ConstBatch u, int row) const;

  Params params_;
  Parts parts_;
  Statistics statistics_;
  std::vector<double> times_, data_;  // [time][observable]
  std::vector<prob::Variable> variables_;
};

}  // namespace aleator::assimilation
