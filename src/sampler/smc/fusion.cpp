#include "sampler/smc/fusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "core/log.hpp"
#include "math/dense.hpp"
#include "parallel/move_rows.hpp"

namespace aleator::sampler {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double resampling_share = 0.5;

math::Matrix square(const std::vector<double>& entries) {
  math::Matrix m;
  m.rows = m.cols = static_cast<int>(std::lround(std::sqrt(static_cast<double>(entries.size()))));
  m.a = entries;
  return m;
}

PooledMoments moments_of(const Context& context, const parallel::RowLayout& layout, const Batch& population) {
  Ensemble e;
  e.layout = layout, e.position = population;
  PooledMoments moments;
  moments.reset(static_cast<int>(population.extent(1)));
  moments.observe(e, context);
  return moments;
}

// B of a population's covariance B B^T.
std::vector<double> frame_of(const PooledMoments& moments) {
  std::vector<double> lower = moments.factor();
  if (lower.empty()) throw core::NumericsError("the particles of a sub-posterior lie in a hyperplane; raise particles");
  return lower;
}

// Where two Brownian motions of covariances A = B B^T and A' meet.
struct Meeting {
  math::Matrix left, right, sum, gain, end;  // B, B', factor of A + A', A (A + A')^-1, factor of (A^-1 + A'^-1)^-1

  explicit Meeting(const Fusion::Merge& merge) : left(square(merge.left)), right(square(merge.right)) {
    const math::Matrix a = math::multiply_transposed(left, left), other = math::multiply_transposed(right, right);
    math::Matrix total = a;
    math::add_scaled(total, 1.0, other);
    sum = math::cholesky(total);
    gain = math::transpose(math::solve_cholesky(sum, a));
    end = math::cholesky(math::multiply(gain, other));
  }
};

// phi of the rows of x: (|B^T g|^2 + tr(B^T H B)) / 2, g and H derivatives of log N(z; 0, I) + log-likelihood; infinity where
// one of the 1 + 2 d points has no density.
void add_potential(const Problem& problem, const Batch& x, const std::vector<double>& lower, const Vector& phi) {
  constexpr double difference = 0.01;  // of a standard deviation
  constexpr int values_at_once = 1 << 20;
  const int d = static_cast<int>(x.extent(1)), points = 1 + 2 * d, rows = static_cast<int>(x.extent(0)),
            at_once = std::max(1, values_at_once / (points * d));
  double squares = 0.0;  // tr(B^T I B)
  for (const double b : lower) squares += b * b;
  for (int first = 0; first < rows; first += at_once) {
    const int count = std::min(at_once, rows - first);
    const Batch z("z", count * points, d);
    model::Evaluation e{Vector("log_likelihood", z.extent(0)), Batch("gradient", z.extent(0), d), {}};
    kernels::for_each_row(count * points, [=, &lower](int at) {
      const int row = first + at / points, point = at % points, k = (point - 1) / 2;
      const double side = point == 0 ? 0.0 : point % 2 == 1 ? difference : -difference;
      for (int i = 0; i < d; ++i) z(at, i) = x(row, i) + side * lower[static_cast<std::size_t>(i * d + k)];
    });
    problem.evaluate(z, e);
    kernels::for_each_row(count, [=, &lower, &e](int row) {
      const int at = row * points;
      bool is_known = true;
      for (int point = 0; point < points; ++point) is_known = is_known && std::isfinite(e.log_likelihood(at + point));
      double sum = -squares;
      for (int k = 0; k < d; ++k) {
        double slope = 0.0, bend = 0.0;
        for (int i = k; i < d; ++i) {
          const double b = lower[static_cast<std::size_t>(i * d + k)];
          slope += b * (e.gradient(at, i) - z(at, i));
          bend += b * (e.gradient(at + 1 + 2 * k, i) - e.gradient(at + 2 + 2 * k, i));
        }
        sum += slope * slope + bend / (2.0 * difference);
      }
      phi(first + row) += is_known && !std::isnan(sum) ? 0.5 * sum : infinity;
    });
  }
}

// Sums of the parts' precisions A^-1 and of A^-1 mean: what consensus averaging goes by.
std::vector<double> consensus_of(const Context& context, const parallel::RowLayout& layout,
                                 const std::vector<Batch>& populations) {
  const int d = populations.front().extent_int(1);
  math::Matrix precision(d, d);
  std::vector<double> shift(static_cast<std::size_t>(d), 0.0);
  for (const Batch& population : populations) {
    const PooledMoments moments = moments_of(context, layout, population);
    const math::Matrix lower = square(frame_of(moments));
    math::add_scaled(precision, 1.0, math::solve_cholesky(lower, math::identity(d)));
    const std::vector<double> scaled = math::solve_cholesky(lower, moments.mean());
    for (int k = 0; k < d; ++k) shift[static_cast<std::size_t>(k)] += scaled[static_cast<std::size_t>(k)];
  }
  std::vector<double> sums = precision.a;
  sums.insert(sums.end(), shift.begin(), shift.end());
  return sums;
}

// How far the mean of the consensus average lies from the mean of the fused particles, in their standard deviations.
double consensus_distance(const std::vector<double>& sums, const PooledMoments& fused) {
  const std::size_t d = fused.shift.size();
  const std::vector<double> mean = fused.mean(), lower = fused.factor();
  if (lower.empty()) return std::nan("");
  const math::Matrix precision = square({sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(d * d)});
  std::vector<double> apart =
      math::solve_cholesky(math::cholesky(precision), {sums.begin() + static_cast<std::ptrdiff_t>(d * d), sums.end()});
  for (std::size_t k = 0; k < d; ++k) apart[k] -= mean[k];
  const std::vector<double> scaled = math::solve_lower(square(lower), apart);
  return std::sqrt(math::dot(scaled, scaled));
}

// A random order of the places 0 ... count - 1.
std::vector<std::int64_t> random_order(std::int64_t count, std::int64_t step, const Context& context) {
  const Vector keys("keys", static_cast<std::size_t>(count));
  context.rng.uniforms({kernels::Purpose::fusion_pairs, step}, 0, 0, keys);
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return keys(a) < keys(b); });
  return order;
}

