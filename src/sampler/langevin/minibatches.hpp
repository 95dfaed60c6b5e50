#pragma once
/// What      Stochastic gradients: the log-likelihood's gradient from a few of the data.
/// Method    the N data are dealt at random, once, into B batches of (almost) equal size; with L_b the likelihood of batch b,
///           b uniform: B grad log L_b(z) has the mean grad log L(z) (Welling, Teh 2011). With control variates
///           B (grad log L_b(z) - grad log L_b(m)) + grad log L(m), m a fixed point (Baker, Fearnhead, Fox, Nemeth 2019), whose
///           variance falls with |z - m|^2. Every chain draws its own batch.
/// Parallel  local rows; the deal is the same on every rank, a chain's batch a function of its number and the step.
/// Cost      a row: one run for N / B data, with adjoint (a run of the whole model where that cannot do less); rows of the same
///           batch are evaluated together. Control variates: one run of each batch on every rank, and B d doubles.
/// Fails     rows that cannot be evaluated get log-likelihood -infinity and gradient 0; as the problem.
#include "model/data_terms.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

class Minibatches {
 public:
  Minibatches(const Problem& problem, int batch, const Context& context);
  int count() const { return static_cast<int>(batches_.size()); }
  /// Model runs that so many evaluations of one row come to.
  std::int64_t runs(std::int64_t rows) const { return are_cheaper_ ? rows / count() : rows; }
  /// From now on with control variates at m, where they are wanted. B x d: how far the estimates of grad log L(m) without
  /// them lie from it.
  Batch control_at(const std::vector<double>& m, const Context& context, bool use);
  /// log_likelihood and gradient of each row from its batch.
  void evaluate(const ConstBatch& z, const std::vector<int>& batch_of_row, model::Evaluation& result,
                const Context& context) const;
  /// The batch of every local row at a step.
  std::vector<int> draw(const parallel::RowLayout& layout, std::int64_t step, const Context& context) const;

 private:
  std::vector<std::shared_ptr<const Problem>> batches_;
  bool are_cheaper_, may_stop_;
  Batch anchors_;                     // B x d, grad log L_b(m); without rows where control variates are not in use
  std::vector<double> whole_anchor_;  // their sum
};

/// Places 0 ... terms - 1 dealt at random into parts of (almost) equal size, each in rising order.
std::vector<std::vector<int>> dealt(int terms, int parts, const Context& context);
/// The objection of a sampler that needs them.
std::string minibatch_objection(const Problem& problem);

}  // namespace aleator::sampler
