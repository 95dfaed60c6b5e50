#include "sampler/stein/stein_thinning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "math/dense.hpp"
#include "prob/discrepancy.hpp"

namespace aleator::sampler {
namespace {

// The local draws in the coordinates of the kernel: draw t of member `row` is columns t d ... of that row.
struct Draws {
  Batch z, x, score;  // x = L^-1 z and L^T grad log pi
  Batch log_likelihood;
  int d = 0, kept = 0;
  std::int64_t members = 0, first = 0;  // of all ranks; the first of this one

  int rows() const { return static_cast<int>(z.extent(0)); }
  bool is_usable(int row, int t) const { return std::isfinite(log_likelihood(row, t)); }
  // Draws are numbered one after the other, and members within a draw.
  std::int64_t number(int row, int t) const { return t * members + first + row; }
};

// One draw as ranks tell one another.
struct Point {
  double value;
  std::int64_t number;
  double log_likelihood;
  std::vector<double> z, x, score;
};

void pack(const Draws& all, int row, int t, double value, std::vector<double>& out) {
  out.insert(out.end(), {value, static_cast<double>(all.number(row, t)), all.log_likelihood(row, t)});
  for (const Batch& values : {all.z, all.x, all.score})
    out.insert(out.end(), &values(row, t * all.d), &values(row, t * all.d) + all.d);
}

// The points of all ranks, by their numbers.
std::vector<Point> exchange(const Context& context, const std::vector<double>& mine, int d) {
  const std::vector<double> in = parallel::gather_rows(context.comm, mine);
  std::vector<Point> points;
  for (auto at = in.begin(); at != in.end(); at += 3 + 3 * d)
    points.push_back({at[0],
                      static_cast<std::int64_t>(at[1]),
                      at[2],
                      {at + 3, at + 3 + d},
                      {at + 3 + d, at + 3 + 2 * d},
                      {at + 3 + 2 * d, at + 3 + 3 * d}});
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.number < b.number; });
  return points;
}

// KSD of every n / m-th draw, what thinning without a choice would keep.
double discrepancy_of_even_thinning(const Context& context, const Draws& all, int m) {
  std::vector<double> mine;
  const std::int64_t n = all.members * all.kept;
  for (int i = 0; i < m; ++i) {
    const std::int64_t number = (2 * i + 1) * n / (2 * m), row = number % all.members - all.first;
    const auto t = static_cast<int>(number / all.members);
    if (row >= 0 && row < all.rows() && all.is_usable(static_cast<int>(row), t))
      pack(all, static_cast<int>(row), t, 0.0, mine);
  }
  const std::vector<Point> points = exchange(context, mine, all.d);
  double sum = 0.0;
  for (const Point& a : points)
    for (const Point& b : points)
      sum += prob::stein_kernel(a.x.data(), a.score.data(), b.x.data(), b.score.data(), all.d);
  return points.empty() ? std::nan("") : std::sqrt(std::max(sum, 0.0)) / static_cast<double>(points.size());
}

// k(x_i, x_i) / 2 of every local draw.
Batch halves(const Draws& all) {
  const Batch values("values", all.rows(), all.kept);
  kernels::for_each_row(all.rows(), [=, &all](int row) {
    for (int t = 0; t < all.kept; ++t) {
      const double *x = &all.x(row, t * all.d), *s = &all.score(row, t * all.d);
      values(row, t) = 0.5 * prob::stein_kernel(x, s, x, s, all.d);
    }
  });
  return values;
}

// The least of the usable draws of all ranks, the first of equals.
Point least_of(const Context& context, const Draws& all, const Batch& values) {
  int best_row = -1, best_t = 0;
  const auto is_before = [&](int row, int t) {
    if (best_row < 0) return true;
    const double a = values(row, t), b = values(best_row, best_t);
    return a < b || (a == b && all.number(row, t) < all.number(best_row, best_t));
  };
  for (int row = 0; row < all.rows(); ++row)
    for (int t = 0; t < all.kept; ++t)
      if (all.is_usable(row, t) && is_before(row, t)) best_row = row, best_t = t;
  std::vector<double> mine;
  if (best_row >= 0) pack(all, best_row, best_t, values(best_row, best_t), mine);
  const std::vector<Point> points = exchange(context, mine, all.d);
  if (points.empty()) throw core::NumericsError("Stein thinning: every draw has density zero");
  return *std::min_element(points.begin(), points.end(),
                           [](const Point& a, const Point& b) { return a.value < b.value; });
}

