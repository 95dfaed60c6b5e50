#include "sampler/polish.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::sampler {

deck::Schema<Polish::Params> Polish::schema() {
  deck::Schema<Params> s("Another sampler's draws, moved on by a Metropolis kernel", "");
  s.reference("sampler", &Params::sampler, "sampler",
              "whose draws are polished: an ensemble, or chains without a Metropolis test")
      .required();
  add_kernel_key(s, &Params::kernel).key("moves", &Params::moves, "1", "moves of every draw", deck::at_least(1));
  return s;
}

Plan Polish::plan() const {
  const Plan first = first_->plan();
  const bool is_chains = first.kind == Plan::Kind::chains;
  return {is_chains ? Plan::Kind::chains : Plan::Kind::ensemble, first.members, first.draws, false, first.group};
}

parallel::RowLayout Polish::layout_of_draws(const Context& context) const {
  return plan().layout(context.comm).groups_of(plan().draws);
}

std::string Polish::objection(const Problem& problem) const {
  if (const std::string text = correction_objection(*first_, params_.sampler); !text.empty()) return text;
  if (first_->plan().kind == Plan::Kind::chains && first_->plan().is_exact)
    return "polishes a sampler whose chains are Markov chains of the posterior already; longer chains do more for them";
  if (params_.kernel == Kernel::mala && !problem.has_gradient())
    return "has kernel = \"mala\", which needs the gradient of the log-likelihood, which " + problem.missing_gradient();
  const std::string inner = first_->objection(problem);
  return inner.empty() ? "" : "polishes '" + params_.sampler + "', which " + inner;
}

const BaseState& Polish::state() const {
  if (!is_first_done_) return first_->state();
  return given_ > 0 ? shown_ : own_;
}

void Polish::clear() {
  first_->clear();
  positions_ = {}, start_ = {}, own_ = {}, shown_ = {};
  kept_ = given_ = 0, is_first_done_ = false;
}

void Polish::init(const Problem& problem, const Context& context) {
  clear();
  first_->init(problem, context);
}

void Polish::keep(const Ensemble& drawn, const Context& context) {
  const int draws = plan().draws, t = static_cast<int>(kept_++);
  if (t == 0) positions_ = Batch("positions", layout_of_draws(context).local_rows(), drawn.position.extent(1));
  for (int row = 0; row < drawn.rows(); ++row)
    for (std::size_t k = 0; k < drawn.position.extent(1); ++k) positions_(row * draws + t, k) = drawn.position(row, k);
}

void Polish::take_over(const Problem& problem, const Context& context) {
  const InnerMove move = move_for(params_.kernel, problem);
  const bool with_gradient = needs_gradient(move);
  const int d = problem.dimension();
  own_ = first_->state();
  own_.iteration = 0;
  own_.means = {};
  Ensemble& e = own_.ensemble;
  e.layout = layout_of_draws(context);
  e.position = positions_;
  if (!own_.influence.empty()) {
    start_ = Batch("start", e.rows(), d);
    Kokkos::deep_copy(start_, positions_);
  }
  e.log_likelihood = Vector("log_likelihood", e.rows());
  e.gradient = Batch("gradient", e.rows(), with_gradient ? d : 0);
  e.accepted = Vector("accepted", e.rows());
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
  own_.model_evaluations += e.layout.rows();
  own_.gradient_evaluations += with_gradient ? e.layout.rows() : 0;
  if (d <= PooledMoments::largest_dimension) {
    PooledMoments moments;
    moments.reset(d);
    moments.observe(e, context);
    lower_ = moments.factor(PooledMoments::Correlations::as_seen);
  }
  log_scale_ = std::log(first_scale(move, d));
  is_first_done_ = true;
  positions_ = {};
  first_->clear();
}

std::vector<std::pair<std::string, double>> Polish::move(const Problem& problem, const Context& context) {
  Ensemble& e = own_.ensemble;
  const InnerMove move = move_for(params_.kernel, problem);
  constexpr std::int64_t first_step = std::int64_t{1} << 40;  // no random number of those that made the draws
  const MoveSetting setting{1.0, std::exp(log_scale_), lower_, first_step + own_.iteration};
  const Vector probability = kernel_of({move})(problem, context, setting, e);
  const double acceptance = ordered_mean(context, e.layout, probability);
  ++own_.iteration;
  if (2 * own_.iteration <= params_.moves)
    log_scale_ += std::pow(static_cast<double>(own_.iteration), -0.6) * (acceptance - target_acceptance(move));
  own_.model_evaluations += e.layout.rows();
  own_.gradient_evaluations += needs_gradient(move) ? e.layout.rows() : 0;
  return {{"acceptance", acceptance}, {"scale", std::exp(log_scale_)}};
}

