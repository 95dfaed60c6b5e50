#include "sampler/smc/part_samplers.hpp"

#include <algorithm>
#include <cstring>

namespace aleator::sampler {
namespace {

constexpr int part_numbers = 9;

int part_width(int particles, int d) { return part_numbers + particles * (2 * d + 4); }

template <typename Visit>  // visit(number in the row, number in the state)
void each_number_of_part(double* row, Smc::State& part, const Visit& visit) {
  Ensemble& e = part.ensemble;
  for (double* const value :
       {&part.temper, &part.log_scale, &part.remembered, &part.log_evidence, &part.log_evidence_standard_error})
    visit(*row++, *value);
  for (std::int64_t* const value : {&part.moves, &part.iteration, &part.model_evaluations, &part.gradient_evaluations})
    visit(*row++, *value);
  for (int i = 0; i < e.rows(); ++i) {
    for (std::size_t k = 0; k < e.position.extent(1); ++k) visit(*row++, e.position(i, k));
    for (std::size_t k = 0; k < e.gradient.extent(1); ++k) visit(*row++, e.gradient(i, k));
    visit(*row++, e.log_likelihood(i));
    visit(*row++, e.accepted(i));
    visit(*row++, part.ancestors[static_cast<std::size_t>(i)]);
    visit(*row++, part.evidence_influence[static_cast<std::size_t>(i)]);
  }
}

void pack(Smc::State& part, double* row) {
  each_number_of_part(row, part, [](double& to, auto& from) { to = static_cast<double>(from); });
}

Smc::State unpacked(const Smc& smc, double* row, int d) {
  const int particles = smc.params.particles;
  Smc::State part;
  part.ensemble =
      Ensemble(parallel::RowLayout(particles, parallel::Comm::self()), d, needs_gradient(smc.params.move) ? d : 0);
  part.ancestors.resize(static_cast<std::size_t>(particles));
  part.evidence_influence.resize(static_cast<std::size_t>(particles));
  each_number_of_part(row, part, [](double& from, auto& to) { to = static_cast<std::decay_t<decltype(to)>>(from); });
  return part;
}

// A part's random numbers are its own, whichever rank it is on.
Context alone(const Context& context, std::int64_t part) {
  const double u = context.rng.uniform({kernels::Purpose::fusion_part}, part);
  std::uint64_t seed = 0;
  std::memcpy(&seed, &u, sizeof u);
  return {parallel::Comm::self(), kernels::Rng(seed)};
}

parallel::RowLayout layout_of_parts(std::int64_t parts, const parallel::RowLayout& particles) {
  return {parts, particles.rank(), particles.ranks()};
}

// The particles of every part, which lie on the part's rank, dealt over the ranks as `layout` says.
std::vector<Batch> dealt_over_ranks(const Context& context, const parallel::RowLayout& layout,
                                    const parallel::RowLayout& parts, const std::vector<Batch>& mine, int d) {
  std::vector<std::vector<double>> send(static_cast<std::size_t>(layout.ranks()));
  for (int rank = 0; rank < layout.ranks(); ++rank)
    for (const Batch& position : mine)
      send[static_cast<std::size_t>(rank)].insert(send[static_cast<std::size_t>(rank)].end(),
                                                  position.data() + layout.first_row(rank) * d,
                                                  position.data() + layout.last_row(rank) * d);
  const std::vector<std::vector<double>> received = context.comm.all_to_all(send);
  std::vector<Batch> populations;
  for (int rank = 0; rank < layout.ranks(); ++rank) {
    const double* from = received[static_cast<std::size_t>(rank)].data();
    for (std::int64_t part = parts.first_row(rank); part < parts.last_row(rank); ++part) {
      populations.emplace_back("population", layout.local_rows(), d);
      std::copy_n(from, populations.back().size(), populations.back().data());
      from += populations.back().size();
    }
  }
  return populations;
}

}  // namespace

PartSamplers::Level PartSamplers::advance(const Smc& smc, const SubPosteriors& sub_posteriors, const Context& context,
                                          const parallel::RowLayout& particles) {
  const int n = smc.params.particles, d = sub_posteriors.dimension();
  const bool is_start = count == 0;
  count = sub_posteriors.count();
  const parallel::RowLayout layout = layout_of_parts(count, particles);
  if (is_start) states = Batch("parts", layout.local_rows(), part_width(n, d));
  Level level;
  parallel::agree(context.comm, [&] {
    for (int row = 0; row < layout.local_rows(); ++row) {
      const int c = static_cast<int>(layout.first()) + row;
      const Problem& problem = sub_posteriors.product({c, c + 1});
      const Context own = alone(context, c);
      Smc::State part;
      if (!is_start) part = unpacked(smc, &states(row, 0), d);
      const std::int64_t runs = part.model_evaluations, gradients = part.gradient_evaluations;
      if (is_start) part = smc.init(problem, own);
      if (part.temper < 1.0) level.progress = std::min(level.progress, smc.step(problem, own, part).progress);
      level.runs += sub_posteriors.runs({c, c + 1}, part.model_evaluations - runs);
      level.gradients += sub_posteriors.runs({c, c + 1}, part.gradient_evaluations - gradients);
      pack(part, &states(row, 0));
    }
  });
  level.runs = context.comm.sum(level.runs), level.gradients = context.comm.sum(level.gradients);
  level.progress = context.comm.min(level.progress);
  return level;
}

PartSamplers::Samples PartSamplers::take(const Smc& smc, const Context& context, const parallel::RowLayout& particles,
                                         int dimension) {
  const parallel::RowLayout layout = layout_of_parts(count, particles);
  std::vector<Batch> positions;
  std::vector<double> evidence;
  for (int row = 0; row < layout.local_rows(); ++row) {
    const Smc::State part = unpacked(smc, &states(row, 0), dimension);
    positions.push_back(part.ensemble.position);
    evidence.insert(evidence.end(), {part.log_evidence, part.log_evidence_standard_error});
  }
  Samples samples{dealt_over_ranks(context, particles, layout, positions, dimension)};
  evidence = parallel::gather_rows(context.comm, evidence);
  for (std::size_t i = 0; i < evidence.size(); i += 2)
    samples.log_evidence += evidence[i], samples.variance += evidence[i + 1] * evidence[i + 1];
  *this = {};
  return samples;
}

void PartSamplers::fields(io::Archive& archive, const parallel::RowLayout& particles) {
  archive.field("part_count", count);
  if (count > 0) archive.rows("parts", layout_of_parts(count, particles), states);
}

}  // namespace aleator::sampler