template <typename T>
void take(const std::vector<std::int64_t>& source, std::vector<T>& values) {
  std::vector<T> taken;
  for (const std::int64_t i : source) taken.push_back(values[static_cast<std::size_t>(i)]);
  values = std::move(taken);
}

// ESS of the pairs' weights.
double share_of_pairs(const Fusion::Merge& m) {
  if (std::any_of(m.log_weights.begin(), m.log_weights.end(), [](double w) { return w > -infinity; }))
    return effective_share(m.log_weights);
  throw core::NumericsError(
      "no pair of particles came through a merge of sub-posteriors: they hardly overlap, or most model runs fail; "
      "fewer parts, or more particles");
}

// The pairs by their weights, which enter the evidence.
void resample(const Context& context, Fusion::State& s, std::uint32_t of_iteration = 0) {
  Fusion::Merge& m = s.merge;
  const auto n = static_cast<std::int64_t>(m.pairs.size());
  const Weights weights = normalised(m.log_weights);
  s.log_evidence += weights.log_sum - std::log(static_cast<double>(n));
  m.rounding += genealogy_of(m.pairs, weights, n).rounding;
  const std::vector<std::int64_t> source = systematic_resampling(
      weights, context.rng.uniform({kernels::Purpose::fusion_resampling, s.iteration}, 0, of_iteration), n);
  const int d = s.populations.front().extent_int(1);
  const auto at = static_cast<std::size_t>(s.cursor);
  parallel::move_rows(context.comm, s.ensemble.layout,
                      {{s.populations[at].data(), d}, {s.populations[at + 1].data(), d}}, source);
  take(source, m.pairs);
  if (!m.potential.empty()) take(source, m.potential);
  std::fill(m.log_weights.begin(), m.log_weights.end(), 0.0);
}

// The longest step over which the weights exp(-h phi) keep a share of the ESS, and that divides the time left evenly.
double next_step(const Fusion::Params& params, const Fusion::Merge& m) {
  std::vector<double> fall;
  for (const double phi : m.potential)
    if (std::isfinite(phi)) fall.push_back(-phi);
  const double left = m.duration - m.time;
  if (fall.empty()) return left;  // all weights will be zero
  const double h = increment_for_share(fall, params.mesh_share, std::min(params.step, left));
  return left / std::ceil(left / h - 1e-9);
}

}  // namespace

