#include "campaign/rows/sensitivity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "campaign/run/csv.hpp"
#include "campaign/run/run_folder.hpp"
#include "io/json.hpp"
#include "prob/prior/product.hpp"

namespace aleator::campaign {
namespace {

using prob::Prior;

// Which latent coordinates a parameter depends on, from the zeros of its row of dT/dz at two places.
std::vector<std::vector<int>> dependence(const Prior& prior) {
  const auto d = static_cast<std::size_t>(prior.dimension()), n = static_cast<std::size_t>(prior.latent_dimension());
  std::vector<std::vector<int>> depends(d);
  std::vector<double> z(n), unit(d, 0.0), row(n);
  for (std::size_t k = 0; k < d; ++k) {
    std::vector<char> is_hit(n, 0);
    for (const double shift : {0.3, 1.7}) {
      for (std::size_t j = 0; j < n; ++j) z[j] = std::sin(shift + static_cast<double>(j));
      unit[k] = 1.0;
      prior.pullback(z.data(), unit.data(), row.data());
      unit[k] = 0.0;
      for (std::size_t j = 0; j < n; ++j) is_hit[j] = is_hit[j] != 0 || row[j] != 0.0 ? 1 : 0;
    }
    for (std::size_t j = 0; j < n; ++j)
      if (is_hit[j] != 0) depends[k].push_back(static_cast<int>(j));
  }
  return depends;
}

// One factor a parameter where each has a latent coordinate of its own, else all are one. `first` and `parameter`: the first
// coordinates of the prior in z and in u.
void add_factors(const Prior& prior, const std::string& name, int first, int parameter, std::vector<Factor>& factors) {
  if (const auto* const product = dynamic_cast<const prob::Product*>(&prior)) {
    for (const prob::Product::Part& part : product->parts()) {
      add_factors(*part.prior, part.name, first, parameter, factors);
      first += part.prior->latent_dimension(), parameter += part.prior->dimension();
    }
    return;
  }
  constexpr int most_told_apart = 1000;
  const int d = prior.dimension();
  bool is_independent = d == prior.latent_dimension() && d <= most_told_apart;
  if (is_independent) {
    const std::vector<std::vector<int>> depends = dependence(prior);
    for (int k = 0; k < d; ++k)
      is_independent = is_independent && depends[static_cast<std::size_t>(k)] == std::vector<int>{k};
  }
  if (is_independent) {
    for (int k = 0; k < d; ++k)
      factors.push_back({d == 1 ? name : fmt::format("{}[{}]", name, k), {first + k}, d == 1 ? -1 : parameter + k});
    return;
  }
  Factor whole{name, std::vector<int>(static_cast<std::size_t>(prior.latent_dimension())), -1};
  std::iota(whole.latent.begin(), whole.latent.end(), first);
  factors.push_back(std::move(whole));
}

// Entries of an array of the prior are called as the model calls them, unless two factors would then have one name.
void name_entries(const std::vector<std::string>& inputs, std::vector<Factor>& factors) {
  std::vector<Factor> named = factors;
  std::set<std::string> names;
  for (Factor& factor : named) {
    if (factor.entry >= 0 && !inputs.empty()) factor.name = inputs[static_cast<std::size_t>(factor.entry)];
    names.insert(factor.name);
  }
  if (names.size() == factors.size()) factors = std::move(named);
}

io::Json share_json(const prob::EstimatedShare& share) {
  return {{"value", io::finite_or_null(share.value)},
          {"low", io::finite_or_null(share.low)},
          {"high", io::finite_or_null(share.high)}};
}

double number(const io::Json& value) { return value.is_number() ? value.get<double>() : std::nan(""); }

// work(factor, other, share) for each pair of an output.
template <class Work>
void each_pair(const OutputIndices& output, const std::vector<Factor>& factors, const Work& work) {
  std::size_t p = 0;
  for (std::size_t i = 0; i < factors.size(); ++i)
    for (std::size_t k = i + 1; k < factors.size() && p < output.indices.pairs.size(); ++k)
      work(factors[i].name, factors[k].name, output.indices.pairs[p++]);
}

// Runs of one output, of the points at which all are finite.
std::vector<double> whole_points(const std::vector<double>& all, std::int64_t rows, int count, int column, int width) {
  std::vector<double> runs;
  for (std::int64_t first = 0; first + width <= rows; first += width) {
    bool is_whole = true;
    for (int m = 0; m < width; ++m)
      is_whole = is_whole && std::isfinite(all[static_cast<std::size_t>((first + m) * count + column)]);
    for (int m = 0; is_whole && m < width; ++m)
      runs.push_back(all[static_cast<std::size_t>((first + m) * count + column)]);
  }
  return runs;
}

}  // namespace

std::vector<Factor> factors_of(const Prior& prior, const std::string& name, const std::vector<std::string>& inputs) {
  std::vector<Factor> factors;
  add_factors(prior, name, 0, 0, factors);
  if (factors.size() < 2)
    throw deck::KeyError(
        "prior", fmt::format("'{}' is one factor: its parameters depend on each other, or there is one only", name),
        "Sobol' indices compare independent parameters, or independent parts of a prior/product");
  name_entries(inputs, factors);
  return factors;
}

kernels::Batch sensitivity_rows(const Prior& prior, const std::vector<Factor>& factors, const prob::Design& design,
                                const parallel::RowLayout& layout, bool with_pairs) {
  const int d = prior.latent_dimension(), count = static_cast<int>(factors.size());
  const int width = prob::runs_a_point(count, with_pairs);
  const kernels::Batch u("u", layout.local_rows(), prior.dimension());
  const auto fill = [&](std::int64_t first, kernels::Batch z) {
    const std::int64_t first_point = first / width, rows = static_cast<std::int64_t>(z.extent(0));
    if (rows == 0) return;
    const kernels::Batch both("both", (first + rows - 1) / width - first_point + 1, 2 * d);
    design.rows(first_point, both);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t point = (first + row) / width - first_point;
      // 0: A, i: A with factor i from B; then B, and B with factor i from A.
      const int place = static_cast<int>((first + row) % width), of_b = place > count ? 1 : 0;
      const int factor = place - of_b * (count + 1), own = of_b * d, other = d - own;
      for (int k = 0; k < d; ++k) z(row, k) = both(point, own + k);
      if (factor > 0)
        for (const int k : factors[static_cast<std::size_t>(factor - 1)].latent) z(row, k) = both(point, other + k);
    }
  };
  transform_rows(prior, layout.first(), fill, u);
  return u;
}

