#pragma once
/// What      A posterior as a product of sub-posteriors, each of which knows some of the data only.
/// Method    data dealt at random, once, into C parts (minibatches.hpp); f_c(z) = N(z; 0, I)^(1/C) L_c(z), so that f_1 ... f_C is
///           the posterior, constants included. A product of m of them is a Problem like any other, with prior N(z; 0, I) and the
///           "likelihood" N(z; 0, I)^(m/C - 1) L_c ...: where tempering starts the model sees draws of the prior, not of the wide
///           N(0, C/m I).
/// Parallel  the deal is the same on every rank; a rank evaluates its own rows with its own parts.
/// Cost      a part: made when first asked for; a run as the problem's parts (model/data_terms.hpp).
/// Fails     a row that cannot be evaluated has log-likelihood -infinity and gradient 0, or as the problem.
#include <map>

#include "sampler/langevin/minibatches.hpp"

namespace aleator::sampler {

/// Parts first ... last - 1.
struct PartRange {
  int first, last;
  bool operator<(const PartRange& other) const {
    return first != other.first ? first < other.first : last < other.last;
  }
};

class SubPosteriors {
 public:
  SubPosteriors(const Problem& problem, int parts, const Context& context)
      : problem_(problem), deal_(dealt(model::data_terms_of(problem)->terms(), parts, context)) {}
  int count() const { return static_cast<int>(deal_.size()); }
  int dimension() const { return problem_.dimension(); }
  /// The product of the sub-posteriors of some parts.
  const Problem& product(PartRange range) const;
  /// Model runs that so many evaluations of one row come to.
  std::int64_t runs(PartRange range, std::int64_t rows) const;

 private:
  std::vector<int> terms_of(PartRange range) const;
  const Problem& problem_;
  std::vector<std::vector<int>> deal_;
  mutable std::map<PartRange, std::shared_ptr<const Problem>> made_;
};

}  // namespace aleator::sampler
