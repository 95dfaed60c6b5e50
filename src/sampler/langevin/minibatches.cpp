#include "sampler/langevin/minibatches.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {
namespace {

// Places 0 ... terms - 1 in random order.
std::vector<int> shuffled(int terms, const Context& context) {
  const Vector keys("keys", static_cast<std::size_t>(terms));
  context.rng.uniforms({kernels::Purpose::minibatch_deal}, 0, 0, keys);
  std::vector<int> order(static_cast<std::size_t>(terms));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return keys(a) < keys(b); });
  return order;
}

}  // namespace

std::vector<std::vector<int>> dealt(int terms, int parts, const Context& context) {
  const std::vector<int> order = shuffled(terms, context);
  std::vector<std::vector<int>> deal;
  for (std::int64_t part = 0; part < parts; ++part) {
    deal.emplace_back(order.begin() + part * terms / parts, order.begin() + (part + 1) * terms / parts);
    std::sort(deal.back().begin(), deal.back().end());
  }
  return deal;
}

std::string minibatch_objection(const Problem& problem) {
  if (const std::string text = gradient_objection(problem); !text.empty()) return text;
  return model::data_terms_of(problem) != nullptr
             ? ""
             : "needs data that are independent of each other given the outputs, to take some of them alone: a "
               "problem/bayes with independent noise, or terms of target/expression (sampler/ula and "
               "sampler/underdamped take all of them)";
}

Minibatches::Minibatches(const Problem& problem, int batch, const Context& context)
    : are_cheaper_(model::data_terms_of(problem)->are_cheaper_in_parts()), may_stop_(problem.may_stop()) {
  const model::DataTerms& data = *model::data_terms_of(problem);
  for (const std::vector<int>& mine : dealt(data.terms(), (data.terms() - 1) / batch + 1, context))
    batches_.push_back(data.only(mine));
}

std::vector<int> Minibatches::draw(const parallel::RowLayout& layout, std::int64_t step, const Context& context) const {
  const auto rows = static_cast<std::size_t>(layout.local_rows());
  const Vector u("u", rows);
  context.rng.uniforms({kernels::Purpose::minibatch, step}, layout.first(), 0, u);
  std::vector<int> batch(rows);
  for (std::size_t row = 0; row < rows; ++row)  // u is in (0, 1]
    batch[row] = std::max(0, static_cast<int>(std::ceil(u(row) * count())) - 1);
  return batch;
}

Batch Minibatches::control_at(const std::vector<double>& m, const Context& context, bool use) {
  const std::size_t d = m.size();
  const Batch z("z", batches_.size(), d);
  for (std::size_t b = 0; b < batches_.size(); ++b) std::copy(m.begin(), m.end(), &z(b, 0));
  std::vector<int> each(batches_.size());
  std::iota(each.begin(), each.end(), 0);
  model::Evaluation e{Vector("log_likelihood", batches_.size()), Batch("gradient", batches_.size(), d), {}};
  anchors_ = Batch();
  evaluate(z, each, e, context);  // B grad log L_b(m)
  std::vector<double> mean(d, 0.0);
  for (std::size_t b = 0; b < batches_.size(); ++b) {
    if (!std::isfinite(e.log_likelihood(b)))
      throw core::NumericsError("a batch of the data cannot be evaluated at the point of largest density");
    for (std::size_t k = 0; k < d; ++k) mean[k] += e.gradient(b, k) / count();
  }
  const Batch noise = kernels::new_batch(batches_.size(), static_cast<int>(d));
  for (std::size_t b = 0; b < batches_.size(); ++b)
    for (std::size_t k = 0; k < d; ++k) noise(b, k) = e.gradient(b, k) - mean[k];
  if (use) anchors_ = e.gradient, whole_anchor_ = mean;
  return noise;
}

void Minibatches::evaluate(const ConstBatch& z, const std::vector<int>& batch_of_row, model::Evaluation& result,
                           const Context& context) const {
  const std::size_t d = z.extent(1);
  const auto evaluate_batch = [&](int b, const std::vector<std::size_t>& rows) {
    const Batch some("z", rows.size(), d);
    for (std::size_t i = 0; i < rows.size(); ++i) std::copy_n(&z(rows[i], 0), d, &some(i, 0));
    model::Evaluation e{Vector("log_likelihood", rows.size()), Batch("gradient", rows.size(), d), {}};
    batches_[static_cast<std::size_t>(b)]->evaluate(some, e);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      result.log_likelihood(rows[i]) = count() * e.log_likelihood(i);
      for (std::size_t k = 0; k < d; ++k) {
        const double controlled = anchors_.size() == 0 ? 0.0 : whole_anchor_[k] - anchors_(b, k);
        result.gradient(rows[i], k) = count() * e.gradient(i, k) + controlled;
      }
    }
  };
  const auto evaluate_all = [&] {
    std::vector<std::size_t> order(batch_of_row.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return batch_of_row[a] < batch_of_row[b]; });
    for (std::size_t begin = 0, end; begin < order.size(); begin = end) {
      const int b = batch_of_row[order[begin]];
      for (end = begin; end < order.size() && batch_of_row[order[end]] == b; ++end) {
      }
      evaluate_batch(
          b, {order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end)});
    }
  };
  if (may_stop_)
    parallel::agree(context.comm, evaluate_all);
  else
    evaluate_all();
}

}  // namespace aleator::sampler