std::vector<OutputIndices> sensitivity_of(const parallel::Comm& comm, const parallel::RowLayout& layout,
                                          kernels::ConstBatch values, const std::vector<std::string>& outputs,
                                          int factors, bool with_pairs, const kernels::Rng& rng, int replicates) {
  constexpr std::int64_t memory = 1 << 26;
  const int all = static_cast<int>(values.extent(1)), width = prob::runs_a_point(factors, with_pairs),
            pairs = with_pairs ? prob::pairs_of(factors) : 0,
            numbers = 2 + 6 * factors + 3 * pairs;  // of an output: number, points, indices
  const int at_once =
      static_cast<int>(std::clamp<std::int64_t>(memory / (8 * std::max<std::int64_t>(1, layout.rows())), 1, all));
  std::vector<double> mine;
  for (int first = 0; first < all; first += at_once) {
    const int count = std::min(at_once, all - first);
    std::vector<double> local;
    for (std::size_t row = 0; row < values.extent(0); ++row)
      local.insert(local.end(), &values(row, first), &values(row, first) + count);
    const std::vector<double> gathered = parallel::gather_rows(comm, local);
    for (int k = 0; k < count; ++k) {
      if ((first + k) % comm.size() != comm.rank()) continue;
      const std::vector<double> runs = whole_points(gathered, layout.rows(), count, k, width);
      mine.insert(mine.end(), {static_cast<double>(first + k), static_cast<double>(runs.size()) / width});
      const prob::SobolIndices found = prob::sobol_indices(runs, factors, with_pairs, rng, replicates);
      for (const prob::SobolIndex& index : found.factors)
        for (const prob::EstimatedShare& share : {index.first, index.total})
          mine.insert(mine.end(), {share.value, share.low, share.high});
      for (const prob::EstimatedShare& share : found.pairs)
        mine.insert(mine.end(), {share.value, share.low, share.high});
    }
  }
  const std::vector<double> gathered = comm.all_gather(mine);
  std::vector<OutputIndices> found(outputs.size());
  for (std::size_t at = 0; at + static_cast<std::size_t>(numbers) <= gathered.size();
       at += static_cast<std::size_t>(numbers)) {
    const double* x = &gathered[at];
    OutputIndices& of = found[static_cast<std::size_t>(x[0])];
    of.output = outputs[static_cast<std::size_t>(x[0])], of.points = static_cast<std::int64_t>(x[1]);
    for (int i = 0; i < factors; ++i, x += 6) of.indices.factors.push_back({{x[2], x[3], x[4]}, {x[5], x[6], x[7]}});
    for (int p = 0; p < pairs; ++p, x += 3) of.indices.pairs.push_back({x[2], x[3], x[4]});
  }
  return found;
}

