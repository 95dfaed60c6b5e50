#pragma once
/// What      A likelihood that is a product over data, and parts of it: what stochastic gradients and sub-posteriors need.
/// Method    log L(z) = sum_i log p(d_i | G_i(T(z))). Abilities: of a model to give some outputs alone, of a likelihood
///           to take some data alone, of a target to be a sum of some terms, of a problem to be that of some data or terms. Who
///           has one derives from it beside its main interface; whoever needs it asks for it at set-up.
/// Parallel  as the problem: local rows.
/// Cost      making a part: once; a run of it: as PartialOutputs says.
/// Fails     as the problem.
#include <memory>
#include <vector>

#include "model/problem.hpp"

namespace aleator::model {

/// Of a ForwardModel.
class PartialOutputs {
 public:
  virtual ~PartialOutputs() = default;
  /// The model of these outputs alone (places in rising order), whose runs cost about as much less as it has fewer; null where
  /// it has no way to compute some without the others.
  virtual std::shared_ptr<const ForwardModel> only(const std::vector<int>& outputs) const = 0;
};

/// Of a Likelihood.
class IndependentData {
 public:
  virtual ~IndependentData() = default;
  /// The likelihood of these data alone (places in rising order), given their outputs and its own parameters; null where the
  /// data hang on each other.
  virtual std::shared_ptr<const Likelihood> only(const std::vector<int>& data) const = 0;
};

class Target;

/// Of a Target.
class SumOfTerms {
 public:
  virtual ~SumOfTerms() = default;
  /// The number of terms whose sum the log-density is.
  virtual int terms() const = 0;
  /// The sum of these terms alone (places in rising order).
  virtual std::shared_ptr<const Target> only(const std::vector<int>& terms) const = 0;
};

/// Of a Problem.
class DataTerms {
 public:
  virtual ~DataTerms() = default;
  /// The number of data; 0 where they are not independent of each other.
  virtual int terms() const = 0;
  /// Whether a run for some data costs as much less as they are fewer; else a whole run of the model.
  virtual bool are_cheaper_in_parts() const = 0;
  /// The problem with these data alone (places in rising order): the log-likelihoods of the parts of a partition add up to
  /// the whole.
  virtual std::shared_ptr<const Problem> only(const std::vector<int>& terms) const = 0;
};

/// The entries of `values` at `places`.
template <typename T>
std::vector<T> entries_at(const std::vector<int>& places, const std::vector<T>& values) {
  std::vector<T> some;
  for (const int place : places) some.push_back(values[static_cast<std::size_t>(place)]);
  return some;
}

/// Null where the log-likelihood is not known as a sum over data.
inline const DataTerms* data_terms_of(const Problem& problem) {
  const auto* const terms = dynamic_cast<const DataTerms*>(&problem);
  return terms != nullptr && terms->terms() > 0 ? terms : nullptr;
}

}  // namespace aleator::model
