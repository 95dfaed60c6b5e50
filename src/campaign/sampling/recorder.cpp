#include "campaign/sampling/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.hpp"

namespace aleator::campaign {
namespace {

// Draws buffered on a rank: about a megabyte on the rank with most members. The same number on all, for writing is collective.
int buffer_capacity(std::int64_t members, int ranks, int dimension, int draws) {
  const std::int64_t bytes_per_draw = (members + ranks - 1) / ranks * dimension * 8;
  return static_cast<int>(std::clamp<std::int64_t>((1 << 20) / bytes_per_draw, 1, draws));
}

constexpr int values_at_once = 1 << 18;  // of rows that are not buffered

std::vector<io::Dimension> with_size(std::vector<io::Dimension> dims, const prob::Variable& variable) {
  if (variable.size > 1) dims.push_back({variable.name + "_dim_0", variable.size});
  return dims;
}

// Of the data, by their numbers among all where some are missing.
io::Dimension data_dimension(const model::Problem& problem) {
  const std::vector<int>& places = problem.facts().data_places;
  return {"data_dim_0", static_cast<std::int64_t>(problem.facts().data.size()), {}, {places.begin(), places.end()}};
}

io::Dimension output_dimension(const model::Problem& problem) {
  constexpr int most_names = 10000;
  const int size = predicted_outputs(problem);
  io::Dimension dimension{"outputs_dim_0", size};
  const std::vector<std::string>& names = problem.facts().output_names;
  if (size <= most_names && static_cast<int>(names.size()) >= size)
    dimension.labels.assign(names.begin(), names.begin() + size);
  return dimension;
}

io::VariableInfo::Type type_of(sampler::DrawStatistic::Kind kind) {
  switch (kind) {
    case sampler::DrawStatistic::Kind::truth:
      return io::VariableInfo::Type::truth;
    case sampler::DrawStatistic::Kind::integer:
      return io::VariableInfo::Type::integer;
    case sampler::DrawStatistic::Kind::real:
      break;
  }
  return io::VariableInfo::Type::real;
}

}  // namespace

int prior_draws(const model::Problem& problem) {
  return std::clamp(8'000'000 / std::max(problem.parameter_dimension(), 1), 100, 1000);
}

Recorder::Recorder(const std::string& path, const Shape& shape, const model::Problem& problem,
                   const model::Context& context, bool is_new, int first_draw)
    : plan_(shape.plan),
      predictive_(shape.predictive),
      problem_(problem),
      context_(context),
      layout_(shape.plan.layout(context.comm)),
      next_draw_(first_draw) {
  const sampler::Plan& plan = plan_;
  if (plan.kind == sampler::Plan::Kind::chains) {
    capacity_ = buffer_capacity(plan.members, context.comm.size(), problem.parameter_dimension(), plan.draws);
    values_.resize(problem.variables().size());
    const std::size_t scalars = static_cast<std::size_t>(layout_.local_rows()) * capacity_;
    for (std::size_t v = 0; v < values_.size(); ++v)
      values_[v].resize(scalars * static_cast<std::size_t>(problem.variables()[v].size));
    log_likelihood_.resize(scalars), log_prior_.resize(scalars), accepted_.resize(scalars);
    statistics_.assign(plan.statistics.size(), std::vector<double>(scalars));
  }
  if (is_new)
    lay_out(path);
  else
    reopen(path);
}

void Recorder::reopen(const std::string& path) {
  file_ = std::make_unique<io::ResultsFile>(io::ResultsFile::open(context_.comm, path));
  std::vector<std::int64_t> wanted{plan_.members, plan_.draws};
  if (plan_.kind != sampler::Plan::Kind::chains) wanted = {1, plan_.members};
  for (const prob::Variable& variable : problem_.variables()) {
    std::vector<std::int64_t> shape = wanted;
    if (variable.size > 1) shape.push_back(variable.size);
    if (!file_->has("posterior", variable.name) || file_->shape("posterior", variable.name) != shape)
      throw core::UserError(
          fmt::format("{}: posterior/{} is not of the size that this deck gives; the file belongs to another run", path,
                      variable.name));
  }
}

void Recorder::lay_out(const std::string& path) {
  file_ = std::make_unique<io::ResultsFile>(io::ResultsFile::create(context_.comm, path, {{"created_by", "aleator"}}));
  const bool is_chains = plan_.kind == sampler::Plan::Kind::chains;
  // Particles and ensembles are one chain whose draws are the members.
  const std::vector<io::Dimension> sample =
      is_chains ? std::vector<io::Dimension>{{"chain", plan_.members}, {"draw", plan_.draws}}
                : std::vector<io::Dimension>{{"chain", 1}, {"draw", plan_.members}};
  for (const prob::Variable& variable : problem_.variables()) {
    file_->define("posterior", variable.name, with_size(sample, variable));
    file_->define("prior", variable.name, with_size({{"chain", 1}, {"draw", prior_draws(problem_)}}, variable));
  }
  file_->define("sample_stats", "log_likelihood", sample);
  file_->define(
      "sample_stats", "lp", sample,
      {io::VariableInfo::Type::real, "", "log posterior density of the latent coordinates, up to a constant"});
  if (is_chains)
    file_->define("sample_stats", "acceptance_rate", sample,
                  {io::VariableInfo::Type::real, "", "0 or 1: was the last proposal accepted"});
  for (const sampler::DrawStatistic& one : plan_.statistics)
    file_->define("sample_stats", one.name, sample, {type_of(one.kind), "", one.meaning});
  if (plan_.kind == sampler::Plan::Kind::particles)
    file_->define("sample_stats", "ancestor", sample,
                  {io::VariableInfo::Type::integer, "", "the particle's ancestor in the prior sample"});
  if (const io::Dimension data = data_dimension(problem_); data.size > 0)
    file_->define("observed_data", "data", {data}, {io::VariableInfo::Type::real, problem_.facts().data_units, ""});
  lay_out_predictions();
  file_->commit_layout();
}

void Recorder::write_observed(const std::vector<double>& data) {
  if (!data.empty()) file_->write("observed_data", "data", data);
  const parallel::RowLayout layout(prior_draws(problem_), context_.comm);
  write_in_parts(layout, "prior", [&](int first, int count) {
    const model::Batch z("z", count, problem_.dimension());
    context_.rng.normals({kernels::Purpose::prior_sample}, layout.first() + first, z);
    return model::ConstBatch(z);
  });
}

// Rows of `layout`, of which latent(first, count) are `count` local ones from `first` on; every rank takes as many turns.
void Recorder::write_in_parts(const parallel::RowLayout& layout, const std::string& group, const LatentRows& latent) {
  const int at_once = std::max<int>(1, values_at_once / problem_.parameter_dimension());
  std::int64_t most_rows = 0;
  for (int rank = 0; rank < layout.ranks(); ++rank)
    most_rows = std::max(most_rows, layout.last_row(rank) - layout.first_row(rank));
  for (std::int64_t done = 0; done < most_rows; done += at_once) {
    const int first = static_cast<int>(std::min<std::int64_t>(done, layout.local_rows()));
    const int count = std::min(at_once, layout.local_rows() - first);
    const model::Batch u("u", count, problem_.parameter_dimension());
    problem_.parameters(latent(first, count), u);
    int column = 0;
    for (const prob::Variable& variable : problem_.variables()) {
      std::vector<double> values;
      for (int row = 0; row < count; ++row)
        values.insert(values.end(), &u(row, column), &u(row, column) + variable.size);
      file_->write_rows(group, variable.name, layout, {first, count}, values.data());
      column += variable.size;
    }
  }
}

void Recorder::lay_out_predictions() {
  const auto rows = [](int draws, const io::Dimension& last) {
    return std::vector<io::Dimension>{{"chain", 1}, {"draw", draws}, last};
  };
  if (predictive_.posterior > 0)
    file_->define(
        "predictions", "outputs", rows(predictive_.posterior, output_dimension(problem_)),
        {io::VariableInfo::Type::real, problem_.facts().data_units, "model outputs at posterior draws, without noise"});
  if (!can_replicate(problem_)) return;
  const io::Dimension data = data_dimension(problem_);
  for (const auto& [draws, from] : {std::pair(predictive_.posterior, std::string("posterior")),
                                    std::pair(predictive_.prior, std::string("prior"))}) {
    if (draws == 0) continue;
    file_->define(from + "_predictive", "data", rows(draws, data),
                  {io::VariableInfo::Type::real, problem_.facts().data_units,
                   "data replicated from the likelihood at draws of the " + from});
    file_->define("predictive_checks", from + "_pit", {data},
                  {io::VariableInfo::Type::real, "", "place of each datum among its replicates, from 0 to 1"});
  }
}

void Recorder::write_posterior_predictive(const Predicted& predicted, const PredictiveCheck& check) {
  file_->write("predictions", "outputs", predicted.outputs);
  if (!predicted.data.empty()) file_->write("posterior_predictive", "data", predicted.data);
  if (!check.pit.empty()) file_->write("predictive_checks", "posterior_pit", check.pit);
}

void Recorder::write_prior_predictive(const Predicted& predicted, const PredictiveCheck& check) {
  if (!predicted.data.empty()) file_->write("prior_predictive", "data", predicted.data);
  if (!check.pit.empty()) file_->write("predictive_checks", "prior_pit", check.pit);
}

void Recorder::add(const sampler::BaseState& state) {
  if (plan_.kind != sampler::Plan::Kind::chains) return add_particles(state);
  const sampler::Ensemble& e = state.ensemble;
  model::Batch u("u", e.rows(), problem_.parameter_dimension());
  problem_.parameters(e.position, u);
  for (int row = 0; row < e.rows(); ++row) {
    const std::size_t place = static_cast<std::size_t>(row) * capacity_ + buffered_;
    int column = 0;
    for (std::size_t v = 0; v < values_.size(); ++v) {
      const int size = problem_.variables()[v].size;
      std::copy_n(&u(row, column), size, values_[v].begin() + static_cast<std::ptrdiff_t>(place * size));
      column += size;
    }
    log_likelihood_[place] = e.log_likelihood(row);
    log_prior_[place] = model::latent_log_prior(&e.position(row, 0), problem_.dimension());
    accepted_[place] = e.accepted(row);
    for (std::size_t k = 0; k < statistics_.size(); ++k) statistics_[k][place] = state.statistics(row, k);
  }
  if (++buffered_ == capacity_) flush();
}

void Recorder::flush() {
  if (buffered_ == 0) return;
  const io::DrawRange draws{next_draw_, buffered_};
  const int local = layout_.local_rows();
  const auto pack = [&](const std::vector<double>& buffer, int size) {
    // The buffer's rows are capacity_ draws apart; the file wants them packed.
    std::vector<double> packed;
    packed.reserve(static_cast<std::size_t>(local) * buffered_ * size);
    for (int row = 0; row < local; ++row) {
      const auto begin = buffer.begin() + static_cast<std::ptrdiff_t>(row) * capacity_ * size;
      packed.insert(packed.end(), begin, begin + static_cast<std::ptrdiff_t>(buffered_) * size);
    }
    return packed;
  };
  const auto write = [&](const std::string& group, const std::string& name, const std::vector<double>& buffer,
                         int size) { file_->write_draws(group, name, layout_, draws, pack(buffer, size).data()); };
  for (std::size_t v = 0; v < values_.size(); ++v)
    write("posterior", problem_.variables()[v].name, values_[v], problem_.variables()[v].size);
  write("sample_stats", "log_likelihood", log_likelihood_, 1);
  for (std::size_t i = 0; i < log_prior_.size(); ++i) log_prior_[i] += log_likelihood_[i];
  write("sample_stats", "lp", log_prior_, 1);
  write("sample_stats", "acceptance_rate", accepted_, 1);
  for (std::size_t k = 0; k < statistics_.size(); ++k) {
    const sampler::DrawStatistic& one = plan_.statistics[k];
    if (one.kind == sampler::DrawStatistic::Kind::real) {
      write("sample_stats", one.name, statistics_[k], 1);
    } else {
      const std::vector<double> packed = pack(statistics_[k], 1);
      file_->write_draws("sample_stats", one.name, layout_, draws,
                         std::vector<std::int64_t>(packed.begin(), packed.end()).data());
    }
  }
  next_draw_ += buffered_;
  buffered_ = 0;
}

void Recorder::sync() {
  flush();
  file_->flush();
}

void Recorder::add_particles(const sampler::BaseState& state) {
  const sampler::Ensemble& e = state.ensemble;
  write_in_parts(layout_, "posterior", [&e](int first, int count) {
    return model::ConstBatch(Kokkos::subview(e.position, Kokkos::make_pair(first, first + count), Kokkos::ALL));
  });
  std::vector<double> lp(static_cast<std::size_t>(e.rows()));
  for (int row = 0; row < e.rows(); ++row)
    lp[row] = e.log_likelihood(row) + model::latent_log_prior(&e.position(row, 0), problem_.dimension());
  file_->write_rows("sample_stats", "log_likelihood", layout_, e.log_likelihood.data());
  file_->write_rows("sample_stats", "lp", layout_, lp.data());
  if (plan_.kind == sampler::Plan::Kind::particles) file_->write("sample_stats", "ancestor", state.ancestors);
  next_draw_ = 1;
}

}  // namespace aleator::campaign