deck::Schema<Fusion::Params> Fusion::schema() {
  deck::Schema<Params> s("Divide-and-conquer fusion: sub-posteriors of parts of the data, merged up a tree",
                         "Dai, Pollock, Roberts 2019, 2023; Chan, Pollock, Johansen, Roberts 2023");
  s.key("parts", &Params::parts, "1", "C, sub-posteriors: parts into which the data are dealt", deck::at_least(1))
      .key("particles", &Params::particles, "1", "particles of each sub-posterior and of each merge", deck::at_least(8))
      .key("start_share", &Params::start_share, "1",
           "effective sample size of the pairs with which a merge starts, as a share of the particles: the larger, the "
           "longer a merge takes",
           deck::inside(0, 1))
      .key("mesh_share", &Params::mesh_share, "1", "effective sample size that a step of a merge keeps, about",
           deck::inside(0, 1))
      .key("step", &Params::step, "1",
           "longest step of a merge, in units of the sub-posteriors' relaxation; the bias is O(step^2)",
           deck::positive())
      .key("max_steps", &Params::max_steps, "1", "give up after so many steps of a merge", deck::at_least(1));
  add_move_keys(s);
  return s;
}

void Fusion::Merge::fields(io::Archive& archive) {
  const io::ArchiveGroup group(archive, "merge");
  archive.field("time", time);
  archive.field("duration", duration);
  archive.field("steps", steps);
  archive.field("left", left);
  archive.field("right", right);
  archive.field("log_weights", log_weights);
  archive.field("potential", potential);
  archive.field("pairs", pairs);
  archive.field("rounding", rounding);
}

void Fusion::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  parts.fields(archive, ensemble.layout);
  auto count = static_cast<std::int64_t>(populations.size());
  archive.field("ends", ends);
  archive.field("count", count);
  populations.resize(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < populations.size(); ++i)
    archive.rows(fmt::format("population_{}", i), ensemble.layout, populations[i]);
  archive.field("cursor", cursor);
  merge.fields(archive);
  archive.field("variance", variance);
  archive.field("consensus", consensus);
}

std::string Fusion::objection(const Problem& problem) const {
  if (const std::string text = sampler::gradient_objection(problem); !text.empty()) return text;
  const model::DataTerms* const data = model::data_terms_of(problem);
  if (data == nullptr)
    return "needs a posterior that is a product over data or terms, to deal them into parts: a problem/bayes with "
           "independent noise, or a problem/target whose target/expression gives terms";
  if (data->terms() < params.parts)
    return fmt::format("{} data cannot be dealt into {} parts; set parts = {} or less", data->terms(), params.parts,
                       data->terms());
  const int d = problem.dimension();
  if (d > PooledMoments::largest_dimension)
    return fmt::format("merges sub-posteriors in the frame of their covariances, in at most {} coordinates, not {}",
                       PooledMoments::largest_dimension, d);
  return part_sampler().objection(problem);
}

Smc Fusion::part_sampler() const {
  Smc::Params smc;
  smc.particles = params.particles, smc.move = params.move, smc.leapfrogs = params.leapfrogs;
  return {smc};
}

Fusion::State Fusion::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.particles, false, problem, context);
  s.model_evaluations = params.particles;
  return s;
}

// A level of the parts' SMC; when all are done they become the leaves of the tree.
double Fusion::sample_parts(const Context& context, State& s) const {
  const parallel::RowLayout& layout = s.ensemble.layout;
  const PartSamplers::Level level = s.parts.advance(part_sampler(), *s.sub_posteriors, context, layout);
  s.model_evaluations += level.runs, s.gradient_evaluations += level.gradients;
  if (level.progress < 1.0) return level.progress;
  PartSamplers::Samples samples = s.parts.take(part_sampler(), context, layout, s.ensemble.position.extent_int(1));
  s.populations = std::move(samples.populations);
  s.log_evidence = samples.log_evidence, s.variance = samples.variance;
  for (int c = 1; c <= params.parts; ++c) s.ends.push_back(c);
  s.consensus = consensus_of(context, layout, s.populations);
  return level.progress;
}

