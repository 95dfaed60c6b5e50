#pragma once
/// What      A likelihood whose data come one after the other, estimated by something that goes along with them: a filter.
/// Method    p(y_1 ... y_T | u) = prod_t p(y_t | y_1 ... y_(t-1), u); advance() estimates the factor of one stage t without bias
///           given what it remembers of the stages before. A problem that has it derives from HasSequence beside Problem;
///           whoever can use it asks.
/// Parallel  rows are this rank's; a row's result depends on its inputs, seed and memory alone.
/// Cost      that of the estimator.
/// Fails     rows that cannot be advanced are data (RowStatus), with log-factor -infinity.
#include <cstdint>
#include <memory>
#include <vector>

#include "model/problem.hpp"

namespace aleator::model {

class Sequence {
 public:
  virtual ~Sequence() = default;
  /// T.
  virtual int stages() const = 0;
  /// Numbers that a row remembers from one stage to the next.
  virtual int memory_size() const = 0;
  /// One stage (from 0) of rows with parameters u: `memory` (rows x memory_size) is read, but at stage 0, and written;
  /// log_factor(row) = log of the estimate of p(y_t | y_1 ... y_(t-1), u), -infinity where it is zero. A row's random numbers
  /// follow from its seed alone.
  virtual RowStatus advance(int stage, ConstBatch u, const std::vector<std::uint64_t>& seeds, Batch memory,
                            Vector log_factor) const = 0;
  /// The same estimator with `factor` times the effort and so less variance; null where there is none.
  virtual std::shared_ptr<const Sequence> refined(int factor) const {
    (void)factor;
    return nullptr;
  }
};

class HasSequence {
 public:
  virtual ~HasSequence() = default;
  /// In the parameters u; null where the likelihood has none.
  virtual const Sequence* sequence() const = 0;
  /// Counts and lists rows with parameters u that could not be advanced.
  virtual void record_failures(const RowStatus& status, ConstBatch u) const = 0;
};

/// Null where the problem's likelihood has none.
inline const Sequence* sequence_of(const Problem& problem) {
  const auto* const has = dynamic_cast<const HasSequence*>(&problem);
  return has == nullptr ? nullptr : has->sequence();
}

}  // namespace aleator::model
