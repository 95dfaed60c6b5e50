#include "sampler/hessian/newton.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace aleator::sampler {
namespace {

using Point = std::vector<double>;

Batch row_of(const Point& x) {
  const Batch row("row", 1, x.size());
  std::copy(x.begin(), x.end(), row.data());
  return row;
}

// J(z), and its gradient where asked for.
double objective_at(const Point& z, Point* gradient, const Problem& problem, const Context& context, RunCount& count) {
  model::Evaluation e{Vector("log_likelihood", 1), Batch("gradient", 1, gradient != nullptr ? z.size() : 0), {}};
  evaluate(problem, row_of(z), e, context);
  count.runs += 1;
  count.gradients += gradient != nullptr ? 1 : 0;
  if (gradient != nullptr)
    for (std::size_t k = 0; k < z.size(); ++k) (*gradient)[k] = z[k] - e.gradient(0, k);
  return 0.5 * math::dot(z, z) - e.log_likelihood(0);
}

// p of (I + H) p = -g by conjugate gradients.
Point newton_direction(const Newton& s, const Problem& problem, RunCount& count, int& iterations) {
  const std::size_t d = s.z.size();
  const RunCount price = price_of_product(problem);
  const double norm = s.gradient_norm(), goal = std::min(0.5, std::sqrt(norm / s.first_norm)) * norm;
  const int most = static_cast<int>(std::min<std::size_t>(d, 200));
  Point p(d, 0.0), rest(d), search(d);
  for (std::size_t k = 0; k < d; ++k) rest[k] = search[k] = -s.gradient[k];
  double squares = math::dot(rest, rest);
  for (int i = 0; i < most && std::sqrt(squares) > goal; ++i, ++iterations) {
    const Batch product("product", 1, d);
    multiply_hessian(problem, row_of(s.z), row_of(search), product);
    count.runs += price.runs, count.gradients += price.gradients;
    Point a_search = search;
    for (std::size_t k = 0; k < d; ++k) a_search[k] += product(0, k);
    const double curvature = math::dot(search, a_search);
    if (!(curvature > 0.0)) return i == 0 ? search : p;  // only a Hessian by differences may curve downwards
    const double length = squares / curvature, before = squares;
    for (std::size_t k = 0; k < d; ++k) p[k] += length * search[k], rest[k] -= length * a_search[k];
    squares = math::dot(rest, rest);
    for (std::size_t k = 0; k < d; ++k) search[k] = rest[k] + squares / before * search[k];
  }
  return p;
}

}  // namespace

std::vector<double> best_start(const Problem& problem, const Context& context, const Ensemble& e, RunCount& count) {
  const int d = problem.dimension();
  const std::vector<double> all = e.all_log_posteriors(context);
  const auto best = std::max_element(all.begin(), all.end());
  if (*best == -std::numeric_limits<double>::infinity())
    throw core::NumericsError("the search for the point of largest density: all starting points have likelihood zero");
  const Batch middle("middle", 1, d);
  model::Evaluation evaluation{Vector("log_likelihood", 1), {}, {}};
  evaluate(problem, middle, evaluation, context);
  count.runs += 1;
  std::vector<double> start(static_cast<std::size_t>(d), 0.0);
  if (!(evaluation.log_likelihood(0) + model::latent_log_prior(start.data(), d) < *best)) return start;
  const std::int64_t row = best - all.begin() - e.layout.first();
  std::vector<double> found;
  if (row >= 0 && row < e.rows()) found.assign(&e.position(row, 0), &e.position(row, 0) + d);
  return parallel::gather_rows(context.comm, found);
}

Newton Newton::at(const Point& start, const Problem& problem, const Context& context, RunCount& count) {
  Newton s;
  s.z = start;
  s.gradient.resize(start.size());
  s.objective = objective_at(s.z, &s.gradient, problem, context, count);
  if (!std::isfinite(s.objective))
    throw core::NumericsError("the search for the point of largest density starts where the density is zero");
  s.first_norm = s.gradient_norm();
  return s;
}

double Newton::gradient_norm() const { return std::sqrt(math::dot(gradient, gradient)); }

void Newton::step(const Problem& problem, const Context& context, RunCount& count) {
  cg_iterations = 0;
  Point p;
  parallel::agree(context.comm, [&] { p = newton_direction(*this, problem, count, cg_iterations); });
  go_along(p, problem, context, count);
}

void Newton::go_along(const Point& p, const Problem& problem, const Context& context, RunCount& count) {
  constexpr double least_fall = 1e-4, rounding = 1e-13;
  constexpr int most_halvings = 40;
  const double slope = math::dot(p, gradient);
  Point next(z.size()), next_gradient(z.size());
  double length = 1.0;
  for (int halving = 0; halving <= most_halvings; ++halving, length *= 0.5) {
    for (std::size_t k = 0; k < z.size(); ++k) next[k] = z[k] + length * p[k];
    const double value = objective_at(next, &next_gradient, problem, context, count);
    if (!(value <= objective + least_fall * length * slope + rounding * std::abs(objective))) continue;
    z = next, gradient = next_gradient, objective = value;
    ++iterations;
    return;
  }
  is_stuck = true;
}

void Newton::fields(io::Archive& archive, const std::string& name) {
  const io::ArchiveGroup group(archive, name);
  archive.field("z", z);
  archive.field("gradient", gradient);
  archive.field("objective", objective);
  archive.field("first_norm", first_norm);
  archive.field("iterations", iterations);
  archive.field("cg_iterations", cg_iterations);
  archive.field("is_stuck", is_stuck);
}

}  // namespace aleator::sampler
