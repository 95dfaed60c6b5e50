#include "assimilation/target/state_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "assimilation/observations.hpp"

namespace aleator::assimilation {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

// A number that each bit of u changes: Philox of one value after the other, keyed by what came before.
std::uint64_t seed_of(const double* u, int count, std::uint64_t seed) {
  for (int k = 0; k < count; ++k) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, u + k, sizeof bits);
    const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    const auto mixed = kernels::philox4x32({low(bits), low(bits >> 32), static_cast<std::uint32_t>(k), 0},
                                           {low(seed), low(seed >> 32)});
    seed = mixed[0] | static_cast<std::uint64_t>(mixed[1]) << 32;
  }
  return seed;
}

}  // namespace

deck::Schema<StateSpaceTarget::Params> StateSpaceTarget::schema() {
  deck::Schema<Params> s("Likelihood of a noisy model in time, estimated by a filter of its states",
                         "Andrieu, Doucet, Holenstein 2010; Drovandi, Everitt, Golightly, Prangle 2022");
  s.reference("model", &Params::model, "model", "what is followed; its unknown quantities are the first parameters")
      .required();
  s.reference("filter", &Params::filter, "filter",
              "estimates the likelihood: filter/particle without bias, filter/enkf and filter/etkf by a Gaussian")
      .required();
  add_observation_keys(s).required();
  s.key("initial_sd", &Params::initial_sd, "",
        "standard deviation of the first states around the model's initial state: one, or one for each",
        deck::at_least(0.0));
  s.reference("initial_perturbation", &Params::initial_perturbation, "prior",
              "prior whose draws are added to the model's initial state instead of noise of initial_sd: fields that "
              "are smooth");
  s.key("unknown_model_noise_scale", &Params::unknown_model_noise_scale, "",
        "whether the parameter after the model's is a factor of model_noise_sd")
      .key("unknown_noise_scale", &Params::unknown_noise_scale, "",
           "whether the last parameter is a factor of noise_sd")
      .key("seed", &Params::seed, "", "seed of the filter's random numbers, together with the parameters themselves");
  return s;
}

StateSpaceTarget::StateSpaceTarget(const Params& params, Parts parts) : params_(params), parts_(std::move(parts)) {
  const model::StateInfo& info = states_of(*parts_.model, params_.model).info();
  const int d = static_cast<int>(info.names.size());
  const std::set<std::string> estimators = {"filter/particle", "filter/enkf", "filter/etkf"};
  if (estimators.count(parts_.component) == 0)
    throw deck::KeyError("filter",
                         fmt::format("{} ({}) gives no likelihood of the parameters", params_.filter, parts_.component),
                         "take filter/particle, filter/enkf or filter/etkf");
  statistics_.density = ObservationDensity::make(params_, info, parts_.model->shape().input_names);
  const ObservationDensity* const density = statistics_.density.get();
  statistics_.noise_sd = observation_noise(params_.noise_sd, density, info, params_.model);
  if (density != nullptr && params_.unknown_noise_scale)
    throw deck::KeyError("unknown_noise_scale", "is a factor of noise_sd, and the data have an observation_density",
                         "make it an unknown parameter of the model, and name it in the formula");
  statistics_.initial_perturbation = parts_.initial_perturbation;
  if (parts_.initial_perturbation)
    check_perturbation(*parts_.initial_perturbation, params_.model, d);
  else if (params_.initial_sd.empty())
    throw deck::KeyError("initial_sd", "is not given, and no initial_perturbation either", "set one of them");
  else
    statistics_.initial_sd = spread_out("initial_sd", params_.initial_sd, d, "states");
  statistics_.model_noise_sd = model_noise(params_.model_noise_sd, d);
  if (params_.unknown_model_noise_scale && statistics_.model_noise_sd.empty())
    throw deck::KeyError("unknown_model_noise_scale", "is a factor of model_noise_sd, which is not given",
                         "set model_noise_sd");
  refuse_filter(*parts_.filter, params_.filter, parts_.component, info, !statistics_.model_noise_sd.empty(), density);
  if (const std::string objection = parts_.filter->objection_to_likelihood(); !objection.empty())
    throw deck::KeyError("filter", fmt::format("{} ({}) {}", params_.filter, parts_.component, objection));
  Observations seen = read_observations(params_, info, density);
  times_ = std::move(seen.times), data_ = std::move(seen.data);
}