io::Json sensitivity_json(const std::vector<OutputIndices>& outputs, const std::vector<Factor>& factors) {
  io::Json all = io::Json::object();
  for (const OutputIndices& output : outputs) {
    io::Json rows = io::Json::object();
    for (std::size_t i = 0; i < factors.size(); ++i)
      rows[factors[i].name] = {{"first", share_json(output.indices.factors[i].first)},
                               {"total", share_json(output.indices.factors[i].total)}};
    all[output.output] = {{"points", output.points}, {"factors", rows}};
    if (output.indices.pairs.empty()) continue;
    io::Json pairs = io::Json::array();
    each_pair(output, factors,
              [&](const std::string& one, const std::string& other, const prob::EstimatedShare& share) {
                io::Json pair = {{"factors", io::Json::array({one, other})}};
                pair.update(share_json(share));
                pairs.push_back(std::move(pair));
              });
    all[output.output]["pairs"] = pairs;
  }
  return all;
}

std::vector<report::VarianceShare> shares_in(const io::Json& outputs) {
  std::vector<report::VarianceShare> shares;
  for (const auto& [output, of_output] : outputs.items())
    for (const auto& [factor, index] : of_output.at("factors").items()) {
      const io::Json &first = index.at("first"), &total = index.at("total");
      shares.push_back({output, factor, number(first.at("value")), number(first.at("low")), number(first.at("high")),
                        number(total.at("value")), number(total.at("low")), number(total.at("high"))});
    }
  return shares;
}

std::vector<report::PairShare> pairs_in(const io::Json& outputs) {
  std::vector<report::PairShare> pairs;
  for (const auto& [output, of_output] : outputs.items())
    for (const io::Json& pair : of_output.value("pairs", io::Json::array()))
      pairs.push_back({output, pair.at("factors")[0], pair.at("factors")[1], number(pair.at("value")),
                       number(pair.at("low")), number(pair.at("high"))});
  return pairs;
}

std::string sensitivity_csv(const std::vector<OutputIndices>& outputs, const std::vector<Factor>& factors) {
  std::string text = "output,factor,first,first_low,first_high,total,total_low,total_high\n";
  for (const OutputIndices& output : outputs)
    for (std::size_t i = 0; i < factors.size(); ++i) {
      text += csv_name(output.output) + "," + csv_name(factors[i].name);
      for (const prob::EstimatedShare& share : {output.indices.factors[i].first, output.indices.factors[i].total})
        for (const double value : {share.value, share.low, share.high}) text += "," + csv_number(value);
      text += "\n";
    }
  return text;
}

std::string pairs_csv(const std::vector<OutputIndices>& outputs, const std::vector<Factor>& factors) {
  std::string text = "output,factor,other,second,second_low,second_high\n";
  for (const OutputIndices& output : outputs)
    each_pair(output, factors,
              [&](const std::string& one, const std::string& other, const prob::EstimatedShare& share) {
                text += csv_name(output.output) + "," + csv_name(one) + "," + csv_name(other);
                for (const double value : {share.value, share.low, share.high}) text += "," + csv_number(value);
                text += "\n";
              });
  return text;
}

}  // namespace aleator::campaign
