#include "sampler/mcmc/delayed_acceptance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::sampler {
namespace {

bool is_moved(const Ensemble& from, const Ensemble& to, int row) {
  const double* const a = from.position.data() + static_cast<std::size_t>(row) * from.position.extent(1);
  const double* const b = to.position.data() + static_cast<std::size_t>(row) * to.position.extent(1);
  return !std::equal(a, a + from.position.extent(1), b);
}

void copy_row(const Ensemble& from, const Ensemble& to, int row) {
  for (std::size_t k = 0; k < from.position.extent(1); ++k) to.position(row, k) = from.position(row, k);
  for (std::size_t k = 0; k < from.gradient.extent(1); ++k) to.gradient(row, k) = from.gradient(row, k);
  to.log_likelihood(row) = from.log_likelihood(row);
}

}  // namespace

deck::Schema<DelayedAcceptance::Params> DelayedAcceptance::schema() {
  deck::Schema<Params> s("Delayed acceptance, multilevel: cheaper problems propose, the problem itself decides",
                         "Christen, Fox 2005; Lykkegaard, Dodwell, Fox, Mingas, Scheichl 2023");
  s.reference("coarse", &Params::coarse, "problem", "the cheaper problems, the cheapest first").required();
  s.key("subchain", &Params::subchain, "1",
        "moves of a coarse problem for each proposal to the next one: one number for all or one for each",
        deck::at_least(1));
  add_kernel_key(s, &Params::kernel);
  add_chain_keys(s).only_with("another kernel than pcn", [](const Params& p) { return p.kernel != Kernel::pcn; });
  s.check("coarse", [](const Params& p) {
    return p.coarse.empty() ? std::string("names no problem; it must name at least one") : std::string();
  });
  s.check("subchain", [](const Params& p) {
    return p.subchain.size() == 1 || p.subchain.size() == p.coarse.size()
               ? std::string()
               : fmt::format("has {} numbers for {} coarse problems", p.subchain.size(), p.coarse.size());
  });
  return s;
}

std::string DelayedAcceptance::objection(const Problem& problem) const {
  for (int level = 0; level < levels(); ++level) {
    if (coarse[level].get() == &problem)
      return fmt::format("names the problem '{}' as coarse that it samples itself", params.coarse[level]);
    if (coarse[level]->dimension() != problem.dimension())
      return fmt::format(
          "has a coarse problem '{}' of {} latent coordinates for one of {}; priors of all levels need the same number",
          params.coarse[level], coarse[level]->dimension(), problem.dimension());
    if (coarse[level]->imputes_failures())
      return fmt::format(
          "has a coarse problem '{}' with on_failure = \"impute\", whose density depends on other rows; take "
          "\"reject\"",
          params.coarse[level]);
  }
  if (params.kernel == Kernel::mala && !coarse.front()->has_gradient())
    return fmt::format("has kernel = \"mala\", which needs the gradient of the coarse problem '{}', which {}",
                       params.coarse.front(), coarse.front()->missing_gradient());
  return {};
}

void DelayedAcceptance::State::fields(io::Archive& archive) {
  ChainState::fields(archive);
  archive.field("moves", moves);
  archive.field("runs", runs);
  coarse.resize(moves.empty() ? 0 : moves.size() - 1);
  for (std::size_t level = 0; level < coarse.size(); ++level) {
    const io::ArchiveGroup group(archive, fmt::format("level_{}", level));
    coarse[level].layout = ensemble.layout;
    coarse[level].fields(archive);
  }
}

// The coarse chains go to where the chains are.
void DelayedAcceptance::follow(const Context& context, State& s) const {
  std::vector<double>& runs = s.runs;
  for (int level = 0; level < levels(); ++level) {
    Ensemble& e = s.coarse[level];
    Kokkos::deep_copy(e.position, s.ensemble.position);
    model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
    evaluate(*coarse[level], e.position, evaluation, context);
    runs[level] += static_cast<double>(params.chains);
  }
}

DelayedAcceptance::State DelayedAcceptance::init(const Problem& problem, const Context& context) const {
  State s;
  const int d = problem.dimension();
  static_cast<ChainState&>(s) = begin_chains(params, first_scale(base_move(), d), false, problem, context);
  s.moves.assign(coarse.size() + 1, 0);
  s.runs.assign(coarse.size(), 0.0);
  for (int level = 0; level < levels(); ++level) {
    Ensemble e = s.ensemble.copy();
    e.gradient = Batch("gradient", e.rows(), level == 0 && needs_gradient(base_move()) ? d : 0);
    s.coarse.push_back(e);
  }
  follow(context, s);
  return s;
}