void Fusion::begin_merge(const Context& context, State& s) const {
  const parallel::RowLayout& layout = s.ensemble.layout;
  const auto at = static_cast<std::size_t>(s.cursor);
  const Batch left = s.populations[at], right = s.populations[at + 1];
  const int d = left.extent_int(1), n = params.particles;
  Merge& m = s.merge;
  m = Merge();
  m.left = frame_of(moments_of(context, layout, left)), m.right = frame_of(moments_of(context, layout, right));
  parallel::move_rows(context.comm, layout, {{right.data(), d}}, random_order(n, s.iteration, context));
  const Meeting meeting(m);
  std::vector<double> apart;  // -|x - x'|^2 in the frame of A + A'
  for (int row = 0; row < layout.local_rows(); ++row) {
    std::vector<double> difference(static_cast<std::size_t>(d));
    for (int k = 0; k < d; ++k) difference[static_cast<std::size_t>(k)] = left(row, k) - right(row, k);
    difference = math::solve_lower(meeting.sum, std::move(difference));
    apart.push_back(-math::dot(difference, difference));
  }
  m.log_weights = parallel::gather_rows(context.comm, apart);
  constexpr double least_duration = 0.1;
  m.duration = 0.5 / increment_for_share(m.log_weights, params.start_share, 0.5 / least_duration);
  const double log_normalisation = -0.5 * (d * std::log(2.0 * M_PI * m.duration) + math::log_det_cholesky(meeting.sum));
  for (double& weight : m.log_weights) weight = 0.5 * weight / m.duration + log_normalisation;
  m.pairs.resize(static_cast<std::size_t>(n));
  std::iota(m.pairs.begin(), m.pairs.end(), 0);
  set_potential(context, s);
}

// phi + phi' of all pairs, as they stand.
void Fusion::set_potential(const Context& context, State& s) const {
  const Vector phi("phi", static_cast<std::size_t>(s.ensemble.rows()));
  const int d = s.populations.front().extent_int(1);
  const auto at = static_cast<std::size_t>(s.cursor);
  const auto begin = static_cast<int>(at == 0 ? 0 : s.ends[at - 1]), middle = static_cast<int>(s.ends[at]),
             end = static_cast<int>(s.ends[at + 1]);
  parallel::agree(context.comm, [&] {
    add_potential(s.sub_posteriors->product({begin, middle}), s.populations[at], s.merge.left, phi);
    add_potential(s.sub_posteriors->product({middle, end}), s.populations[at + 1], s.merge.right, phi);
  });
  s.merge.potential = parallel::gather_rows(context.comm, {phi.data(), phi.data() + phi.extent(0)});
  const std::int64_t rows = static_cast<std::int64_t>(params.particles) * (1 + 2 * d),
                     runs = s.sub_posteriors->runs({begin, middle}, rows) + s.sub_posteriors->runs({middle, end}, rows);
  s.model_evaluations += runs, s.gradient_evaluations += runs;
}

void Fusion::step_merge(const Context& context, State& s) const {
  Merge& m = s.merge;
  if (++m.steps > params.max_steps)
    throw core::NumericsError(
        fmt::format("a merge of sub-posteriors is not done after {} steps, at {:.3g} of {:.3g}: they hardly overlap; "
                    "fewer parts, or raise max_steps",
                    params.max_steps, m.time, m.duration));
  const double h = next_step(params, m), left = m.duration - m.time;
  const bool is_last = h > 0.999999 * left;
  if (is_last && effective_share(m.log_weights) < 1.0) resample(context, s);  // copies part in the last bridge
  const Meeting meeting(m);
  const auto at = static_cast<std::size_t>(s.cursor);
  const Batch one = s.populations[at], other = s.populations[at + 1];
  const int d = one.extent_int(1);
  const Batch xi = kernels::new_batch(one.extent(0), 3 * d);
  context.rng.normals({kernels::Purpose::fusion_bridge, s.iteration}, s.ensemble.layout.first(), xi);
  const double way = is_last ? 1.0 : h / left, to_end = std::sqrt(left),
               bridge = is_last ? 0.0 : std::sqrt(h * (left - h) / left);
  kernels::for_each_row(static_cast<int>(one.extent(0)), [=, &meeting](int row) {
    std::vector<double> end(static_cast<std::size_t>(d));
    for (int i = 0; i < d; ++i) {
      double y = one(row, i);
      for (int j = 0; j < d; ++j) y += meeting.gain(i, j) * (other(row, j) - one(row, j));
      for (int j = 0; j <= i; ++j) y += to_end * meeting.end(i, j) * xi(row, j);
      end[static_cast<std::size_t>(i)] = y;
    }
    for (int i = 0; i < d; ++i) {
      double noise = 0.0, other_noise = 0.0;
      for (int j = 0; j <= i; ++j)
        noise += meeting.left(i, j) * xi(row, d + j), other_noise += meeting.right(i, j) * xi(row, 2 * d + j);
      const double y = end[static_cast<std::size_t>(i)];
      one(row, i) = is_last ? y : one(row, i) + way * (y - one(row, i)) + bridge * noise;
      other(row, i) = is_last ? y : other(row, i) + way * (y - other(row, i)) + bridge * other_noise;
    }
  });
  const std::vector<double> before = m.potential;
  set_potential(context, s);
  for (std::size_t i = 0; i < m.log_weights.size(); ++i) m.log_weights[i] -= 0.5 * h * (before[i] + m.potential[i]);
  m.time = is_last ? m.duration : m.time + h;
}