// What the members shared in the first sampler, as its gain, their mean still has as far as they remember where they began: with
// r the largest correlation of a coordinate with its start, the mean's variance is r^2 that of the first sampler and 1 - r^2 that
// of independent draws.
void Polish::forget(const Context& context) {
  if (own_.influence.empty()) return;
  const Ensemble& e = own_.ensemble;
  const int d = static_cast<int>(e.position.extent(1));
  const auto members = static_cast<double>(e.layout.rows());
  const std::vector<double> sums =
      parallel::ordered_sum(context.comm, e.layout, 5 * d, [=, z = e.position, from = start_](int row, double* sum) {
        for (int k = 0; k < d; ++k, sum += 5) {
          const double x = from(row, k), y = z(row, k);
          sum[0] += x, sum[1] += y, sum[2] += x * x, sum[3] += y * y, sum[4] += x * y;
        }
      });
  double largest = 0.0;  // of r^2
  for (int k = 0; k < d; ++k) {
    const double* const s = &sums[static_cast<std::size_t>(k) * 5];
    const double of_start = s[2] - s[0] * s[0] / members, of_end = s[3] - s[1] * s[1] / members,
                 of_both = s[4] - s[0] * s[1] / members;
    if (of_start > 0.0 && of_end > 0.0) largest = std::max(largest, of_both * of_both / (of_start * of_end));
  }
  for (double& w : own_.influence) w = std::sqrt(1.0 - largest + largest * w * w);
  start_ = {};
}

// Draw `given_` of every member.
void Polish::hand_out(const Context& context) {
  const int draws = plan().draws;
  const Ensemble& all = own_.ensemble;
  const std::size_t d = all.position.extent(1);
  shown_ = own_;
  const Ensemble e(plan().layout(context.comm), static_cast<int>(d));
  for (int row = 0; row < e.rows(); ++row) {
    const std::int64_t from = static_cast<std::int64_t>(row) * draws + given_;
    for (std::size_t k = 0; k < d; ++k) e.position(row, k) = all.position(from, k);
    e.log_likelihood(row) = all.log_likelihood(from), e.accepted(row) = all.accepted(from);
  }
  shown_.ensemble = e;
  ++given_;
}

StepInfo Polish::step(const Problem& problem, const Context& context) {
  constexpr double share_of_first = 0.5;  // of the progress shown
  StepInfo info;
  if (!is_first_done_) {
    info = first_->step(problem, context);
    if (info.is_draw) keep(first_->state().ensemble, context);
    if (info.is_finished) take_over(problem, context);
    info.is_draw = info.is_finished = false;
    info.progress *= share_of_first;
    return info;
  }
  if (own_.iteration < params_.moves) {
    info.numbers = move(problem, context);
    if (own_.iteration == params_.moves) forget(context);
  }
  info.is_draw = own_.iteration >= params_.moves;
  if (info.is_draw) hand_out(context);
  info.is_finished = given_ == plan().draws;
  info.phase = "polish";
  info.progress = share_of_first + (1.0 - share_of_first) * static_cast<double>(own_.iteration) / params_.moves;
  return info;
}

void Polish::fields(io::Archive& archive, const Context& context) {
  archive.field("is_first_done", is_first_done_);
  if (!is_first_done_) {
    archive.field("kept", kept_);
    if (kept_ > 0) archive.rows("positions", layout_of_draws(context), positions_);
    const io::ArchiveGroup group(archive, "first");
    first_->fields(archive, context);
    return;
  }
  archive.field("log_scale", log_scale_);
  archive.field("lower", lower_);
  archive.field("given", given_);
  if (archive.is_loading()) own_.ensemble.layout = layout_of_draws(context);
  own_.fields(archive);
  if (own_.iteration < params_.moves && !own_.influence.empty()) archive.rows("start", own_.ensemble.layout, start_);
  if (archive.is_loading() && given_ > 0) --given_, hand_out(context);
}

}  // namespace aleator::sampler
