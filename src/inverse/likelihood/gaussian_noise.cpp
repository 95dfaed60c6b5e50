// What the keys of likelihood/gaussian say of its noise.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/markov_noise.hpp"
#include "io/files.hpp"
#include "prob/field/stationary.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {
namespace {

using Params = GaussianLikelihood::Params;
using Correlation = GaussianLikelihood::Correlation;

// Of all data; rows and columns of the missing ones are left out.
math::Matrix read_covariance(const deck::File& file, const Observations& seen) {
  const io::Table table = io::parse_table(file.text, file.path);
  const int p = seen.count;
  if (static_cast<int>(table.rows) != p || static_cast<int>(table.columns) != p)
    throw deck::KeyError("covariance",
                         fmt::format("{} is {} x {}, but there are {} data", file.path, table.rows, table.columns, p));
  for (int i = 0; i < p; ++i)
    for (int j = 0; j < p; ++j)
      if (std::abs(table(i, j) - table(j, i)) > 1e-12 * std::sqrt(std::abs(table(i, i) * table(j, j))))
        throw deck::KeyError("covariance", fmt::format("{} is not symmetric at ({}, {})", file.path, i + 1, j + 1));
  const int measured = static_cast<int>(seen.values.size());
  math::Matrix c(measured, measured);
  const std::vector<double> unit = seen.in_output_units(std::vector<double>(seen.values.size(), 1.0));
  for (int i = 0; i < measured; ++i)
    for (int j = 0; j < measured; ++j) c(i, j) = unit[i] * unit[j] * table(seen.place(i), seen.place(j));
  return c;
}

std::shared_ptr<const NoiseFactor> noise_of_covariance(const deck::File& file, const Observations& seen) {
  NoiseGroup all{std::vector<int>(seen.values.size()), read_covariance(file, seen)};
  std::iota(all.data.begin(), all.data.end(), 0);
  try {
    return dense_noise({std::move(all)});
  } catch (const core::NumericsError&) {
    throw deck::KeyError("covariance", file.path + " is not positive definite");
  }
}

// Of all data, missing ones too.
std::vector<int> labels_of(const Params& params, int count) {
  const auto repeat = static_cast<int>(params.groups.size());
  if (repeat == 0) return std::vector<int>(static_cast<std::size_t>(count), 0);
  if (count % repeat != 0)
    throw deck::KeyError("groups", fmt::format("gives {} labels for {} data", repeat, count),
                         "one label for each datum, or as many as repeat without rest");
  std::map<double, int> places;
  for (const double label : params.groups) places.emplace(label, static_cast<int>(places.size()));
  std::vector<int> labels;
  for (int i = 0; i < count; ++i) labels.push_back(places[params.groups[static_cast<std::size_t>(i % repeat)]]);
  return labels;
}

// Coordinates over their correlation lengths.
struct Positions {
  int axes = 1;
  std::vector<double> at;  // by data
  double distance(int i, int j) const {
    double square = 0.0;
    for (int k = 0; k < axes; ++k) square += std::pow(at[i * axes + k] - at[j * axes + k], 2);
    return std::sqrt(square);
  }
};

// Of all data: in their group's order, where none are given.
Positions given_positions(const Params& params, const std::vector<int>& labels) {
  const auto count = labels.size();
  Positions x;
  if (!params.positions.empty()) {
    const io::Table table = io::parse_table(params.positions.text, params.positions.path, io::NonFinite::allowed);
    const bool is_one_row = table.rows == 1 && table.columns == count;
    if (table.rows != count && !is_one_row)
      throw deck::KeyError("positions",
                           fmt::format("{} has {} rows for {} data", params.positions.path, table.rows, count),
                           "a row of coordinates for each datum, missing ones too");
    x.axes = is_one_row ? 1 : static_cast<int>(table.columns), x.at = table.values;
  } else if (!params.position_column.empty()) {
    x.axes = static_cast<int>(params.position_column.size());
    const std::vector<double> rows = values_of_columns(params.data, params.position_column);
    const std::size_t data_a_row = std::max<std::size_t>(1, params.column.size());
    if (rows.size() / static_cast<std::size_t>(x.axes) * data_a_row != count)
      throw deck::KeyError("position_column",
                           fmt::format("gives {} positions for {} data", rows.size() / x.axes, count));
    for (std::size_t i = 0; i < count; ++i)
      for (int k = 0; k < x.axes; ++k) x.at.push_back(rows[i / data_a_row * x.axes + k]);
  } else {
    std::map<int, int> next;
    for (const int label : labels) x.at.push_back(next[label]++);
  }
  return x;
}

Positions scaled_positions(const Params& params, const Observations& seen, const std::vector<int>& labels) {
  const Positions all = given_positions(params, labels);
  const std::string key = params.position_column.empty() ? "positions" : "position_column";
  const std::vector<double> lengths =
      prob::spread(params.correlation_length, all.axes, "correlation_length", "coordinates of a position");
  Positions there{all.axes, {}};
  for (int i = 0; i < static_cast<int>(seen.values.size()); ++i)
    for (int k = 0; k < all.axes; ++k) {
      const double at = all.at[seen.place(i) * all.axes + k];
      if (!std::isfinite(at))
        throw deck::KeyError(key, fmt::format("the position of datum {} is not a finite number", seen.place(i) + 1));
      there.at.push_back(at / lengths[k]);
    }
  return there;
}

// m of markov_noise.hpp for correlations that have it, 0 for the others.
int markov_states(const Params& params, const Positions& x) {
  if (x.axes != 1 || params.correlation == Correlation::squared_exponential) return 0;
  const double nu = params.correlation == Correlation::exponential ? 0.5 : params.nu;
  return nu == 0.5 ? 1 : nu == 1.5 ? 2 : nu == 2.5 ? 3 : 0;
}

prob::Covariance form_of(Correlation correlation) {
  if (correlation == Correlation::exponential) return prob::Covariance::exponential;
  return correlation == Correlation::matern ? prob::Covariance::matern : prob::Covariance::squared_exponential;
}

std::vector<NoiseGroup> dense_groups(const Params& params, const Positions& x, const std::vector<int>& labels,
                                     const std::vector<double>& sd) {
  std::map<int, std::vector<int>> members;
  for (std::size_t i = 0; i < labels.size(); ++i) members[labels[i]].push_back(static_cast<int>(i));
  constexpr std::size_t most_data = 4096, most_entries = 1U << 27;  // 4 s for a factor; 1 GiB
  std::size_t entries = 0;
  for (const auto& [label, data] : members) {
    entries += data.size() * data.size();
    if (data.size() > most_data || entries > most_entries)
      throw deck::KeyError("correlation",
                           fmt::format("of {} data needs dense matrices of up to {} rows", sd.size(), data.size()),
                           "exponential, or matern with nu = 0.5, 1.5 or 2.5, along one coordinate does without; "
                           "groups make them smaller");
  }
  std::vector<NoiseGroup> groups;
  for (auto& [label, data] : members) {
    const int count = static_cast<int>(data.size());
    NoiseGroup group{std::move(data), math::Matrix(count, count)};
    for (int i = 0; i < count; ++i)
      for (int j = 0; j <= i; ++j) {
        const int a = group.data[i], b = group.data[j];
        const double rho = i == j ? 1.0
                                  : (1.0 - params.nugget) *
                                        prob::correlation(form_of(params.correlation), params.nu, x.distance(a, b));
        group.covariance(i, j) = group.covariance(j, i) = sd[a] * sd[b] * rho;
      }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::shared_ptr<const NoiseFactor> correlated_noise(const Params& params, const Observations& seen,
                                                    std::vector<double> sd) {
  const std::vector<int> all_labels = labels_of(params, seen.count);
  const Positions x = scaled_positions(params, seen, all_labels);
  std::vector<int> labels;
  for (std::size_t i = 0; i < sd.size(); ++i) labels.push_back(all_labels[seen.place(static_cast<int>(i))]);
  try {
    if (const int states = markov_states(params, x); states > 0)
      return markov_noise({states, 1.0, params.nugget, std::move(sd), x.at, std::move(labels)});
    return dense_noise(dense_groups(params, x, labels, sd));
  } catch (const core::NumericsError& error) {
    throw deck::KeyError("correlation",
                         fmt::format("makes the noise's covariance singular to rounding: {}", error.what()),
                         "data closer than the correlation can tell apart need a nugget, 1e-6 say");
  }
}

}  // namespace

std::shared_ptr<const NoiseFactor> noise_of(const Params& params, const Observations& seen) {
  if (!params.covariance.empty()) return noise_of_covariance(params.covariance, seen);
  const std::vector<double> given = params.sd.empty() && params.unknown_scale ? std::vector<double>{1.0} : params.sd;
  std::vector<double> sd = of_each_datum(seen, given, "sd", params.data, params.sd_column, "sd_column");
  return params.correlation == Correlation::none ? independent_noise(std::move(sd))
                                                 : correlated_noise(params, seen, std::move(sd));
}

}  // namespace aleator::inverse