// One move of the chains of a level; level 0 by the kernel, the others by the ends of subchains below them.
Vector DelayedAcceptance::move(int level, const Problem& problem, const Context& context, State& s,
                               Tally& tally) const {
  const std::int64_t step = s.moves[level]++;
  if (level == 0) {
    Ensemble& e = s.coarse.front();
    const MoveSetting setting{1.0, std::exp(s.log_scale), s.lower, step};
    const Vector probability = kernel_of({base_move()})(*coarse.front(), context, setting, e);
    for (int row = 0; row < e.rows(); ++row) tally.acceptance(row) += probability(row);
    tally.runs[0] += e.rows();
    ++tally.base_moves;
    return probability;
  }
  const bool is_top = level == levels();
  Ensemble& e = is_top ? s.ensemble : s.coarse[level];
  Ensemble& below = s.coarse[level - 1];
  std::vector<Ensemble> start;  // of all levels below, which go back there where the end of the subchain is rejected
  for (int lower = 0; lower < level; ++lower) start.push_back(s.coarse[lower].copy());
  for (int i = 0; i < subchain(level - 1); ++i) move(level - 1, problem, context, s, tally);

  Candidates c{below.position, {Vector("log_likelihood", e.rows()), {}, {}}, Vector("log_ratio", e.rows())};
  std::vector<int> moved;
  for (int row = 0; row < e.rows(); ++row) {
    c.evaluation.log_likelihood(row) = e.log_likelihood(row);
    c.log_ratio(row) = -std::numeric_limits<double>::infinity();  // not moved: nothing to accept
    if (!is_moved(start.back(), below, row)) continue;
    moved.push_back(row);
    c.log_ratio(row) = start.back().log_likelihood(row) - below.log_likelihood(row);
  }
  evaluate_rows(is_top ? problem : *coarse[level], context, moved, below.position, c.evaluation.log_likelihood);
  tally.runs[level] += static_cast<double>(moved.size());
  const MoveSetting setting{1.0, 1.0, s.lower, step * (levels() + 1) + level, kernels::Purpose::stage_acceptance};
  const Vector probability = accept(c, setting, context, e);
  for (int row = 0; row < e.rows(); ++row)
    if (e.accepted(row) == 0.0)
      for (int lower = 0; lower < level; ++lower) copy_row(start[lower], s.coarse[lower], row);
  return probability;
}

// The chains follow the cheapest level without correction; its log-likelihoods stand for those of the problem until the last
// of these steps.
Vector DelayedAcceptance::explore(const Problem& problem, const Context& context, State& s, Tally& tally) const {
  Ensemble& e = s.ensemble;
  const Ensemble& cheapest = s.coarse.front();
  for (int i = 0; i < subchain(0); ++i) move(0, problem, context, s, tally);
  Kokkos::deep_copy(e.position, cheapest.position);
  Kokkos::deep_copy(e.log_likelihood, cheapest.log_likelihood);
  if (s.iteration + 1 == exploration()) {
    model::Evaluation evaluation{e.log_likelihood, {}, {}};
    evaluate(problem, e.position, evaluation, context);
    tally.runs.back() += e.rows();
  }
  const Vector all("acceptance", e.rows());
  Kokkos::deep_copy(all, 1.0);
  return all;
}

StepInfo DelayedAcceptance::step(const Problem& problem, const Context& context, State& s) const {
  Tally tally;
  tally.runs.assign(coarse.size() + 1, 0.0);
  tally.acceptance = Vector("acceptance", s.ensemble.rows());
  const bool is_exploring = s.iteration < exploration();
  const Vector acceptance =
      is_exploring ? explore(problem, context, s, tally) : move(levels(), problem, context, s, tally);
  context.comm.sum(tally.runs.data(), tally.runs.size());  // whole numbers: exact in any order
  for (std::size_t level = 0; level < coarse.size(); ++level) s.runs[level] += tally.runs[level];
  s.model_evaluations += static_cast<std::int64_t>(tally.runs.back());
  for (int row = 0; row < s.ensemble.rows(); ++row) tally.acceptance(row) /= tally.base_moves;

  int window = -1;
  StepInfo info = end_step(params, target_acceptance(base_move()), {acceptance, 0, 0, tally.acceptance}, problem,
                           context, s, &window);
  if (!info.numbers.empty())
    for (std::size_t level = 0; level < coarse.size(); ++level)
      info.numbers.emplace_back("runs_of_" + params.coarse[level], s.runs[level]);
  // Stragglers may have been relocated, and the levels between the cheapest and the problem were left behind.
  if (window >= 0 || s.iteration == exploration()) follow(context, s);
  if (s.iteration != params.warmup) return info;
  for (int level = 0; level < levels(); ++level) {
    bool is_stuck = false;
    for (int row = 0; row < s.ensemble.rows(); ++row)
      is_stuck = is_stuck || s.coarse[level].log_likelihood(row) == -std::numeric_limits<double>::infinity();
    if (context.comm.any(is_stuck))
      throw core::NumericsError(fmt::format(
          "delayed acceptance: a chain has ended its warm-up where the coarse problem '{}' has density zero or fails; "
          "it could never leave. The coarse problem must have a density wherever the posterior has one",
          params.coarse[level]));
  }
  return info;
}

}  // namespace aleator::sampler