int StateSpaceTarget::dimension() const {
  return parts_.model->shape().inputs + (params_.unknown_model_noise_scale ? 1 : 0) +
         (params_.unknown_noise_scale ? 1 : 0);
}

std::string StateSpaceTarget::approximation() const {
  const std::string what = parts_.filter->approximation();
  return what.empty() ? "" : fmt::format("the likelihood is that of {}, which {}", parts_.component, what);
}

std::vector<std::string> StateSpaceTarget::parameter_names() const {
  std::vector<std::string> names = parts_.model->shape().input_names;
  if (names.empty()) return {};
  if (params_.unknown_model_noise_scale) names.emplace_back("model_noise_scale");
  if (params_.unknown_noise_scale) names.emplace_back("noise_scale");
  return names;
}

int StateSpaceTarget::memory_size() const {  // states, weights, inflation
  return parts_.filter->members() * (static_cast<int>(space().info().names.size()) + 1) + 1;
}

std::shared_ptr<const model::Sequence> StateSpaceTarget::refined(int factor) const {
  auto target = std::make_shared<StateSpaceTarget>(*this);
  target->parts_.filter = parts_.filter->with_members(factor * parts_.filter->members());
  return target;
}

std::string StateSpaceTarget::bad_scale(model::ConstBatch u, int row) const {
  for (std::size_t k = static_cast<std::size_t>(parts_.model->shape().inputs); k < u.extent(1); ++k)
    if (!(u(row, k) > 0.0)) return fmt::format("a noise scale is {}, not positive", u(row, k));
  return "";
}

Experiment StateSpaceTarget::experiment(model::ConstBatch u, std::vector<std::uint64_t> seeds) const {
  const auto inputs = static_cast<std::size_t>(parts_.model->shape().inputs);
  Own own;
  const Batch own_inputs = kernels::new_batch(u.extent(0), static_cast<int>(inputs));
  for (std::size_t row = 0; row < u.extent(0); ++row) {
    std::copy_n(&u(row, 0), inputs, &own_inputs(row, 0));
    if (params_.unknown_model_noise_scale) own.model_noise_scale.push_back(u(row, inputs));
    if (params_.unknown_noise_scale) own.noise_scale.push_back(u(row, u.extent(1) - 1));
  }
  own.inputs = own_inputs;
  own.seeds = std::move(seeds);
  own.initial_mean = kernels::new_batch(u.extent(0), static_cast<int>(space().info().names.size()));
  space().initial(own.inputs, own.initial_mean);  // what fails is NaN, and its members diverge
  return {space(), statistics_, std::move(own)};
}

// One cycle of all rows; why rows failed. Members of rows that are lost go on from sound states, for nothing.
std::vector<std::string> StateSpaceTarget::cycle(const Experiment& rows, int stage, model::Vector log_factor) const {
  const int p = rows.observables();
  const Batch data = kernels::new_batch(rows.replicates(), p);
  for (int r = 0; r < rows.replicates(); ++r) std::copy_n(&data_[static_cast<std::size_t>(stage) * p], p, &data(r, 0));
  const double from = stage == 0 ? space().info().start : times_[static_cast<std::size_t>(stage) - 1];
  BaseState& s = parts_.filter->state();
  const std::vector<double> replaced = s.replaced;
  parts_.filter->step(rows, {stage, {from, times_[static_cast<std::size_t>(stage)]}, data});
  std::vector<std::string> faults(static_cast<std::size_t>(rows.replicates()));
  for (int r = 0; r < rows.replicates(); ++r) {
    log_factor(r) = s.log_likelihood[r];
    // Members that a Gaussian filter drew anew explain nothing; particles that diverged have lost their weights already.
    if (s.weights.empty()) log_factor(r) += std::log1p(-(s.replaced[r] - replaced[r]) / s.members);
    if (rows.why_lost(r).empty()) continue;
    log_factor(r) = impossible;
    if (s.log_likelihood[r] != impossible) faults[r] = rows.why_lost(r);
    const Members x = s.of(rows, r);
    for (int j = 0; j < x.count; ++j) std::copy(space().info().initial.begin(), space().info().initial.end(), x[j]);
  }
  return faults;
}