// The pairs have met: one population in the place of two.
void Fusion::end_merge(const Context& context, State& s) const {
  Merge& m = s.merge;
  const Genealogy genealogy = genealogy_of(m.pairs, normalised(m.log_weights), params.particles);
  const double error = evidence_error(genealogy, m.pairs.size(), m.rounding);
  s.variance += error * error;
  resample(context, s, 1);
  core::info("fusion: parts up to {} of {} merged with T = {:.3g} in {} steps; {} of {} pairs have descendants",
             s.ends[static_cast<std::size_t>(s.cursor) + 1], params.parts, m.duration, m.steps,
             std::set<std::int64_t>(m.pairs.begin(), m.pairs.end()).size(), params.particles);
  s.populations.erase(s.populations.begin() + s.cursor + 1);
  s.ends.erase(s.ends.begin() + s.cursor);
  m.duration = 0.0;
  if (++s.cursor + 1 >= static_cast<std::int64_t>(s.ends.size())) s.cursor = 0;
}

// The last population is the sample; its particles' ancestors are the pairs of the last merge.
double Fusion::finish(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const double distance = consensus_distance(s.consensus, moments_of(context, e.layout, s.populations.front()));
  e.position = s.populations.front();
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.particles;
  s.ancestors = s.merge.pairs;
  for (std::int64_t i = 0; params.parts == 1 && i < params.particles; ++i) s.ancestors.push_back(i);
  s.populations.clear(), s.merge = Merge();
  core::info("fusion: the mean of a consensus average of the {} sub-posteriors lies {:.2g} standard deviations off",
             params.parts, distance);
  return distance;
}

StepInfo Fusion::step(const Problem& problem, const Context& context, State& s) const {
  if (s.sub_posteriors == nullptr) s.sub_posteriors = std::make_shared<SubPosteriors>(problem, params.parts, context);
  StepInfo info;
  if (s.ends.empty()) {
    info.phase = "sub-posteriors";
    info.progress = 0.5 * sample_parts(context, s);
    info.numbers = {{"log_evidence", s.log_evidence}};
  } else {
    info.phase = "merging";
    Merge& m = s.merge;
    if (m.duration == 0.0)
      begin_merge(context, s);
    else
      step_merge(context, s);
    const double share = share_of_pairs(m), way = m.time / m.duration;
    info.progress = 0.5 + 0.5 * (params.parts - static_cast<double>(s.ends.size()) + way) / (params.parts - 1);
    info.numbers = {{"merges", params.parts - static_cast<double>(s.ends.size())},
                    {"duration", m.duration},
                    {"way", way},
                    {"ess_share", share}};
    if (way == 1.0)
      end_merge(context, s);
    else if (share < resampling_share)
      resample(context, s);
  }
  if (s.ends.size() == 1) {
    info.numbers.emplace_back("consensus_distance", finish(problem, context, s));
    info.is_draw = info.is_finished = true;
  }
  s.log_evidence_standard_error = std::sqrt(s.variance);
  ++s.iteration;
  return info;
}

}  // namespace aleator::sampler