// From z and grad log pi to x = L^-1 z and L^T grad log pi.
Draws in_kernel_coordinates(const PooledMoments& moments, Draws all) {
  math::Matrix lower = math::identity(all.d);  // few draws: the prior's metric
  if (const std::vector<double> factor = moments.factor(); !factor.empty()) lower.a = factor;
  const math::Matrix upper = math::transpose(lower);
  const Batch raw = all.score;
  all.x = Batch("x", all.rows(), all.kept * all.d), all.score = Batch("score", all.rows(), all.kept * all.d);
  kernels::for_each_row(all.rows(), [&](int row) {
    for (int at = 0; at < all.kept * all.d; at += all.d) {
      const double *z = &all.z(row, at), *s = &raw(row, at);
      const std::vector<double> x = math::solve_lower(lower, std::vector<double>(z, z + all.d)),
                                u = math::multiply(upper, std::vector<double>(s, s + all.d));
      std::copy(x.begin(), x.end(), &all.x(row, at));
      std::copy(u.begin(), u.end(), &all.score(row, at));
    }
  });
  return all;
}

Ensemble ensemble_of(const Context& context, const std::vector<Point>& chosen) {
  const Ensemble e(parallel::RowLayout(static_cast<std::int64_t>(chosen.size()), context.comm),
                   static_cast<int>(chosen[0].z.size()));
  for (int row = 0; row < e.rows(); ++row) {
    const Point& c = chosen[static_cast<std::size_t>(e.layout.first() + row)];
    std::copy(c.z.begin(), c.z.end(), &e.position(row, 0));
    e.log_likelihood(row) = c.log_likelihood;
  }
  return e;
}

}  // namespace

deck::Schema<SteinThinning::Params> SteinThinning::schema() {
  deck::Schema<Params> s("Few draws of another sampler that represent the posterior best (Stein thinning)",
                         "Riabiz, Chen, Cockayne, Swietach, Niederer, Mackey, Oates 2022");
  s.reference("sampler", &Params::sampler, "sampler", "whose draws are chosen from").required();
  s.key("members", &Params::members, "1", "number of draws chosen", deck::at_least(2));
  return s;
}

std::string SteinThinning::objection(const Problem& problem) const {
  const Plan plan = first_->plan();
  const std::int64_t draws = plan.members * plan.draws;
  if (!problem.has_gradient())
    return "needs the gradient of the log-likelihood at every draw, which " + problem.missing_gradient();
  if (problem.dimension() > PooledMoments::largest_dimension)
    return fmt::format("compares draws in {} coordinates; the kernel Stein discrepancy says little in more than {}",
                       problem.dimension(), PooledMoments::largest_dimension);
  if (params_.members > draws)
    return fmt::format("shall choose {} draws of the {} of '{}'; set members to some hundredth of them",
                       params_.members, draws, params_.sampler);
  const std::string inner = first_->objection(problem);
  return inner.empty() ? "" : "chooses from '" + params_.sampler + "', which " + inner;
}

void SteinThinning::init(const Problem& problem, const Context& context) {
  clear();
  first_->init(problem, context);
  const Plan plan = first_->plan();
  layout_ = plan.layout(context.comm);
  const int rows = layout_.local_rows(), d = problem.dimension();
  position_ = Batch("position", rows, static_cast<std::size_t>(plan.draws) * d);
  score_ = Batch("score", rows, static_cast<std::size_t>(plan.draws) * d);
  log_likelihood_ = Batch("log_likelihood", rows, plan.draws);
  moments_.reset(d);
}

