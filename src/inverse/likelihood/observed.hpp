#pragma once
/// What      What likelihoods of measurements share: their data, the places of these among the model's outputs, the same
///           likelihood of other data or of some of them.
/// Method    a likelihood derives from Observed<itself>, adds what goes with its data (noise levels, numbers of trials) and says
///           in keep() and refresh(), where it needs them, how that follows the data.
/// Parallel  local.
/// Cost      a copy of the likelihood for each of with_data() and only().
/// Fails     as inverse/likelihood/observations.hpp.
#include <utility>

#include "inverse/likelihood/observations.hpp"
#include "model/data_terms.hpp"

namespace aleator::inverse {

template <typename Self>
class Observed : public model::Likelihood, public PartlyMeasured, public model::IndependentData {
 public:
  int outputs() const final { return static_cast<int>(data().size()) + parameters(); }
  const std::vector<double>& data() const final { return seen_.values; }
  Places places() const final { return {seen_.places, seen_.count}; }
  const std::string& units() const final { return seen_.units; }

  std::unique_ptr<model::Likelihood> with_data(const std::vector<double>& data) const final {
    if (data.size() != seen_.values.size()) return nullptr;
    std::unique_ptr<Self> copy = this->copy();
    copy->seen_.values = data, copy->refresh();
    return copy;
  }

  std::shared_ptr<const model::Likelihood> only(const std::vector<int>& data) const final {
    std::unique_ptr<Self> part = copy();
    part->seen_ = {model::entries_at(data, seen_.values), {}, static_cast<int>(data.size())};
    if (!seen_.factors.empty()) part->seen_.factors = model::entries_at(data, seen_.factors);
    if (!part->keep(data)) return nullptr;
    part->refresh();
    return part;
  }

 protected:
  explicit Observed(Observations seen) : seen_(std::move(seen)) {}
  const Observations& seen() const { return seen_; }
  /// Of what goes with each datum keeps that of these data; false where the data hang on each other.
  bool keep(const std::vector<int>& /*data*/) { return true; }
  /// Computes what the density needs of the data and of what goes with them; called also by the constructor of Self.
  void refresh() {}

 private:
  std::unique_ptr<Self> copy() const { return std::make_unique<Self>(static_cast<const Self&>(*this)); }
  Observations seen_;
};

}  // namespace aleator::inverse