model::RowStatus StateSpaceTarget::evaluate(model::ConstBatch u, model::Vector values) const {
  constexpr std::size_t states_at_once = 1 << 20;
  const std::size_t rows = u.extent(0),
                    tile = std::max<std::size_t>(1, states_at_once / static_cast<std::size_t>(memory_size()));
  model::RowStatus status;
  for (std::size_t first = 0; first < rows; first += tile) {
    const auto count = static_cast<int>(std::min(tile, rows - first));
    const auto some = Kokkos::make_pair(first, first + count);
    const model::ConstBatch part = Kokkos::subview(u, some, Kokkos::ALL);
    std::vector<std::uint64_t> seeds;
    for (int row = 0; row < count; ++row)
      seeds.push_back(seed_of(&part(row, 0), dimension(), static_cast<std::uint64_t>(params_.seed)));
    const Experiment all = experiment(part, std::move(seeds));
    parts_.filter->init(all);
    std::vector<std::string> faults(static_cast<std::size_t>(count));
    const model::Vector sum = Kokkos::subview(values, some), factor("factor", count);
    Kokkos::deep_copy(sum, 0.0);
    for (int stage = 0; stage < stages(); ++stage) {
      const std::vector<std::string> now = cycle(all, stage, factor);
      for (int row = 0; row < count; ++row) {
        sum(row) += factor(row);
        if (faults[row].empty()) faults[row] = now[row];
      }
    }
    for (int row = 0; row < count; ++row) {
      if (const std::string fault = bad_scale(part, row); !fault.empty()) faults[row] = fault;
      if (!faults[row].empty()) status.failed.push_back({static_cast<int>(first) + row, faults[row]});
    }
  }
  return status;
}

model::RowStatus StateSpaceTarget::advance(int stage, model::ConstBatch u, const std::vector<std::uint64_t>& seeds,
                                           Batch memory, model::Vector log_factor) const {
  model::RowStatus status;
  if (u.extent(0) == 0) return status;
  const Experiment all = experiment(u, seeds);
  Filter& filter = *parts_.filter;
  filter.init(all);
  BaseState& s = filter.state();
  const std::size_t n = static_cast<std::size_t>(filter.members()), states = n * all.states();
  for (std::size_t row = 0; stage > 0 && row < u.extent(0); ++row) {
    const double* const from = &memory(row, 0);
    std::copy_n(from, states, &s.x[row * states]);
    if (!s.weights.empty()) std::copy_n(from + states, n, &s.weights[row * n]);
    s.inflation[row] = from[states + n];
  }
  const std::vector<std::string> faults = cycle(all, stage, log_factor);
  for (std::size_t row = 0; row < u.extent(0); ++row) {
    double* const to = &memory(row, 0);
    std::copy_n(&s.x[row * states], states, to);
    if (!s.weights.empty()) std::copy_n(&s.weights[row * n], n, to + states);
    to[states + n] = s.inflation[row];
    std::string fault = bad_scale(u, static_cast<int>(row));
    if (fault.empty()) fault = faults[row];
    if (fault.empty()) continue;
    log_factor(row) = impossible;
    status.failed.push_back({static_cast<int>(row), fault});
  }
  return status;
}

}  // namespace aleator::assimilation