// One more draw of each member, with its score. Gradients of chains without a Metropolis test may be of some data, or of another
// point.
void SteinThinning::keep(const Problem& problem, const Context& context) {
  const Ensemble& e = first_->state().ensemble;
  const int d = problem.dimension(), rows = e.rows();
  const std::size_t at = static_cast<std::size_t>(kept_) * static_cast<std::size_t>(d);
  Batch gradient = e.gradient;
  Vector log_likelihood = e.log_likelihood;
  if (!first_->plan().is_exact || static_cast<int>(gradient.extent(1)) != d) {
    gradient = Batch("gradient", rows, d), log_likelihood = Vector("log_likelihood", rows);
    model::Evaluation evaluation{log_likelihood, gradient, {}};
    evaluate(problem, e.position, evaluation, context);
    own_runs_ += e.layout.rows();
  }
  kernels::for_each_row(rows, [&](int row) {
    for (int k = 0; k < d; ++k) {
      position_(row, at + static_cast<std::size_t>(k)) = e.position(row, k);
      score_(row, at + static_cast<std::size_t>(k)) = gradient(row, k) - e.position(row, k);
    }
    log_likelihood_(row, static_cast<int>(kept_)) = log_likelihood(row);
  });
  moments_.observe(e, context);
  ++kept_;
}

StepInfo SteinThinning::step(const Problem& problem, const Context& context) {
  if (is_first_done_) return choose(context);
  StepInfo info = first_->step(problem, context);
  if (info.is_draw) keep(problem, context);
  is_first_done_ = info.is_finished;
  info.is_draw = info.is_finished = false;
  info.progress *= 0.9;
  return info;
}

StepInfo SteinThinning::choose(const Context& context) {
  const int d = static_cast<int>(position_.extent(1) / log_likelihood_.extent(1)), kept = static_cast<int>(kept_),
            rows = layout_.local_rows(), m = params_.members;
  const Draws all = in_kernel_coordinates(
      moments_, {position_, {}, score_, log_likelihood_, d, kept, layout_.rows(), layout_.first()});
  const Batch values = halves(all);
  std::vector<Point> chosen;
  double discrepancy = 0.0;
  for (int i = 0; i < m; ++i) {
    chosen.push_back(least_of(context, all, values));
    const Point& c = chosen.back();
    discrepancy += 2.0 * c.value;
    kernels::for_each_row(rows, [&](int row) {
      for (int t = 0; t < kept; ++t)
        values(row, t) += prob::stein_kernel(c.x.data(), c.score.data(), &all.x(row, t * d), &all.score(row, t * d), d);
    });
  }
  const double even = discrepancy_of_even_thinning(context, all, m);

  const BaseState& first = first_->state();
  own_ = BaseState();
  own_.mode = first.mode;
  own_.ensemble = ensemble_of(context, chosen);
  own_.model_evaluations = first.model_evaluations + own_runs_;
  own_.gradient_evaluations = first.gradient_evaluations + own_runs_;
  own_.iteration = 1;
  is_done_ = true;
  first_->clear();
  position_ = score_ = log_likelihood_ = {};
  StepInfo info;
  info.is_draw = info.is_finished = true;
  info.phase = "thinning";
  info.progress = 1.0;
  info.numbers = {{"discrepancy", std::sqrt(std::max(discrepancy, 0.0)) / m}, {"discrepancy_of_even_thinning", even}};
  return info;
}

void SteinThinning::fields(io::Archive& archive, const Context& context) {
  archive.field("is_first_done", is_first_done_);
  archive.field("is_done", is_done_);
  if (is_done_) {
    if (archive.is_loading()) own_.ensemble.layout = parallel::RowLayout(params_.members, context.comm);
    own_.fields(archive);
    return;
  }
  layout_ = first_->plan().layout(context.comm);
  archive.field("kept", kept_);
  archive.field("own_runs", own_runs_);
  archive.rows("positions", layout_, position_);
  archive.rows("scores", layout_, score_);
  archive.rows("log_likelihoods", layout_, log_likelihood_);
  moments_.fields(archive, "moments");
  const io::ArchiveGroup group(archive, "first");
  first_->fields(archive, context);
}

void SteinThinning::clear() {
  first_->clear();
  position_ = score_ = log_likelihood_ = {};
  own_ = {};
  kept_ = own_runs_ = 0;
  is_first_done_ = is_done_ = false;
}

}  // namespace aleator::sampler
